"""A server as a child process: starts, answers, heals, and ends with this process."""

import asyncio
import collections
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import ClassVar

from chimera_shared.errors import Configuration
from chimera_standalone.directory import LOOPBACK, DataDirectory

PROBE_SECONDS = 5.0
DEATHS_PER_MINUTE = 6  # with the back-off below, a child that cannot start is given up after some 5 s
BACKOFF_SECONDS = 0.1
LOG_BYTES = 8 * 1024 * 1024
LOG_CHECK_SECONDS = 30.0

_log = logging.getLogger(__name__)


class ChildServer(ABC):
    """A supervised server on a loopback port that keeps its data in a directory over restarts.

    Call `start` from a thread that lives as long as the child shall: Linux ends the child when that thread ends.
    """

    noun: ClassVar[str]
    answer_seconds: ClassVar[float] = 60.0  # the broker needs 12 s to read a 2 GB log
    stop_seconds: ClassVar[float]  # from SIGTERM to SIGKILL
    death_signal: ClassVar[signal.Signals] = (
        signal.SIGTERM
    )  # when this process is gone; it may come several times at once

    def __init__(self, directory: Path, on_restart: Callable[[], Awaitable[None]] | None = None) -> None:
        """`on_restart` is awaited after each restart: what the child may have forgotten is told to it again there."""
        self._on_restart = on_restart
        self._directory = DataDirectory(directory.absolute())
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._deaths: collections.deque[float] = collections.deque(maxlen=DEATHS_PER_MINUTE)
        self.port = 0
        self.restarts = 0

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program's absolute path and its arguments, for `self.port`."""

    @abstractmethod
    async def probe(self) -> None:
        """Raises as long as the server does not answer its protocol."""

    @property
    def path(self) -> Path:
        """The data directory."""
        return self._directory.path

    @property
    def log_path(self) -> Path:
        """What the child printed since it was started."""
        return self.path / "server.log"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is no living child."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns when the server answers; from then on it is restarted when it dies. Raises Configuration."""
        await self._directory.own()
        try:
            self.port = self._directory.port()
            self.log_path.write_bytes(b"")
            process = await self._spawn()
            await self._answers(process)
        except BaseException:
            await self.stop()
            raise
        self._supervisor = asyncio.create_task(self._supervise(process), name=f"embedded {self.noun}")

    async def stop(self) -> None:
        """Ends the child, with time to save, and gives the directory back; safe to call twice."""
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
            self._supervisor = None
        try:
            if self._process:
                await _end(self._process, self.stop_seconds)
        finally:
            self._process = None
            self._directory.disown()

    async def watch(self) -> None:
        """Waits until the child is given up and raises the reason; returns when it was stopped."""
        if supervisor := self._supervisor:
            await asyncio.wait([supervisor])
            if not supervisor.cancelled():
                supervisor.result()

    async def _spawn(self) -> asyncio.subprocess.Process:
        tether = Path(__file__).with_name("tether.py")
        async with contextlib.AsyncExitStack() as stack:
            lock = await stack.enter_async_context(self._directory.child_lock())
            output = stack.enter_context(self.log_path.open("ab"))  # append: it may be cut while the child writes
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(tether), str(os.getpid()), str(int(self.death_signal))),
                *self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.path,
                pass_fds=[lock],
                start_new_session=True,  # ctrl-C must reach the services first: they drain into this child
            )
            self._directory.note_child(lock, process.pid)
        return process

    async def _answers(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        probing = asyncio.create_task(_until_succeeds(self.probe))
        try:
            await asyncio.wait([ended, probing], timeout=self.answer_seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise self._failure(f"ended with exit status {ended.result()}")
            if not probing.done():
                raise self._failure(f"did not answer on port {self.port} within {self.answer_seconds:.0f} s")
        finally:
            ended.cancel()
            probing.cancel()
            await asyncio.wait([ended, probing])

    async def _supervise(self, process: asyncio.subprocess.Process) -> None:
        while True:
            await self._until_dead(process)
            process = await self._heal()

    async def _until_dead(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=LOG_CHECK_SECONDS)
                self._bound_log()
        finally:
            ended.cancel()

    async def _heal(self) -> asyncio.subprocess.Process:
        while True:
            self._count_death()
            await asyncio.sleep(BACKOFF_SECONDS * 2 ** (len(self._deaths) - 1))
            try:
                process = await self._spawn()
                await self._answers(process)
            except (Configuration, OSError) as error:
                _log.warning("embedded server does not come back", extra=self._fields(error=str(error)))
                if self._process:
                    await _end(self._process, self.stop_seconds)
                continue
            self.restarts += 1
            _log.warning("embedded server restarted", extra=self._fields())
            await self._tell_restart()
            return process

    async def _tell_restart(self) -> None:
        try:
            if self._on_restart:
                await self._on_restart()
        except Exception:  # the child may have died again; supervision must go on
            _log.warning("what follows a restart failed", extra=self._fields(), exc_info=True)

    def _count_death(self) -> None:
        now = time.monotonic()
        while self._deaths and now - self._deaths[0] > 60:
            self._deaths.popleft()
        self._deaths.append(now)
        if len(self._deaths) == DEATHS_PER_MINUTE:
            raise self._failure(f"ended {DEATHS_PER_MINUTE} times within a minute and is given up")

    def _fields(self, **more: object) -> dict[str, object]:
        return {"server": self.noun, "address": self.address, "pid": self.pid, "restarts": self.restarts, **more}

    def _failure(self, what: str) -> Configuration:
        return Configuration(
            f"the embedded {self.noun} in {self.path} {what}; its log {self.log_path} ends with {self._last_line()!r}"
        )

    def _last_line(self) -> str:
        with contextlib.suppress(OSError), self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 2000))
            lines = log.read().decode(errors="replace").split("\n")
            return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
        return ""

    def _bound_log(self) -> None:
        with contextlib.suppress(OSError):
            if self.log_path.stat().st_size > LOG_BYTES:
                os.truncate(self.log_path, 0)


async def _until_succeeds(probe: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await probe()
        except Exception:  # whatever the reason is, the server does not answer yet
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process, seconds: float) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
