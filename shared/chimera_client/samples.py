"""Settled samples at a gateway."""

from collections.abc import AsyncIterator
from typing import cast

from chimera.sample.v1 import control_pb2, sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_shared.rpc.channel import DEADLINE_SECONDS


class Samples:
    """Reads settled samples with their evidence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = sample_service_pb2_grpc.SampleServiceStub(connection.channel)

    async def get(self, sample_id: str, version: int = 0) -> sample_pb2.Sample:
        """One sample, with its newest evidence or that of a version of its dataset.

        NotFound if it is not settled or never was.
        """
        request = sample_service_pb2.GetSampleRequest(sample_id=sample_id, version=version)
        return await self._connection.answer(self._stub.GetSample(request, timeout=DEADLINE_SECONDS))

    async def list(
        self,
        build_id: str,
        outcome: int = sample_pb2.OUTCOME_UNSPECIFIED,
        reason: int = sample_pb2.REASON_UNSPECIFIED,
        subject: str = "",
        evidence: sample_pb2.EvidenceFilter | None = None,
        version: int = 0,
    ) -> AsyncIterator[sample_pb2.Sample]:
        """The settled samples of a build in the order of their ids, page by page; the filters are joined by *and*.

        As they are, or as they were in a `version` of the build's dataset.
        """
        request = sample_service_pb2.ListSamplesRequest(
            build_id=build_id,
            outcome=cast("sample_pb2.Outcome", outcome),
            reason=cast("sample_pb2.Reason", reason),
            subject=subject,
            evidence=evidence,
            version=version,
        )
        async for page in self._connection.pages(self._stub.ListSamples, request):
            for sample in page.samples:
                yield sample

    async def controls(self, build_id: str) -> AsyncIterator[control_pb2.Control]:
        """The control problems of a build in the order of their ids, page by page."""
        request = sample_service_pb2.ListControlsRequest(build_id=build_id)
        async for page in self._connection.pages(self._stub.ListControls, request):
            for control in page.controls:
                yield control
