"""The builds of a loop: each is ordered, found again, or taken with what it has if partial datasets are wanted."""

import shlex
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera_client import order
from chimera_client.buildfile import BuildFile
from chimera_client.cli.output import note
from chimera_client.cli.session import Session
from chimera_client.loop.orders import Orders
from chimera_client.words import ended_early, stop_advice
from chimera_shared.errors import ChimeraError
from chimera_shared.telemetry import joined


class Stopped(Exception):
    """A signal came; everything done so far is kept."""


@dataclass(frozen=True, slots=True)
class LoopBuilds:
    """Builds for one run of a loop. `seconds` is told how long each took; `again` is the command that goes on."""

    session: Session
    partial: bool
    seconds: MutableMapping[str, float]
    again: str
    as_json: bool

    async def built(self, words: str, orders: Orders, file: BuildFile) -> build_pb2.Build:
        """The build once it has ended with a dataset: a whole one, or a partial one if those are wanted."""
        client = self.session.client
        request_id, known = await order.find_order(client, file, new=False)
        early = await order.ended_early(client, file)
        if known is None and self.partial and (there := [build for build in early if build.dataset_id]):
            return _taken(words, there[-1])
        started = time.monotonic()
        with joined(orders.trace_id, words):
            if known is None:
                known = await client.builds.submit(await self._spec(orders, file, early), request_id)
            elif known.state == build_pb2.BUILD_STATE_PAUSED:
                known = await client.builds.resume(known.build_id)
        if known.state != build_pb2.BUILD_STATE_SUCCEEDED:
            note(f"{words}: {file.spec.samples:,} samples as build {known.build_id}")
            ended = await self.session.watch(known, as_json=self.as_json)
            if ended is None:
                await self.session.pause(known, self.again)
                raise Stopped
            known = ended
            self.seconds[words] = time.monotonic() - started
        if known.state == build_pb2.BUILD_STATE_SUCCEEDED:
            return known
        if self.partial and known.dataset_id:
            return _taken(words, known)
        raise ChimeraError(_ways_on(words, known, self.again))

    async def _spec(self, orders: Orders, file: BuildFile, early: Sequence[build_pb2.Build]) -> build_pb2.BuildSpec:
        """The order, using answers that were paid for: of a run that does everything anew, its own alone."""
        if not orders.anew:
            return await order.with_ledger(self.session.client, file.spec)
        spec = build_pb2.BuildSpec()
        spec.CopyFrom(file.spec)
        if early and not spec.ledger_of:
            spec.ledger_of = order.ledger_of(early[-1])
        return spec


def _taken(words: str, build: build_pb2.Build) -> build_pb2.Build:
    note(
        f"{words}: goes on with the partial dataset {build.dataset_id}, {build.progress.accepted:,} of"
        f" {build.spec.samples:,} samples: {ended_early(build)}"
    )
    return build


def _ways_on(words: str, build: build_pb2.Build, again: str) -> str:
    """What came of a build that ended early, and how the loop goes on."""
    counts = f"{build.progress.accepted:,} of {build.spec.samples:,} samples"
    said = f"{words}: {build.build_id} ended with {counts}: {ended_early(build)}"
    if build.dataset_id:
        partial = shlex.join([*shlex.split(again), "--partial"])
        said += f"; go on with its partial dataset {build.dataset_id}: {partial}"
    advice = stop_advice(build.stop_reason) or f"look at it with `chimera builds show {build.build_id}`"
    return f"{said}; or {advice}" if build.dataset_id else f"{said}; {advice}"
