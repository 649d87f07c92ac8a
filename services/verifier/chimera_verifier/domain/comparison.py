"""Whether a candidate answer is the reference answer, as far as normal forms and exact arithmetic can tell.

What they cannot tell stays undecided: `Comparison.pairs` then holds the questions whose symbolic answers `settle` turns
into a verdict. Undecided without pairs is a matter for a judge.
"""

import re
from collections.abc import Callable, Mapping

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import structures
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, assignment, enclosed, math_form, split_top, tidy
from chimera_verifier.domain.numeric import INTEGER, agree, compare_long, compare_number
from chimera_verifier.domain.outcomes import (
    CORRECT,
    INCORRECT,
    NORMAL_FORM,
    UNDECIDED,
    Comparison,
    Pair,
    ask,
    judged,
    placed,
    undecided,
)
from chimera_verifier.domain.quantities import read_number
from chimera_verifier.domain.words import choice_letter, same_text

MAX_MATCHED = 4  # Elements of a set that only symbolic checks can pair: 16 checks and 24 permutations at most.
MAX_PAIRS = 64
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")


def compare(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    """Compares by the reference's type. Quick whatever the texts hold: nothing is evaluated, and length is bounded."""
    left, right = reference.value.strip(), candidate.strip()
    if not left or not right:
        return undecided("One of the answers is empty.")
    if max(len(left), len(right)) > MAX_ANSWER_CHARS:
        return compare_long(left, right)
    if not 0 <= reference.tolerance < 1:
        return undecided("The tolerance is no relative error from 0 to below 1.")
    rule = _RULES.get(reference.type)
    return rule(reference, right) if rule else undecided("The reference answer has no type.")


def _compare_expression(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    return _compare_element(reference.value, candidate, reference.tolerance)


def _compare_element(left: str, right: str, tolerance: float = 0.0) -> Comparison:
    """Compares two numbers or expressions; names on the left of `=` count only where both have one."""
    left_name, left_value = assignment(tidy(left))
    right_name, right_value = assignment(tidy(right))
    if "=" in left_value + right_value and (left_name or right_name):
        return ask(Pair(left, right))
    ours, theirs = read_number(left_value), read_number(right_value)
    same = math_form(left_value) == math_form(right_value)
    if left_name and right_name and math_form(left_name) != math_form(right_name):
        return undecided("The answers name different things.") if same else ask(Pair(left, right))
    if ours and theirs:
        return judged(agree(ours, theirs, tolerance), "as numbers")
    if same:
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    if INTEGER.fullmatch(left_value) and INTEGER.fullmatch(right_value):
        return compare_long(left_value, right_value)
    return ask(Pair(left_value, right_value, tolerance))


def _compare_set(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_set(reference.value), structures.read_set(candidate)
    if not theirs.bracket and len(theirs.items) == 1 and enclosed(theirs.items[0], "([", ")]") is not None:
        return undecided("The candidate is an ordered list where a set is asked for.")
    left, right = _distinct(ours.items), _distinct(theirs.items)
    if max(len(left), len(right)) > structures.MAX_ELEMENTS // 4:
        return undecided("The sets are too large to compare.")
    return _match(left, right, candidate, reference.tolerance)


def _match(left: list[str], right: list[str], candidate: str, tolerance: float) -> Comparison:
    """Pairs off what agrees, then asks about the rest, every one with every other."""
    rest, open_left, unpaired = list(right), list[str](), False
    for item in left:
        partner = next((other for other in rest if _nested(item, other, tolerance).verdict == CORRECT), None)
        if partner is None:
            open_left.append(item)
        else:
            rest.remove(partner)
    if not open_left and not rest:
        return Comparison(CORRECT, NORMAL_FORM, "The elements are the same in any order.")
    questions: list[Pair] = []
    hopeless = False
    for row, item in enumerate(open_left):
        outcomes = [_nested(item, other, tolerance) for other in rest]
        hopeless |= bool(outcomes) and all(outcome.verdict == INCORRECT for outcome in outcomes)
        for column, outcome in enumerate(outcomes):
            unpaired |= outcome.verdict is None and len(outcome.pairs) != 1
            questions += [placed(pair, row, column) for pair in outcome.pairs]
    if len(open_left) != len(rest):
        exact = all(read_number(item) for item in (*left, *right)) and not _THOUSANDS.search(candidate)
        if exact or (not rest and not right) or not left:
            return Comparison(INCORRECT, NORMAL_FORM, "The sets differ in size.")
        return undecided("The sets differ in size as written.")
    if hopeless:
        return Comparison(INCORRECT, NORMAL_FORM, "An element of the reference is missing.")
    if unpaired or len(rest) > MAX_MATCHED:
        return undecided("Elements of the sets cannot be paired.")
    return Comparison(None, UNDECIDED, "Elements need a symbolic check.", tuple(questions))


def _nested(left: str, right: str, tolerance: float) -> Comparison:
    """Compares elements, which may be collections themselves; mixed kinds differ."""
    kinds = [_kind(item) for item in (left, right)]
    if kinds == ["", ""]:
        return _compare_element(left, right, tolerance)
    if kinds[0] != kinds[1]:
        return undecided("The elements are of different kinds.")
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
        return undecided("The candidate is a set where an ordered list is asked for.")
    if len(ours.items) != len(theirs.items):
        if _THOUSANDS.search(candidate) or not theirs.bracket:
            return undecided("The number of elements cannot be told.")
        return Comparison(INCORRECT, NORMAL_FORM, "The tuples differ in length.")
    right = theirs.items
    if theirs.labels and ours.labels and sorted(ours.labels) == sorted(theirs.labels):
        named = dict(zip(theirs.labels, theirs.items, strict=True))
        right = tuple(named[label] for label in ours.labels)
    elif theirs.labels and list(theirs.labels) != sorted(theirs.labels):
        return undecided("The order of the named elements cannot be told.")
    return _all(list(zip(ours.items, right, strict=True)), reference.tolerance)


def _compare_matrix(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_matrix(reference.value), structures.read_matrix(candidate)
    if ours is None or theirs is None:
        return undecided("One of the answers is not written as a matrix.")
    if (len(ours), len(ours[0])) != (len(theirs), len(theirs[0])):
        return Comparison(INCORRECT, NORMAL_FORM, "The matrices differ in shape.")
    cells = [(a, b) for row, other in zip(ours, theirs, strict=True) for a, b in zip(row, other, strict=True)]
    return _all(cells, reference.tolerance)


def _compare_interval(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_intervals(reference.value), structures.read_intervals(candidate)
    if ours is None or theirs is None:
        return undecided("One of the answers is not written as an interval.")
    ends = [end for part in (*ours, *theirs) for end in (part.low, part.high) if "∞" not in end]
    plain = all(read_number(end) for end in ends)
    openness = [(part.low_open, part.high_open) for part in ours], [(part.low_open, part.high_open) for part in theirs]
    if openness[0] != openness[1]:
        if plain or len(ours) == len(theirs) == 1:
            return Comparison(INCORRECT, NORMAL_FORM, "The intervals differ in their parts or in what they include.")
        return undecided("The parts of the intervals cannot be paired.")
    pairs = [(a, b) for x, y in zip(ours, theirs, strict=True) for a, b in ((x.low, y.low), (x.high, y.high))]
    if any(("∞" in a or "∞" in b) and a != b for a, b in pairs) and (plain or len(ours) == 1):
        return Comparison(INCORRECT, NORMAL_FORM, "One interval is bounded where the other is not.")
    outcome = _all(pairs, reference.tolerance)
    if not plain and len(ours) > 1 and outcome.verdict == INCORRECT:
        return undecided("The parts of the intervals cannot be paired.")
    return outcome


def _compare_choice(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    choices = list(reference.choices)
    ours, theirs = choice_letter(reference.value, choices), choice_letter(candidate, choices)
    if ours is None or theirs is None:
        return undecided("The candidate names no single choice.")
    same = ours == theirs
    return Comparison(CORRECT if same else INCORRECT, NORMAL_FORM, f"The choices are {ours} and {theirs}.")


def _compare_text(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    if same_text(reference.value, candidate):
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    return undecided("The texts differ in wording.")


def _all(items: list[tuple[str, str]], tolerance: float) -> Comparison:
    """Every element must agree with the one in its place."""
    outcomes = [_nested(left, right, tolerance) for left, right in items]
    if any(outcome.verdict == INCORRECT for outcome in outcomes):
        return Comparison(INCORRECT, NORMAL_FORM, "An element differs.")
    pending = [outcome for outcome in outcomes if outcome.verdict is None]
    if not pending:
        return Comparison(CORRECT, NORMAL_FORM, "All elements agree.")
    if len(pending) > MAX_PAIRS or any(len(outcome.pairs) != 1 for outcome in pending):
        return undecided("An element cannot be compared.")
    pairs = tuple(placed(outcome.pairs[0], place, place) for place, outcome in enumerate(pending))
    return Comparison(None, UNDECIDED, "Elements need a symbolic check.", pairs)


def _distinct(items: tuple[str, ...]) -> list[str]:
    kept: dict[object, str] = {}
    for item in items:
        number = read_number(item)
        kept.setdefault(number.value if number else math_form(item), item)
    return list(kept.values())


_RULES: Mapping[int, Callable[[sample_pb2.Answer, str], Comparison]] = {
    sample_pb2.ANSWER_TYPE_NUMBER: compare_number,
    sample_pb2.ANSWER_TYPE_EXPRESSION: _compare_expression,
    sample_pb2.ANSWER_TYPE_SET: _compare_set,
    sample_pb2.ANSWER_TYPE_INTERVAL: _compare_interval,
    sample_pb2.ANSWER_TYPE_TUPLE: _compare_tuple,
    sample_pb2.ANSWER_TYPE_MATRIX: _compare_matrix,
    sample_pb2.ANSWER_TYPE_CHOICE: _compare_choice,
    sample_pb2.ANSWER_TYPE_TEXT: _compare_text,
}
