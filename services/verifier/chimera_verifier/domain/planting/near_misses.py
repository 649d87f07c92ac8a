"""Wrong answers of the kind that a careless author writes down."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.planting import Answered, shown, with_value
from chimera_verifier.domain.planting.calendar import MONTHS
from chimera_verifier.domain.planting.parts import bracketed, stepped, turned
from chimera_verifier.domain.structures import read_matrix
from chimera_verifier.domain.units import parse_unit
from chimera_verifier.domain.words import choice_letter

_OPPOSITES = (
    ("yes", "no"), ("true", "false"), ("left", "right"), ("north", "south"), ("east", "west"), ("even", "odd"),
    ("increases", "decreases"), ("increasing", "decreasing"), ("positive", "negative"), ("convergent", "divergent"),
    ("converges", "diverges"), ("maximum", "minimum"), ("clockwise", "counterclockwise"), ("first", "second"),
    ("attractive", "repulsive"), ("acidic", "basic"), ("endothermic", "exothermic"), ("before", "after"),
    ("higher", "lower"), ("larger", "smaller"), ("upward", "downward"), ("inward", "outward"), ("valid", "invalid"),
    ("dominant", "recessive"), ("active", "passive"), ("oxidised", "reduced"), ("oxidized", "reduced"),
)  # fmt: skip
_OTHER: Mapping[str, str] = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
_WORD = re.compile(r"[A-Za-z]+")
_PREFIXES = ("k", "m", "c", "M")
_FINAL_DIGITLESS = re.compile(r".*[A-Za-z)]\Z", re.DOTALL)


def near_misses(answer: sample_pb2.Answer, random: Random) -> list[Answered]:
    """Answers that are wrong by a little, in a drawn order; whoever plants one has it graded first."""
    found = [*_BY_TYPE.get(answer.type, _written)(answer)]
    random.shuffle(found)
    return found


def _written(answer: sample_pb2.Answer) -> Iterator[Answered]:
    """A number off by one, a sign turned."""
    for value, before, after in stepped(answer.value):
        yield with_value(answer, value, f"The answer says {after} where {before} is right.")
    for value in turned(answer.value):
        yield with_value(answer, value, "A sign of the answer is turned.")


def _number(answer: sample_pb2.Answer) -> Iterator[Answered]:
    yield from _written(answer)
    bare = answer.value.strip()
    if re.fullmatch(r"-?[0-9]{1,12}", bare):
        yield with_value(answer, f"{bare}0", "The answer is ten times the right one.")
        yield with_value(answer, str(int(bare) * 2), "The answer is twice the right one.")
    for unit in _other_units(answer.unit):
        yield with_value(answer, answer.value, f"The answer's unit is {unit} where {answer.unit} is right.", unit)


def _other_units(unit: str) -> Iterator[str]:
    """Units of the same dimension and another size."""
    known = parse_unit(unit) if unit else None
    if known is None or known.dimensions is None:
        return
    for other in (*(prefix + unit for prefix in _PREFIXES), unit[1:]):
        read = parse_unit(other) if other else None
        if read is not None and read.dimensions == known.dimensions and read.factor != known.factor:
            yield other


def _choice(answer: sample_pb2.Answer) -> Iterator[Answered]:
    right = choice_letter(answer.value, list(answer.choices))
    for position in range(len(answer.choices)):
        letter = chr(ord("A") + position)
        if right is not None and letter != right:
            yield with_value(answer, letter, f"The answer is choice {letter} where {right} is right.")


def _text(answer: sample_pb2.Answer) -> Iterator[Answered]:
    for match in _WORD.finditer(answer.value):
        if other := _OTHER.get(match[0].lower()):
            other = other.capitalize() if match[0][0].isupper() else other
            value = answer.value[: match.start()] + other + answer.value[match.end() :]
            yield with_value(answer, value, f"The answer says {other!r} where {match[0]!r} is right.")
    for value, before, after in stepped(answer.value):
        yield with_value(answer, value, f"The answer says {after} where {before} is right.")


def _collection(answer: sample_pb2.Answer) -> Iterator[Answered]:
    yield from _written(answer)
    if (taken := bracketed(answer.value)) is None or len(taken[1]) < 2:
        return
    opening, items, closing = taken
    for position, item in enumerate(items):
        if len(items) > 2 or answer.type == sample_pb2.ANSWER_TYPE_SET:
            rest = ", ".join(items[:position] + items[position + 1 :])
            yield with_value(answer, f"{opening}{rest}{closing}", f"The element {shown(item)} is left out.")


def _tuple(answer: sample_pb2.Answer) -> Iterator[Answered]:
    yield from _collection(answer)
    if (taken := bracketed(answer.value)) is None:
        return
    opening, items, closing = taken
    for one in range(len(items) - 1):
        swapped = [*items[:one], items[one + 1], items[one], *items[one + 2 :]]
        change = f"The elements {shown(items[one])} and {shown(items[one + 1])} are swapped."
        yield with_value(answer, f"{opening}{', '.join(swapped)}{closing}", change)


def _matrix(answer: sample_pb2.Answer) -> Iterator[Answered]:
    yield from _written(answer)
    if (rows := read_matrix(answer.value)) is not None:
        yield with_value(answer, _rows(zip(*rows, strict=True)), "The matrix is transposed.")
        if len(rows) > 1:
            yield with_value(answer, _rows([rows[1], rows[0], *rows[2:]]), "Two rows of the matrix are swapped.")


def _rows(rows: Iterable[Iterable[str]]) -> str:
    return "[" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "]"


def _interval(answer: sample_pb2.Answer) -> Iterator[Answered]:
    yield from _written(answer)
    bare = answer.value.strip()
    for place, kinds in ((0, "[("), (-1, ")]")):
        if bare[place : place + 1 or None] and bare[place] in kinds:
            other = kinds[1 - kinds.index(bare[place])]
            value = other + bare[1:] if place == 0 else bare[:-1] + other
            yield with_value(answer, value, "An end of the interval is open where it is closed, or closed where open.")


def _date(answer: sample_pb2.Answer) -> Iterator[Answered]:
    for value, before, after in stepped(answer.value):
        yield with_value(answer, value, f"The answer says {after} where {before} is right.")
    for match in _WORD.finditer(answer.value):
        if (month := match[0].capitalize()) in MONTHS:
            next_month = MONTHS[(MONTHS.index(month) + 1) % len(MONTHS)]
            value = answer.value[: match.start()] + next_month + answer.value[match.end() :]
            yield with_value(answer, value, f"The answer says {next_month} where {month} is right.")


def _formula(answer: sample_pb2.Answer) -> Iterator[Answered]:
    for value, before, after in stepped(answer.value):
        yield with_value(answer, value, f"The formula says {after} where {before} is right.")
    if _FINAL_DIGITLESS.match(answer.value):
        yield with_value(answer, f"{answer.value}2", "The formula has one part twice where it has it once.")


_BY_TYPE: Mapping[int, Callable[[sample_pb2.Answer], Iterator[Answered]]] = {
    sample_pb2.ANSWER_TYPE_NUMBER: _number,
    sample_pb2.ANSWER_TYPE_SET: _collection,
    sample_pb2.ANSWER_TYPE_TUPLE: _tuple,
    sample_pb2.ANSWER_TYPE_MATRIX: _matrix,
    sample_pb2.ANSWER_TYPE_INTERVAL: _interval,
    sample_pb2.ANSWER_TYPE_CHOICE: _choice,
    sample_pb2.ANSWER_TYPE_TEXT: _text,
    sample_pb2.ANSWER_TYPE_DATE: _date,
    sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA: _formula,
}
