"""A time limit on work that does not count the time spent waiting for models."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Self

_current: ContextVar["WorkLimit | None"] = ContextVar("chimera_work_limit", default=None)


class WorkLimit:
    """Like `asyncio.timeout`, but it stands still while anything within is in `waiting()`, child tasks included.

    A message behind a slow endpoint may wait for hours until its calls are made, and each call has a limit of its own.
    """

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._waits = 0
        self._left_s = 0.0
        self._over = False

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self._timeout.expired()

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._token = _current.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._over = True
        _current.reset(self._token)
        await self._timeout.__aexit__(kind, error, tb)

    def stop(self) -> None:
        """Something begins to wait."""
        self._waits += 1
        if self._waits == 1 and self._running:
            when = self._timeout.when()
            assert when is not None
            self._left_s = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def go_on(self) -> None:
        """It has its turn."""
        self._waits -= 1
        if self._waits == 0 and self._running:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left_s)

    @property
    def _running(self) -> bool:
        return not self._over and not self._timeout.expired()


@contextmanager
def waiting() -> Iterator[None]:
    """The time in this block does not count as work."""
    limit = _current.get()
    if limit is None:
        yield
        return
    limit.stop()
    try:
        yield
    finally:
        limit.go_on()
