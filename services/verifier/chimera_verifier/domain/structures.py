"""Sets, tuples, matrices and intervals, taken apart into elements that compare as numbers or expressions."""

import re
from dataclasses import dataclass
from fractions import Fraction

from chimera_verifier.domain.latex import assignment, enclosed, split_top, tidy, unwrap
from chimera_verifier.domain.quantities import read_number

MAX_ELEMENTS = 400
_ENVIRONMENT = re.compile(r"\\begin ?\{([pbvBV]?matrix|array)\}(?: ?\{[lcr| ]*\})?(.*)\\end ?\{\1\}", re.DOTALL)
_MATRIX_FRAME = re.compile(r"\$+|\\left ?[(\[.]|\\right ?[)\].]|^\s*[A-Za-z]\s*=")
_EMPTY_SETS = ("∅", "{}", r"\{\}", r"\{ \}", "{ }")
_LINE_BREAK = re.compile(r"\\\\(?: ?\[[^\]]{0,10}\])?")
_WORD_SEPARATOR = re.compile(
    r"(?:(?:^|,|;)? ?\b|(?<=[)\]}0-9]) ?)(?:and|or|und|oder|et|ou|и|или)\b "
    r"|(?<=[0-9)}]) (?:y|o) (?=[-0-9({\\])|,? ?[和或与及、] ?|(?<=[0-9)}]) ?[∨∧] ?|,? &\s"
)
_UNION = re.compile(r"∪| [Uu] |,? (?:or|oder|ou|или|∨) |(?<=[\])])U(?=[\[(])| ?[或] ?")
_FINITE_UNION = re.compile(r"(?<=[^\s{]) ?\} ?∪ ?\{ ?(?=[^\s}])")
_AND = re.compile(r",? (?:and|und|et|y|и|∧) ")
_NOTHING = re.compile(
    r"(?:there (?:is|are) )?(?:no (?:real )?(?:solutions?|values?|such \w+)|empty set|none|nothing|无解"
    r"|keine(?: Lösung)?)",
    re.IGNORECASE,
)
_UNEQUAL = re.compile(r"([^≠]+)≠([^≠]+)")
_SHARES = re.compile(r"[0-9]{1,9}(?: ?: ?[0-9]{1,9}){2,6}")
_BUILDER = re.compile(r"\{ ?(?:[A-Za-z]|\\[a-z]{2,8}) ?(?:∈ ?(?:ℝ|R|\\mathbb ?\{? ?R ?\}?) ?)?[|:] ?([^{}|:]{3,200})\}")
_MAGNITUDE = re.compile(r"\|([^|]{1,20})\|")
_ASSIGNED = re.compile(r"(?:[A-Z]|[A-Z]_\w|\\text ?\{[^{}]{1,30}\}|[a-z]) ?= ?")
_REALS = re.compile(
    r"\\mathbb ?\{?R\}?|ℝ|R|(?:the )?(?:set of )?(?:all )?reals?(?: (?:numbers?|values?(?: of [a-z])?|[a-z]))?"
    r"|全体实数",
    re.IGNORECASE,
)
_INFINITY = re.compile(r"([+-]?) ?(?:∞|oo|inf(?:inity)?)", re.IGNORECASE)
_RELATION = re.compile(r"([^<>≤≥=]+)([<>≤≥])([^<>≤≥=]+)(?:([<≤>≥])([^<>≤≥=]+))?")
VARIABLE = re.compile(r"(?:[A-Za-z]|\\[a-z]+|[α-ω])(?:_\{?\w{1,5}\}?)?(?:\([A-Za-z]\))?")


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


_TURNED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}
_ALL = (Interval("-∞", "∞", True, True),)


def read_set(text: str) -> Elements:
    r"""Reads `\{1, 2\}`, a bare list, `x = 1 or x = 2` and `±3`; a text in round brackets is one element, a tuple."""
    bare = " ".join(_unbrace(unwrap(tidy(text))).split()).strip(" .")
    if bare in _EMPTY_SETS or bare == "" or _NOTHING.fullmatch(bare):
        return Elements((), "{")
    bare = _FINITE_UNION.sub(", ", bare) if "=" not in bare else bare
    items = _items(bare)
    bracket = ""
    if len(items) == 1:
        value = assignment(bare)[1]
        inner = enclosed(value, "{", "}")
        if value in _EMPTY_SETS or inner == "":
            return Elements((), "{")
        bracket = "" if inner is None else "{"
        items = _items(value if inner is None else inner)
    values = [assignment(item)[1] for item in items]
    return Elements(tuple(signed for item in values for signed in both_signs(item)), bracket)


def read_tuple(text: str) -> Elements:
    """Reads `(1, 2)`, `[1, 2]`, `⟨1, 2⟩`, a column vector, a bare list or `x = 1, y = 2`, whose names are kept."""
    bare = tidy(text)
    if _SHARES.fullmatch(bare):
        first, *others = (Fraction(share) for share in bare.split(":"))
        return Elements(("1", *(str(other / first) for other in others)) if first else (), "")
    column = text.strip().removeprefix("(").removesuffix(")").strip() if text.strip().startswith("(\\begin") else text
    if (rows := read_matrix(column)) is not None and "\\begin" in column and 1 in (len(rows), len(rows[0])):
        return Elements(tuple(item for row in rows for item in row), "(")
    bare = " ".join(_unbrace(unwrap(bare)).split())
    if len(_items(bare)) == 1:
        bare = assignment(bare)[1]
    inner = enclosed(bare, "([⟨{", ")]⟩}")
    pairs = [assignment(item) for item in _items(bare if inner is None else inner)]
    labels = tuple(label for label, _ in pairs)
    return Elements(tuple(item for _, item in pairs), "" if inner is None else bare[0], labels if all(labels) else ())


def _items(body: str) -> list[str]:
    return split_top(_WORD_SEPARATOR.sub(", ", body).rstrip(" ,;"))


def read_matrix(text: str) -> tuple[tuple[str, ...], ...] | None:
    """Rows of a LaTeX matrix or of `[[1, 2], [3, 4]]`; None if the text is neither, or ragged."""
    text = text.strip()
    text = text[1:-1] if text.startswith("(\\begin") and text.endswith(")") else text
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
    bare = _unbrace(unwrap(tidy(text))).strip(" .")
    for phrase in ("for all real", "for all"):
        bare = bare.removeprefix(phrase).strip()
    member, _, rest = bare.partition("∈")
    if rest and VARIABLE.fullmatch(member.strip()):
        bare = rest.strip()
    elif _ASSIGNED.match(bare) and bare.partition("=")[2].strip()[:1] in ("(", "[", "]", "{"):
        bare = bare.partition("=")[2].strip()
    if _REALS.fullmatch(bare):
        return _ALL
    if bare in _EMPTY_SETS or _NOTHING.fullmatch(bare):
        return ()
    if built := _BUILDER.fullmatch(bare):
        bare = built[1].strip()
    whole, _, without = bare.partition("∖")
    if without:
        return _without_points(whole.strip(), without.strip())
    pieces = [piece.strip() for piece in _UNION.split(bare)]
    parts: list[Interval] = []
    for piece in pieces:
        part = _conjunction(piece)
        if part is None:
            return None
        parts += part
    return _merged(parts)


def _conjunction(text: str) -> list[Interval] | None:
    """One interval; `x > 1 and x < 5` is their intersection, `(0,1) and (2,3)` their union."""
    pieces = [piece.strip() for piece in _AND.split(text)]
    parts = [_interval(piece) for piece in pieces]
    if any(part is None for part in parts):
        return None
    found = [part for part in parts if part is not None]
    if len(found) == 1 or not all(_RELATION.fullmatch(piece) for piece in pieces):
        return [interval for part in found for interval in part]
    if any(len(part) != 1 or _key(part[0].low) is None or _key(part[0].high) is None for part in found):
        return None
    low = max((part[0] for part in found), key=lambda part: (_key(part.low) or (0, 0), part.low_open))
    high = min((part[0] for part in found), key=lambda part: (_key(part.high) or (0, 0), not part.high_open))
    return [Interval(low.low, high.high, low.low_open, high.high_open)]


def _without_points(whole: str, points: str) -> tuple[Interval, ...] | None:
    around = read_intervals(whole)
    inner = enclosed(points, "{", "}")
    values = sorted((read_number(point) for point in split_top(inner or points)), key=lambda n: n.value if n else 0)
    if around != _ALL or not all(values):
        return None
    ends = [str(number.value) for number in values if number]
    return tuple(
        Interval(low, high, True, True) for low, high in zip(["-∞", *ends], [*ends, "∞"], strict=True) if low != high
    )


def _interval(text: str) -> list[Interval] | None:
    if match := _RELATION.fullmatch(text):
        return _inequality(*(group and group.strip() for group in match.groups()))
    if (unequal := _UNEQUAL.fullmatch(text)) and VARIABLE.fullmatch(unequal[1].strip()):
        end = unequal[2].strip()
        return [Interval("-∞", end, True, True), Interval(end, "∞", True, True)]
    if (inner := enclosed(text, "{", "}")) is not None:
        points = split_top(inner)
        return [Interval(point, point, False, False) for point in points] if all(points) else None
    if len(text) < 5 or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    ends = [end.strip() for end in split_top(text[1:-1])]
    if len(ends) != 2 or not all(ends):
        return None
    low, high = (_INFINITY.sub(r"\1∞", end).replace("+∞", "∞") for end in ends)
    numbers = read_number(low), read_number(high)
    if numbers[0] and numbers[1] and numbers[0].value > numbers[1].value:
        return None
    return [Interval(low, high, text[0] != "[" or low == "-∞", text[-1] != "]" or high == "∞")]


def _inequality(first: str, sign: str, second: str, sign2: str | None, third: str | None) -> list[Interval] | None:
    if sign2 and third:
        if (sign in "<≤") != (sign2 in "<≤"):
            return None
        low, high, low_sign, high_sign = (first, third, sign, sign2) if sign in "<≤" else (third, first, sign2, sign)
        open_low, open_high = low_sign in "<>", high_sign in "<>"
        low, high = (_INFINITY.sub(r"\1∞", end).replace("+∞", "∞") for end in (low, high))
        if magnitude := _MAGNITUDE.fullmatch(second):
            return _magnitude(magnitude[1], low, high, open_low, open_high)
        return [Interval(low, high, open_low, open_high)] if VARIABLE.fullmatch(second) else None
    if not (VARIABLE.fullmatch(first.lstrip("- ")) or _MAGNITUDE.fullmatch(first)):
        first, sign, second = second, _TURNED[sign], first
    if first.startswith("-") and read_number(second):
        first, sign, second = first[1:].strip(), _TURNED[sign], _negated(second)
    is_open = sign in "<>"
    if _MAGNITUDE.fullmatch(first) and read_number(second):
        if sign in "<≤":
            return [Interval(_negated(second), second, is_open, is_open)]
        return [Interval("-∞", _negated(second), True, is_open), Interval(second, "∞", is_open, True)]
    if not VARIABLE.fullmatch(first):
        return None
    return [Interval("-∞", second, True, is_open) if sign in "<≤" else Interval(second, "∞", is_open, True)]


def _magnitude(variable: str, low: str, high: str, open_low: bool, open_high: bool) -> list[Interval] | None:
    """`1 ≤ |x| ≤ 2` is one interval on either side of zero."""
    if not VARIABLE.fullmatch(variable.strip()) or not (read_number(low) and read_number(high)):
        return None
    return [Interval(_negated(high), _negated(low), open_high, open_low), Interval(low, high, open_low, open_high)]


def _negated(end: str) -> str:
    return end[1:].strip() if end.startswith("-") else f"-{end}"


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


def both_signs(item: str) -> tuple[str, ...]:
    """The two values of what holds one `±`, or several that go together; `∓` is the other sign."""
    if "±" not in item:
        return (item,)
    return tuple(item.replace("±", one).replace("∓", other).lstrip("+ ") for one, other in (("+", "-"), ("-", "+")))


def _unbrace(text: str) -> str:
    return text.replace(r"\{", "{").replace(r"\}", "}")


def _rectangular(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...] | None:
    widths = {len(row) for row in rows}
    return rows if rows and len(widths) == 1 and sum(map(len, rows)) <= MAX_ELEMENTS else None
