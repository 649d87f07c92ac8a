"""Whether a candidate answer is the reference answer, as far as normal forms and exact arithmetic can tell.

What they cannot tell stays undecided: `Comparison.pairs` then holds the questions whose symbolic answers `settle` turns
into a verdict. Undecided without pairs is a matter for a judge.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import structures
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, assignment, enclosed, math_form, split_top, tidy
from chimera_verifier.domain.quantities import MIN_ROUNDED_DIGITS, Number, Quantity, read_number, read_quantity
from chimera_verifier.domain.words import choice_letter, same_text

NORMAL_FORM, NUMERIC, SYMBOLIC, UNDECIDED = "normal_form", "numeric", "symbolic", "undecided"
MAX_MATCHED = 4  # Elements of a set that only symbolic checks can pair: 16 checks and 24 permutations at most.
MAX_PAIRS = 64
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")

_CORRECT, _INCORRECT = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT


@dataclass(frozen=True, slots=True)
class Pair:
    """A symbolic question: does `candidate` equal `reference`, within the relative or absolute error allowed?

    `row` and `column` place it: a verdict needs one equal pair in every row and column.
    """

    reference: str
    candidate: str
    relative: float = 0.0
    absolute: float = 0.0
    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict, or None while undecided, with the method that reached it and why in one sentence."""

    verdict: "sample_pb2.Verdict | None"
    method: str
    reason: str
    pairs: tuple[Pair, ...] = ()


def compare(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    """Compares by the reference's type. Quick whatever the texts hold: nothing is evaluated, and length is bounded."""
    left, right = reference.value.strip(), candidate.strip()
    if not left or not right:
        return _undecided("One of the answers is empty.")
    if max(len(left), len(right)) > MAX_ANSWER_CHARS:
        return _compare_long(left, right)
    rule = _RULES.get(reference.type)
    return rule(reference, right) if rule else _undecided("The reference answer has no type.")


def settle(comparison: Comparison, answers: Mapping[Pair, bool | None]) -> Comparison:
    """The verdict once the pairs were asked: None for a pair means that its check could not tell."""
    size = 1 + max(pair.row for pair in comparison.pairs)
    grid = {(pair.row, pair.column): answers.get(pair) for pair in comparison.pairs}
    diagonal = [tuple(range(size))]
    orders = diagonal if len(grid) == size else list(permutations(range(size)))
    cells = [[grid.get((row, column), False) for row, column in enumerate(order)] for order in orders]
    if any(all(row) for row in cells):
        return Comparison(_CORRECT, SYMBOLIC, "The answers are symbolically equal.")
    if all(False in row for row in cells):
        return Comparison(_INCORRECT, SYMBOLIC, "The answers differ symbolically.")
    return _undecided("The symbolic check reached no decision.")


def _compare_number(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    left = read_quantity(reference.value, reference.unit)
    right = read_quantity(candidate)
    if right.number is None and (several := _several_numbers(candidate)) is not None:
        return several
    if left.number is None or right.number is None:
        return _compare_unread(left, right, reference.tolerance)
    return _compare_quantities(left, right, left.number, right.number, reference.tolerance)


def _compare_quantities(left: Quantity, right: Quantity, ours: Number, theirs: Number, tolerance: float) -> Comparison:
    if left.unit is None and right.unit is not None and right.unit.name == "%":
        if _agree(ours, _scaled(theirs, Fraction(1, 100)), tolerance):
            return Comparison(_CORRECT, NUMERIC, "The percentage has the reference's value.")
        return _undecided("Only the candidate is a percentage.")
    if left.unit is not None and right.unit is None:
        if left.unit.name == "%" and _agree(_scaled(ours, Fraction(1, 100)), theirs, tolerance):
            return Comparison(_CORRECT, NUMERIC, "The value is that of the reference's percentage.")
        return _verdict(_agree(ours, theirs, tolerance), "the candidate names no unit")
    if left.unit is None and right.unit is not None:
        if right.unit.dimensions != ():
            differs = _agree(ours, theirs, tolerance) is False
            return (
                _verdict(False, "")
                if differs and right.unit.dimensions is None
                else _undecided("Only the candidate has a unit.")
            )
        return _verdict(_agree(ours, theirs, tolerance), "the unit is dimensionless")
    if left.unit is None or right.unit is None:
        return _verdict(_agree(ours, theirs, tolerance), "neither has a unit")
    ratio = right.unit.ratio(left.unit)
    if ratio is not None:
        return _verdict(_agree(ours, _scaled(theirs, ratio), tolerance), "units count")
    if left.unit.contradicts(right.unit):
        return Comparison(_INCORRECT, NUMERIC, "The units measure different things.")
    return _undecided("The units cannot be converted into each other.")


def _agree(reference: Number, candidate: Number, tolerance: float) -> bool | None:
    """None where the candidate is a coarser or finer rounding, which proves nothing."""
    difference = abs(reference.value - candidate.value)
    if difference == 0:
        return True
    if tolerance > 0:
        return difference <= abs(reference.value) * Fraction(tolerance)
    if reference.half_ulp is not None and difference <= reference.half_ulp:
        finer = candidate.half_ulp is None or candidate.half_ulp < reference.half_ulp
        return True if finer and reference.digits >= MIN_ROUNDED_DIGITS else None
    rounded = candidate.half_ulp is not None and difference <= candidate.half_ulp
    return None if rounded and reference.value.denominator != 1 and candidate.digits > 1 else False


def _compare_unread(left: Quantity, right: Quantity, tolerance: float) -> Comparison:
    """At least one magnitude is no plain number: equal as text, or a symbolic question."""
    if left.unit is not None and right.unit is not None and left.unit.name != right.unit.name:
        return _undecided("The units differ and the magnitudes are not plain numbers.")
    if left.unit is None and right.unit is not None:
        return _undecided("Only the candidate has a unit.")
    if math_form(left.magnitude) == math_form(right.magnitude):
        return Comparison(_CORRECT, NORMAL_FORM, "The normal forms are equal.")
    absolute = 0.0
    if not tolerance and left.number and left.number.half_ulp and left.number.digits >= MIN_ROUNDED_DIGITS:
        absolute = float(left.number.half_ulp)
    return _ask(Pair(left.magnitude, right.magnitude, tolerance, absolute))


def _several_numbers(candidate: str) -> Comparison | None:
    bare = tidy(candidate)
    items = split_top(bare)
    if len(items) > 1 and all(read_number(item) for item in items) and not _DECIMAL_COMMA.fullmatch(bare):
        return Comparison(_INCORRECT, NORMAL_FORM, "The candidate gives several numbers where one is asked for.")
    return None


def _compare_expression(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    return _compare_element(reference.value, candidate, reference.tolerance)


def _compare_element(left: str, right: str, tolerance: float = 0.0) -> Comparison:
    """Compares two numbers or expressions; names on the left of `=` count only where both have one."""
    left_name, left_value = assignment(tidy(left))
    right_name, right_value = assignment(tidy(right))
    if "=" in left_value + right_value and (left_name or right_name):
        return _ask(Pair(left, right))
    ours, theirs = read_number(left_value), read_number(right_value)
    same = math_form(left_value) == math_form(right_value)
    if left_name and right_name and math_form(left_name) != math_form(right_name):
        return _undecided("The answers name different things.") if same else _ask(Pair(left, right))
    if ours and theirs:
        return _verdict(_agree(ours, theirs, tolerance), "as numbers")
    if same:
        return Comparison(_CORRECT, NORMAL_FORM, "The normal forms are equal.")
    if _INTEGER.fullmatch(left_value) and _INTEGER.fullmatch(right_value):
        return _compare_long(left_value, right_value)
    return _ask(Pair(left_value, right_value, tolerance))


def _compare_set(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_set(reference.value), structures.read_set(candidate)
    if not theirs.bracket and len(theirs.items) == 1 and enclosed(theirs.items[0], "([", ")]") is not None:
        return _undecided("The candidate is an ordered list where a set is asked for.")
    left, right = _distinct(ours.items), _distinct(theirs.items)
    if max(len(left), len(right)) > structures.MAX_ELEMENTS // 4:
        return _undecided("The sets are too large to compare.")
    return _match(left, right, candidate, reference.tolerance)


def _match(left: list[str], right: list[str], candidate: str, tolerance: float) -> Comparison:
    """Pairs off what agrees, then asks about the rest, every one with every other."""
    rest, open_left, undecided = list(right), list[str](), False
    for item in left:
        partner = next((other for other in rest if _nested(item, other, tolerance).verdict == _CORRECT), None)
        if partner is None:
            open_left.append(item)
        else:
            rest.remove(partner)
    if not open_left and not rest:
        return Comparison(_CORRECT, NORMAL_FORM, "The elements are the same in any order.")
    questions: list[Pair] = []
    hopeless = False
    for row, item in enumerate(open_left):
        outcomes = [_nested(item, other, tolerance) for other in rest]
        hopeless |= bool(outcomes) and all(outcome.verdict == _INCORRECT for outcome in outcomes)
        for column, outcome in enumerate(outcomes):
            undecided |= outcome.verdict is None and len(outcome.pairs) != 1
            questions += [_placed(pair, row, column) for pair in outcome.pairs]
    if len(open_left) != len(rest):
        exact = all(read_number(item) for item in (*left, *right)) and not _THOUSANDS.search(candidate)
        if exact or (not rest and not right) or not left:
            return Comparison(_INCORRECT, NORMAL_FORM, "The sets differ in size.")
        return _undecided("The sets differ in size as written.")
    if hopeless:
        return Comparison(_INCORRECT, NORMAL_FORM, "An element of the reference is missing.")
    if undecided or len(rest) > MAX_MATCHED:
        return _undecided("Elements of the sets cannot be paired.")
    return Comparison(None, UNDECIDED, "Elements need a symbolic check.", tuple(questions))


def _nested(left: str, right: str, tolerance: float) -> Comparison:
    """Compares elements, which may be collections themselves; mixed kinds differ."""
    kinds = [_kind(item) for item in (left, right)]
    if kinds == ["", ""]:
        return _compare_element(left, right, tolerance)
    if kinds[0] != kinds[1]:
        return _undecided("The elements are of different kinds.")
    answer = sample_pb2.Answer(value=left, tolerance=tolerance)
    return _compare_set(answer, right) if kinds[0] == "{" else _compare_tuple(answer, right)


def _kind(item: str) -> str:
    bare = item.strip().replace(r"\{", "{").replace(r"\}", "}")
    for opening, closing in (("{", "}"), ("(", ")"), ("[", "]")):
        inner = enclosed(bare, opening, closing)
        if inner is not None and (opening == "{" or len(split_top(inner)) > 1):
            return "{" if opening == "{" else "("
    return ""


def _compare_tuple(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_tuple(reference.value), structures.read_tuple(candidate)
    if theirs.bracket == "{" and ours.bracket != "{":
        return _undecided("The candidate is a set where an ordered list is asked for.")
    if len(ours.items) != len(theirs.items):
        if _THOUSANDS.search(candidate) or not theirs.bracket:
            return _undecided("The number of elements cannot be told.")
        return Comparison(_INCORRECT, NORMAL_FORM, "The tuples differ in length.")
    right = theirs.items
    if theirs.labels and ours.labels and sorted(ours.labels) == sorted(theirs.labels):
        named = dict(zip(theirs.labels, theirs.items, strict=True))
        right = tuple(named[label] for label in ours.labels)
    elif theirs.labels and list(theirs.labels) != sorted(theirs.labels):
        return _undecided("The order of the named elements cannot be told.")
    return _all(list(zip(ours.items, right, strict=True)), reference.tolerance)


def _compare_matrix(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_matrix(reference.value), structures.read_matrix(candidate)
    if ours is None or theirs is None:
        return _undecided("One of the answers is not written as a matrix.")
    if (len(ours), len(ours[0])) != (len(theirs), len(theirs[0])):
        return Comparison(_INCORRECT, NORMAL_FORM, "The matrices differ in shape.")
    cells = [(a, b) for row, other in zip(ours, theirs, strict=True) for a, b in zip(row, other, strict=True)]
    return _all(cells, reference.tolerance)


def _compare_interval(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_intervals(reference.value), structures.read_intervals(candidate)
    if ours is None or theirs is None:
        return _undecided("One of the answers is not written as an interval.")
    ends = [end for part in (*ours, *theirs) for end in (part.low, part.high) if "∞" not in end]
    plain = all(read_number(end) for end in ends)
    openness = [(part.low_open, part.high_open) for part in ours], [(part.low_open, part.high_open) for part in theirs]
    if openness[0] != openness[1]:
        if plain or len(ours) == len(theirs) == 1:
            return Comparison(_INCORRECT, NORMAL_FORM, "The intervals differ in their parts or in what they include.")
        return _undecided("The parts of the intervals cannot be paired.")
    pairs = [(a, b) for x, y in zip(ours, theirs, strict=True) for a, b in ((x.low, y.low), (x.high, y.high))]
    if any(("∞" in a or "∞" in b) and a != b for a, b in pairs) and (plain or len(ours) == 1):
        return Comparison(_INCORRECT, NORMAL_FORM, "One interval is bounded where the other is not.")
    outcome = _all(pairs, reference.tolerance)
    if not plain and len(ours) > 1 and outcome.verdict == _INCORRECT:
        return _undecided("The parts of the intervals cannot be paired.")
    return outcome


def _compare_choice(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    choices = list(reference.choices)
    ours, theirs = choice_letter(reference.value, choices), choice_letter(candidate, choices)
    if ours is None or theirs is None:
        return _undecided("The candidate names no single choice.")
    same = ours == theirs
    return Comparison(_CORRECT if same else _INCORRECT, NORMAL_FORM, f"The choices are {ours} and {theirs}.")


def _compare_text(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    if same_text(reference.value, candidate):
        return Comparison(_CORRECT, NORMAL_FORM, "The normal forms are equal.")
    return _undecided("The texts differ in wording.")


def _all(items: list[tuple[str, str]], tolerance: float) -> Comparison:
    """Every element must agree with the one in its place."""
    outcomes = [_nested(left, right, tolerance) for left, right in items]
    if any(outcome.verdict == _INCORRECT for outcome in outcomes):
        return Comparison(_INCORRECT, NORMAL_FORM, "An element differs.")
    undecided = [outcome for outcome in outcomes if outcome.verdict is None]
    if not undecided:
        return Comparison(_CORRECT, NORMAL_FORM, "All elements agree.")
    if len(undecided) > MAX_PAIRS or any(len(outcome.pairs) != 1 for outcome in undecided):
        return _undecided("An element cannot be compared.")
    pairs = tuple(_placed(outcome.pairs[0], place, place) for place, outcome in enumerate(undecided))
    return Comparison(None, UNDECIDED, "Elements need a symbolic check.", pairs)


def _compare_long(left: str, right: str) -> Comparison:
    """Beyond the length bound only sameness counts, and for whole numbers the digits."""
    if left == right:
        return Comparison(_CORRECT, NORMAL_FORM, "The answers are the same text.")
    if _INTEGER.fullmatch(left) and _INTEGER.fullmatch(right):
        same = _digits(left) == _digits(right)
        return Comparison(
            _CORRECT if same else _INCORRECT, NORMAL_FORM, "The whole numbers were compared by their digits."
        )
    return _undecided("An answer is too long to compare.")


def _digits(integer: str) -> str:
    digits = integer.lstrip("+-").lstrip("0")
    return ("-" if integer.startswith("-") and digits else "") + digits


def _distinct(items: tuple[str, ...]) -> list[str]:
    kept: dict[object, str] = {}
    for item in items:
        number = read_number(item)
        kept.setdefault(number.value if number else math_form(item), item)
    return list(kept.values())


def _placed(pair: Pair, row: int, column: int) -> Pair:
    return Pair(pair.reference, pair.candidate, pair.relative, pair.absolute, row, column)


def _scaled(number: Number, factor: Fraction) -> Number:
    return Number(number.value * factor, number.digits, None if number.half_ulp is None else number.half_ulp * factor)


def _verdict(same: bool | None, remark: str) -> Comparison:
    if same is None:
        return _undecided("One number is a rounding of the other.")
    suffix = f" ({remark})" if remark else ""
    return Comparison(_CORRECT if same else _INCORRECT, NUMERIC, f"The values {'agree' if same else 'differ'}{suffix}.")


def _ask(pair: Pair) -> Comparison:
    return Comparison(None, UNDECIDED, "The answers need a symbolic check.", (pair,))


def _undecided(reason: str) -> Comparison:
    return Comparison(None, UNDECIDED, reason)


_RULES: Mapping[int, Callable[[sample_pb2.Answer, str], Comparison]] = {
    sample_pb2.ANSWER_TYPE_NUMBER: _compare_number,
    sample_pb2.ANSWER_TYPE_EXPRESSION: _compare_expression,
    sample_pb2.ANSWER_TYPE_SET: _compare_set,
    sample_pb2.ANSWER_TYPE_INTERVAL: _compare_interval,
    sample_pb2.ANSWER_TYPE_TUPLE: _compare_tuple,
    sample_pb2.ANSWER_TYPE_MATRIX: _compare_matrix,
    sample_pb2.ANSWER_TYPE_CHOICE: _compare_choice,
    sample_pb2.ANSWER_TYPE_TEXT: _compare_text,
}
