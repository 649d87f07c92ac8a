"""Every service as a process of its own, with an embedded broker and store, and a teacher; each can be killed."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import yaml

from chimera_shared.rpc.channel import connect
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore

SERVICES = ("taxonomy", "generator", "verifier", "gateway")
MODELS = ("procedural-teacher", "procedural-strong", "procedural-medium")
IN_FLIGHT = 32
READY_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """One operating-system process that can be started again as it was."""

    name: str
    module: str
    environment: dict[str, str]
    log: Path
    arguments: tuple[str, ...] = ()
    running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, *self.arguments, env={**os.environ, **self.environment},
                stdout=log, stderr=log,
            )  # fmt: skip

    async def end(self, how: signal.Signals) -> None:
        assert self.running is not None
        with contextlib.suppress(ProcessLookupError):
            self.running.send_signal(how)
        await self.running.wait()


@dataclass
class Cluster:
    """All processes of one deployment."""

    folder: Path
    broker: EmbeddedBroker
    store: EmbeddedStore
    teacher_url: str = ""
    gateway: str = ""
    processes: dict[str, Process] = field(default_factory=dict)

    async def start(self) -> None:
        await self.broker.start()
        await self.store.start()
        port = free_port()
        self.teacher_url = f"http://127.0.0.1:{port}/v1"
        teacher = Process("teacher", "chimera_inference", {}, self.folder / "teacher.log", ("--port", str(port)))
        self.processes["teacher"] = teacher
        await teacher.start()
        await self._teacher_ready()
        environment = self._environment()
        for name in SERVICES:
            port = free_port()
            own = {"CHIMERA_PORT": str(port), "CHIMERA_INSTANCE": f"{name}-0", **environment}
            process = Process(name, f"chimera_{name}", own, self.folder / f"{name}.log")
            self.processes[name] = process
            await process.start()
            if name == "gateway":
                self.gateway = f"127.0.0.1:{port}"
        await self.ready()

    async def stop(self) -> None:
        for process in reversed(self.processes.values()):
            await process.end(signal.SIGTERM)
        await self.store.stop()
        await self.broker.stop()

    async def kill(self, name: str) -> None:
        """SIGKILL a process, and start it again; embedded servers are started again by their own supervisor."""
        if name in ("broker", "store"):
            child = self.broker if name == "broker" else self.store
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            return
        await self.processes[name].end(signal.SIGKILL)
        await self.processes[name].start()

    async def ready(self) -> None:
        """Wait until the gateway answers."""
        async with connect(self.gateway) as channel, asyncio.timeout(READY_SECONDS):
            await channel.channel_ready()

    async def dials(self, **changes: Any) -> None:
        async with aiohttp.ClientSession() as session, session.put(f"{self.teacher_url}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def stats(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.teacher_url}/stats") as answer:
            return dict(await answer.json())

    async def reset_stats(self) -> None:
        async with aiohttp.ClientSession() as session, session.delete(f"{self.teacher_url}/stats") as answer:
            answer.raise_for_status()

    @contextlib.asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        async with connect(self.gateway) as channel:
            yield channel

    def dump_stacks(self) -> None:
        """Have every service log what its tasks wait for."""
        for name in SERVICES:
            running = self.processes[name].running
            assert running is not None
            running.send_signal(signal.SIGUSR1)

    def logs(self) -> str:
        return "\n".join(
            f"== {p.name}\n{p.log.read_text(errors='replace')[-20000:]}"
            for p in self.processes.values()
            if p.log.exists()
        )

    def _environment(self) -> dict[str, str]:
        endpoints = self.folder / "endpoints.yaml"
        configured = {m: {"base_url": self.teacher_url, "model": m, "max_in_flight": IN_FLIGHT} for m in MODELS}
        endpoints.write_text(yaml.safe_dump(configured))
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "MONGODB_URI": self.store.uri,
            "CHIMERA_ENDPOINTS": str(endpoints),
            "CHIMERA_RECONCILE_SECONDS": "2",
            "CHIMERA_OVERDUE_SECONDS": "5",
        }

    async def _teacher_ready(self) -> None:
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.teacher_url}/models") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """A running deployment in `folder`."""
    deployed = Cluster(folder, EmbeddedBroker(folder / "broker"), EmbeddedStore(folder / "store"))
    try:
        await deployed.start()
        yield deployed
    finally:
        await deployed.stop()
