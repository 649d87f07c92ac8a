"""The service's gRPC calls."""

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.generator.v1 import generator_service_pb2 as pb
from chimera.generator.v1 import generator_service_pb2_grpc as rpc
from chimera.sample.v1 import sample_pb2
from chimera_generator.proposer import Proposer
from chimera_shared.errors import InvalidInput, Violation

_PREVIEW = "preview"
"""Stands for the build in the call ledger."""


class GeneratorServicer(rpc.GeneratorServiceServicer):
    """Shows what the generator would make."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        rpc.add_GeneratorServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["GeneratorService"]

    async def PreviewProblem(self, request: pb.PreviewProblemRequest, context: object) -> sample_pb2.Problem:
        """Propose one problem."""
        missing = [name for name in ("subject", "topic") if not getattr(request, name)]
        missing += [] if request.proposer.endpoints else ["proposer.endpoints"]
        if missing:
            raise InvalidInput([Violation(name, "is required") for name in missing])
        ref = sample_pb2.SampleRef(
            build_id=_PREVIEW, subject=request.subject, field=request.field, topic=request.topic, seed=request.seed
        )
        return await self._proposer.problem(ref, request.proposer)
