"""Whether a proposed problem has the shape that can be verified: one typed answer, no proof, self-contained."""

import re
from collections.abc import Callable

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import structures
from chimera_verifier.domain.chemistry import read_formula, read_reaction
from chimera_verifier.domain.dates import read_dates
from chimera_verifier.domain.evasions import is_hedge, is_instruction, is_opener
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, assignment, balanced, tidy
from chimera_verifier.domain.quantities import read_quantity
from chimera_verifier.domain.relations import read_relation
from chimera_verifier.domain.symbols import is_mathematics
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.trees import is_polynomial
from chimera_verifier.domain.words import choice_letter, text_form

MIN_STATEMENT_CHARS = 15
MAX_STATEMENT_CHARS = 20_000
MAX_TEXT_ANSWER_CHARS = 200
_MAX_CHOICES = 26

Fault = tuple["sample_pb2.Reason", str]

_SENTENCE = (
    r"(?:^|[.!?:;]\s+|\n\s*|\b(?:then|and|hence|to)\s+|\([a-z]\)\s*)(?:please\s+|hence\s+|formally\s+|rigorously\s+)?"
)
_PROOF = re.compile(
    _SENTENCE
    + r"(?:prove\b(?! to be)|disprove\b|show (?:that|why|how)\b|demonstrate that\b|verify that\b|justify (?:why|that)\b"
    r"|(?:give|provide|write|construct|present) (?:a|an|the) (?:\w+ ){0,2}(?:proof|essay|derivation|argument)\b)",
    re.IGNORECASE,
)
_ESSAY = re.compile(
    r"(?:^|[.!?:;]\s+|\n\s*)(?:please\s+|briefly\s+|critically\s+)?(?:discuss\b|explain (?:why|how|the|in|what)\b"
    r"|describe\b|compare and contrast\b|comment on\b|elaborate\b|outline\b|write (?:an?|about) )",
    re.IGNORECASE,
)
_ASKING = (
    r"(?:find|calculate|compute|determine|evaluate|what|how|which|who|when|where|is|are|does|do|derive|solve|prove|show|"
    r"state|give|express|estimate|explain|sketch|name|list|write)\b"
)
_PART = re.compile(
    r"(?:^|[\n.?!;:])\s*(?:\*\*)?(?:part\s+)?\(?(?:[a-h]|i{1,3}|iv|[1-9])[).:](?:\*\*)?\s+" + _ASKING, re.IGNORECASE
)
_QUESTION = re.compile(r"[^.?!\n]{3,}\?")
_FOLLOWS_UP = re.compile(
    r"\s*[\"')*]*\s*(?:that is|i\.e|in other words|or\b|if so|namely|can you|could you|right)", re.IGNORECASE
)
_ALSO = re.compile(
    r"[.;]\s+(?:also|additionally|furthermore|moreover|finally|next|then|secondly),?\s+(?:find|calculate|compute|determine|evaluate|state|what)\b",
    re.IGNORECASE,
)
_PARTS_BELONG = frozenset({sample_pb2.ANSWER_TYPE_TUPLE, sample_pb2.ANSWER_TYPE_SET, sample_pb2.ANSWER_TYPE_MATRIX})
_PICTURE = r"(?:figure|fig\.|diagram|image|picture|photograph|photo|illustration|sketch|drawing|chart|screenshot|map)"
_ELSEWHERE = re.compile(
    r"\b(?:(?:in|from|see|to|by|using|of|on|consider|study|at|per) the "
    rf"(?:following |above |given |accompanying |attached )?{_PICTURE}\b"
    rf"|the (?:following|above|accompanying|attached) {_PICTURE}\b"
    rf"|{_PICTURE} (?:above|below|shown|provided)\b|fig(?:ure|\.) [0-9]"
    r"|(?:graph|plot|circuit|structure|network) (?:is )?(?:shown|pictured|depicted|drawn)\b"
    r"|(?:as|was|were|been) (?:discussed|seen|shown|described|mentioned|covered|proved|derived) "
    r"(?:above|earlier|previously|before|in class|in the (?:lecture|text))"
    r"|(?:the|your|this) (?:textbook|lecture notes?|lecture|chapter|course notes)\b"
    r"|(?:the |our )?(?:previous|preceding|last|earlier) (?:problem|question|exercise|part|section|example|chapter)\b"
    r"|(?:equation|theorem|lemma|section|chapter|exercise|problem) \(?[0-9]+\.[0-9]+)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"\b(?:following|above|below|accompanying|the) table\b|\btable (?:above|below|[0-9]|shown)", re.IGNORECASE
)
_TABLE_BODY = re.compile(
    r"\|.*\||\\begin\{(?:tabular|array|matrix|bmatrix|pmatrix)|\t|<t[dr]>|\n[^\n]*\s{2,}[^\n]*\n|:\s*\S+[,;]"
)
_PASSAGE = re.compile(
    r"\b(?:according to|based on|in|from|of|read) (?:the|this) (?:\w+ )?(?:passage|excerpt|article|reading)\b",
    re.IGNORECASE,
)
_PASSAGE_BODY_CHARS = 600
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ufffd\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def check(statement: str, answer: sample_pb2.Answer) -> Fault | None:
    """The first fault found, with a sentence that names it; None if the problem is fit for the panel."""
    return _check_text(statement) or _check_answer(answer) or _check_task(statement, answer.type)


def _check_text(statement: str) -> Fault | None:
    length = len(statement.strip())
    if length < MIN_STATEMENT_CHARS:
        return (
            sample_pb2.REASON_NOT_SELF_CONTAINED,
            f"The statement has {length} characters, too few to pose a problem.",
        )
    if length > MAX_STATEMENT_CHARS:
        return sample_pb2.REASON_MALFORMED_ANSWER, f"The statement has {length} characters, over {MAX_STATEMENT_CHARS}."
    if match := _CONTROL.search(statement):
        return sample_pb2.REASON_MALFORMED_ANSWER, f"The statement holds the control character U+{ord(match[0]):04X}."
    return None


def _check_task(statement: str, answer_type: int) -> Fault | None:
    if match := _PROOF.search(statement) or _ESSAY.search(statement):
        return sample_pb2.REASON_PROOF, f"The statement asks for a proof or an essay: {_quoted(match)}."
    if match := _ELSEWHERE.search(statement):
        return sample_pb2.REASON_NOT_SELF_CONTAINED, f"The statement refers to something outside it: {_quoted(match)}."
    if (match := _TABLE.search(statement)) and not _TABLE_BODY.search(statement):
        return sample_pb2.REASON_NOT_SELF_CONTAINED, f"The statement lacks the table it refers to: {_quoted(match)}."
    if (match := _PASSAGE.search(statement)) and len(statement) < _PASSAGE_BODY_CHARS:
        return sample_pb2.REASON_NOT_SELF_CONTAINED, f"The statement lacks the text it refers to: {_quoted(match)}."
    return _check_parts(statement, answer_type)


def _check_parts(statement: str, answer_type: int) -> Fault | None:
    if answer_type != sample_pb2.ANSWER_TYPE_CHOICE and len(_PART.findall(statement)) > 1:
        return sample_pb2.REASON_MULTI_PART, "The statement asks for several lettered or numbered parts."
    if answer_type in _PARTS_BELONG or answer_type == sample_pb2.ANSWER_TYPE_CHOICE:
        return None
    questions = [match for match in _QUESTION.finditer(statement) if not _FOLLOWS_UP.match(match[0])]
    if len(questions) > 1:
        return sample_pb2.REASON_MULTI_PART, f"The statement asks {len(questions)} questions."
    if match := _ALSO.search(statement):
        return sample_pb2.REASON_MULTI_PART, f"The statement asks for more than one thing: {_quoted(match)}."
    return None


def _check_answer(answer: sample_pb2.Answer) -> Fault | None:
    value = answer.value.strip()
    rule = _FORMS.get(answer.type)
    if rule is None:
        return _untyped("The reference answer has no known type.")
    if not value or is_opener(value):
        return _untyped("The reference answer is empty.")
    if len(value) > MAX_ANSWER_CHARS:
        return _untyped(f"The reference answer has {len(value)} characters, over {MAX_ANSWER_CHARS}.")
    if _CONTROL.search(value) or is_instruction(value):
        return _untyped("The reference answer is not an answer.")
    if is_hedge(value, answer.type):
        return _untyped("The reference answer offers several answers.")
    if not 0 <= answer.tolerance < 1:
        return _untyped(f"The tolerance {answer.tolerance:g} is no relative error from 0 to below 1.")
    return (
        None if rule(answer, value) else _untyped(f"The reference answer {value[:80]!r} is not of its declared type.")
    )


def _is_number(answer: sample_pb2.Answer, value: str) -> bool:
    quantity = read_quantity(value, answer.unit)
    if quantity.number is not None:
        return True
    named, bare = assignment(quantity.magnitude)
    bare = bare if named else quantity.magnitude
    return balanced(bare) and "," not in bare and is_mathematics(bare, constants_only=True)


def _is_expression(_: sample_pb2.Answer, value: str) -> bool:
    return (balanced(tidy(value)) and is_mathematics(value)) or parse(assignment(tidy(value))[1]) is not None


def _is_set(_: sample_pb2.Answer, value: str) -> bool:
    elements = structures.read_set(value)
    return all(elements.items) and (elements.bracket == "{" or len(elements.items) > 1)


def _is_interval(_: sample_pb2.Answer, value: str) -> bool:
    parts = structures.read_intervals(value)
    return parts is not None and (not parts or any(part.low != part.high for part in parts))


def _is_tuple(_: sample_pb2.Answer, value: str) -> bool:
    elements = structures.read_tuple(value)
    return len(elements.items) > 1 and all(elements.items) and elements.bracket != "{"


def _is_matrix(_: sample_pb2.Answer, value: str) -> bool:
    return structures.read_matrix(value) is not None


def _is_choice(answer: sample_pb2.Answer, value: str) -> bool:
    forms = [text_form(choice) for choice in answer.choices]
    distinct = all(forms) and len(set(forms)) == len(forms)
    return distinct and 2 <= len(forms) <= _MAX_CHOICES and choice_letter(value, list(answer.choices)) is not None


def _is_equation(_: sample_pb2.Answer, value: str) -> bool:
    relation = read_relation(tidy(value))
    return relation is not None and all(is_mathematics(side) or parse(side) is not None for side in relation.sides)


def _is_polynomial(_: sample_pb2.Answer, value: str) -> bool:
    reading = parse(assignment(tidy(value))[1])
    return reading is not None and is_polynomial(reading.tree)


def _is_date(_: sample_pb2.Answer, value: str) -> bool:
    return len(read_dates(value)) == 1


def _is_formula(_: sample_pb2.Answer, value: str) -> bool:
    return read_formula(value) is not None or read_reaction(value) is not None


def _is_text(_: sample_pb2.Answer, value: str) -> bool:
    return len(value) <= MAX_TEXT_ANSWER_CHARS and "\n" not in value and bool(text_form(value))


def _untyped(detail: str) -> Fault:
    return sample_pb2.REASON_UNTYPED_ANSWER, detail


def _quoted(match: re.Match[str]) -> str:
    return repr(" ".join(match[0].split()).lstrip(".!?:; ")[:60])


_FORMS: dict[int, Callable[[sample_pb2.Answer, str], bool]] = {
    sample_pb2.ANSWER_TYPE_NUMBER: _is_number,
    sample_pb2.ANSWER_TYPE_EXPRESSION: _is_expression,
    sample_pb2.ANSWER_TYPE_SET: _is_set,
    sample_pb2.ANSWER_TYPE_INTERVAL: _is_interval,
    sample_pb2.ANSWER_TYPE_TUPLE: _is_tuple,
    sample_pb2.ANSWER_TYPE_MATRIX: _is_matrix,
    sample_pb2.ANSWER_TYPE_CHOICE: _is_choice,
    sample_pb2.ANSWER_TYPE_TEXT: _is_text,
    sample_pb2.ANSWER_TYPE_EQUATION: _is_equation,
    sample_pb2.ANSWER_TYPE_POLYNOMIAL: _is_polynomial,
    sample_pb2.ANSWER_TYPE_DATE: _is_date,
    sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA: _is_formula,
}
