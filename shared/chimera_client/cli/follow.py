"""Following a build to its end, or to the first ctrl-C."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from chimera.build.v1 import build_pb2
from chimera_client.cli.displays import LINE_SECONDS, Display
from chimera_client.cli.exits import Code
from chimera_shared.errors import Transient

T = TypeVar("T")


async def follow(watch: AsyncIterator[build_pb2.Build], display: Display) -> build_pb2.Build:
    """Show every build of the watch and return the last."""
    last: build_pb2.Build | None = None
    ticker = asyncio.create_task(_tick(display))
    try:
        async for last in watch:
            display.show(last)
    finally:
        ticker.cancel()
    if last is None:
        raise Transient("the gateway said nothing of the build: try again")
    return last


class Interrupts:
    """What ctrl-C and SIGTERM do: cancel the work, or, while a build is followed, end that first.

    The second ends the process at once, without waiting for calls in flight, as SIGKILL would: that loses nothing.
    """

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._gentle: asyncio.Event | None = None
        self._struck = False

    @contextlib.contextmanager
    def installed(self) -> Iterator["Interrupts"]:
        """Takes the signals while the block runs."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self._strike)
        try:
            yield self
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    async def first(self, work: "asyncio.Task[T]") -> T | None:
        """The work's result, or None after a signal; the work is then cancelled."""
        self._gentle = asyncio.Event()
        signalled = asyncio.create_task(self._gentle.wait())
        try:
            await asyncio.wait({work, signalled}, return_when=asyncio.FIRST_COMPLETED)
            return await work if work.done() else None
        finally:
            self._gentle = None
            for task in (work, signalled):
                task.cancel()
            await asyncio.gather(work, signalled, return_exceptions=True)

    def _strike(self) -> None:
        if self._struck:
            # Cancelling once more would cut short one of many things that are waited for on the way out.
            os._exit(Code.INTERRUPTED)
        self._struck = True
        if self._gentle is not None:
            self._gentle.set()
        elif self._task is not None:
            self._task.cancel()


async def _tick(display: Display) -> None:
    while True:
        await asyncio.sleep(LINE_SECONDS)
        display.tick()
