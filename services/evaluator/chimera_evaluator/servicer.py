"""The service's gRPC calls."""

from collections.abc import AsyncIterator

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.evaluation.v1 import evaluation_pb2, evaluation_service_pb2_grpc
from chimera.evaluation.v1 import evaluation_service_pb2 as pb
from chimera_evaluator.evaluations import Evaluations
from chimera_evaluator.store import EvaluatorStore
from chimera_shared.paging import Page


class EvaluationServicer(evaluation_service_pb2_grpc.EvaluationServiceServicer):
    """Starts, watches and reads evaluations."""

    def __init__(self, evaluations: Evaluations, store: EvaluatorStore) -> None:
        self._evaluations = evaluations
        self._store = store

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["EvaluationService"]

    async def StartEvaluation(self, request: pb.StartEvaluationRequest, context: object) -> evaluation_pb2.Evaluation:
        """Start an evaluation."""
        return await self._evaluations.start(request.request_id, request.spec, anew=request.anew)

    async def GetEvaluation(self, request: pb.GetEvaluationRequest, context: object) -> evaluation_pb2.Evaluation:
        """Return one evaluation."""
        return await self._evaluations.get(request.evaluation_id)

    async def ListEvaluations(self, request: pb.ListEvaluationsRequest, context: object) -> pb.ListEvaluationsResponse:
        """List evaluations, newest first."""
        page = Page.of(request)
        found = await self._evaluations.page(page.number(), page.size + 1)
        return pb.ListEvaluationsResponse(evaluations=found[: page.size], next_page_token=page.next_number(len(found)))

    async def WatchEvaluation(
        self, request: pb.WatchEvaluationRequest, context: object
    ) -> AsyncIterator[evaluation_pb2.Evaluation]:
        """Send the evaluation after every change."""
        async for evaluation in self._evaluations.watch(request.evaluation_id):
            yield evaluation

    async def CancelEvaluation(self, request: pb.CancelEvaluationRequest, context: object) -> evaluation_pb2.Evaluation:
        """End an evaluation."""
        return await self._evaluations.cancel(request.evaluation_id)

    async def ReadAnswers(
        self, request: pb.ReadAnswersRequest, context: object
    ) -> AsyncIterator[evaluation_pb2.Answer]:
        """Send every graded answer."""
        await self._store.require(request.evaluation_id)
        async for answer in self._store.answers(request.evaluation_id):
            yield answer
