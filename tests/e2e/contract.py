"""Ordering builds, following them, and what a build that has ended must hold."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Mapping

import grpc

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from e2e.cluster import MODELS, Cluster

_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


def order(samples: int, subjects: Mapping[str, float], seed: int, name: str = "e2e") -> build_pb2.BuildSpec:
    """A build of the teacher's models."""
    teacher, *panel = MODELS
    return build_pb2.BuildSpec(
        name=name,
        samples=samples,
        seed=seed,
        subjects=[build_pb2.SubjectSpec(name=subject, weight=weight) for subject, weight in subjects.items()],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=[teacher]),
            panel=[build_pb2.RoleSpec(endpoints=[member]) for member in panel],
            solver=build_pb2.RoleSpec(endpoints=[teacher]),
        ),
    )


async def submit(deployed: Cluster, spec: build_pb2.BuildSpec) -> str:
    async with deployed.channel() as channel:
        request = build_service_pb2.SubmitBuildRequest(request_id=uuid.uuid4().hex, spec=spec)
        build = await build_service_pb2_grpc.BuildServiceStub(channel).SubmitBuild(
            request, timeout=30, wait_for_ready=True
        )
        return str(build.build_id)


async def look(deployed: Cluster, build_id: str) -> build_pb2.Build:
    """The build, as soon as gateway and store are there to tell."""
    async with deployed.channel() as channel:
        stub = build_service_pb2_grpc.BuildServiceStub(channel)
        while True:
            try:
                request = build_service_pb2.GetBuildRequest(build_id=build_id)
                return await stub.GetBuild(request, timeout=10, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                if error.code() not in _PASSING:
                    raise
                await asyncio.sleep(0.2)


def ended(build: build_pb2.Build) -> bool:
    return build.state not in (build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_PAUSED)


async def until(
    deployed: Cluster, build_id: str, done: Callable[[build_pb2.Build], bool] = ended, seconds: float = 120
) -> build_pb2.Build:
    """The build once `done` says so; with what every service waits for if it never does."""
    build = None
    try:
        async with asyncio.timeout(seconds):
            while not done(build := await look(deployed, build_id)):  # noqa: ASYNC110 a build is polled
                await asyncio.sleep(0.2)
            return build
    except TimeoutError:
        deployed.dump_stacks()
        await asyncio.sleep(1)
        raise AssertionError(f"after {seconds:g} s the build stands at {build}\n{deployed.logs()}") from None


async def samples(deployed: Cluster, build_id: str) -> list[sample_pb2.Sample]:
    """Every settled sample."""
    found: list[sample_pb2.Sample] = []
    async with deployed.channel() as channel:
        stub = sample_service_pb2_grpc.SampleServiceStub(channel)
        request = sample_service_pb2.ListSamplesRequest(build_id=build_id, page_size=50)
        while True:
            page = await stub.ListSamples(request, timeout=20)
            found += page.samples
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


def broken(
    spec: build_pb2.BuildSpec, mix: Mapping[str, int], build: build_pb2.Build, found: list[sample_pb2.Sample]
) -> list[str]:
    """What of the contract does not hold, a sentence each.

    Exactly the samples asked for, in the asked mix, every slot once, every attempt requested accounted for.
    """
    accepted = [s for s in found if s.outcome == sample_pb2.OUTCOME_ACCEPTED]
    slots = Counter((s.ref.subject, s.ref.slot) for s in accepted)
    attempts = Counter((s.ref.subject, s.ref.slot, s.ref.attempt) for s in found)
    owed = {(subject, slot) for subject, n in mix.items() for slot in range(n)}
    before = {(s.ref.subject, s.ref.slot, a) for s in accepted for a in range(s.ref.attempt + 1)}
    seen = Counter(s.ref.subject for s in accepted)
    told = build.progress
    settled = told.accepted + told.rejected + told.unknown
    held = {
        f"the build is {build_pb2.BuildState.Name(build.state)}: {build.detail}": build.state
        == build_pb2.BUILD_STATE_SUCCEEDED,
        f"{told.accepted} samples are accepted, not {spec.samples}": told.accepted == spec.samples == len(accepted),
        f"the mix is {dict(seen)}, not {dict(mix)}": seen == Counter(mix),
        f"slots are filled twice: {_some(slots)}": max(slots.values(), default=0) <= 1,
        f"slots are lost: {sorted(owed - slots.keys())[:5]}": owed <= slots.keys(),
        f"slots are filled that nobody asked for: {sorted(slots.keys() - owed)[:5]}": slots.keys() <= owed,
        f"attempts are settled twice: {_some(attempts)}": max(attempts.values(), default=0) <= 1,
        f"attempts are lost: {sorted(before - attempts.keys())[:5]}": before == set(attempts),
        "samples share an id": len({s.ref.sample_id for s in found}) == len(found),
        f"{told.requested} were requested, {settled} settled, {len(found)} are listed": told.requested
        == settled
        == len(found),
        f"{told.in_flight} are said to be in flight": not told.in_flight,
    }
    return [sentence for sentence, holds in held.items() if not holds]


def _some(counts: Mapping[object, int]) -> list[object]:
    return [key for key, count in counts.items() if count > 1][:5]
