"""Plants controls: makes problems whose right verdict is known out of samples that are believed right."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_shared import identity
from chimera_verifier.domain import shape
from chimera_verifier.domain.planting import Answered, Stated, solutions, statements
from chimera_verifier.domain.planting.equivalents import equivalents
from chimera_verifier.domain.planting.near_misses import near_misses
from chimera_verifier.grader import Grader

_MAX_TRIES = 12
"""Near misses that are graded before the next kind is drawn."""
_PARTS_BELONG = frozenset(
    {
        sample_pb2.ANSWER_TYPE_TUPLE,
        sample_pb2.ANSWER_TYPE_SET,
        sample_pb2.ANSWER_TYPE_MATRIX,
        sample_pb2.ANSWER_TYPE_CHOICE,
    }
)
"""With these a statement may ask several things and have one answer."""
_NOT_OF_TYPE: Mapping[int, Collection[int]] = {
    control_pb2.CONTROL_KIND_MULTI_PART: _PARTS_BELONG,
    # Choices narrow the answer down: it may be found although something is missing.
    control_pb2.CONTROL_KIND_ILL_POSED: (sample_pb2.ANSWER_TYPE_CHOICE,),
}
_STATEMENTS: Mapping[int, Sequence[Callable[[str, Random], Stated]]] = {
    control_pb2.CONTROL_KIND_DUPLICATE: (statements.reformatted, statements.reworded),
    control_pb2.CONTROL_KIND_LEAK: (statements.reformatted, statements.reworded),
    control_pb2.CONTROL_KIND_PROOF: (statements.proof,),
    control_pb2.CONTROL_KIND_MULTI_PART: (statements.multi_part,),
    control_pb2.CONTROL_KIND_ILL_POSED: (statements.ill_posed,),
    control_pb2.CONTROL_KIND_NOT_SELF_CONTAINED: (statements.not_self_contained,),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A control that is not checked yet."""

    kind: "control_pb2.ControlKind"
    change: str
    sample: sample_pb2.Sample
    """Subject, topic, problem and solution, without evidence and calls; its ids are for whoever checks it."""


class Planter:
    """Plants controls. The same source, kinds and seed plant the same."""

    def __init__(self, grader: Grader) -> None:
        self._grader = grader

    async def plant(
        self, source: sample_pb2.Sample, kinds: "Iterable[control_pb2.ControlKind]", seed: int
    ) -> Planted | None:
        """A control of the first of these kinds that can be made of the source; None if none can.

        The source's reference answer is taken to be right.
        """
        for kind in kinds:
            random = Random(identity.seed(seed, "plant", kind))  # noqa: S311  not for secrets
            if (planted := await self._of_kind(source, kind, random)) is not None:
                return planted
        return None

    async def _of_kind(
        self, source: sample_pb2.Sample, kind: "control_pb2.ControlKind", random: Random
    ) -> Planted | None:
        sample, problem = _bare(source), source.problem
        change = "It is unchanged."
        if ways := _STATEMENTS.get(kind):
            if problem.reference.type in _NOT_OF_TYPE.get(kind, ()):
                return None
            stated = random.choice(ways)(problem.statement, random)
            sample.problem.statement, change = stated.statement, stated.change
            sample.ClearField("solution")  # It solves another problem.
        elif kind == control_pb2.CONTROL_KIND_OFF_SUBJECT:
            sample.ref.subject = statements.far_subject(source.ref.subject, random)
            change = f"It is passed off as one of {sample.ref.subject}."
        elif kind != control_pb2.CONTROL_KIND_GOOD:
            answered = await self._answered(source, kind, random)
            if answered is None:
                return None
            change = answered.change
            if kind == control_pb2.CONTROL_KIND_WRONG_SOLUTION:
                sample.solution.text = solutions.with_answer(source.solution.text, answered.answer)
                change = f"The solution ends in another answer. {change}"
            else:
                sample.problem.reference.CopyFrom(answered.answer)
        return Planted(kind, change, sample)

    async def _answered(
        self, source: sample_pb2.Sample, kind: "control_pb2.ControlKind", random: Random
    ) -> Answered | None:
        """Another answer: an equal one, or one that is not."""
        problem = source.problem
        if kind == control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER:
            found = equivalents(problem.reference, random)
            return next((each for each in found if shape.check(problem.statement, each.answer) is None), None)
        if kind == control_pb2.CONTROL_KIND_WRONG_SOLUTION and not source.solution.text:
            return None
        for each in near_misses(problem.reference, random)[:_MAX_TRIES]:
            if shape.check(problem.statement, each.answer) is None and await self._is_wrong(problem.reference, each):
                return each
        return None

    async def _is_wrong(self, reference: sample_pb2.Answer, other: Answered) -> bool:
        """Whether it truly differs. Of texts, which rules never tell apart, it does by how it was made."""
        candidate = f"{other.answer.value} {other.answer.unit}".strip()
        verdict = (await self._grader.compare(reference, candidate)).verdict
        if reference.type == sample_pb2.ANSWER_TYPE_TEXT:
            return verdict != sample_pb2.VERDICT_CORRECT
        return verdict == sample_pb2.VERDICT_INCORRECT


def _bare(source: sample_pb2.Sample) -> sample_pb2.Sample:
    """What a control takes over: nothing that was paid for, and no evidence."""
    ref = source.ref
    sample = sample_pb2.Sample(
        ref=sample_pb2.SampleRef(subject=ref.subject, field=ref.field, topic=ref.topic),
        problem=sample_pb2.Problem(statement=source.problem.statement, reference=source.problem.reference),
    )
    if source.HasField("solution"):
        sample.solution.text = source.solution.text
    return sample
