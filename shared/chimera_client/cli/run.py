"""`build run` and `builds fork` step by step: check, start or connect, order, follow, export, explain."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client import named_corpora, order
from chimera_client.buildfile import BuildFile, read_build_file
from chimera_client.calibration import Calibration
from chimera_client.cli import options
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.session import Place, Session, opened
from chimera_client.client import AsyncClient
from chimera_client.plain import to_plain
from chimera_client.target import OutputTarget
from chimera_client.views.summary import Ways, render_failure, render_result
from chimera_client.words import state_words


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told. `fork_of` names the build to fork; without it `file` is run."""

    place: Place
    file: Path | None
    output: Path | None
    force: bool
    as_json: bool
    new: bool = False
    fork_of: str = ""
    samples: int | None = None

    def command(self, *, new: bool, output: Path | None) -> str:
        """The same command again, with these two changed."""
        words = ["chimera", "builds", "fork", self.fork_of] if self.fork_of else ["chimera", "build", "run"]
        words += [str(self.file)] if self.file is not None else []
        words += ["--samples", str(self.samples)] if self.samples is not None else []
        words += ["-o", str(output)] if output is not None else []
        return shlex.join([*words, *self.place.words, *(["--new"] if new else [])])

    @property
    def again(self) -> str:
        """The command that goes on with this run."""
        return self.command(new=self.new, output=self.output)


class BuildRun:
    """One run of the command."""

    def __init__(self, told: Options) -> None:
        self._told = told

    async def run(self) -> Code:
        """Everything from the order to the folder. Nothing is started or spent before file and folder were checked."""
        told = self._told
        file = None if told.file is None else self._checked(read_build_file(told.file))
        async with opened(told.place, file.endpoints if file is not None else None) as session:
            file = await self._ordered(session, file)
            target = self._target(file)
            build = await self._order(session.client, file, target)
            ended = await session.watch(build, as_json=told.as_json)
            if ended is None:
                await session.pause(build, told.again)
                return Code.INTERRUPTED
            if ended.state != build_pb2.BUILD_STATE_SUCCEEDED:
                return self._explain_failure(ended)
            await self._export(session.client, ended, file, target)
            example = await _example(session.client, ended)
            errors = await errors_of(session.client, ended)
        return self._explain(ended, target, example, errors)

    def _checked(self, file: BuildFile) -> BuildFile:
        told = self._told
        file = order.resized(file, told.samples)
        order.require_sound(file, own_services=not told.place.elsewhere)
        if not told.fork_of:
            order.require_room_early(self._target(file), file, new=told.new, force=told.force)
        return file

    def _target(self, file: BuildFile) -> OutputTarget:
        default = order.default_output(file, options.DEFAULT_OUTPUT_PARENT, fork=bool(self._told.fork_of))
        return OutputTarget.inspect(self._told.output or default)

    async def _ordered(self, session: Session, file: BuildFile | None) -> BuildFile:
        """What is ordered, once the builds there can be asked."""
        told = self._told
        if told.fork_of:
            file = order.forked(await session.client.builds.get(told.fork_of), file, told.samples)
        assert file is not None, "a command has a file or a build to fork"
        if session.endpoints is not None:
            order.require_known(file, session.endpoints, forked=bool(told.fork_of) and told.file is None)
        return file

    async def _order(self, client: AsyncClient, file: BuildFile, target: OutputTarget) -> build_pb2.Build:
        request_id, known = await order.find_order(client, file, new=self._told.new)
        order.require_room(target, known, force=self._told.force)
        if known is None:
            spec = file.spec if self._told.new else await order.with_ledger(client, file.spec)
            if spec.ledger_of:
                note(f"answers that build {spec.ledger_of} or its forks paid for are used again where they fit")
            await named_corpora.provide(client, named_corpora.of_build(spec), file.corpora, note)
            return await client.builds.submit(spec, request_id)
        what = "this fork" if self._told.fork_of else "this file's build"
        note(f"{what} is there already: {known.build_id}, {state_words(known.state)}")
        return await client.builds.resume(known.build_id) if known.state == build_pb2.BUILD_STATE_PAUSED else known

    async def _export(self, client: AsyncClient, build: build_pb2.Build, file: BuildFile, target: OutputTarget) -> None:
        if target.holds_whole(build.build_id) and not self._told.force:
            note(f"{target.directory} holds this dataset already, whole and unchanged")
            return
        note(f"writing {build.progress.accepted:,} samples to {target.directory}")
        await export(client, build, target, file)

    def _explain(
        self, build: build_pb2.Build, target: OutputTarget, example: sample_pb2.Sample | None, errors: Calibration
    ) -> Code:
        if self._told.as_json:
            emit({"type": "result", "directory": str(target.directory), "build": to_plain(build)})
            return Code.OK
        directory = target.directory
        other = directory.with_name(f"{directory.name}-2")
        again = "" if self._told.fork_of else self._told.command(new=True, output=other)
        fork = ways_on(build, self._told.place, self._told.file, again).fork
        procedural = OutputTarget.inspect(directory).procedural_only
        example_id = example.ref.sample_id if example is not None else ""
        console().print(render_result(build, directory, again, fork, example_id, errors, procedural=procedural))
        return Code.OK

    def _explain_failure(self, build: build_pb2.Build) -> Code:
        if self._told.as_json:
            emit({"type": "result", "directory": None, "build": to_plain(build)})
        else:
            console().print(render_failure(build, ways_on(build, self._told.place, self._told.file, self._told.again)))
        return Code.FAILED


async def export(client: AsyncClient, build: build_pb2.Build, target: OutputTarget, file: BuildFile | None) -> None:
    """Write the build's dataset to the folder; the file's endpoints, if it has any, explain where it came from."""
    target.directory.parent.mkdir(parents=True, exist_ok=True)
    with target.replaced():
        await client.datasets.export(build.dataset_id, target.directory, file.endpoints if file is not None else None)


def ways_on(build: build_pb2.Build, place: Place, file: Path | None, again: str) -> Ways:
    """The commands by which a build that did not succeed is made use of."""
    return Ways(
        again=again,
        fork=_words("chimera", "builds", "fork", build.build_id, str(file or "FILE"), *place.words),
        export=_words("chimera", "builds", "export", build.build_id, *place.words),
    )


def _words(*words: str) -> str:
    return shlex.join(words)


async def errors_of(client: AsyncClient, build: build_pb2.Build) -> Calibration:
    """The verifier's errors on the controls that were planted in a build."""
    found = Calibration()
    if build.progress.controls:
        async for control in client.samples.controls(build.build_id):
            found.add(control)
    return found


async def _example(client: AsyncClient, build: build_pb2.Build) -> sample_pb2.Sample | None:
    async for sample in client.samples.list(build.build_id, sample_pb2.OUTCOME_ACCEPTED):
        return sample
    return None
