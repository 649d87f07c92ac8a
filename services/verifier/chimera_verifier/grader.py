"""The one grader: reads a response's final answer and compares it with the reference."""

from typing import Protocol

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.comparison import compare
from chimera_verifier.domain.extraction import Absence, Reading, is_repeated, read
from chimera_verifier.domain.latex import MAX_ANSWER_CHARS, bare, math_form
from chimera_verifier.domain.outcomes import UNDECIDED, Pair, settle
from chimera_verifier.domain.typing import asks_exact, choices_of, infer
from chimera_verifier.domain.words import choice_letter

__all__ = ["EXTRACTION", "UNDECIDED", "Grader", "SymbolicChecker", "needs_judge"]

EXTRACTION = "extraction"
_PHRASES = frozenset({Absence.EVASION, Absence.HEDGE, Absence.INSTRUCTION})
_UNKNOWN_ABSENCES = frozenset({Absence.EMPTY, Absence.CUT_OFF, Absence.TOO_LONG, Absence.CONTRADICTION})


class SymbolicChecker(Protocol):
    """What the grader asks where normal forms do not decide."""

    async def equal(
        self, reference: str, candidate: str, *, relative: float = 0.0, absolute: float = 0.0
    ) -> bool | None:
        """Whether two expressions are equal; None if that could not be found out."""


class Grader:
    """Extraction, normal forms, then the symbolic checker. Never asks a model."""

    def __init__(self, symbolic: SymbolicChecker) -> None:
        self._symbolic = symbolic

    async def grade(self, reference: sample_pb2.Answer, response: str, question: str = "") -> sample_pb2.Grade:
        """Grades a whole response, or an answer that stands alone.

        The question is read only where the reference lacks something: its type, or the texts of its choices.
        `UNKNOWN` by method `undecided`, with `extracted` filled, means that a judge may decide; `UNKNOWN` by
        `extraction` means that there is nothing to judge.
        """
        reference = completed(reference, question)
        reading = read(response, reference.type, question)
        value = reference.value.strip()
        if reading.absence in _PHRASES and bare(response) in (value, rf"\boxed{{{value}}}"):
            reading = Reading(value)  # `Na` and `unknown` may be what is asked for.
        if reading.answer is None:
            absence = reading.absence or Absence.NONE
            unknown = absence in _UNKNOWN_ABSENCES
            verdict = sample_pb2.VERDICT_UNKNOWN if unknown else sample_pb2.VERDICT_INCORRECT
            return sample_pb2.Grade(verdict=verdict, method=EXTRACTION, reason=absence.value)
        if is_repeated(reading.answer, question) and math_form(reading.answer) != math_form(reference.value):
            return sample_pb2.Grade(
                verdict=sample_pb2.VERDICT_UNKNOWN,
                method=UNDECIDED,
                extracted=reading.answer[:MAX_ANSWER_CHARS],
                reason="The answer is a formula of the question, not worked out.",
            )
        return await self.compare(reference, reading.answer, exactly=asks_exact(question))

    async def compare(self, reference: sample_pb2.Answer, candidate: str, *, exactly: bool = False) -> sample_pb2.Grade:
        """Grades an answer that was already extracted; with `exactly`, where no rounding will do."""
        comparison = compare(reference, candidate, exactly=exactly)
        if comparison.verdict is None and comparison.pairs:
            comparison = settle(comparison, await self._ask(comparison.pairs))
        return sample_pb2.Grade(
            verdict=sample_pb2.VERDICT_UNKNOWN if comparison.verdict is None else comparison.verdict,
            method=comparison.method,
            extracted=candidate[:MAX_ANSWER_CHARS],
            reason=comparison.reason,
        )

    async def _ask(self, pairs: tuple[Pair, ...]) -> dict[Pair, bool | None]:
        """Asks in turn, so that one answer never holds more than one worker."""
        return {
            pair: await self._symbolic.equal(
                pair.reference, pair.candidate, relative=pair.relative, absolute=pair.absolute
            )
            for pair in pairs
        }


def completed(reference: sample_pb2.Answer, question: str) -> sample_pb2.Answer:
    """The reference with the type and the choices that it leaves out, as far as they can be told."""
    whole = sample_pb2.Answer()
    whole.CopyFrom(reference)
    if whole.type == sample_pb2.ANSWER_TYPE_UNSPECIFIED:
        inferred = infer(reference.value, question)
        if reference.choices and choice_letter(reference.value, list(reference.choices)):
            inferred.type = sample_pb2.ANSWER_TYPE_CHOICE
        whole.MergeFrom(inferred if not reference.choices else sample_pb2.Answer(type=inferred.type))
    elif whole.type == sample_pb2.ANSWER_TYPE_CHOICE and not whole.choices:
        whole.choices.extend(choices_of(question))
    return whole


def needs_judge(grade: sample_pb2.Grade) -> bool:
    """Whether rules could not decide about an answer that a judge can read."""
    return grade.verdict == sample_pb2.VERDICT_UNKNOWN and grade.method == UNDECIDED and bool(grade.extracted)
