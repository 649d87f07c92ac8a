"""Sets, tuples, matrices and intervals, taken apart into elements that compare as numbers or expressions."""

import re
from dataclasses import dataclass

from chimera_verifier.domain.latex import assignment, enclosed, split_top, tidy, unwrap
from chimera_verifier.domain.quantities import read_number

MAX_ELEMENTS = 400
_ENVIRONMENT = re.compile(r"\\begin ?\{([pbvBV]?matrix|array)\}(?: ?\{[lcr| ]*\})?(.*)\\end ?\{\1\}", re.DOTALL)
_MATRIX_FRAME = re.compile(r"\$+|\\left ?[(\[.]|\\right ?[)\].]|^\s*[A-Za-z]\s*=")
_EMPTY_SETS = ("∅", "{}", r"\{\}", r"\{ \}", "{ }")
_LINE_BREAK = re.compile(r"\\\\(?: ?\[[^\]]{0,10}\])?")
_WORD_SEPARATOR = re.compile(r",? (?:and|or) ")
_UNION = re.compile(r"∪| [Uu] | or |(?<=[\])])U(?=[\[(])")
_REALS = re.compile(r"\\mathbb ?\{?R\}?|ℝ|(?:all )?reals?(?: numbers?)?", re.IGNORECASE)
_INFINITY = re.compile(r"([+-]?) ?(?:∞|oo|inf(?:inity)?)", re.IGNORECASE)
_RELATION = re.compile(r"([^<>≤≥=]+)([<>≤≥])([^<>≤≥=]+)(?:([<≤>≥])([^<>≤≥=]+))?")
_VARIABLE = re.compile(r"[A-Za-z]|\\[a-z]+|[α-ω]")


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a collection. `bracket` is the outermost bracket, empty where the answer was a bare list."""

    items: tuple[str, ...]
    bracket: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """End points as written, with their openness; `-∞` and `∞` are always open."""

    low: str
    high: str
    low_open: bool
    high_open: bool


def read_set(text: str) -> Elements:
    """Reads `\\{1, 2\\}`, a bare list, `x = 1 or x = 2` and `±3`; a text in round brackets is one element, a tuple."""
    bare = _unbrace(tidy(text))
    if bare in _EMPTY_SETS or bare == "":
        return Elements((), "{")
    name, value = assignment(bare)
    bare = value if name else bare
    inner = enclosed(bare, "{", "}")
    body = bare if inner is None else inner
    items = [assignment(item)[1] for item in split_top(_WORD_SEPARATOR.sub(", ", body).rstrip(" ,;"))]
    return Elements(tuple(signed for item in items for signed in _both_signs(item)), "" if inner is None else "{")


def read_tuple(text: str) -> Elements:
    """Reads `(1, 2)`, `[1, 2]`, `⟨1, 2⟩`, a column vector, a bare list or `x = 1, y = 2`, whose names are kept."""
    bare = tidy(text).replace(r"\{", "{").replace(r"\}", "}")
    if (rows := read_matrix(text)) is not None and bare.startswith("\\") and 1 in (len(rows), len(rows[0])):
        return Elements(tuple(item for row in rows for item in row), "(")
    name, value = assignment(bare)
    if name and value[:1] in "([⟨":
        bare = value
    if re.match(r"\([^()]*\) ?=", bare):
        bare = bare.partition("=")[2].strip()
    inner = enclosed(bare, "([⟨{", ")]⟩}")
    body = bare if inner is None else inner
    pairs = [assignment(item) for item in split_top(_WORD_SEPARATOR.sub(", ", body))]
    labels = tuple(label for label, _ in pairs)
    return Elements(tuple(item for _, item in pairs), "" if inner is None else bare[0], labels if all(labels) else ())


def read_matrix(text: str) -> tuple[tuple[str, ...], ...] | None:
    """Rows of a LaTeX matrix or of `[[1, 2], [3, 4]]`; None if the text is neither, or ragged."""
    if match := _ENVIRONMENT.fullmatch(_MATRIX_FRAME.sub("", text).strip()):
        lines = [line for line in _LINE_BREAK.split(match[2]) if line.strip()]
        return _rectangular(tuple(tuple(tidy(cell) for cell in line.split("&")) for line in lines))
    bare = tidy(text)
    _, bare = assignment(bare)
    if (inner := enclosed(bare, "[(", "])")) is None:
        return None
    lines = [enclosed(line, "[(", "])") or "" for line in split_top(inner)]
    return _rectangular(tuple(tuple(split_top(line)) for line in lines)) if all(lines) else None


def read_intervals(text: str) -> tuple[Interval, ...] | None:
    """Reads unions of intervals, single points, ℝ and inequalities of one variable; None if the text is neither."""
    bare = unwrap(tidy(text))
    member, _, rest = bare.partition("∈")
    if rest and _VARIABLE.fullmatch(member.strip()):
        bare = rest.strip()
    if _REALS.fullmatch(bare):
        return (Interval("-∞", "∞", True, True),)
    if _unbrace(bare) in _EMPTY_SETS:
        return ()
    parts = [_interval(part.strip()) for part in _UNION.split(bare)]
    if any(part is None for part in parts):
        return None
    return _merged([part for part in parts if part is not None])


def _interval(text: str) -> Interval | None:
    if match := _RELATION.fullmatch(text):
        return _inequality(*(group and group.strip() for group in match.groups()))
    if (inner := enclosed(_unbrace(text), "{", "}")) is not None:
        return Interval(inner, inner, False, False) if inner and len(split_top(inner)) == 1 else None
    if len(text) < 5 or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    ends = [end.strip() for end in split_top(text[1:-1])]
    if len(ends) != 2 or not all(ends):
        return None
    low, high = (_INFINITY.sub(r"\1∞", end).replace("+∞", "∞") for end in ends)
    return Interval(low, high, text[0] != "[" or low == "-∞", text[-1] != "]" or high == "∞")


def _inequality(first: str, sign: str, second: str, sign2: str | None, third: str | None) -> Interval | None:
    if sign2 and third:
        if (sign in "<≤") != (sign2 in "<≤") or not _VARIABLE.fullmatch(second):
            return None
        low, high, low_sign, high_sign = (first, third, sign, sign2) if sign in "<≤" else (third, first, sign2, sign)
        return Interval(low, high, low_sign in "<>", high_sign in "<>")
    if not _VARIABLE.fullmatch(first):
        first, sign, second = second, {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}[sign], first
    if not _VARIABLE.fullmatch(first):
        return None
    is_open = sign in "<>"
    return Interval("-∞", second, True, is_open) if sign in "<≤" else Interval(second, "∞", is_open, True)


def _merged(parts: list[Interval]) -> tuple[Interval, ...]:
    """Sorts and joins parts whose ends are all numbers; else leaves them as they stand."""
    if not all(_key(end) is not None for part in parts for end in (part.low, part.high)):
        return tuple(parts)
    merged: list[Interval] = []
    for part in sorted(parts, key=lambda part: (_key(part.low) or (0, 0), part.low_open)):
        last = merged[-1] if merged else None
        if last is None or not _touch(last, part):
            merged.append(part)
        elif (_key(part.high), not part.high_open) > (_key(last.high), not last.high_open):
            merged[-1] = Interval(last.low, part.high, last.low_open, part.high_open)
    return tuple(merged)


def _touch(left: Interval, right: Interval) -> bool:
    high, low = _key(left.high), _key(right.low)
    if high is None or low is None or high == low:
        return not (left.high_open and right.low_open)
    return high > low


def _key(end: str) -> tuple[int, object] | None:
    if end in ("-∞", "∞"):
        return (1, 0) if end == "∞" else (-1, 0)
    number = read_number(end)
    return (0, number.value) if number else None


def _both_signs(item: str) -> tuple[str, ...]:
    return (item[1:].strip(), "-" + item[1:].strip()) if item.startswith("±") else (item,)


def _unbrace(text: str) -> str:
    return text.replace(r"\{", "{").replace(r"\}", "}")


def _rectangular(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...] | None:
    widths = {len(row) for row in rows}
    return rows if rows and len(widths) == 1 and sum(map(len, rows)) <= MAX_ELEMENTS else None
