"""Reads the final answer from a model's long response."""

import json
import re
from dataclasses import dataclass
from enum import Enum

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import boxes as boxed
from chimera_verifier.domain.evasions import (
    is_hedge,
    is_instruction,
    is_opener,
    offers_another,
    speaks_to_grader,
    takes_back,
)
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, bare, math_form, unwrap
from chimera_verifier.domain.markers import Mark, announced, without_announcement
from chimera_verifier.domain.prose import denies, is_formula, restated, said, without_aside
from chimera_verifier.domain.quantities import read_quantity
from chimera_verifier.domain.thoughts import spoken
from chimera_verifier.domain.words import choice_letter

TAIL_CHARS = 65_536  # A final answer stands at the end; what comes before is not searched.
_FIRST_TAIL_CHARS = 6_000  # Searched first, which is enough for nearly all.
_BARE_CHARS = 300  # A response of one line this short may be an answer without any marker.
_JSON_ANSWER = re.compile(r'"(?:final[_ ]?)?answer"\s{0,3}:\s{0,3}', re.IGNORECASE)
_JSON_END = re.compile(r"[\s}\]`]*(?:,\s*\"\w+\"\s*:\s*[^{}]{0,500}\}[\s`]*)?")
_SENTENCE_END = re.compile(r"[.!?。！？:)\]}$*`>\"”]\s*$")
_SENTENCES = re.compile(
    r"(?<=[^\s.])[.!?](?:\*\*)?\s+(?=[A-ZÀ-ÞА-Я(\"“])|[。！？]|(?<=[$\]]{2})\s+(?=[A-Z])"
    r"|(?<=[$)])\s+(?=(?:So|Thus|Therefore|Hence)\b)"
)
_TRAILING_WORDS = re.compile(r"(?:입니다|이다|이에요|です|である|であり|となります|になります|है|हैं)[。.।]?\s*$")
_CONCLUSION = re.compile(
    r"^\W{0,6}(?:therefore|thus|hence|so|consequently|in conclusion|as a result|finally|we (?:find|get|have"
    r"|obtain|conclude)"
    r"|also|daher|somit|folglich|donc|ainsi|par conséquent|por lo tanto|por tanto|así|portanto|logo|quindi"
    r"|dunque|итак|следовательно"
    r"|таким образом|значит|因此|所以|故|综上|よって|したがって|따라서|그러므로)(?![a-z])",
    re.IGNORECASE,
)
_EXPLAINED = re.compile(  # An answer first, and then why.
    r"([^\n]{1,100}?)[ \t*]{0,4}\n\s{0,4}\W{0,4}(?:explanation|reason(?:ing)?|justification|rationale|because"
    r"|since|solution|note)\b",
    re.IGNORECASE,
)
_IS_ANSWER = re.compile(r"\bis (?:the|our|my) (?:final |correct )?(?:answer|solution|result)\b", re.IGNORECASE)
_NAMED_CHOICE = re.compile(r"\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Oo]pción|选项)\s{0,2}\(?([A-J])\)?(?![A-Za-z])")
_LEFT_OPEN = re.compile(r"[0-9A-Za-z)}][+*^!-]|\\(?:frac|sqrt|binom|sum|int|prod|lim|log|ln|sin|cos|tan)")
_COLLECTIONS = frozenset({sample_pb2.ANSWER_TYPE_SET, sample_pb2.ANSWER_TYPE_TUPLE})
_VERBAL = frozenset(
    {
        sample_pb2.ANSWER_TYPE_TEXT,
        sample_pb2.ANSWER_TYPE_CHOICE,
        sample_pb2.ANSWER_TYPE_DATE,
        sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA,
    }
)
_SHORT_CHARS = 40  # A full stop in a text this short may be that of `20. Juli`.


class Absence(Enum):
    """Why a response has no final answer; the value is the sentence that says so."""

    EMPTY = "The response is empty."
    CUT_OFF = "The response breaks off before its final answer."
    TOO_LONG = "The end of the response holds no final answer, and all of it is too long to search."
    NONE = "The response gives no final answer."
    EVASION = "The response ends in a phrase that is no answer."
    HEDGE = "The response ends in several answers, or in none for certain."
    CONTRADICTION = "The response takes its final answer back and gives another one."
    INSTRUCTION = "The response speaks to the grader instead of answering."
    ECHO = "The response repeats the question."


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: an answer, or why there is none."""

    answer: str | None = None
    absence: Absence | None = None


def extract(response: str, answer_type: "sample_pb2.AnswerType") -> str | None:
    """The final answer of a response, or None. Linear in the response; only its last 64 Ki characters are searched."""
    return read(response, answer_type).answer


def read(response: str, answer_type: "sample_pb2.AnswerType", question: str = "") -> Reading:
    """As `extract`, with the reason where there is no answer."""
    said_aloud, cut_off = spoken(response)
    if cut_off:
        return Reading(absence=Absence.CUT_OFF)
    whole = said_aloud.strip()
    if not whole:
        return Reading(absence=Absence.EMPTY)
    if question and _echoes(whole, question):
        return Reading(absence=Absence.ECHO)
    if speaks_to_grader(whole[-2_000:]) or speaks_to_grader(whole[:2_000]):
        return Reading(absence=Absence.INSTRUCTION)
    for size in (_FIRST_TAIL_CHARS, TAIL_CHARS):
        if (reading := _marked(whole[-size:], answer_type)) is not None:
            return reading
        if len(whole) <= size:
            break
    return _unmarked(whole, answer_type)


def _marked(text: str, answer_type: int) -> Reading | None:
    """The last explicit answer; None if there is none."""
    boxes, is_open = boxed.boxes_of(text)
    if is_open:
        return Reading(absence=Absence.CUT_OFF)
    if (
        answer_type not in _COLLECTIONS
        and answer_type != sample_pb2.ANSWER_TYPE_CHOICE
        and boxed.side_by_side(boxes, text)
    ):
        return Reading(absence=Absence.HEDGE)
    marks = [
        mark for mark in announced(text, answer_type == sample_pb2.ANSWER_TYPE_CHOICE) if "boxed{" not in mark.content
    ]
    marks = sorted(
        [mark for mark in marks if mark.content.strip(" *_.")] + _joined(boxes, text, answer_type), key=_place
    )
    if (structured := _json_answer(text)) is not None:
        return _judged(structured, answer_type)
    if not marks:
        return None
    chosen = _chosen(marks, answer_type)
    later = [mark for mark in marks if mark.start >= chosen.end]
    if any(_contradicts(chosen, mark, answer_type) for mark in later):
        return Reading(absence=Absence.CONTRADICTION)
    if offers_another(text[chosen.end : chosen.end + 120]) and answer_type not in _COLLECTIONS:
        return Reading(absence=Absence.HEDGE)
    if takes_back(text[chosen.end : chosen.end + 400]):
        return Reading(absence=Absence.CONTRADICTION)
    return _judged(chosen.content, answer_type)


def _place(mark: Mark) -> tuple[int, int]:
    return mark.start, mark.end


def _joined(boxes: list[Mark], text: str, answer_type: int) -> list[Mark]:
    """The boxes,
    the last ones as one list where the answer may have several parts and the response puts them together."""
    if answer_type not in _COLLECTIONS or len(boxes) < 2:
        return boxes
    parts = boxed.together(boxes, text)
    if len(parts) < 2:
        return boxes
    listed = ", ".join(dict.fromkeys(part.content.strip() for part in parts))
    wrapped = rf"\\{{{listed}\\}}".replace("\\\\", "\\") if answer_type == sample_pb2.ANSWER_TYPE_SET else f"({listed})"
    return [*boxes[: -len(parts)], Mark(parts[0].start, parts[-1].end, wrapped)]


def _chosen(marks: list[Mark], answer_type: int) -> Mark:
    """The last explicit mark; for a choice the last that names a letter, so that a boxed formula does not hide it."""
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE:
        for mark in reversed(marks):
            if choice_letter(bare(_first_sentence(mark.content)), []) is not None:
                return mark
    return next((mark for mark in reversed(marks) if mark.strong), marks[-1])


def _contradicts(chosen: Mark, later: Mark, answer_type: int) -> bool:
    """Whether a later announcement, less explicit than the chosen one, names something else."""
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE:
        return choice_letter(bare(_first_sentence(later.content)), []) is not None
    ours, theirs = (said(bare(_first_sentence(mark.content))) for mark in (chosen, later))
    if answer_type in _VERBAL:
        return ours.casefold() not in theirs.casefold() and theirs.casefold() not in ours.casefold()
    return is_formula(ours) and is_formula(theirs) and math_form(ours) != math_form(theirs)


def _unmarked(text: str, answer_type: int) -> Reading:
    """A response that announces nothing: a bare answer, or one that ends in a conclusion."""
    if "\n" not in text and len(text) <= _BARE_CHARS:
        return _judged(text, answer_type)
    if answer_type not in _VERBAL and len(text) <= MAX_ANSWER_CHARS and is_formula(text):
        return _judged(text, answer_type)
    if len(text) > TAIL_CHARS:
        return Reading(absence=Absence.TOO_LONG)
    if (explained := _EXPLAINED.match(text)) and (answer_type in _VERBAL or is_formula(bare(explained[1]))):
        return _judged(explained[1], answer_type)
    paragraph = text[-2_000:].rpartition("\n\n")[2] if not text.endswith(("$$", r"\]")) else text[-2_000:]
    sentences = [piece.strip() for piece in _SENTENCES.split(paragraph) if piece and piece.strip()]
    last = sentences[-1] if sentences else ""
    if not _SENTENCE_END.search(text[-40:]) and not is_formula(last):
        return Reading(absence=Absence.CUT_OFF)
    concluding = [piece for piece in sentences if _CONCLUSION.search(piece) or _IS_ANSWER.search(piece)]
    candidate = concluding[-1] if concluding and answer_type not in _VERBAL else last
    if len(candidate) > MAX_ANSWER_CHARS // 4:
        return Reading(absence=Absence.NONE)
    return _judged(candidate, answer_type)


def _judged(content: str, answer_type: int) -> Reading:
    content = content.lstrip().removeprefix("}")  # Of `\\text{The answer is }`.
    alone = without_announcement(content)
    if content.lstrip().startswith("\\text") and alone == content:
        alone = without_announcement(unwrap(content))
    first = alone if answer_type in _VERBAL and len(alone) <= _SHORT_CHARS else _first_sentence(alone)
    answer = bare(_TRAILING_WORDS.sub("", first))
    if len(first) < len(alone) and takes_back(alone[len(first) :][:400]):
        return Reading(absence=Absence.CONTRADICTION)
    if not answer or is_opener(answer):
        return Reading(absence=Absence.EVASION)
    if len(answer) > MAX_ANSWER_CHARS:
        return Reading(answer)
    if is_instruction(answer):
        return Reading(absence=Absence.INSTRUCTION)
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE or answer_type not in _VERBAL:
        answer = _plainer(answer, answer_type)
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE and choice_letter(answer, []) is None and not denies(answer):
        named = {match[1] for match in _NAMED_CHOICE.finditer(answer)}
        answer = named.pop() if len(named) == 1 else answer
    told = answer if answer_type in _VERBAL else bare(said(restated(answer)))
    if is_hedge(told, answer_type) or is_hedge(restated(answer), answer_type, in_prose=told != answer):
        return Reading(absence=Absence.HEDGE)
    return Reading(told)


def _plainer(answer: str, answer_type: int) -> str:
    """The answer without its reason, where what is left is a letter or a formula by itself."""
    told = bare(without_aside(answer))
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE:
        return told if choice_letter(told, []) is not None else answer
    return told if told and is_formula(told) else answer


def _first_sentence(content: str) -> str:
    first = _SENTENCES.split(content.strip(), maxsplit=1)[0]
    return _TRAILING_WORDS.sub("", first)


def is_repeated(answer: str, question: str) -> bool:
    """Whether an answer with something left to be worked out stands in the question as it is."""
    form = math_form(answer[:MAX_ANSWER_CHARS])
    if not question or len(form) < 3 or not _LEFT_OPEN.search(form) or not is_formula(answer):
        return False
    if read_quantity(answer).number is not None and "^" not in form:
        return False  # A fraction is worked out.
    return form in math_form(question[:50_000])


def _echoes(response: str, question: str) -> bool:
    """Whether the response is the question again, or nearly all of it."""
    said_again, asked = ("".join(text.split()).casefold() for text in (response[-50_000:], question[:50_000]))
    return len(said_again) > 15 and (
        said_again == asked or (len(said_again) > 0.7 * len(asked) and said_again in asked)
    )


def _json_answer(text: str) -> str | None:
    if not text.rstrip(" `\n").endswith("}"):
        return None
    match = max(_JSON_ANSWER.finditer(text), key=lambda found: found.start(), default=None)
    if match is None:
        return None
    tail = text[match.end() : match.end() + MAX_ANSWER_CHARS]
    try:
        value, end = json.JSONDecoder().raw_decode(tail)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) or value is None or not _JSON_END.fullmatch(tail[end:]):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else tail[:end]
