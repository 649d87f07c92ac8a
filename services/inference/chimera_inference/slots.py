"""A model's places to work: as in a real engine, what comes beyond them waits inside the server."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Slots:
    """First come, first served. `limit` is asked again at each turn and may change; 0 is no limit."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._queue: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        """Requests that have not had their turn."""
        return len(self._queue)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Waits for a place and holds it."""
        await self._turn()
        try:
            yield
        finally:
            self._leave()

    def admit(self) -> None:
        """Lets in whom there is room for; call it after a change of the limit."""
        while self._queue and (not self._limit() or self.running < self._limit()):
            turn = self._queue.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(None)

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self.admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn came as its client went
                self._leave()
            elif turn in self._queue:
                self._queue.remove(turn)
            raise

    def _leave(self) -> None:
        self.running -= 1
        self.admit()
