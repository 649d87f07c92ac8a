"""Symbolic equality in worker processes that may be killed at any moment.

What a model wrote is parsed and simplified only there: each worker bounds its own memory and processor time, and one
that exceeds its time on the clock is killed and replaced. Every way to fail is `None`, which claims nothing.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from chimera_shared.cores import usable_cores
from chimera_verifier.domain.relations import comparable
from chimera_verifier.domain.symbols import are_comparable, is_checkable
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.trees import Tree, heads, is_bounded

_log = logging.getLogger(__name__)
_WORKER = Path(__file__).with_name("symbolic_worker.py")


@dataclass(frozen=True, slots=True)
class SymbolicLimits:
    """Bounds of the pool. A simple comparison takes about 5 ms; what takes seconds does not end by waiting longer."""

    workers: int = field(default_factory=usable_cores)  # At most; about 100 MB each.
    question_seconds: float = 3.0  # On the clock, from handing over to the answer.
    queue_seconds: float = 20.0  # For a free worker.
    max_waiting: int = 256  # Questions waiting for a worker; one more is answered `None` at once.
    start_seconds: float = 60.0  # For a worker to load SymPy, which a cold disk makes slow.
    memory_bytes: int = 1 << 30  # Of address space, of which SymPy itself takes a third.


class SymbolicPool:
    """Checker processes, each answering one question at a time: one, and more while questions wait for one."""

    def __init__(self, limits: SymbolicLimits | None = None, *, lazy: bool = False) -> None:
        """A lazy pool starts its first process at the first question."""
        self._limits = limits or SymbolicLimits()
        self._lazy = lazy
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()  # what was just used has the warmest caches
        self._loading: asyncio.Task[None] | None = None
        self._workers: list[_Worker] = []
        self._waiting = 0
        self._closed = False

    @property
    def loading_seconds(self) -> float:
        """How long questions have waited for processes that were being started."""
        return sum(worker.loading_seconds for worker in self._workers)

    async def __aenter__(self) -> "SymbolicPool":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Starts the first process; it loads SymPy while the caller goes on."""
        worker = self._new_worker()
        if not self._lazy:
            await worker.launch()
        self._idle.put_nowait(worker)

    async def equal(
        self, reference: str, candidate: str, *, relative: float = 0.0, absolute: float = 0.0
    ) -> bool | None:
        """Whether two expressions are equal, within the error allowed.

        None if that could not be found out: not parsed, refused as too large, timed out, crashed, or too many waiting.
        """
        known = _is_known(reference, candidate)
        checkable = not known and _is_checkable(reference, candidate)
        if self._closed or not (known or checkable):
            return None
        question = {"reference": reference, "candidate": candidate, "checkable": checkable}
        line = json.dumps({**question, "relative": relative, "absolute": absolute}) + "\n"
        worker = await self._take()
        if worker is None:
            return None
        try:
            return None if self._closed else await worker.ask(line.encode())
        finally:
            self._idle.put_nowait(worker)

    async def _take(self) -> "_Worker | None":
        if self._waiting >= self._limits.max_waiting:
            return None
        if self._idle.qsize() <= self._waiting and self._loading is None and len(self._workers) < self._limits.workers:
            self._loading = asyncio.create_task(self._grow())
        self._waiting += 1
        try:
            return await asyncio.wait_for(self._idle.get(), self._limits.queue_seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting -= 1

    async def _grow(self) -> None:
        """One more process. Nobody waits for it: by when it has loaded SymPy, another is free long since."""
        worker = self._new_worker()
        try:
            await worker.load()
        except (TimeoutError, OSError, EOFError) as error:  # the first question for it starts it anew
            _log.warning("symbolic worker did not start", extra={"cause": type(error).__name__})
        self._loading = None
        self._idle.put_nowait(worker)

    def _new_worker(self) -> "_Worker":
        worker = _Worker(self._limits)
        self._workers.append(worker)
        return worker

    async def close(self) -> None:
        """Ends all processes; questions in flight are answered `None`."""
        self._closed = True
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        for worker in self._workers:
            await worker.kill()


def _is_known(reference: str, candidate: str) -> bool:
    """Whether the platform's grammar reads both, in one sense: `log` is natural to some and decimal to others."""
    trees = [_trees(reference), _trees(candidate)]
    if not (trees[0] and trees[1] and all(is_bounded(tree) for side in trees for tree in side)):
        return False
    logarithms = [any("call:log" in heads(tree) for tree in side) for side in trees]
    return logarithms[0] == logarithms[1]


def _trees(text: str) -> list[Tree]:
    if (relation := comparable(text)) is not None:
        return [relation.left.tree, relation.right.tree]
    reading = parse(text)
    return [reading.tree] if reading else []


def _is_checkable(reference: str, candidate: str) -> bool:
    return is_checkable(reference) and is_checkable(candidate) and are_comparable(reference, candidate)


class _Worker:
    """One checker process, started again after each death."""

    def __init__(self, limits: SymbolicLimits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._ended = False
        self.loading_seconds = 0.0

    async def launch(self) -> None:
        self._ready = False
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_WORKER),
            str(self._limits.memory_bytes),
            str(max(1, round(self._limits.question_seconds))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": "0"},
            start_new_session=True,  # An interrupt at the terminal is for the service, which closes its pool itself.
        )

    async def ask(self, line: bytes) -> bool | None:
        try:
            process = await self.load()
            assert process.stdin is not None
            process.stdin.write(line)
            async with asyncio.timeout(self._limits.question_seconds):
                await process.stdin.drain()
                return _decode(await _read_line(process))
        except (TimeoutError, OSError, EOFError) as error:
            _log.warning("symbolic worker replaced", extra={"cause": type(error).__name__})
            await self._replace()
            return None
        except asyncio.CancelledError:
            # The answer to a question that nobody waits for must not become the answer to the next.
            await asyncio.shield(self._replace())
            raise

    async def load(self) -> asyncio.subprocess.Process:
        """The process, started if there is none, once it can answer."""
        if self._process is None or self._process.returncode is not None:
            await self.launch()
        process = self._process
        if process is None:
            raise EOFError
        if not self._ready:
            start = time.monotonic()
            try:
                async with asyncio.timeout(self._limits.start_seconds):
                    await _read_line(process)
            finally:
                self.loading_seconds += time.monotonic() - start
            self._ready = True
        return process

    async def _replace(self) -> None:
        ended = self._ended
        await self.kill()
        if not ended:
            self._ended = False
            await self.launch()

    async def kill(self) -> None:
        self._ended = True
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _read_line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _decode(line: bytes) -> bool | None:
    answer = json.loads(line)
    return answer if isinstance(answer, bool) else None
