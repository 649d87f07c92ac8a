"""Every service as a process of its own, with an embedded broker and store, and a teacher; each can be killed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import yaml

from chimera_shared.rpc.channel import connect
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore
from e2e.journal import Journal
from e2e.proxy import Link
from ports import free_port

SERVICES = ("taxonomy", "generator", "verifier", "gateway")
MODELS = ("procedural-teacher", "procedural-strong", "procedural-medium")
SPARE = "procedural-weak"
"""A model that builds use only if they name it."""
IN_FLIGHT = 32
READY_SECONDS = 240
END_SECONDS = 120
"""More than the graceful time-out, and what it takes to leave a broker that is gone."""


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
        """Signal the process and wait for its end; one that does not end in time is killed, and that is an error."""
        if self.running is None:
            return
        process, self.running = self.running, None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{self.name} did not end within {END_SECONDS} s of {how.name}") from None


@dataclass
class Cluster:
    """All processes of one deployment. The first replica of a service is named after it, the next `NAME-1`."""

    folder: Path
    broker: EmbeddedBroker
    store: EmbeddedStore
    replicas: Mapping[str, int] = field(default_factory=dict)
    """How many of a service; one of those that are not named."""
    endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the endpoint of each model has besides its address; a model that is not named gets what others get."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More of every service's environment."""
    linked: bool = False
    """Whether each service reaches broker and store through links of its own, which can be broken."""
    teacher_url: str = ""
    gateway: str = ""
    processes: dict[str, Process] = field(default_factory=dict)
    links: dict[tuple[str, str], Link] = field(default_factory=dict)
    """By process and server (`broker`, `store`)."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "teacher.jsonl")

    async def start(self) -> None:
        await asyncio.gather(self.broker.start(), self.store.start())
        port = free_port()
        self.teacher_url = f"http://127.0.0.1:{port}/v1"
        kept = {"CHIMERA_INFERENCE_JOURNAL": str(self.folder / "teacher.jsonl")}
        teacher = Process("teacher", "chimera_inference", kept, self.folder / "teacher.log", ("--port", str(port)))
        self.processes["teacher"] = teacher
        await teacher.start()
        await self.teacher_ready()
        for service in SERVICES:
            for index in range(self.replicas.get(service, 1)):
                await self.join(service, index)
        await self.ready()

    async def stop(self) -> None:
        """End everything, whatever has gone wrong before."""
        ends = [process.end(signal.SIGTERM) for name, process in self.processes.items() if name != "teacher"]
        results = await asyncio.gather(*ends, return_exceptions=True)
        if "teacher" in self.processes:
            results += await asyncio.gather(self.processes["teacher"].end(signal.SIGTERM), return_exceptions=True)
        for link in self.links.values():
            await link.refuse()
        await self.store.stop()
        await self.broker.stop()
        for error in results:
            if error is not None:
                raise error

    async def join(self, service: str, index: int = 0) -> str:
        """Start a replica of a service; the name that it goes by."""
        name = f"{service}-{index}" if index else service
        if name not in self.processes:
            own = {
                "CHIMERA_PORT": str(free_port()),
                "CHIMERA_INSTANCE": f"{service}-{index}",
                **await self._environment(name),
            }
            self.processes[name] = Process(name, f"chimera_{service}", own, self.folder / f"{name}.log")
        await self.processes[name].start()
        if name == "gateway":
            self.gateway = self._address(name)
        return name

    async def kill(self, name: str) -> None:
        """SIGKILL a process, and start it again; embedded servers are started again by their own supervisor."""
        await self.kill_only(name)
        await self.revive(name)

    async def kill_only(self, name: str) -> None:
        """SIGKILL a process; returns when it is dead."""
        if name not in ("broker", "store"):
            await self.processes[name].end(signal.SIGKILL)
            if name == "teacher":
                self.journal.bury()
            return
        child = self.broker if name == "broker" else self.store
        assert child.pid is not None
        restarts = child.restarts
        os.kill(child.pid, signal.SIGKILL)
        async with asyncio.timeout(READY_SECONDS):
            while child.restarts == restarts:  # noqa: ASYNC110 the supervisor tells nobody
                await asyncio.sleep(0.05)

    async def revive(self, name: str) -> None:
        """Start a dead process again; embedded servers are started again by their own supervisor."""
        if name not in ("broker", "store"):
            await self.processes[name].start()

    async def heal(self) -> None:
        """Start those again that ended by themselves, as whatever supervises a deployment does."""
        for process in self.processes.values():
            if process.running is not None and process.running.returncode is not None:
                await process.start()

    async def leave(self, name: str) -> None:
        """SIGTERM a process and wait until it has drained."""
        await self.processes[name].end(signal.SIGTERM)

    async def ready(self, *names: str) -> None:
        """Wait until the processes of these names answer, or all."""
        asked = names or [name for name, process in self.processes.items() if process.running is not None]
        await asyncio.gather(*(self._ready(name) for name in asked))

    async def dials(self, **changes: Any) -> None:
        async with aiohttp.ClientSession() as session, session.put(f"{self.teacher_url}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def reset_dials(self) -> None:
        async with aiohttp.ClientSession() as session, session.delete(f"{self.teacher_url}/dials") as answer:
            answer.raise_for_status()

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
        for process in self.processes.values():
            if process.running is not None and process.running.returncode is None and process.name != "teacher":
                process.running.send_signal(signal.SIGUSR1)

    def logs(self) -> str:
        return "\n".join(
            f"== {p.name}\n{p.log.read_text(errors='replace')[-20000:]}"
            for p in self.processes.values()
            if p.log.exists()
        )

    def _address(self, name: str) -> str:
        return f"127.0.0.1:{self.processes[name].environment['CHIMERA_PORT']}"

    async def _ready(self, name: str) -> None:
        if name in ("broker", "store"):
            async with asyncio.timeout(READY_SECONDS):
                await (self.broker if name == "broker" else self.store).probe()
        elif name == "teacher":
            await self.teacher_ready()
        else:
            async with connect(self._address(name)) as channel, asyncio.timeout(READY_SECONDS):
                await channel.channel_ready()

    async def _environment(self, name: str) -> dict[str, str]:
        file = self.folder / "endpoints.yaml"
        standard = {"base_url": self.teacher_url, "max_in_flight": IN_FLIGHT}
        configured = {m: {**standard, "model": m, **self.endpoints.get(m, {})} for m in (*MODELS, SPARE)}
        file.write_text(yaml.safe_dump(configured))
        broker, store = self.broker.bootstrap_servers, self.store.uri
        if self.linked:
            broker, store = await self._linked(name, broker, store)
        return {
            "KAFKA_BOOTSTRAP_SERVERS": broker,
            "MONGODB_URI": store,
            "CHIMERA_ENDPOINTS": str(file),
            "CHIMERA_RECONCILE_SECONDS": "2",
            "CHIMERA_OVERDUE_SECONDS": "5",
            **self.settings,
        }

    async def _linked(self, name: str, broker: str, store: str) -> tuple[str, str]:
        self.links[name, "broker"] = kafka = Link(self.broker.port, kafka=True)
        self.links[name, "store"] = mongo = Link(self.store.port)
        await kafka.accept()
        await mongo.accept()
        return (
            broker.replace(str(self.broker.port), str(kafka.port)),
            store.replace(str(self.store.port), str(mongo.port)),
        )

    async def teacher_ready(self) -> None:
        """Wait until the teacher answers."""
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.teacher_url}/models") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def cluster(folder: Path, broker: type[EmbeddedBroker] = EmbeddedBroker, **shape: Any) -> AsyncIterator[Cluster]:
    """A running deployment in `folder`; `shape` are the fields of Cluster."""
    deployed = Cluster(folder, broker(folder / "broker"), EmbeddedStore(folder / "store"), **shape)
    try:
        await deployed.start()
        yield deployed
    finally:
        await deployed.stop()
