"""Whether a candidate answer is the reference answer, as far as normal forms and exact arithmetic can tell.

What they cannot tell stays undecided: `Comparison.pairs` then holds the questions whose symbolic answers `settle` turns
into a verdict. Undecided without pairs is a matter for a judge.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import structures
from chimera_verifier.domain.chemistry import read_formula, read_reaction, same_formula, same_reaction
from chimera_verifier.domain.dates import Date, read_dates
from chimera_verifier.domain.latex import (
    MAX_ANSWER_CHARS,
    assignment,
    bare,
    enclosed,
    is_label,
    math_form,
    split_top,
    tidy,
)
from chimera_verifier.domain.notations import by_notation, one_imaginary
from chimera_verifier.domain.numbers import leading_value, number_in_words
from chimera_verifier.domain.numeric import INTEGER, agree, compare_long, compare_number, rounding
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
from chimera_verifier.domain.quantities import read_continental, read_number
from chimera_verifier.domain.relations import Relation, read_relation
from chimera_verifier.domain.structures import both_signs, read_intervals
from chimera_verifier.domain.words import choice_letter, concluded, same_text, text_form, truth

MAX_MATCHED = 4  # Elements of a set that only symbolic checks can pair: 16 checks and 24 permutations at most.
MAX_PAIRS = 64
_REVERSED = re.compile(r"^\s*\]|\[\s*$")
_CROSS_PRODUCT = re.compile(
    r"\\(?:vec|mathbf|boldsymbol|bm|overrightarrow|hat)\s{0,2}\{?\s{0,2}\w{1,3}\s{0,2}\}?\s{0,2}(?:\\times|×)"
)
_DECIMAL = re.compile(r"\.[0-9]")
_CAPITALS = re.compile(r"[A-Z](?:[ *]?[A-Z]){1,9}")
_CAPITAL, _OR = re.compile(r"[A-Z]"), re.compile(r"\bor\b")
_LETTER_END = re.compile(r"[+-]?[A-Za-z]")
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")


def compare(reference: sample_pb2.Answer, candidate: str, *, exactly: bool = False) -> Comparison:
    """Compares by the reference's type. Quick whatever the texts hold: nothing is evaluated, and length is bounded.

    With `exactly`, the rounding of an expression is not as good as the expression.
    """
    outcome = _compared(reference, candidate)
    if exactly and outcome.pairs and not _DECIMAL.search(reference.value):
        return replace(outcome, pairs=tuple(replace(pair, absolute=0.0) for pair in outcome.pairs))
    return outcome


def _compared(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    left, right = one_imaginary(bare(reference.value), bare(candidate))
    if not left or not right:
        return undecided("One of the answers is empty.")
    if max(len(left), len(right)) > MAX_ANSWER_CHARS:
        return compare_long(left, right)
    if not 0 <= reference.tolerance < 1:
        return undecided("The tolerance is no relative error from 0 to below 1.")
    rule = _RULES.get(reference.type)
    if rule is None:
        return undecided("The reference answer has no type.")
    if (told := by_notation(left, right)) is not None:
        return told
    cleaned = sample_pb2.Answer(
        type=reference.type, value=left, unit=reference.unit, tolerance=reference.tolerance, choices=reference.choices
    )
    return rule(cleaned, right)


def _compare_expression(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    return _compare_element(reference.value, candidate, reference.tolerance)


def _compare_element(left: str, right: str, tolerance: float = 0.0) -> Comparison:
    """Compares two numbers or expressions; names on the left of `=` count only where both have one."""
    left_name, left_value = assignment(tidy(left))
    right_name, right_value = assignment(tidy(right))
    if read_relation(left_value) or read_relation(right_value):
        if not read_relation(left) and not read_relation(right):
            return undecided("A sign of relation has nothing on one side.")
        return _compare_relations(left, right, tolerance)
    ours, theirs = read_number(left_value), read_number(right_value)
    same = math_form(left_value) == math_form(right_value)
    if not same and (_CROSS_PRODUCT.search(left) or _CROSS_PRODUCT.search(right)):
        return undecided("A product of vectors has an order.")
    if not same and _CAPITALS.fullmatch(left_value) and _CAPITALS.fullmatch(right_value):
        return undecided("A product of matrices has an order.")
    if left_name and right_name and math_form(left_name) != math_form(right_name):
        return undecided("The answers name different things.") if same else ask(Pair(left, right))
    if ours and theirs:
        return judged(agree(ours, theirs, tolerance), "as numbers")
    if same:
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    if INTEGER.fullmatch(left_value) and INTEGER.fullmatch(right_value):
        return compare_long(left_value, right_value)
    signs = ["±" in value for value in (left_value, right_value)]
    if signs[0] != signs[1]:
        return undecided("One answer stands for two, the other for one.")
    if signs[0]:
        return _match(list(both_signs(left_value)), list(both_signs(right_value)), right, tolerance)
    return ask(Pair(left_value, right_value, tolerance, rounding(ours, theirs, tolerance)))


def _compare_equation(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    return _compare_relations(reference.value, candidate, reference.tolerance)


def _compare_relations(left: str, right: str, tolerance: float, as_intervals: bool = True) -> Comparison:
    """Equations and inequalities, sides swapped or not; one that names a quantity also against its value alone."""
    ours, theirs = read_relation(left), read_relation(right)
    if ours is None or theirs is None:
        related, bare_side = (ours, right) if ours else (theirs, left)
        if related is None:
            return _compare_element(left, right, tolerance)
        named = [
            place for place, side in enumerate(related.sides) if place in (0, len(related.sides) - 1) and is_label(side)
        ]
        if related.signs.strip("=") or not named:
            return undecided("Only one of the answers is an equation or inequality.")
        value = related.sides[-1 if named[0] == 0 else 0]
        return _compare_element(value, bare_side, tolerance) if ours else _compare_element(bare_side, value, tolerance)
    if _as_written(ours) in (_as_written(theirs), _as_written(theirs.flipped())):
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    if as_intervals and set(ours.signs + theirs.signs) & set("<>≤≥") and read_intervals(left) and read_intervals(right):
        return _compare_interval(sample_pb2.Answer(value=left, tolerance=tolerance), right)
    return ask(Pair(left, right, tolerance))


def _as_written(relation: Relation) -> tuple[str, ...]:
    return (relation.signs, *(math_form(side) for side in relation.sides))


def _compare_date(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = read_dates(reference.value), read_dates(candidate)
    if not ours or not theirs:
        return _compare_text(reference, candidate)
    if ours == theirs and len(ours) == 1:
        return Comparison(CORRECT, NORMAL_FORM, "The dates are the same.")
    if ours & theirs:
        same = text_form(reference.value) == text_form(candidate)
        return (
            Comparison(CORRECT, NORMAL_FORM, "The dates are the same.")
            if same
            else undecided("A date has two readings.")
        )
    if all(_differ(one, other) for one in ours for other in theirs):
        return Comparison(INCORRECT, NORMAL_FORM, "The dates differ.")
    return undecided("One date is less exact than the other.")


def _differ(one: Date, other: Date) -> bool:
    parts = ((one.year, other.year), (one.month, other.month), (one.day, other.day))
    return any(ours is not None and theirs is not None and ours != theirs for ours, theirs in parts)


def _compare_formula(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    reactions = read_reaction(reference.value), read_reaction(candidate)
    if reactions[0] and reactions[1]:
        same = same_reaction(reactions[0], reactions[1])
        return _chemical(same, "The equations have the same substances in other amounts or forms.")
    formulas = read_formula(reference.value), read_formula(candidate)
    if formulas[0] and formulas[1]:
        return _chemical(same_formula(formulas[0], formulas[1]), "The same atoms are written in another order.")
    return _compare_text(reference, candidate)


def _chemical(same: bool | None, doubt: str) -> Comparison:
    if same is None:
        return undecided(doubt)
    reason = "The formulas are the same." if same else "The formulas differ in their atoms, amounts or charge."
    return Comparison(CORRECT if same else INCORRECT, NORMAL_FORM, reason)


def _compare_set(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    whole, other = read_continental(reference.value), read_number(tidy(candidate))
    if whole and other and whole.value == other.value:
        return Comparison(CORRECT, NORMAL_FORM, "The values agree (the comma stands before decimals).")
    ours, theirs = structures.read_set(reference.value), structures.read_set(candidate)
    listed = not theirs.bracket and len(theirs.items) == 1 and enclosed(theirs.items[0], "([", ")]") is not None
    if listed and [_kind(item) for item in ours.items] != ["("]:
        return undecided("The candidate is an ordered list where a set is asked for.")
    left, right = _distinct(ours.items), _distinct(theirs.items)
    if _OR.search(candidate) and not _OR.search(reference.value) and all(_CAPITAL.fullmatch(item) for item in left):
        return undecided("The candidate offers one of several choices.")
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
    plain = item.strip().replace(r"\{", "{").replace(r"\}", "}")
    for opening, closing in (("{", "}"), ("(", ")"), ("[", "]")):
        inner = enclosed(plain, opening, closing)
        if inner is not None and (opening == "{" or len(split_top(inner)) > 1):
            return "{" if opening == "{" else "("
    return ""


def _compare_tuple(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_tuple(reference.value), structures.read_tuple(candidate)
    if len(ours.items) == 2 and (read_relation(candidate) or _REVERSED.search(candidate)) and not theirs.labels:
        parts = read_intervals(reference.value), read_intervals(candidate)
        if parts[0] and parts[1]:
            return _compare_interval(reference, candidate)
    if theirs.bracket == "{" and ours.bracket != "{":
        return undecided("The candidate is a set where an ordered list is asked for.")
    if len(ours.items) == 2 and {ours.bracket, theirs.bracket} == {"(", "["}:
        return undecided("One of the answers may be an interval.")
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
    if ours and theirs is None and 1 in (len(ours), len(ours[0])):
        return _compare_tuple(reference, candidate)
    if ours is None or theirs is None:
        return undecided("One of the answers is not written as a matrix.")
    if (len(ours), len(ours[0])) != (len(theirs), len(theirs[0])):
        return Comparison(INCORRECT, NORMAL_FORM, "The matrices differ in shape.")
    cells = [(a, b) for row, other in zip(ours, theirs, strict=True) for a, b in zip(row, other, strict=True)]
    return _all(cells, reference.tolerance)


def _compare_interval(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    ours, theirs = structures.read_intervals(reference.value), structures.read_intervals(candidate)
    if ours is None or theirs is None:
        if read_relation(reference.value) and read_relation(candidate):
            return ask(Pair(reference.value, candidate))
        return undecided("One of the answers is not written as an interval.")
    ends = [end for part in (*ours, *theirs) for end in (part.low, part.high) if "∞" not in end]
    plain = all(read_number(end) for end in ends)
    relations = read_relation(reference.value), read_relation(candidate)
    if not plain and relations[0] and relations[1]:  # `a < b` bounds both.
        same = _as_written(relations[0]) in (_as_written(relations[1]), _as_written(relations[1].flipped()))
        if same or any(_LETTER_END.fullmatch(end) for end in ends):
            return _compare_relations(reference.value, candidate, reference.tolerance, as_intervals=False)
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
    if candidate.rstrip(' *"”').endswith("?") and "?" not in reference.value:
        return undecided("The candidate asks.")
    if same_text(reference.value, candidate):
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    if (told := concluded(candidate)) and same_text(reference.value, told):
        return Comparison(CORRECT, NORMAL_FORM, "The sentence ends in the reference.")
    numbers = [_number(text) for text in (reference.value, candidate)]
    worded = any(text[-1:].isalpha() for text in (reference.value, candidate))
    if worded and numbers[0] is not None and numbers[0] == numbers[1]:
        return Comparison(CORRECT, NORMAL_FORM, "The number in words is the one in digits.")
    truths = truth(reference.value), truth(candidate)
    if truths[0] is not None and truths[1] is not None:
        same = truths[0] == truths[1]
        return Comparison(
            CORRECT if same else INCORRECT,
            NORMAL_FORM,
            "One affirms what the other " + ("affirms." if same else "denies."),
        )
    formulas = read_formula(reference.value), read_formula(candidate)
    if formulas[0] and formulas[1] and same_formula(formulas[0], formulas[1]):
        return Comparison(CORRECT, NORMAL_FORM, "The formulas are the same.")
    return undecided("The texts differ in wording.")


def _number(text: str) -> Fraction | None:
    """The value of a number in digits, or in words of any language."""
    if (literal := read_number(tidy(text))) is not None:
        return literal.value
    whole, worded = number_in_words(text_form(text)), leading_value(tidy(text))
    return Fraction(whole) if whole is not None else worded[0] if worded and not worded[1] else None


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
    sample_pb2.ANSWER_TYPE_EQUATION: _compare_equation,
    sample_pb2.ANSWER_TYPE_POLYNOMIAL: _compare_expression,
    sample_pb2.ANSWER_TYPE_DATE: _compare_date,
    sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA: _compare_formula,
}
