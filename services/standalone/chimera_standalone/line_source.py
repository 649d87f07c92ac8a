"""Lines of a file or a pipe, in batches of what is there, so that nothing waits for what is still to come."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass

MAX_LINE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_BATCH_LINES = 16
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number, from 1. `content` is None if it is longer than MAX_LINE_BYTES."""

    number: int
    content: bytes | None


async def batches(descriptor: int) -> AsyncIterator[list[Line]]:
    """The lines that are not blank, at most 16 together. OSError if the file cannot be read.

    They are read in a thread that a signal need not wait for: it may be blocked in a terminal for ever.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[list[Line] | OSError | None] = asyncio.Queue(_AHEAD)

    def put(item: list[Line] | OSError | None) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(item), loop).result()

    def read() -> None:
        try:
            for batch in _read(descriptor):
                put(batch)
            put(None)
        except OSError as error:
            put(error)
        except (CancelledError, RuntimeError):  # the loop has ended, and with it whoever wanted the lines
            return

    threading.Thread(target=read, name="lines", daemon=True).start()
    while item := await queue.get():
        if isinstance(item, OSError):
            raise item
        yield item


def _read(descriptor: int) -> Iterator[list[Line]]:
    rest, number, skipping = b"", 0, False
    while chunk := os.read(descriptor, _CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        found: list[Line] = []
        for content in whole:
            number += 1
            if not skipping and content.strip():
                found.append(Line(number, content))
            skipping = False
        if len(rest) > MAX_LINE_BYTES or skipping:
            if not skipping:
                found.append(Line(number + 1, None))
            rest, skipping = b"", True
        yield from (found[i : i + _BATCH_LINES] for i in range(0, len(found), _BATCH_LINES))
    if rest.strip() and not skipping:
        yield [Line(number + 1, rest)]
