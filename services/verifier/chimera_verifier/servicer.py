"""The service's gRPC calls."""

import re
from collections.abc import Iterable

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera.verifier.v1 import verifier_service_pb2 as pb
from chimera.verifier.v1 import verifier_service_pb2_grpc as rpc
from chimera_shared.builds import BuildTable
from chimera_shared.checkers import validate_checks, validate_judges, validate_panel
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import InvalidInput, SampleFailure, Violation
from chimera_shared.spec import with_defaults
from chimera_verifier.domain.decision import settled
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.domain.shape import MAX_STATEMENT_CHARS
from chimera_verifier.domain.typing import infer
from chimera_verifier.examination import Examination
from chimera_verifier.panel import Panel
from chimera_verifier.planter import Planter
from chimera_verifier.referee import Referee, judges_of
from chimera_verifier.similarity import Standing

_CALLS = "grade"
"""Stands for the build in the call ledger, where none pays."""
_CHECKS = "check"
_SCOPE = re.compile(r"[A-Za-z0-9-]{1,64}")


class VerifierServicer(rpc.VerifierServiceServicer):
    """Grades and verifies outside a build."""

    def __init__(
        self,
        referee: Referee,
        panel: Panel,
        examination: Examination,
        planter: Planter,
        endpoints: Endpoints,
        builds: BuildTable,
    ) -> None:
        self._referee = referee
        self._panel = panel
        self._examination = examination
        self._planter = planter
        self._endpoints = endpoints
        self._builds = builds

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        rpc.add_VerifierServiceServicer_to_server(self, server)
        return pb.DESCRIPTOR.services_by_name["VerifierService"]

    async def Grade(self, request: pb.GradeRequest, context: object) -> sample_pb2.Grade:
        """Compare a response with the reference."""
        _require([*_bad_reference(request.reference), *_bad_judges(request, self._endpoints)])
        judges = judges_of(request)
        if judges and request.paid_by:
            await self._builds.get(request.paid_by)  # calls of a build that is not known here are not accounted for
        return await self._referee.grade(
            request.paid_by or _CALLS, 0, request.statement, request.reference, request.response, judges
        )

    async def Verify(self, request: pb.VerifyRequest, context: object) -> sample_pb2.Validation:
        """Have a panel solve a problem."""
        wrong = _bad_reference(request.reference)
        if not request.statement.strip():
            wrong.append(Violation("statement", "is required"))
        wrong += _without_roles(validate_panel(list(request.panel), self._endpoints))
        wrong += _bad_judges(request, self._endpoints)
        _require(wrong)
        votes = await self._panel.vote(
            _CALLS, request.seed, request.statement, request.reference, request.panel, judges_of(request)
        )
        return sample_pb2.Validation(votes=votes, fingerprint=fingerprint(request.statement))

    async def Check(self, request: pb.CheckRequest, context: object) -> sample_pb2.Sample:
        """Do to a problem and its solution what a build does to its own."""
        problem = request.sample.problem
        _typed(problem)
        wrong = [Violation(f"sample.problem.{v.field}", v.description) for v in _bad_reference(problem.reference)]
        if not problem.statement.strip():
            wrong.append(Violation("sample.problem.statement", "is required"))
        if not _SCOPE.fullmatch(request.scope):
            wrong.append(Violation("scope", f"must be 1 to 64 letters, digits and -, not {request.scope[:80]!r}"))
        if not request.sample.ref.sample_id:
            wrong.append(Violation("sample.ref.sample_id", "is required; it tells the problems of a scope apart"))
        wrong += [Violation(f"spec.{v.field}", v.description) for v in validate_checks(request.spec, self._endpoints)]
        _require(wrong)
        sample = sample_pb2.Sample(ref=request.sample.ref, problem=problem)
        sample.ref.build_id = f"{_CHECKS}-{request.scope}"
        spec = with_defaults(request.spec)
        try:
            refusal = await self._examination.problem(sample, spec, Standing())
            if refusal is None and request.sample.HasField("solution"):
                sample.solution.CopyFrom(request.sample.solution)
                refusal = await self._examination.solution(sample, spec)
        except SampleFailure as failure:
            return settled(sample, (failure.reason, failure.detail), failure.calls).sample
        return settled(sample, refusal).sample

    async def Plant(self, request: pb.PlantRequest, context: object) -> pb.PlantResponse:
        """Make control problems out of a gold one."""
        source = sample_pb2.Sample()
        source.CopyFrom(request.source)
        problem = source.problem
        _typed(problem)
        wrong = [Violation(f"source.problem.{v.field}", v.description) for v in _bad_reference(problem.reference)]
        if not problem.statement.strip():
            wrong.append(Violation("source.problem.statement", "is required"))
        elif len(problem.statement) > MAX_STATEMENT_CHARS:
            wrong.append(Violation("source.problem.statement", f"must have at most {MAX_STATEMENT_CHARS} characters"))
        if not request.kinds or control_pb2.CONTROL_KIND_UNSPECIFIED in request.kinds:
            wrong.append(Violation("kinds", "must name at least one kind, such as CONTROL_KIND_WRONG_ANSWER"))
        _require(wrong)
        found = [await self._planter.plant(source, [kind], request.seed) for kind in request.kinds]
        return pb.PlantResponse(
            controls=[
                control_pb2.Control(kind=planted.kind, change=planted.change, sample=planted.sample)
                for planted in found
                if planted is not None
            ]
        )


def _bad_reference(reference: sample_pb2.Answer) -> list[Violation]:
    return [] if reference.value.strip() else [Violation("reference.value", "is required")]


def _typed(problem: sample_pb2.Problem) -> None:
    """Give the reference the type that it leaves out, as far as it can be told."""
    if problem.reference.type == sample_pb2.ANSWER_TYPE_UNSPECIFIED:
        problem.reference.MergeFrom(infer(problem.reference.value, problem.statement))


def _bad_judges(request: pb.GradeRequest | pb.VerifyRequest, endpoints: Endpoints) -> list[Violation]:
    roles = build_pb2.Roles()
    for name in ("judge", "second_judge"):
        if request.HasField(name):
            getattr(roles, name).CopyFrom(getattr(request, name))
    return _without_roles(validate_judges(roles, endpoints))


def _without_roles(violations: Iterable[Violation]) -> list[Violation]:
    """As they stand in a request that names members and judges itself."""
    return [Violation(v.field.removeprefix("roles."), v.description.replace("roles.", "")) for v in violations]


def _require(violations: list[Violation]) -> None:
    if violations:
        raise InvalidInput(violations)
