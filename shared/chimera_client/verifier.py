"""Answers and problems at a verifier, outside a build."""

from collections.abc import Iterable, Sequence
from typing import cast

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera.verifier.v1 import verifier_service_pb2, verifier_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_shared.rpc.channel import DEADLINE_SECONDS

PATIENCE_SECONDS = 600.0
"""Of a call that may ask models, which may be slow, full or down for a while."""


class Verifier:
    """Grades answers and checks problems."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = verifier_service_pb2_grpc.VerifierServiceStub(connection.channel)

    async def grade(
        self,
        reference: sample_pb2.Answer,
        response: str,
        statement: str = "",
        judge: build_pb2.RoleSpec | None = None,
        second_judge: build_pb2.RoleSpec | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> sample_pb2.Grade:
        """The final answer of a response, or a bare answer, against the reference; judges decide where no rule does."""
        request = verifier_service_pb2.GradeRequest(
            statement=statement, reference=reference, response=response, judge=judge, second_judge=second_judge
        )
        return await self._connection.answer(self._stub.Grade(request, timeout=patience_seconds))

    async def check(
        self,
        spec: build_pb2.BuildSpec,
        sample: sample_pb2.Sample,
        scope: str,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> sample_pb2.Sample:
        """What a build of that spec would make of the sample's problem, and of its solution if it has one.

        Problems of one `scope` are compared with one another, and its calls are paid for once.
        """
        request = verifier_service_pb2.CheckRequest(spec=spec, sample=sample, scope=scope)
        return await self._connection.answer(self._stub.Check(request, timeout=patience_seconds))

    async def plant(
        self, source: sample_pb2.Sample, kinds: Iterable[int], seed: int = 0
    ) -> Sequence[control_pb2.Control]:
        """Control problems made out of a problem whose answer is right, one of each kind that can be made of it.

        An answer without a type is given one. What the verifier makes of them is for `check` to say.
        """
        wanted = cast("list[control_pb2.ControlKind]", list(kinds))
        request = verifier_service_pb2.PlantRequest(source=source, kinds=wanted, seed=seed)
        answer: verifier_service_pb2.PlantResponse = await self._connection.answer(
            self._stub.Plant(request, timeout=DEADLINE_SECONDS)
        )
        return answer.controls
