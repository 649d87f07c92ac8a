"""Hostile text inside Markdown: subjects, models and problems come from users and from models."""

import re
import unicodedata
from collections.abc import Sequence

MAX_INLINE_CHARS = 120
SHIELDED = re.compile(r"[\\`*_\[\]|~$]|://|(?<=www)\.|@")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]*")
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def inline(text: str) -> str:
    """One line of plain text that Markdown and HTML leave as it is, cut to a readable length."""
    line = " ".join(_printable(text).split())
    if len(line) > MAX_INLINE_CHARS:
        line = line[: MAX_INLINE_CHARS - 1].rstrip() + "…"
    return SHIELDED.sub(_shield, line).translate(ENTITIES) or "(empty)"


def code(name: str) -> str:
    """A name in code style if it is a plain one."""
    return f"`{name}`" if len(name) <= MAX_INLINE_CHARS and PLAIN.fullmatch(name) else inline(name)


def block(text: str, limit: int) -> str:
    """Text as it is, in a fence that it cannot close, cut to `limit` characters."""
    body = "\n".join(_printable(line) for line in re.split(r"\r\n|[\n\r\u0085\u2028\u2029]", text)).strip()
    if len(body) > limit:
        body = body[:limit].rstrip() + " …"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text; others are numbers if all their cells look like it. Cells are Markdown."""
    numeric = [i > 0 and bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(headers))]
    lines = [_line(headers), _line(["---:" if number else "---" for number in numeric])]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-–$\d,.\s%]*", cell))


def _shield(match: re.Match[str]) -> str:
    return "".join(f"\\{character}" for character in match[0])


def _printable(text: str) -> str:
    """`text` with control, format and private characters, which can reorder or hide text, as spaces."""
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} else c for c in text)
