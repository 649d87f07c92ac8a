"""The servers of one command: others', or all services in this process over a data folder."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chimera.build.v1 import build_pb2
from chimera_client.cli import options
from chimera_client.cli.displays import make_display
from chimera_client.cli.follow import Interrupts, follow
from chimera_client.cli.output import note
from chimera_client.cli.services import log_to_file, standalone
from chimera_client.client import AsyncClient
from chimera_client.connection import GATEWAY
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.errors import FailedPrecondition


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: at servers that are named, or, if none is, with services of its own over `data_dir`."""

    gateway: str | None
    data_dir: Path
    verifier: str | None = None
    evaluator: str | None = None
    evaluates: bool = False
    """Whether an evaluator is needed among services of its own."""
    trainer: str | None = None
    trains: bool = False
    """Whether a trainer is needed among services of its own."""

    @classmethod
    def of_verifier(cls, verifier: str | None, data_dir: Path) -> Self:
        """For commands that ask a verifier alone: beside a gateway elsewhere they start no services of their own."""
        return cls(os.environ.get(GATEWAY.variable) or None, data_dir, verifier)

    @property
    def elsewhere(self) -> bool:
        """Whether servers are named."""
        return any(target is not None for target in (self.gateway, self.verifier, self.evaluator, self.trainer))

    @property
    def words(self) -> list[str]:
        """The options that say the same."""
        if self.elsewhere:
            named = (
                ("--gateway", self.gateway),
                ("--verifier", self.verifier),
                ("--evaluator", self.evaluator),
                ("--trainer", self.trainer),
            )
            return [word for option, target in named if target is not None for word in (option, target)]
        return [] if self.data_dir == options.DEFAULT_DATA_DIR else ["--data-dir", str(self.data_dir)]


@dataclass(frozen=True, slots=True)
class Session:
    """A client, and what ctrl-C does meanwhile. `endpoints` are all that builds may name, None if a gateway's."""

    client: AsyncClient
    interrupts: Interrupts
    endpoints: Mapping[str, Endpoint] | None

    async def watch(self, build: build_pb2.Build, *, as_json: bool) -> build_pb2.Build | None:
        """Show the build until it has ended; None if a signal came first."""
        with make_display(as_json, wrapped=True) as display:
            work = asyncio.create_task(follow(self.client.builds.watch(build.build_id), display))
            return await self.interrupts.first(work)

    async def pause(self, build: build_pb2.Build, again: str) -> None:
        """Pause the build, unless it has just ended, and say how to go on."""
        note("pausing the build; ctrl-C again ends at once")
        try:
            await self.client.builds.pause(build.build_id)
        except FailedPrecondition:
            note(f"the build has just ended; see it with: {again}")
        else:
            note(f"build {build.build_id} is paused; nothing done is lost. Go on with: {again}")


@asynccontextmanager
async def opened(place: Place, endpoints: Mapping[str, Endpoint] | None) -> AsyncIterator[Session]:
    """A session while the block runs; `endpoints` are those of the build file, for services of our own."""
    interrupts = Interrupts()
    async with AsyncExitStack() as stack:
        stack.enter_context(interrupts.installed())
        if place.elsewhere:
            if endpoints:
                note("`endpoints` of the build file are not sent: servers use the endpoints of their operator")
            client = await stack.enter_async_context(
                AsyncClient(place.gateway, place.verifier, place.evaluator, place.trainer)
            )
            yield Session(client, interrupts, None)
            return
        log = log_to_file(place.data_dir)
        note(f"data is in {place.data_dir}, the log is {log}")
        asked = {"evaluator_port": place.evaluates, "trainer_port": place.trains}
        ports = {name: 0 for name, needed in asked.items() if needed}
        services = standalone(place.data_dir, endpoints or {}, note, **ports)
        running = await stack.enter_async_context(services)
        beside = (running.evaluator_target or None, running.trainer_target or None)
        client = await stack.enter_async_context(AsyncClient(running.gateway_target, running.verifier_target, *beside))
        yield Session(client, interrupts, running.endpoints)
