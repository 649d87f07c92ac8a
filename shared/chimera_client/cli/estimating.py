"""`estimate` step by step: check, start or connect, pilot, follow, reckon, tell."""

import shlex
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera_client import named_corpora, order
from chimera_client.buildfile import BuildFile, read_build_file
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.run import ways_on
from chimera_client.cli.session import Place, Session, opened
from chimera_client.estimate.measures import slots_of
from chimera_client.estimate.pilot import pilot_of
from chimera_client.estimate.whole import Estimate, estimate, paces_of
from chimera_client.plain import to_plain
from chimera_client.text import counted
from chimera_client.views.estimate import render_estimate
from chimera_client.views.summary import render_failure
from chimera_client.words import state_words, stop_words


class Estimation:
    """One run of the command."""

    def __init__(self, file: Path, samples: int | None, place: Place, *, as_json: bool) -> None:
        self._path = file
        self._samples = samples
        self._place = place
        self._as_json = as_json

    async def run(self) -> Code:
        """Everything from the file to the table. Nothing is started or spent before the file was checked."""
        file = read_build_file(self._path)
        order.require_sound(file, own_services=not self._place.elsewhere)
        pilot = pilot_of(file, self._samples)
        async with opened(self._place, file.endpoints) as session:
            if session.endpoints is not None:
                order.require_known(file, session.endpoints, forked=False)
            build = await self._order(session, pilot)
            ended = await session.watch(build, as_json=self._as_json)
            if ended is None:
                await session.pause(build, self._command("estimate"))
                return Code.INTERRUPTED
            if not ended.progress.accepted:
                return self._explain_failure(ended)
            found = await self._reckon(session, file, ended)
        self._tell(found)
        return Code.OK

    async def _order(self, session: Session, pilot: BuildFile) -> build_pb2.Build:
        builds = session.client.builds
        request_id, known = await order.find_order(session.client, pilot, new=False)
        if known is None:
            spec = await order.with_ledger(session.client, pilot.spec)
            note(f"a pilot of {counted(spec.samples, 'sample')} over {counted(len(spec.subjects), 'subject')}")
            if spec.ledger_of:
                note(f"answers that build {spec.ledger_of} or its forks paid for are used again where they fit")
            await named_corpora.provide(session.client, named_corpora.of_build(spec), pilot.corpora, note)
            return await builds.submit(spec, request_id)
        note(f"the pilot is there already: {known.build_id}, {state_words(known.state)}")
        return await builds.resume(known.build_id) if known.state == build_pb2.BUILD_STATE_PAUSED else known

    async def _reckon(self, session: Session, file: BuildFile, pilot: build_pb2.Build) -> Estimate:
        if pilot.state != build_pb2.BUILD_STATE_SUCCEEDED:
            why = stop_words(pilot.stop_reason) or state_words(pilot.state)
            accepted, asked = pilot.progress.accepted, pilot.spec.samples
            note(f"the pilot ended with {accepted} of {asked} samples: {why}; the estimate goes by those")
        samples = session.client.samples
        slots = await slots_of(samples.list(pilot.build_id), samples.controls(pilot.build_id))
        return estimate(file.spec, pilot, slots, paces_of(pilot, session.endpoints))

    def _tell(self, found: Estimate) -> None:
        if self._as_json:
            emit(found.plain())
        else:
            console().print(render_estimate(found, self._command("build", "run")))

    def _explain_failure(self, build: build_pb2.Build) -> Code:
        if self._as_json:
            emit({"type": "estimate", "build": to_plain(build)})
        else:
            again = self._command("estimate")
            console().print(render_failure(build, ways_on(build, self._place, self._path, again)))
        return Code.FAILED

    def _command(self, *words: str) -> str:
        size = ["--samples", str(self._samples)] if self._samples is not None and words == ("estimate",) else []
        return shlex.join(["chimera", *words, str(self._path), *size, *self._place.words])
