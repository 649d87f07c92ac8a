"""Builds at a gateway."""

import uuid
from collections.abc import AsyncIterator

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_client.watching import PATIENCE_SECONDS, watched
from chimera_shared.rpc.channel import DEADLINE_SECONDS

ENDED = frozenset({build_pb2.BUILD_STATE_SUCCEEDED, build_pb2.BUILD_STATE_FAILED, build_pb2.BUILD_STATE_CANCELLED})


class Builds:
    """Submits, watches and steers builds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = build_service_pb2_grpc.BuildServiceStub(connection.channel)

    async def submit(self, spec: build_pb2.BuildSpec, request_id: str | None = None) -> build_pb2.Build:
        """Order a build. The same `request_id` again returns the same build; without one every call is a new order."""
        request = build_service_pb2.SubmitBuildRequest(request_id=request_id or str(uuid.uuid4()), spec=spec)
        return await self._connection.answer(self._stub.SubmitBuild(request, timeout=DEADLINE_SECONDS))

    async def fork(
        self, build_id: str, spec: build_pb2.BuildSpec | None = None, request_id: str | None = None
    ) -> build_pb2.Build:
        """Order `spec`, or the same as that build, and pay only for what no build of its ledger has asked."""
        order = build_pb2.BuildSpec()
        order.CopyFrom((await self.get(build_id)).spec if spec is None else spec)
        order.ledger_of = build_id
        return await self.submit(order, request_id)

    async def get(self, build_id: str) -> build_pb2.Build:
        """One build; NotFound if there is none."""
        return await self._connection.answer(
            self._stub.GetBuild(build_service_pb2.GetBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS)
        )

    async def list(self) -> AsyncIterator[build_pb2.Build]:
        """All builds, newest first, page by page."""
        request = build_service_pb2.ListBuildsRequest()
        async for page in self._connection.pages(self._stub.ListBuilds, request):
            for build in page.builds:
                yield build

    async def watch(self, build_id: str, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[build_pb2.Build]:
        """The build now and after every change, until it has ended.

        A gateway that goes away is awaited for `patience_seconds`; one that never answered is an error at once.
        """
        request = build_service_pb2.WatchBuildRequest(build_id=build_id)
        watch = watched(
            self._connection,
            lambda seconds: self._stub.WatchBuild(request, timeout=seconds),
            lambda build: build.state in ENDED,
            patience_seconds,
        )
        async for build in watch:
            yield build

    async def pause(self, build_id: str) -> build_pb2.Build:
        """Start no new work until it is resumed; FailedPrecondition if it has ended."""
        return await self._connection.answer(
            self._stub.PauseBuild(build_service_pb2.PauseBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS)
        )

    async def resume(self, build_id: str) -> build_pb2.Build:
        """Go on with a paused build; FailedPrecondition if it has ended."""
        return await self._connection.answer(
            self._stub.ResumeBuild(build_service_pb2.ResumeBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS)
        )

    async def cancel(self, build_id: str) -> build_pb2.Build:
        """End a build for good; what was accepted stays readable."""
        return await self._connection.answer(
            self._stub.CancelBuild(build_service_pb2.CancelBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS)
        )
