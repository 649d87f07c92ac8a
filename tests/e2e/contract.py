"""Ordering builds, following them, and what a build that has ended must hold."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
            request, timeout=120, wait_for_ready=True
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
    deployed: Cluster, build_id: str, done: Callable[[build_pb2.Build], bool] = ended, seconds: float = 480
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
            page = await stub.ListSamples(request, timeout=120, wait_for_ready=True)
            found += page.samples
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


@dataclass(frozen=True)
class Census:
    """What became of every slot and of every attempt."""

    mix: Mapping[str, int]
    """Accepted samples that are owed of each subject."""
    found: list[sample_pb2.Sample]

    @property
    def accepted(self) -> list[sample_pb2.Sample]:
        return [s for s in self.found if s.outcome == sample_pb2.OUTCOME_ACCEPTED]

    @property
    def duplicates(self) -> list[object]:
        """Ids, attempts and slots that occur more than once."""
        ids = Counter(s.ref.sample_id for s in self.found)
        attempts = Counter((s.ref.subject, s.ref.slot, s.ref.attempt) for s in self.found)
        slots = Counter((s.ref.subject, s.ref.slot) for s in self.accepted)
        return [key for counts in (ids, attempts, slots) for key, count in counts.items() if count > 1]

    @property
    def lost(self) -> list[tuple[str, int, int]]:
        """Attempts that must have been made and are not settled; a slot without an accepted sample lost its first."""
        owed = {(subject, slot, 0) for subject, n in self.mix.items() for slot in range(n)}
        made = {(s.ref.subject, s.ref.slot, a) for s in self.accepted for a in range(s.ref.attempt + 1)}
        settled = {(s.ref.subject, s.ref.slot, s.ref.attempt) for s in self.found}
        empty = owed - {(subject, slot, 0) for subject, slot, _ in made}
        return sorted((made - settled) | empty)

    @property
    def unasked(self) -> list[tuple[str, int, int]]:
        """Attempts settled that nobody can have asked for: of slots beyond the mix, or after an accepted one."""
        last = {(s.ref.subject, s.ref.slot): s.ref.attempt for s in self.accepted}
        of = [(s.ref.subject, s.ref.slot, s.ref.attempt) for s in self.found]
        return [
            (name, slot, a) for name, slot, a in of if slot >= self.mix.get(name, 0) or a > last.get((name, slot), a)
        ]


def broken(spec: build_pb2.BuildSpec, build: build_pb2.Build, census: Census) -> list[str]:
    """What of the contract does not hold, a sentence each.

    Exactly the samples asked for, in the asked mix, every slot once, every attempt requested accounted for.
    """
    told, seen = build.progress, Counter(s.ref.subject for s in census.accepted)
    settled = told.accepted + told.rejected + told.unknown
    state = build_pb2.BuildState.Name(build.state)
    held = {
        f"the build is {state}: {build.detail}": build.state == build_pb2.BUILD_STATE_SUCCEEDED,
        f"{told.accepted} samples are accepted, not {spec.samples}": told.accepted == spec.samples,
        f"the mix is {dict(seen)}, not {dict(census.mix)}": seen == Counter(census.mix),
        f"{len(census.duplicates)} are there twice, such as {census.duplicates[:3]}": not census.duplicates,
        f"{len(census.lost)} attempts are lost, such as {census.lost[:3]}": not census.lost,
        f"{len(census.unasked)} attempts were not due, such as {census.unasked[:3]}": not census.unasked,
        f"{told.requested} were requested, {settled} settled, {len(census.found)} are listed": (
            told.requested == settled == len(census.found)
        ),
        f"{told.in_flight} are said to be in flight": not told.in_flight,
    }
    return [sentence for sentence, holds in held.items() if not holds]
