"""The asynchronous client of a gateway."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.dataset.v1 import dataset_pb2, dataset_service_pb2, dataset_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from chimera_client.connection import Connection, GatewayUnreachable
from chimera_shared.rpc.channel import DEADLINE_SECONDS

if TYPE_CHECKING:
    from chimera_client.export import ExportSummary

ENDED = frozenset({build_pb2.BUILD_STATE_SUCCEEDED, build_pb2.BUILD_STATE_FAILED, build_pb2.BUILD_STATE_CANCELLED})
WATCH_SECONDS = 300.0
"""A watch is renewed after this long, so that a connection that died silently is noticed."""
PATIENCE_SECONDS = 600.0
"""How long a watch outlives its gateway."""

_BACKOFF_SECONDS = (0.2, 5.0)
_SILENCE_SECONDS = 60.0
"""A dataset's stream without a sample for this long is broken."""
_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


class AsyncClient:
    """Talks to the gateway at `target`, to CHIMERA_GATEWAY, or to `127.0.0.1:50051`.

    Failed calls raise the errors of `chimera_shared.errors`; GatewayUnreachable (a Transient) if nobody answers.
    """

    def __init__(self, target: str | None = None) -> None:
        self._connection = Connection(target)
        self.builds = Builds(self._connection)
        self.samples = Samples(self._connection)
        self.datasets = Datasets(self._connection, self.builds)

    @property
    def target(self) -> str:
        """The gateway's address."""
        return self._connection.target

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


class Builds:
    """Submits, watches and steers builds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = build_service_pb2_grpc.BuildServiceStub(connection.channel)

    async def submit(self, spec: build_pb2.BuildSpec, request_id: str | None = None) -> build_pb2.Build:
        """Order a build. The same `request_id` again returns the same build; without one every call is a new order."""
        request = build_service_pb2.SubmitBuildRequest(request_id=request_id or str(uuid.uuid4()), spec=spec)
        with self._connection.errors():
            return await self._stub.SubmitBuild(request, timeout=DEADLINE_SECONDS)

    async def get(self, build_id: str) -> build_pb2.Build:
        """One build; NotFound if there is none."""
        with self._connection.errors():
            return await self._stub.GetBuild(
                build_service_pb2.GetBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS
            )

    async def list(self) -> AsyncIterator[build_pb2.Build]:
        """All builds, newest first, page by page."""
        token = ""
        while True:
            request = build_service_pb2.ListBuildsRequest(page_token=token)
            with self._connection.errors():
                page = await self._stub.ListBuilds(request, timeout=DEADLINE_SECONDS)
            for build in page.builds:
                yield build
            if not (token := page.next_page_token):
                return

    async def watch(self, build_id: str, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[build_pb2.Build]:
        """The build now and after every change, until it has ended.

        A gateway that goes away is awaited for `patience_seconds`; one that never answered is an error at once.
        """
        lost: float | None = None
        reached = False
        delay = _BACKOFF_SECONDS[0]
        while True:
            failure: Exception = GatewayUnreachable(
                f"the gateway at {self._connection.target} ends every watch at once"
            )
            call = self._stub.WatchBuild(build_service_pb2.WatchBuildRequest(build_id=build_id), timeout=WATCH_SECONDS)
            try:
                async for build in call:
                    reached, lost, delay = True, None, _BACKOFF_SECONDS[0]
                    yield build
                    if build.state in ENDED:
                        return
            except grpc.aio.AioRpcError as error:
                failure = self._connection.error(error)
                if not reached or error.code() not in _PASSING:
                    raise failure from None
            finally:
                call.cancel()
            lost = lost or time.monotonic()
            if time.monotonic() - lost > patience_seconds:
                raise failure
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311
            delay = min(2 * delay, _BACKOFF_SECONDS[1])

    async def pause(self, build_id: str) -> build_pb2.Build:
        """Start no new work until it is resumed; FailedPrecondition if it has ended."""
        with self._connection.errors():
            return await self._stub.PauseBuild(
                build_service_pb2.PauseBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS
            )

    async def resume(self, build_id: str) -> build_pb2.Build:
        """Go on with a paused build; FailedPrecondition if it has ended."""
        with self._connection.errors():
            return await self._stub.ResumeBuild(
                build_service_pb2.ResumeBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS
            )

    async def cancel(self, build_id: str) -> build_pb2.Build:
        """End a build for good; what was accepted stays readable."""
        with self._connection.errors():
            return await self._stub.CancelBuild(
                build_service_pb2.CancelBuildRequest(build_id=build_id), timeout=DEADLINE_SECONDS
            )


class Samples:
    """Reads settled samples with their evidence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = sample_service_pb2_grpc.SampleServiceStub(connection.channel)

    async def get(self, sample_id: str) -> sample_pb2.Sample:
        """One sample; NotFound if it is not settled or never was."""
        with self._connection.errors():
            return await self._stub.GetSample(
                sample_service_pb2.GetSampleRequest(sample_id=sample_id), timeout=DEADLINE_SECONDS
            )

    async def list(
        self,
        build_id: str,
        outcome: sample_pb2.Outcome = sample_pb2.OUTCOME_UNSPECIFIED,
        reason: sample_pb2.Reason = sample_pb2.REASON_UNSPECIFIED,
        subject: str = "",
    ) -> AsyncIterator[sample_pb2.Sample]:
        """The settled samples of a build in the order of their ids, page by page; the filters are joined by *and*."""
        token = ""
        while True:
            request = sample_service_pb2.ListSamplesRequest(
                build_id=build_id, outcome=outcome, reason=reason, subject=subject, page_token=token
            )
            with self._connection.errors():
                page = await self._stub.ListSamples(request, timeout=DEADLINE_SECONDS)
            for sample in page.samples:
                yield sample
            if not (token := page.next_page_token):
                return


class Datasets:
    """Reads and exports published datasets."""

    def __init__(self, connection: Connection, builds: Builds) -> None:
        self._connection = connection
        self._builds = builds
        self._stub = dataset_service_pb2_grpc.DatasetServiceStub(connection.channel)

    async def get(self, dataset_id: str) -> dataset_pb2.Dataset:
        """One dataset; NotFound if there is none."""
        with self._connection.errors():
            return await self._stub.GetDataset(
                dataset_service_pb2.GetDatasetRequest(dataset_id=dataset_id), timeout=DEADLINE_SECONDS
            )

    async def list(self) -> AsyncIterator[dataset_pb2.Dataset]:
        """All datasets, newest first, page by page."""
        token = ""
        while True:
            request = dataset_service_pb2.ListDatasetsRequest(page_token=token)
            with self._connection.errors():
                page = await self._stub.ListDatasets(request, timeout=DEADLINE_SECONDS)
            for dataset in page.datasets:
                yield dataset
            if not (token := page.next_page_token):
                return

    async def read(self, dataset_id: str) -> AsyncIterator[sample_pb2.Sample]:
        """Every sample of the dataset, by subject in the build's order and then by slot."""
        call = self._stub.ReadDataset(dataset_service_pb2.ReadDatasetRequest(dataset_id=dataset_id))
        try:
            while True:
                with self._connection.errors():
                    sample = await self._next(call, dataset_id)
                if sample is None:
                    return
                yield sample
        finally:
            call.cancel()

    async def export(
        self,
        dataset_id: str,
        directory: Path,
        endpoints: Mapping[str, Any] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> "ExportSummary":
        """Write the dataset to a new folder, whole or not at all; `endpoints` adds families and prices to its manifest."""
        from chimera_client.export import export_dataset

        dataset = await self.get(dataset_id)
        build = await self._builds.get(dataset.build_id)
        return await export_dataset(
            build, dataset, self.read(dataset_id), endpoints or {}, directory, progress=progress
        )

    async def _next(self, call: Any, dataset_id: str) -> sample_pb2.Sample | None:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                found = await call.read()
        except TimeoutError:
            raise GatewayUnreachable(
                f"the gateway at {self._connection.target} stopped sending dataset {dataset_id}: try again"
            ) from None
        return None if found is grpc.aio.EOF else found
