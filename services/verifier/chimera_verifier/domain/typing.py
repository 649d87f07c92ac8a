"""The type of an answer that came without one, read from itself and, where that is not enough, from its question."""

import re

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import structures
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, balanced, enclosed, split_top, tidy, unwrap
from chimera_verifier.domain.quantities import read_quantity
from chimera_verifier.domain.symbols import is_mathematics
from chimera_verifier.domain.words import choice_letter

_MAX_QUESTION_CHARS = 50_000
_OPTION = re.compile(r"(?:^|\n|(?<=\s))[ \t*]{0,4}\(?([A-Z])[).:][ \t*]{1,4}([^\n]{1,500}?)(?=$|\n|\s\(?[A-Z][).:]\s)")
_LETTER = re.compile(r"\(?([A-J])\)?[.:)]?")
_ASKS_INTERVAL = re.compile(
    r"\b(?:intervals?|ranges?|domain|inequalit(?:y|ies)|values of [a-z$\\]|for which|set of all|convergence)\b",
    re.IGNORECASE,
)
_ASKS_POINT = re.compile(
    r"\b(?:points?|ordered|pairs?|triples?|tuples?|coordinates?|vectors?|vertex|center|centre|focus|respectively)\b",
    re.IGNORECASE,
)
_BRACKETS = {"(": ")", "[": "]", "]": "["}


def infer_type(gold: str, question: str = "") -> "sample_pb2.AnswerType":
    """The type by which an answer is to be compared. Text is what nothing else fits; the same input, the same type."""
    return infer(gold, question).type


def infer(gold: str, question: str = "") -> sample_pb2.Answer:
    """The answer with its type, and with the choices that the question lists where it is one of them."""
    value = gold.strip()
    choices = choices_of(question)
    if _LETTER.fullmatch(unwrap(tidy(value[:100]))) and len(value) <= 100:
        if choices and choice_letter(value, choices) is not None:
            return sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_CHOICE, value=gold, choices=choices)
        if not question.strip():
            return sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_CHOICE, value=gold)
    return sample_pb2.Answer(type=_type_of(value, question[:_MAX_QUESTION_CHARS]), value=gold)


def choices_of(question: str) -> list[str]:
    """The texts that a question offers as A), B) and so on, in order; empty if it offers fewer than two."""
    found: list[str] = []
    for match in _OPTION.finditer(question[-_MAX_QUESTION_CHARS:]):
        if ord(match[1]) == ord("A") + len(found):
            found.append(match[2].strip(" *;,"))
        elif match[1] == "A":
            found = [match[2].strip(" *;,")]
    return found if len(found) > 1 else []


def _type_of(value: str, question: str) -> "sample_pb2.AnswerType":
    if not value or len(value) > MAX_ANSWER_CHARS:
        return sample_pb2.ANSWER_TYPE_NUMBER if value.lstrip("+-").isdecimal() else sample_pb2.ANSWER_TYPE_TEXT
    bare = tidy(value)
    if read_quantity(value).number is not None:
        return sample_pb2.ANSWER_TYPE_NUMBER
    if structures.read_matrix(value) is not None:
        return sample_pb2.ANSWER_TYPE_MATRIX
    if (kind := _collection(value, bare, question)) is not None:
        return kind
    if balanced(bare) and is_mathematics(value):
        constant = is_mathematics(value, constants_only=True) and "=" not in bare
        return sample_pb2.ANSWER_TYPE_NUMBER if constant else sample_pb2.ANSWER_TYPE_EXPRESSION
    return sample_pb2.ANSWER_TYPE_TEXT


def _collection(value: str, bare: str, question: str) -> "sample_pb2.AnswerType | None":
    """Braces make a set, half-open brackets an interval; for the rest the question tells, else what is usual."""
    intervals = structures.read_intervals(value)
    plain = bare.replace(r"\{", "{").replace(r"\}", "}")
    if intervals == () or enclosed(plain, "{", "}") is not None:
        return sample_pb2.ANSWER_TYPE_SET
    inner = enclosed(plain, "([⟨", ")]⟩")
    if intervals is not None:
        pair = inner is not None and _BRACKETS.get(plain[0]) == plain[-1]
        ordered = pair and plain[0] == "(" and "∞" not in plain and not _ASKS_INTERVAL.search(question)
        if ordered or (pair and "∞" not in plain and _ASKS_POINT.search(question)):
            return sample_pb2.ANSWER_TYPE_TUPLE
        return sample_pb2.ANSWER_TYPE_INTERVAL
    if inner is not None and len(split_top(inner)) > 1:
        return sample_pb2.ANSWER_TYPE_TUPLE
    items = split_top(plain)
    if len(items) > 1 and all(item and is_mathematics(item) for item in items):
        return sample_pb2.ANSWER_TYPE_SET
    return None
