"""Hostile text inside Markdown: subjects, models and problems come from users and from models."""

import re
import unicodedata
from collections.abc import Sequence

MAX_INLINE_CHARS = 120
SHIELDED = re.compile(r"[\\`*_\[\]|~$]|://|(?<=www)\.|@")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]*")
UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def inline(text: str, limit: int = MAX_INLINE_CHARS) -> str:
    """One line of plain text that Markdown and HTML leave as it is, cut to a readable length."""
    line = " ".join(printable(text[: 4 * limit]).split())
    if len(line) > limit or len(text) > 4 * limit:
        line = line[: limit - 1].rstrip() + "…"
    return SHIELDED.sub(_shield, line).translate(ENTITIES) or "(empty)"


def code(name: str) -> str:
    """A name in code style if it is a plain one."""
    return f"`{name}`" if len(name) <= MAX_INLINE_CHARS and PLAIN.fullmatch(name) else inline(name)


def block(text: str, limit: int) -> str:
    """Text as it is, in a fence that it cannot close, cut to `limit` characters."""
    body = "\n".join(printable(line) for line in re.split(r"\r\n|[\n\r\u0085\u2028\u2029]", text)).strip()
    if len(body) > limit:
        body = body[:limit].rstrip() + " …"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text; others are numbers if all their cells look like it. Cells are Markdown."""
    numeric = [i > 0 and bool(rows) and all(is_number(row[i]) for row in rows) for i in range(len(headers))]
    lines = [_line(headers), _line(["---:" if number else "---" for number in numeric])]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def is_number(cell: str) -> bool:
    """Whether a cell of a table is to be aligned as a number."""
    return bool(re.fullmatch(r"[-–\\$\d,.\s%/()≤]*", cell))


def _shield(match: re.Match[str]) -> str:
    return "".join(f"\\{character}" for character in match[0])


def printable(text: str) -> str:
    """`text` with spaces for control, format and private characters, which reorder or hide text, and what XML bans."""
    return "".join(" " if unicodedata.category(c) in UNPRINTABLE or c in "\ufffe\uffff" else c for c in text)
