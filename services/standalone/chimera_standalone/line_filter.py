"""A filter of JSON lines: an answer for each, in order, from as many worker processes as there are cores.

file or pipe ─▶ batches ─▶ whichever worker is free ─▶ answers, in the order of the lines
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from chimera_shared.cores import usable_cores
from chimera_shared.errors import Configuration
from chimera_standalone.line_source import MAX_LINE_BYTES, Line, batches
from chimera_standalone.line_tasks import LineTask

START_SECONDS = 60.0  # for a worker to import what it needs, which a cold disk makes slow
LINE_SECONDS = 60.0  # a matrix may need many symbolic checks, each with a bound of its own
_COMMAND = (sys.executable, "-P", "-m", "chimera_standalone.line_worker")
_ANSWER_BYTES = 1024 * 1024
_AHEAD = 4  # batches for each worker that may be answered before the line that is waited for

_Answers: TypeAlias = "asyncio.Future[list[bytes]]"
_Batch = tuple[Sequence[Line], _Answers]


class LineFilter:
    """Answers lines between `__aenter__` and `__aexit__`."""

    def __init__(self, task: LineTask, workers: int | None = None) -> None:
        self._task = task
        self._workers = [_Worker(task) for _ in range(workers or usable_cores())]
        self._waiting: asyncio.Queue[_Batch] = asyncio.Queue(len(self._workers))
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._work(worker)) for worker in self._workers]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            await worker.end()

    async def answers(self, descriptor: int) -> AsyncIterator[list[bytes]]:
        """An answer, with its line break, for each line that is not blank, a few at a time.

        OSError if the input cannot be read, Configuration if no worker can be started.
        """
        order: asyncio.Queue[_Answers | None] = asyncio.Queue(_AHEAD * len(self._workers))
        self._tasks.append(asyncio.create_task(self._feed(descriptor, order)))
        while future := await order.get():
            yield await future

    async def _feed(self, descriptor: int, order: "asyncio.Queue[_Answers | None]") -> None:
        loop = asyncio.get_running_loop()
        try:
            async for lines in batches(descriptor):
                future: _Answers = loop.create_future()
                await order.put(future)
                await self._waiting.put((lines, future))
            await order.put(None)
        except OSError as error:
            failed: _Answers = loop.create_future()
            failed.set_exception(error)
            await order.put(failed)

    async def _work(self, worker: "_Worker") -> None:
        while True:
            lines, future = await self._waiting.get()
            try:
                future.set_result(await worker.answer(lines))
            except Exception as error:  # it belongs to whoever waits for these lines
                future.set_exception(error)


class _Worker:
    """A process that answers lines, started when there are some and again after each death."""

    def __init__(self, task: LineTask) -> None:
        self._task = task
        self._process: asyncio.subprocess.Process | None = None

    async def answer(self, lines: Sequence[Line]) -> list[bytes]:
        """An answer for each line; where its process dies over one, that is the answer, and the rest is asked again."""
        answers: list[bytes] = []
        while len(answers) < len(lines):
            rest = lines[len(answers) :]
            process = await self._running()
            try:
                await self._ask(process, rest, answers)
            except (TimeoutError, OSError, EOFError) as error:
                await self.end()
                late = isinstance(error, TimeoutError)
                why = f"took longer than {LINE_SECONDS:.0f} s" if late else "ended the process that worked on it"
                answers.append(self._task.lost(lines[len(answers)].number, why))
        return answers

    async def _ask(self, process: asyncio.subprocess.Process, lines: Sequence[Line], answers: list[bytes]) -> None:
        assert process.stdin is not None
        # No drain: a batch is bounded, and while it waits to be taken nobody would read the answers.
        given = [b"%d\t%b\n" % (line.number, line.content) for line in lines if line.content is not None]
        process.stdin.write(b"".join(given))
        for line in lines:
            if line.content is None:
                too_long = f"is longer than {MAX_LINE_BYTES // 2**20} MiB"
                answers.append(self._task.unread(line.number, too_long))
                continue
            async with asyncio.timeout(LINE_SECONDS):
                answers.append(await _read_line(process))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                self._task.name,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if os.environ.get("CHIMERA_DEBUG") == "1" else asyncio.subprocess.DEVNULL,
                limit=_ANSWER_BYTES,
                start_new_session=True,  # ctrl-C is for the command, at whose end this process ends too
            )
            try:
                async with asyncio.timeout(START_SECONDS):
                    await _read_line(self._process)
            except (TimeoutError, EOFError):
                raise Configuration("a worker process cannot be started; set CHIMERA_DEBUG=1 to see why") from None
        return self._process

    async def end(self) -> None:
        """Kill the process, if there is one; its own children end when they find it gone."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _read_line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line
