"""The type of an answer that came without one, read from itself and, where that is not enough, from its question."""

import re

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import boxes as boxed
from chimera_verifier.domain import structures
from chimera_verifier.domain.chemistry import read_formula, read_reaction
from chimera_verifier.domain.dates import read_dates
from chimera_verifier.domain.latex import (
    MAX_ANSWER_CHARS,
    assignment,
    bare,
    enclosed,
    split_top,
    tidy,
    unwrap,
)
from chimera_verifier.domain.quantities import read_continental, read_quantity
from chimera_verifier.domain.relations import Relation, read_relation
from chimera_verifier.domain.symbols import is_mathematics
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.trees import is_polynomial, names
from chimera_verifier.domain.words import choice_letter, truth

_MAX_QUESTION_CHARS = 50_000
_OPTION = re.compile(r"(?:^|\n|(?<=\s))[ \t*]{0,4}\(?([A-Z])[).:][ \t*]{1,4}([^\n]{1,500}?)(?=$|\n|\s\(?[A-Z][).:]\s)")
_LETTER = re.compile(r"\(?([A-J])\)?[.:)]?|\(([a-d])\)")
_LABELLED = re.compile(r"\(?([A-J])[).:]\)?\s{1,3}\S.{0,300}", re.DOTALL)
_ASKS_INTERVAL = re.compile(
    r"\b(?:intervals?|ranges?|domain|inequalit(?:y|ies)|for which|set of all|convergence|converges)\b|区间"
    r"|取值范围|定义域",
    re.IGNORECASE,
)
_ASKS_POINT = re.compile(
    r"\b(?:points?|ordered|pairs?|triples?|tuples?|coordinates?|vectors?|vertex|center|centre|focus|respectively)\b|坐标",
    re.IGNORECASE,
)
_ASKS_POLYNOMIAL = re.compile(r"\bpolynom\w*|expand(?:ed)?\b|多项式|展开", re.IGNORECASE)
_ASKS_CHEMISTRY = re.compile(
    r"\b(?:formula of|chemical|molecul\w+|compound|ion|reaction|balanced?|element|acid|salt|oxid\w+|precipitate"
    r"|isomer|catalyst"
    r"|reagent|gas)\b|化学|分子式",
    re.IGNORECASE,
)
_ASKS_DATE = re.compile(r"\b(?:when|date|day|which year|what year|month)\b|何年|哪一年|日期", re.IGNORECASE)
_DATE_WORDS = re.compile(r"[^\W\d_]{3,}")
_UNIT_IN_WORDS = re.compile(r"\\(?:text|mathrm|mbox) ?\{ ?[a-z]{3,20}(?: [a-z]{3,20})? ?\}(?:\^\{?[23]\}?)?$")
_ASKS_EXACT = re.compile(
    r"\bexact\b|\b(?:simplest|simplified|radical) (?:radical )?(?:form|fraction)|\bin terms of (?:\$?\\?pi\b|π)"
    r"|\b(?:common|reduced|simplified|irreducible) fraction|\bas a fraction|\blowest terms|精确|最简",
    re.IGNORECASE,
)
_CODE = re.compile(r"0[01]{3,}")  # A string of bits, in which a zero before others counts.
_TITLE = re.compile(r"^[0-9]+ [A-Z][a-z]{3,}(?: [A-Z][a-z]{2,}){0,3}$")  # `12 Monkeys` counts nothing.
_ERA = re.compile(r"[0-9]\s?(?:B\.?C\.?(?:E\.?)?|C\.?E\.?|A\.?D\.?)$|^A\.?D\.?\s?[0-9]")
_RECIPE = re.compile(r"[0-9⁺⁻₀-₉]|\^|_|[+-]$|\\ce")
_OPERATOR = re.compile(r"\\(?:sum|prod|int|lim)(?![A-Za-z])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TWO_LETTER_WORDS = frozenset({
    "no", "on", "so", "he", "at", "in", "it", "is", "of", "or", "to", "up", "us", "we", "by", "do", "go", "if", "my",
    "an", "as", "be", "me",
})  # fmt: skip
_TIME = re.compile(r"\d{1,2}:(?:00|[0-5]\d(?::[0-5]\d)? ?[ap]\.?m\.?|[0-5]\d:[0-5]\d)", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "]": "["}


def infer_type(gold: str, question: str = "") -> "sample_pb2.AnswerType":
    """The type by which an answer is to be compared. Text is what nothing else fits; the same input, the same type."""
    return infer(gold, question).type


def infer(gold: str, question: str = "") -> sample_pb2.Answer:
    """The answer alone, out of the box or the formula in which it stands,
    with its type and the choices it is one of."""
    value, several = unboxed(gold)
    question = question[-_MAX_QUESTION_CHARS:]
    choices = choices_of(question)
    if (letter := _choice(value, choices, question)) is not None:
        return sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_CHOICE, value=letter, choices=choices)
    kind = sample_pb2.ANSWER_TYPE_SET if several else _type_of(value, question)
    return sample_pb2.Answer(type=kind, value=value)


def asks_exact(question: str) -> bool:
    """Whether the question wants an exact value, so that no rounding of one answers it."""
    return _ASKS_EXACT.search(question[-_MAX_QUESTION_CHARS:]) is not None


def unboxed(gold: str) -> tuple[str, bool]:
    """A reference without boxes, delimiters and what stands before `####`, and whether it is a list of boxes."""
    gold = gold.rpartition("####")[2] if "####" in gold.rstrip(" #") else gold
    boxes, _ = boxed.boxes_of(gold[-MAX_ANSWER_CHARS * 4 :])
    if not boxes:
        return bare(gold), False
    parts = boxed.together(boxes, gold[-MAX_ANSWER_CHARS * 4 :]) if boxed.side_by_side(boxes, gold) else boxes[-1:]
    return ", ".join(bare(part.content) for part in parts), len(parts) > 1


def choices_of(question: str) -> list[str]:
    """The texts that a question offers as A), B) and so on, in order; empty if it offers fewer than two."""
    found: list[str] = []
    for match in _OPTION.finditer(question[-_MAX_QUESTION_CHARS:]):
        if ord(match[1]) == ord("A") + len(found):
            found.append(match[2].strip(" *;,"))
        elif match[1] == "A":
            found = [match[2].strip(" *;,")]
    return found if len(found) > 1 else []


def _choice(value: str, choices: list[str], question: str) -> str | None:
    if len(value) > MAX_ANSWER_CHARS // 8:
        return None
    plain = unwrap(tidy(value)).strip(" *")
    if choices:
        return (
            value
            if (_LETTER.fullmatch(plain) or _LABELLED.fullmatch(plain)) and choice_letter(value, choices)
            else None
        )
    letter = _LETTER.fullmatch(plain) or _LABELLED.fullmatch(plain)
    return (letter[1] or letter[2].upper()) if letter and not question.strip() else None


def _type_of(value: str, question: str) -> "sample_pb2.AnswerType":
    if not value or len(value) > MAX_ANSWER_CHARS:
        return sample_pb2.ANSWER_TYPE_NUMBER if value.lstrip("+-").isdecimal() else sample_pb2.ANSWER_TYPE_TEXT
    plain = tidy(value)
    if truth(value) is not None or _TIME.fullmatch(plain) or _CODE.fullmatch(plain):
        return sample_pb2.ANSWER_TYPE_TEXT
    if (verbal := _date_or_formula(value, plain, question)) is not None:
        return verbal
    quantity = read_quantity(value)
    measured = quantity.unit is not None and (quantity.unit.dimensions is not None or _UNIT_IN_WORDS.search(plain))
    if measured and _is_constant(quantity.magnitude):
        return sample_pb2.ANSWER_TYPE_NUMBER
    if quantity.unit is not None and quantity.unit.dimensions is None and _TITLE.search(plain):
        return sample_pb2.ANSWER_TYPE_TEXT
    if quantity.number is not None or (read_continental(value) and plain[:1] == "0"):
        return sample_pb2.ANSWER_TYPE_NUMBER
    if structures.read_matrix(value) is not None:
        rows = structures.read_matrix(value) or ()
        column = 1 in (len(rows), len(rows[0])) and plain.startswith("(\\begin")
        return sample_pb2.ANSWER_TYPE_TUPLE if column else sample_pb2.ANSWER_TYPE_MATRIX
    if (kind := _collection(value, plain, question)) is not None:
        return kind
    relation = read_relation(plain)
    if relation is not None and (kind := _related(plain, relation, question)) is not None:
        return kind
    return _expression(assignment(plain)[1], question)


def _date_or_formula(value: str, plain: str, question: str) -> "sample_pb2.AnswerType | None":
    dates = read_dates(value) if len(value) < 60 else frozenset()
    if dates and _ERA.search(value):
        return sample_pb2.ANSWER_TYPE_DATE
    worded = _DATE_WORDS.search(value) is not None or any(date.day for date in dates)
    if worded and any(date.year or date.day for date in dates):
        return sample_pb2.ANSWER_TYPE_DATE
    if dates and _ASKS_DATE.search(question) and re.fullmatch(r"[12]\d{3}", plain):
        return sample_pb2.ANSWER_TYPE_DATE
    if read_reaction(value) is not None:
        return sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA
    species = read_formula(value)
    if species is None:
        return None
    mixed = any(len(symbol) == 2 for symbol, _ in species.atoms) and len(species.atoms) > 1
    told = (_RECIPE.search(value) and plain[:1].isupper()) or mixed
    asked = _ASKS_CHEMISTRY.search(question) is not None
    single = len(species.atoms) == 1 and species.atoms[0][1] == 1 and not species.charge
    if r"\ce" in value or (told and (asked or mixed or (len(species.atoms) > 1 and not read_relation(plain)))):
        return sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA
    return sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA if asked and not single else None


def _collection(value: str, plain: str, question: str) -> "sample_pb2.AnswerType | None":
    """Braces make a set, half-open brackets an interval; for the rest the question tells, else what is usual."""
    intervals = structures.read_intervals(value)
    flat = unwrap(plain).replace(r"\{", "{").replace(r"\}", "}")
    value_alone = assignment(flat)[1]
    if "±" in flat:
        return sample_pb2.ANSWER_TYPE_SET
    if intervals and "{" in flat and read_relation(flat[1:-1]):
        return sample_pb2.ANSWER_TYPE_INTERVAL
    if len(structures.read_tuple(value).items) > 2 and set(flat) <= set("0123456789: "):
        return sample_pb2.ANSWER_TYPE_TUPLE
    if intervals == () or enclosed(value_alone, "{", "}") is not None:
        return sample_pb2.ANSWER_TYPE_SET
    inner = enclosed(value_alone, "([⟨", ")]⟩")
    if intervals is not None:
        pair = inner is not None and _BRACKETS.get(value_alone[0]) == value_alone[-1] and "∞" not in flat
        ordered = pair and value_alone[0] == "(" and "∈" not in flat and not _ASKS_INTERVAL.search(question)
        if ordered or (pair and _ASKS_POINT.search(question)):
            return sample_pb2.ANSWER_TYPE_TUPLE
        return sample_pb2.ANSWER_TYPE_INTERVAL
    if inner is not None and len(split_top(inner)) > 1:
        return sample_pb2.ANSWER_TYPE_TUPLE
    elements = structures.read_set(value)
    if len(elements.items) > 1 and all(_is_element(item) for item in elements.items):
        labels = structures.read_tuple(value).labels
        ordered = len(set(labels)) > 1 or re.search(r"respectively|依次|分别", question) is not None
        return sample_pb2.ANSWER_TYPE_TUPLE if ordered else sample_pb2.ANSWER_TYPE_SET
    return None


def _is_constant(text: str) -> bool:
    reading = parse(text)
    return reading is not None and not names(reading.tree)


def _is_element(item: str) -> bool:
    inner = enclosed(item, "([{⟨", ")]}⟩")
    if inner is not None and len(split_top(inner)) > 1:
        return all(_is_element(part) for part in split_top(inner))
    return bool(item) and not _is_prose(item) and (parse(item) is not None or read_quantity(item).number is not None)


def _related(plain: str, relation: Relation, question: str) -> "sample_pb2.AnswerType | None":
    """An equation between variables; None where it only names a value."""
    name, value = assignment(plain)
    if name and not read_relation(value):
        reading = parse(value)
        variables = reading is not None and bool(names(reading.tree))
        if variables and not _ASKS_POLYNOMIAL.search(question):
            return sample_pb2.ANSWER_TYPE_EQUATION
        return None
    understood = all(parse(side) is not None for side in relation.sides)
    return sample_pb2.ANSWER_TYPE_EQUATION if understood else None


def _expression(value: str, question: str) -> "sample_pb2.AnswerType":
    reading = None if _is_prose(value) else parse(value)
    if reading is None:
        operator = _OPERATOR.search(value) is not None and is_mathematics(value)
        return sample_pb2.ANSWER_TYPE_EXPRESSION if operator else sample_pb2.ANSWER_TYPE_TEXT
    variables = names(reading.tree)
    if not variables:
        return sample_pb2.ANSWER_TYPE_NUMBER
    if is_polynomial(reading.tree) and _ASKS_POLYNOMIAL.search(question):
        return sample_pb2.ANSWER_TYPE_POLYNOMIAL
    return sample_pb2.ANSWER_TYPE_EXPRESSION


def _is_prose(text: str) -> bool:
    """Whether it is letters alone that make a word: `cat` and `no`, yet not `xy`."""
    plain = unwrap(text).strip()
    return _WORD.fullmatch(plain) is not None and (len(plain) > 2 or plain.casefold() in _TWO_LETTER_WORDS)
