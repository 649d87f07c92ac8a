"""`build run` step by step: check, start or connect, order, follow, export, explain."""

import asyncio
import shlex
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client import order
from chimera_client.buildfile import BuildFile, read_build_file
from chimera_client.cli import options
from chimera_client.cli.displays import make_display
from chimera_client.cli.exits import Code
from chimera_client.cli.follow import Interrupts, follow
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.services import log_to_file, standalone
from chimera_client.client import AsyncClient
from chimera_client.plain import to_plain
from chimera_client.target import OutputTarget
from chimera_client.views.summary import render_failure, render_result
from chimera_client.words import state_words
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.errors import FailedPrecondition
from chimera_shared.spec import require_valid


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told."""

    file: Path
    output: Path | None
    gateway: str | None
    data_dir: Path
    new: bool
    force: bool
    as_json: bool

    def command(self, *, new: bool, output: Path | None) -> str:
        """The same command again, with these two changed."""
        words = ["chimera", "build", "run", str(self.file)]
        if output is not None:
            words += ["-o", str(output)]
        if self.gateway is not None:
            words += ["--gateway", self.gateway]
        elif self.data_dir != options.DEFAULT_DATA_DIR:
            words += ["--data-dir", str(self.data_dir)]
        return shlex.join([*words, *(["--new"] if new else [])])

    @property
    def again(self) -> str:
        """The command that goes on with this run."""
        return self.command(new=self.new, output=self.output)


class BuildRun:
    """One run of the command."""

    def __init__(self, told: Options) -> None:
        self._told = told
        self._endpoints: Mapping[str, Endpoint] | None = None

    async def run(self) -> Code:
        """Everything from the file to the folder. Nothing is started or spent before file and folder were checked."""
        told = self._told
        file = read_build_file(told.file)
        order.require_sound(file, own_services=told.gateway is None)
        target = OutputTarget.inspect(told.output or order.default_output(file, options.DEFAULT_OUTPUT_PARENT))
        order.require_room_early(target, file, new=told.new, force=told.force)
        interrupts = Interrupts()
        async with AsyncExitStack() as stack:
            stack.enter_context(interrupts.installed())
            gateway = await self._gateway(stack, file)
            client = await stack.enter_async_context(AsyncClient(gateway))
            build = await self._order(client, file, target)
            ended = await self._watch(client, build, interrupts)
            if ended is None:
                return await self._pause(client, build)
            if ended.state != build_pb2.BUILD_STATE_SUCCEEDED:
                return self._explain_failure(ended)
            await self._export(client, ended, target)
            example = await _example(client, ended)
        return self._explain(ended, target, example)

    async def _gateway(self, stack: AsyncExitStack, file: BuildFile) -> str:
        """The gateway's address; without one, all services are started and live as long as the stack."""
        told = self._told
        if told.gateway is not None:
            if file.endpoints is not None:
                note(f"`endpoints` of {told.file} is not sent: the gateway uses the endpoints of its operator")
            return told.gateway
        log = log_to_file(told.data_dir)
        note(f"data is in {told.data_dir}, the log is {log}")
        running = await stack.enter_async_context(standalone(told.data_dir, file.endpoints or {}, note))
        self._endpoints = file.endpoints  # the procedural ones come with the services, each time at another port
        require_valid(file.spec, running.endpoints)
        return running.gateway_target

    async def _order(self, client: AsyncClient, file: BuildFile, target: OutputTarget) -> build_pb2.Build:
        request_id, known = await order.find_order(client, file, new=self._told.new)
        order.require_room(target, known, force=self._told.force)
        if known is None:
            return await client.builds.submit(file.spec, request_id)
        note(f"this file's build is there already: {known.build_id}, {state_words(known.state)}")
        return await client.builds.resume(known.build_id) if known.state == build_pb2.BUILD_STATE_PAUSED else known

    async def _watch(
        self, client: AsyncClient, build: build_pb2.Build, interrupts: Interrupts
    ) -> build_pb2.Build | None:
        """The build when it has ended; None if a signal came first."""
        with make_display(self._told.as_json, wrapped=True) as display:
            work = asyncio.create_task(follow(client.builds.watch(build.build_id), display))
            return await interrupts.first(work)

    async def _pause(self, client: AsyncClient, build: build_pb2.Build) -> Code:
        note("pausing the build; ctrl-C again ends at once")
        try:
            await client.builds.pause(build.build_id)
        except FailedPrecondition:
            note(f"the build has just ended; see it with: {self._told.again}")
            return Code.INTERRUPTED
        note(f"build {build.build_id} is paused; nothing done is lost. Go on with: {self._told.again}")
        return Code.INTERRUPTED

    async def _export(self, client: AsyncClient, build: build_pb2.Build, target: OutputTarget) -> None:
        if target.holds_whole(build.build_id) and not self._told.force:
            note(f"{target.directory} holds this dataset already, whole and unchanged")
            return
        note(f"writing {build.progress.accepted:,} samples to {target.directory}")
        target.directory.parent.mkdir(parents=True, exist_ok=True)
        with target.replaced():
            await client.datasets.export(build.dataset_id, target.directory, self._endpoints)

    def _explain(self, build: build_pb2.Build, target: OutputTarget, example: sample_pb2.Sample | None) -> Code:
        if self._told.as_json:
            emit({"type": "result", "directory": str(target.directory), "build": to_plain(build)})
            return Code.OK
        directory = target.directory
        again = self._told.command(new=True, output=directory.with_name(f"{directory.name}-2"))
        procedural = OutputTarget.inspect(directory).procedural_only
        example_id = example.ref.sample_id if example is not None else ""
        console().print(render_result(build, directory, again, example_id, procedural=procedural))
        return Code.OK

    def _explain_failure(self, build: build_pb2.Build) -> Code:
        if self._told.as_json:
            emit({"type": "result", "directory": None, "build": to_plain(build)})
        else:
            console().print(render_failure(build, self._told.again))
        return Code.FAILED


async def _example(client: AsyncClient, build: build_pb2.Build) -> sample_pb2.Sample | None:
    async for sample in client.samples.list(build.build_id, sample_pb2.OUTCOME_ACCEPTED):
        return sample
    return None
