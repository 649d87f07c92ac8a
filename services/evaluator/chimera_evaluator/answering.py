"""Has a candidate answer a problem, and the one grader grade the answer."""

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2
from chimera_evaluator.store import EvaluatorStore
from chimera_evaluator.verifier import Verifier
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import FailedPrecondition, SampleFailure
from chimera_shared.prompts import Prompt
from chimera_shared.worklimit import waiting

ANSWER = Prompt.load("chimera_evaluator", "answer")
NO_ENDPOINT = "endpoint"
"""The method of a grade where the candidate or its judge was out of reach."""
_NOT_ASKED = frozenset({sample_pb2.REASON_ENDPOINT_FAILED, sample_pb2.REASON_INTERNAL, sample_pb2.REASON_TIME_LIMIT})
_TAIL_CHARS = 2_000


class Answering:
    """Answers tasks."""

    def __init__(self, models: Models, verifier: Verifier, store: EvaluatorStore) -> None:
        self._models = models
        self._verifier = verifier
        self._store = store

    async def answer(self, event: events_pb2.AnswerRequested, build: build_pb2.Build) -> events_pb2.AnswerGraded:
        """The graded answer. What was cut off, empty or declined is a wrong answer.

        `build` is the evaluation as the machinery of budgets and halts sees it; what was ordered is in the store.
        """
        task = event.task
        spec = (await self._store.require(build.build_id)).spec
        question = Question(
            build_id=task.evaluation_id,
            role=f"candidate[{task.candidate}]",
            spec=spec.candidates[task.candidate].role,
            messages=ANSWER.render(problem=task.item.statement),
            prompt_sha256=ANSWER.sha256,
            seed=task.seed,
        )
        try:
            reply = await self._models.ask(question)
        except SampleFailure as failure:
            return failed(event, failure.to_proto())
        request = verifier_service_pb2.GradeRequest(
            statement=task.item.statement,
            reference=task.item.answer,
            response=reply.content,
            paid_by=task.evaluation_id,
        )
        if spec.HasField("judge"):
            request.judge.CopyFrom(spec.judge)
        if spec.HasField("second_judge"):
            request.second_judge.CopyFrom(spec.second_judge)
        try:
            with waiting():  # for a judge, or for a verifier that restarts
                grade = await self._verifier.grade(request)
        except FailedPrecondition as error:  # a judge is out of reach for good
            unjudged = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, str(error), reply.calls)
            return failed(event, unjudged.to_proto())
        return _graded(task, grade, tail=reply.content[-_TAIL_CHARS:], calls=reply.calls)


def failed(event: events_pb2.AnswerRequested, failure: sample_pb2.Failure) -> events_pb2.AnswerGraded:
    """An answer that is none: wrong if the candidate gave none, unknown if it or its judge could not be asked."""
    asked = failure.reason not in _NOT_ASKED
    grade = sample_pb2.Grade(
        verdict=sample_pb2.VERDICT_INCORRECT if asked else sample_pb2.VERDICT_UNKNOWN,
        method="extraction" if asked else NO_ENDPOINT,
        reason=failure.detail,
    )
    truncated = failure.reason == sample_pb2.REASON_TRUNCATED_ANSWER
    return _graded(event.task, grade, truncated=truncated, calls=failure.calls)


def _graded(task: evaluation_pb2.Task, grade: sample_pb2.Grade, **fields: object) -> events_pb2.AnswerGraded:
    answer = evaluation_pb2.Answer(task=task, grade=grade, **fields)  # type: ignore[arg-type]
    if task.perturbation != evaluation_pb2.PERTURBATION_RENUMBERED:
        answer.task.item.statement = ""
    return events_pb2.AnswerGraded(answer=answer)
