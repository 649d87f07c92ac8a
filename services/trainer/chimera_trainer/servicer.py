"""The service's gRPC calls."""

import asyncio
from collections.abc import AsyncIterator

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.model.v1 import model_pb2, model_service_pb2, model_service_pb2_grpc
from chimera.training.v1 import training_pb2, training_service_pb2_grpc
from chimera.training.v1 import training_service_pb2 as pb
from chimera_shared.errors import InvalidInput
from chimera_shared.paging import Page
from chimera_trainer.registry import Registry
from chimera_trainer.store import TrainerStore
from chimera_trainer.trainings import Trainings


class TrainingServicer(training_service_pb2_grpc.TrainingServiceServicer):
    """Starts, watches and reads trainings."""

    def __init__(self, trainings: Trainings, store: TrainerStore) -> None:
        self._trainings = trainings
        self._store = store

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        training_service_pb2_grpc.add_TrainingServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["TrainingService"]

    async def StartTraining(self, request: pb.StartTrainingRequest, context: object) -> training_pb2.Training:
        """Start a training."""
        return await self._trainings.start(request.request_id, request.spec)

    async def GetTraining(self, request: pb.GetTrainingRequest, context: object) -> training_pb2.Training:
        """Return one training."""
        return await self._trainings.get(request.training_id)

    async def ListTrainings(self, request: pb.ListTrainingsRequest, context: object) -> pb.ListTrainingsResponse:
        """List trainings, newest first."""
        page = Page.of(request)
        found = await self._trainings.page(page.number(), page.size + 1)
        return pb.ListTrainingsResponse(trainings=found[: page.size], next_page_token=page.next_number(len(found)))

    async def WatchTraining(
        self, request: pb.WatchTrainingRequest, context: object
    ) -> AsyncIterator[training_pb2.Training]:
        """Send the training after every change."""
        async for training in self._trainings.watch(request.training_id):
            yield training

    async def CancelTraining(self, request: pb.CancelTrainingRequest, context: object) -> training_pb2.Training:
        """End a training."""
        return await self._trainings.cancel(request.training_id)

    async def ReadPoints(self, request: pb.ReadPointsRequest, context: object) -> AsyncIterator[training_pb2.Point]:
        """Send what was measured at each step."""
        await self._store.require(request.training_id)
        async for point in self._store.points(request.training_id):
            yield point


class ModelServicer(model_service_pb2_grpc.ModelServiceServicer):
    """Reads the registry. Its manifests are on a disk, so they are read in threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(self, server)
        return model_service_pb2.DESCRIPTOR.services_by_name["ModelService"]

    async def GetModel(self, request: model_service_pb2.GetModelRequest, context: object) -> model_pb2.Model:
        """Return one version of a model."""
        if request.version < 0:
            raise InvalidInput.of("version", f"must not be negative, not {request.version}; 0 means the newest")
        return await asyncio.to_thread(self._registry.get, request.name, request.version)

    async def ListModels(
        self, request: model_service_pb2.ListModelsRequest, context: object
    ) -> model_service_pb2.ListModelsResponse:
        """List models, newest first."""
        page = Page.of(request)
        found = (await asyncio.to_thread(self._registry.all, request.name))[page.number() :][: page.size + 1]
        return model_service_pb2.ListModelsResponse(
            models=found[: page.size], next_page_token=page.next_number(len(found))
        )
