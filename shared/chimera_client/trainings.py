"""Trainings at a trainer."""

import uuid
from collections.abc import AsyncIterator

from chimera.training.v1 import training_pb2, training_service_pb2, training_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_client.watching import PATIENCE_SECONDS, watched
from chimera_shared.rpc.channel import DEADLINE_SECONDS

ENDED = frozenset(
    {
        training_pb2.TRAINING_STATE_SUCCEEDED,
        training_pb2.TRAINING_STATE_FAILED,
        training_pb2.TRAINING_STATE_CANCELLED,
    }
)
_START_SECONDS = 60.0
"""The trainer asks the gateway for the dataset before it answers."""
_READ_SECONDS = 3_600.0


class Trainings:
    """Starts, watches and reads trainings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = training_service_pb2_grpc.TrainingServiceStub(connection.channel)

    async def start(self, spec: training_pb2.TrainingSpec, request_id: str | None = None) -> training_pb2.Training:
        """Order a training. The same `request_id` again returns the same; without one every call is a new order."""
        request = training_service_pb2.StartTrainingRequest(request_id=request_id or str(uuid.uuid4()), spec=spec)
        return await self._connection.answer(self._stub.StartTraining(request, timeout=_START_SECONDS))

    async def get(self, training_id: str) -> training_pb2.Training:
        """One training; NotFound if there is none."""
        request = training_service_pb2.GetTrainingRequest(training_id=training_id)
        return await self._connection.answer(self._stub.GetTraining(request, timeout=DEADLINE_SECONDS))

    async def list(self) -> AsyncIterator[training_pb2.Training]:
        """All trainings, newest first, page by page."""
        request = training_service_pb2.ListTrainingsRequest()
        async for page in self._connection.pages(self._stub.ListTrainings, request):
            for training in page.trainings:
                yield training

    async def watch(
        self, training_id: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> AsyncIterator[training_pb2.Training]:
        """The training now and after every change, until it has ended.

        A trainer that goes away is awaited for `patience_seconds`; one that never answered is an error at once.
        """
        request = training_service_pb2.WatchTrainingRequest(training_id=training_id)
        watch = watched(
            self._connection,
            lambda seconds: self._stub.WatchTraining(request, timeout=seconds),
            lambda training: training.state in ENDED,
            patience_seconds,
        )
        async for training in watch:
            yield training

    async def cancel(self, training_id: str) -> training_pb2.Training:
        """End a training for good; its checkpoints stay."""
        request = training_service_pb2.CancelTrainingRequest(training_id=training_id)
        return await self._connection.answer(self._stub.CancelTraining(request, timeout=DEADLINE_SECONDS))

    async def points(self, training_id: str) -> AsyncIterator[training_pb2.Point]:
        """What was measured at each step, in their order."""
        request = training_service_pb2.ReadPointsRequest(training_id=training_id)
        with self._connection.errors():
            async for point in self._stub.ReadPoints(request, timeout=_READ_SECONDS):
                yield point
