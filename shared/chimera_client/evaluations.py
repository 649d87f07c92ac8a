"""Evaluations at an evaluator."""

import uuid
from collections.abc import AsyncIterator

from chimera.evaluation.v1 import evaluation_pb2, evaluation_service_pb2, evaluation_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_client.watching import PATIENCE_SECONDS, watched
from chimera_shared.rpc.channel import DEADLINE_SECONDS

ENDED = frozenset(
    {
        evaluation_pb2.EVALUATION_STATE_SUCCEEDED,
        evaluation_pb2.EVALUATION_STATE_FAILED,
        evaluation_pb2.EVALUATION_STATE_CANCELLED,
    }
)
_START_SECONDS = 120.0
"""The evaluator reads every problem of the benchmarks before it answers."""
_READ_SECONDS = 3_600.0


class Evaluations:
    """Starts, watches and reads evaluations."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = evaluation_service_pb2_grpc.EvaluationServiceStub(connection.channel)

    async def start(
        self, spec: evaluation_pb2.EvaluationSpec, request_id: str | None = None, *, anew: bool = False
    ) -> evaluation_pb2.Evaluation:
        """Order an evaluation. The same `request_id` again returns the same; without one every call is a new order.

        The answers of one that failed are used again where all but the budget is the same, unless `anew`.
        """
        request = evaluation_service_pb2.StartEvaluationRequest(
            request_id=request_id or str(uuid.uuid4()), spec=spec, anew=anew
        )
        return await self._connection.answer(self._stub.StartEvaluation(request, timeout=_START_SECONDS))

    async def get(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        """One evaluation; NotFound if there is none."""
        request = evaluation_service_pb2.GetEvaluationRequest(evaluation_id=evaluation_id)
        return await self._connection.answer(self._stub.GetEvaluation(request, timeout=DEADLINE_SECONDS))

    async def list(self) -> AsyncIterator[evaluation_pb2.Evaluation]:
        """All evaluations, newest first, page by page."""
        request = evaluation_service_pb2.ListEvaluationsRequest()
        async for page in self._connection.pages(self._stub.ListEvaluations, request):
            for evaluation in page.evaluations:
                yield evaluation

    async def watch(
        self, evaluation_id: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> AsyncIterator[evaluation_pb2.Evaluation]:
        """The evaluation now and after every change, until it has ended.

        An evaluator that goes away is awaited for `patience_seconds`; one that never answered is an error at once.
        """
        request = evaluation_service_pb2.WatchEvaluationRequest(evaluation_id=evaluation_id)
        watch = watched(
            self._connection,
            lambda seconds: self._stub.WatchEvaluation(request, timeout=seconds),
            lambda evaluation: evaluation.state in ENDED,
            patience_seconds,
        )
        async for evaluation in watch:
            yield evaluation

    async def cancel(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        """End an evaluation for good; what was answered stays readable."""
        request = evaluation_service_pb2.CancelEvaluationRequest(evaluation_id=evaluation_id)
        return await self._connection.answer(self._stub.CancelEvaluation(request, timeout=DEADLINE_SECONDS))

    async def answers(self, evaluation_id: str) -> AsyncIterator[evaluation_pb2.Answer]:
        """Every graded answer, in the order of their tasks' ids."""
        request = evaluation_service_pb2.ReadAnswersRequest(evaluation_id=evaluation_id)
        with self._connection.errors():
            async for answer in self._stub.ReadAnswers(request, timeout=_READ_SECONDS):
                yield answer
