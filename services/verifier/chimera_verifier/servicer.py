"""The service's gRPC calls."""

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2 as pb
from chimera.verifier.v1 import verifier_service_pb2_grpc as rpc
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import InvalidInput, Violation
from chimera_shared.spec import validate_panel
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.panel import Panel
from chimera_verifier.referee import Referee

_CALLS = "grade"
"""Stands for the build in the call ledger."""


class VerifierServicer(rpc.VerifierServiceServicer):
    """Grades and verifies outside a build."""

    def __init__(self, referee: Referee, panel: Panel, endpoints: Endpoints) -> None:
        self._referee = referee
        self._panel = panel
        self._endpoints = endpoints

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        rpc.add_VerifierServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["VerifierService"]

    async def Grade(self, request: pb.GradeRequest, context: object) -> sample_pb2.Grade:
        """Compare a response with the reference."""
        _require(_bad_reference(request.reference))
        judge = request.judge if request.HasField("judge") else None
        return await self._referee.grade(_CALLS, 0, request.statement, request.reference, request.response, judge)

    async def Verify(self, request: pb.VerifyRequest, context: object) -> sample_pb2.Validation:
        """Have a panel solve a problem."""
        wrong = _bad_reference(request.reference)
        if not request.statement.strip():
            wrong.append(Violation("statement", "is required"))
        wrong += [
            Violation(v.field.removeprefix("roles."), v.description)
            for v in validate_panel(list(request.panel), self._endpoints)
        ]
        _require(wrong)
        judge = request.judge if request.HasField("judge") else None
        votes = await self._panel.vote(_CALLS, request.seed, request.statement, request.reference, request.panel, judge)
        return sample_pb2.Validation(votes=votes, fingerprint=fingerprint(request.statement))


def _bad_reference(reference: sample_pb2.Answer) -> list[Violation]:
    wrong = []
    if reference.type == sample_pb2.ANSWER_TYPE_UNSPECIFIED:
        wrong.append(Violation("reference.type", "is required; name one such as ANSWER_TYPE_NUMBER"))
    if not reference.value.strip():
        wrong.append(Violation("reference.value", "is required"))
    return wrong


def _require(violations: list[Violation]) -> None:
    if violations:
        raise InvalidInput(violations)
