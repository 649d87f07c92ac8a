"""Gathers requests of one model into batches and gives each what its rows say, as they say it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

R = TypeVar("R")
_GATHER_SECONDS = 0.01
"""From the first request of a batch: others that come at the same time join it."""

Step = Sequence[tuple[R, Sequence[Any]]]


class Batcher(Generic[R]):
    """Runs `decode` on up to `most` rows at a time, in the one thread of `executor`."""

    def __init__(
        self, decode: Callable[[Sequence[R]], Iterator[Step[R]]], most: int, executor: ThreadPoolExecutor
    ) -> None:
        self._decode = decode
        self._most = most
        self._executor = executor
        self._waiting: list[R] = []
        self._streams: dict[int, asyncio.Queue[Any]] = {}
        self._work: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Rows that no batch has yet."""
        return len(self._waiting)

    async def stream(self, rows: Sequence[R]) -> AsyncIterator[Any]:
        """What these rows say. Rows whose reader goes away take no further part once their batch has ended."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        for row in rows:
            self._streams[id(row)] = queue
        self._waiting.extend(rows)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run())
        left = len(rows)
        try:
            while left:
                piece = await queue.get()
                if isinstance(piece, Exception):
                    raise piece
                left -= piece.finish_reason is not None
                yield piece
        finally:
            for row in rows:
                self._streams.pop(id(row), None)
            self._waiting = [row for row in self._waiting if not any(row is mine for mine in rows)]

    async def _run(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        while self._waiting:
            rows, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                await self._batch(rows)
            except Exception as error:
                for row in rows:
                    self._tell(row, error)

    async def _batch(self, rows: Sequence[R]) -> None:
        loop, steps = asyncio.get_running_loop(), self._decode(rows)
        while (step := await loop.run_in_executor(self._executor, next, steps, None)) is not None:
            for row, pieces in step:
                for piece in pieces:
                    self._tell(row, piece)
            if not any(id(row) in self._streams for row in rows):
                await loop.run_in_executor(self._executor, _close, steps)
                return

    def _tell(self, row: R, piece: Any) -> None:
        with contextlib.suppress(KeyError):
            self._streams[id(row)].put_nowait(piece)


def _close(steps: Iterator[Any]) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        close()
