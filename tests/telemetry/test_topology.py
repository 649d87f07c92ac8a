"""One trace a sample: every promised hop is a span whose parent is the hop before."""

import asyncio
import uuid
from pathlib import Path

import pytest

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore
from e2e.cluster import Cluster
from telemetry.collector import Collector, Span, collecting

pytestmark = pytest.mark.e2e

EDGES = [
    ("send chimera.problem.requested.v1", "propose"),
    ("propose", "chat procedural-teacher"),
    ("propose", "send chimera.problem.proposed.v1"),
    ("send chimera.problem.proposed.v1", "validate"),
    ("validate", "chat procedural-strong"),
    ("validate", "chat procedural-medium"),
    ("validate", "send chimera.problem.validated.v1"),
    ("send chimera.problem.validated.v1", "solve"),
    ("solve", "chat procedural-teacher"),
    ("solve", "send chimera.solution.synthesised.v1"),
    ("send chimera.solution.synthesised.v1", "grade"),
    ("grade", "send chimera.sample.settled.v1"),
    ("send chimera.sample.settled.v1", "settle"),
    ("send chimera.sample.settled.v1", "fill"),
]
SERVICES = {f"chimera-{name}" for name in ("taxonomy", "generator", "verifier", "gateway", "inference")}


async def test_one_trace_a_sample_across_every_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        once = {"CHIMERA_OVERDUE_SECONDS": "300"}  # a request that is sent again would be a second root
        servers = EmbeddedBroker(tmp_path / "broker"), EmbeddedStore(tmp_path / "store")
        deployed = Cluster(tmp_path, *servers, settings=once)
        try:
            await deployed.start()
            sample = await _one_sample(deployed)
        finally:
            await deployed.stop()
    assert sample.trace_id == sample.ref.sample_id
    spans = collector.trace(sample.trace_id)
    assert {span.service for span in spans} == SERVICES
    assert [span.name for span in spans if not span.parent_id] == ["send chimera.problem.requested.v1"]
    assert not _missing(spans), sorted((s.name, s.service) for s in spans)
    assert _below_the_wire(collector, spans), "no model server continued the trace"


def _missing(spans: list[Span]) -> list[tuple[str, str]]:
    names = {span.span_id: span.name for span in spans}
    seen = {(names.get(span.parent_id, ""), span.name) for span in spans}
    return [edge for edge in EDGES if edge not in seen]


def _below_the_wire(collector: Collector, spans: list[Span]) -> bool:
    calls = {span.span_id for span in spans if span.name.startswith("chat") and span.service != "chimera-inference"}
    return any(span.parent_id in calls for span in spans if span.service == "chimera-inference")


async def _one_sample(deployed: Cluster) -> sample_pb2.Sample:
    spec = build_pb2.BuildSpec(
        name="traced",
        samples=2,
        subjects=[build_pb2.SubjectSpec(name="Physics")],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=["procedural-teacher"]),
            panel=[build_pb2.RoleSpec(endpoints=[name]) for name in ("procedural-strong", "procedural-medium")],
            solver=build_pb2.RoleSpec(endpoints=["procedural-teacher"]),
        ),
    )
    async with deployed.channel() as channel:
        builds = build_service_pb2_grpc.BuildServiceStub(channel)
        build = await builds.SubmitBuild(build_service_pb2.SubmitBuildRequest(request_id=uuid.uuid4().hex, spec=spec))
        async with asyncio.timeout(480):
            async for news in builds.WatchBuild(build_service_pb2.WatchBuildRequest(build_id=build.build_id)):
                build = news
        assert build.state == build_pb2.BUILD_STATE_SUCCEEDED, build
        request = sample_service_pb2.ListSamplesRequest(
            build_id=build.build_id, outcome=sample_pb2.OUTCOME_ACCEPTED, page_size=1
        )
        page = await sample_service_pb2_grpc.SampleServiceStub(channel).ListSamples(request)
        return page.samples[0]
