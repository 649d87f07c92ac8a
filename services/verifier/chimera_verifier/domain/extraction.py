"""Reads the final answer from a model's long response."""

import json
import re
from dataclasses import dataclass
from enum import Enum

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.evasions import is_hedge, is_instruction, is_opener
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS
from chimera_verifier.domain.words import choice_letter

TAIL_CHARS = 65_536  # A final answer stands at the end; what comes before is not searched.
_BARE_CHARS = 200  # A response of one line this short may be an answer without any marker.
_SAME_SENTENCE_CHARS = 60  # Between boxes that belong to one answer.

_THOUGHT = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>|<\|(begin|end)_of_thought\|>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(?:\{|(?=[0-9A-Za-z]))")
_ANSWER_LINE = re.compile(
    r"[\s>#*_-]{0,12}(?:(?:so|thus|hence|therefore)\W{1,3})?(?:the\s+|my\s+)?(?:final\s+|correct\s+)?(?:answer|result|choice|option)"
    r"(?:\s+is)?[\s*_]{0,6}[:=][\s*_]{0,6}(.*)",
    re.IGNORECASE,
)
_ANSWER_CLAUSE = re.compile(
    r"(?:\b(?:the|my)\s+(?:final\s+|correct\s+)?(?:answer|choice|option)\s+is\s*:?|[.!?;]\s(?:final\s)?answer\s?:)\s*(.+)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}|\*\*)[\s*_]{0,6}(?:the\s+)?(?:final\s+)?answer[\s*_:.]{0,8}", re.IGNORECASE)
_HASHES = re.compile(r"\s{0,3}####\s*(.+)")
_JSON_ANSWER = re.compile(r'"(?:final_)?answer"\s*:\s*')
_JSON_END = re.compile(r"[\s}\]`]*(?:,\s*\"\w+\"\s*:\s*[^{}]{0,500}\}[\s`]*)?")
_BETWEEN_ALTERNATIVES = re.compile(
    r"\W{0,8}(?:or|and/or|alternatively|maybe|perhaps|possibly)\b.*", re.IGNORECASE | re.DOTALL
)
_SENTENCE_END = re.compile(r"[.!?。:)\]}$*`>]\s*$")
_PLACEHOLDER = re.compile(
    r"(?:\\[lc]?dots|[.…?\s]|\\text\{ ?(?:your )?(?:final )?answer ?\}|(?:your |final )?answer)*", re.IGNORECASE
)
_SEVERAL = frozenset({sample_pb2.ANSWER_TYPE_SET, sample_pb2.ANSWER_TYPE_TUPLE})
_MAX_LINE_CHARS = 2 * MAX_ANSWER_CHARS


class Absence(Enum):
    """Why a response has no final answer; the value is the sentence that says so."""

    EMPTY = "The response is empty."
    CUT_OFF = "The response breaks off before its final answer."
    TOO_LONG = "The end of the response holds no final answer, and all of it is too long to search."
    NONE = "The response gives no final answer."
    EVASION = "The response ends in a phrase that is no answer."
    HEDGE = "The response ends in several answers, or in none for certain."
    INSTRUCTION = "The response speaks to the grader instead of answering."


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: an answer, or why there is none."""

    answer: str | None = None
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    content: str


def extract(response: str, answer_type: "sample_pb2.AnswerType") -> str | None:
    """The final answer of a response, or None. Linear in the response; only its last 64 Ki characters are searched."""
    return read(response, answer_type).answer


def read(response: str, answer_type: "sample_pb2.AnswerType") -> Reading:
    """As `extract`, with the reason where there is no answer."""
    spoken, cut_off = _without_thought(response)
    text = spoken[-TAIL_CHARS:].strip()
    if not text:
        return Reading(absence=Absence.CUT_OFF if cut_off else Absence.EMPTY)
    boxes, open_box = _boxes(text)
    if open_box or cut_off:
        return Reading(absence=Absence.CUT_OFF)
    marks = sorted([*_joined(boxes, text, answer_type), *_lines(text)], key=lambda mark: mark.start)
    if _alternatives(boxes, text) and answer_type not in _SEVERAL:
        return Reading(absence=Absence.HEDGE)
    found = _chosen(marks, answer_type) if marks else _json_answer(text) or _bare(text)
    if found is None:
        if len(spoken) > TAIL_CHARS:
            return Reading(absence=Absence.TOO_LONG)
        complete = _SENTENCE_END.search(text[-40:]) is not None
        return Reading(absence=Absence.NONE if complete else Absence.CUT_OFF)
    return _judged(_stripped(found), answer_type)


def _judged(answer: str, answer_type: int) -> Reading:
    if not answer or is_opener(answer):
        return Reading(absence=Absence.EVASION)
    if len(answer) > MAX_ANSWER_CHARS:
        return Reading(answer)
    if is_instruction(answer):
        return Reading(absence=Absence.INSTRUCTION)
    if is_hedge(answer, answer_type):
        return Reading(absence=Absence.HEDGE)
    return Reading(answer)


def _without_thought(response: str) -> tuple[str, bool]:
    """The text outside `<think>` marks, and whether a thought was left open."""
    start, is_open = 0, False
    pieces: list[str] = []
    for match in _THOUGHT.finditer(response):
        closing = match[1] == "/" or match[2] == "end"
        if closing:  # What stands before a closing mark is thought, even where the opening mark is missing.
            pieces = pieces if is_open else []
        elif not is_open:
            pieces.append(response[start : match.start()])
        start, is_open = match.end(), not closing
    if not is_open:
        pieces.append(response[start:])
    return "".join(pieces), is_open


def _boxes(text: str) -> tuple[list[_Mark], bool]:
    """All complete boxes that hold something, outermost only, and whether the last one never closes."""
    boxes: list[_Mark] = []
    position = 0
    while match := _BOX.search(text, position):
        if not match[0].endswith("{"):
            boxes.append(_Mark(match.start(), match.end() + 1, text[match.end()]))
            position = match.end()
            continue
        end = _closing_brace(text, match.end())
        if end is None:
            return boxes, True
        content = text[match.end() : end]
        inner = _BOX.match(content.strip())
        if inner and content.strip().endswith("}"):
            content = content.strip()[inner.end() : -1]
        if not _PLACEHOLDER.fullmatch(content[:100]) or not content:
            boxes += [_Mark(match.start(), end + 1, content)] if content.strip() else []
        position = end + 1
    return boxes, False


def _closing_brace(text: str, start: int) -> int | None:
    depth = 1
    for match in _BRACE.finditer(text, start):
        brace = match[0]
        depth += (brace == "{") - (brace == "}")
        if depth == 0:
            return match.start()
    return None


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def _joined(boxes: list[_Mark], text: str, answer_type: int) -> list[_Mark]:
    """Joins the boxes of one last sentence where the answer may have several parts."""
    if answer_type not in _SEVERAL or len(boxes) < 2 or "," in boxes[-1].content:
        return boxes
    first = len(boxes) - 1
    while first > 0:
        gap = text[boxes[first - 1].end : boxes[first].start]
        if len(gap) > _SAME_SENTENCE_CHARS or "\n\n" in gap or "," in boxes[first - 1].content:
            break
        first -= 1
    parts = boxes[first:]
    if len(parts) < 2:
        return boxes
    listed = ", ".join(part.content.strip() for part in parts)
    wrapped = rf"\{{{listed}\}}" if answer_type == sample_pb2.ANSWER_TYPE_SET else f"({listed})"
    return [*boxes[:first], _Mark(parts[0].start, parts[-1].end, wrapped)]


def _alternatives(boxes: list[_Mark], text: str) -> bool:
    """Whether the last two boxes are offered side by side with different contents."""
    if len(boxes) < 2 or boxes[-1].content.strip() == boxes[-2].content.strip():
        return False
    gap = text[boxes[-2].end : boxes[-1].start]
    if len(gap) > _SAME_SENTENCE_CHARS:
        return False
    return _BETWEEN_ALTERNATIVES.fullmatch(gap) is not None or not re.search(r"[^\W_]|\n|=", gap)


def _lines(text: str) -> list[_Mark]:
    """Lines that announce the answer; where the line ends there, the next one that says something is the answer."""
    marks: list[_Mark] = []
    start, announced = 0, None
    for line in text.split("\n"):
        end = start + len(line)
        if announced is not None and line.strip():
            marks.append(_Mark(announced, end, line.strip()))
            announced = None
        elif len(line) <= _MAX_LINE_CHARS:
            match = _ANSWER_LINE.match(line) or _HASHES.match(line) or _ANSWER_CLAUSE.search(line)
            if _HEADING.fullmatch(line):
                announced = start
            elif match and match[1].strip(" *_"):
                marks.append(_Mark(start + match.start(), end, _first_sentence(match[1])))
            elif match:
                announced = start
        start = end + 1
    return [mark for mark in marks if "\\boxed" not in mark.content]


def _first_sentence(content: str) -> str:
    return re.split(r"(?<=[^\s.])\.\s+(?=[A-Z])", content, maxsplit=1)[0]


def _chosen(marks: list[_Mark], answer_type: int) -> str:
    """The last mark; for a choice the last that names a letter, so that a boxed formula does not hide it."""
    if answer_type == sample_pb2.ANSWER_TYPE_CHOICE:
        for mark in reversed(marks):
            if choice_letter(_stripped(mark.content), []) is not None:
                return mark.content
    return marks[-1].content


def _json_answer(text: str) -> str | None:
    match = max(_JSON_ANSWER.finditer(text), key=lambda found: found.start(), default=None)
    if match is None or not text.rstrip(" `\n").endswith("}"):
        return None
    tail = text[match.end() : match.end() + MAX_ANSWER_CHARS]
    try:
        value, end = json.JSONDecoder().raw_decode(tail)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, bool | dict) or value is None or not _JSON_END.fullmatch(tail[end:]):
        return str(value).lower() if isinstance(value, bool) else None
    return value if isinstance(value, str) else tail[:end]


def _bare(text: str) -> str | None:
    return text if len(text) <= _BARE_CHARS and "\n" not in text else None


def _stripped(answer: str) -> str:
    """Without Markdown emphasis, mathematical delimiters and the full stop around it."""
    answer = answer.strip()
    for _ in range(4):
        before = answer
        answer = answer.strip("*`_ \t\n") if not answer.startswith("_{") else answer
        if answer.endswith(".") and not answer.endswith(".."):
            answer = answer[:-1].rstrip()
        for opening, closing in (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")):
            if len(answer) > 2 * len(opening) and answer.startswith(opening) and answer.endswith(closing):
                inner = answer[len(opening) : -len(closing)]
                answer = answer if opening in inner else inner.strip()
        if answer == before:
            break
    return answer
