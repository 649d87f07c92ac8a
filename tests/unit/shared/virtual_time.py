"""An event loop whose time passes only when nobody has anything to do, and a model server in it."""

import asyncio
import contextlib
import random
import selectors
from collections.abc import Coroutine
from typing import Any

from chimera_shared.endpoints.limiter import TurnedAway


class _Jumping(selectors.SelectSelector):
    """Waits by putting the clock forward."""

    now = 0.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits for an event that will never come")
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`loop.time` is the virtual clock."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class Server:
    """Takes `capacity` calls at a time, refuses more at once, and a share of all of them at random."""

    def __init__(self, capacity=10**9, *, seconds=1.0, sigma=0.5, random_refusals=0.0, seed=1) -> None:
        self.capacity, self.seconds, self.sigma, self.random_refusals = capacity, seconds, sigma, random_refusals
        self.in_flight = self.answers = self.refusals = 0
        self.draw = random.Random(seed)
        self.busy_seconds = 0.0
        self._changed_at = 0.0

    async def takes(self) -> bool:
        """Whether it answered; a refusal takes 2 ms."""
        if self.in_flight >= self.capacity or self.draw.random() < self.random_refusals:
            self.refusals += 1
            await asyncio.sleep(0.002)
            return False
        self._count(1)
        try:
            await asyncio.sleep(self.seconds * self.draw.lognormvariate(-(self.sigma**2) / 2, self.sigma))
        finally:
            self._count(-1)
        self.answers += 1
        return True

    def _count(self, change: int) -> None:
        now = asyncio.get_running_loop().time()
        self.busy_seconds += self.in_flight * (now - self._changed_at)
        self._changed_at = now
        self.in_flight += change

    def count_up(self) -> None:
        """Count up to here."""
        self._count(0)

    def forget(self) -> None:
        """Count anew from here."""
        self._count(0)
        self.answers = self.refusals = 0
        self.busy_seconds = 0.0

    @property
    def refused_share(self) -> float:
        return self.refusals / max(1, self.refusals + self.answers)


class Callers:
    """Tasks that ask one after the other through a gate, and wait a second outside it after a refusal."""

    def __init__(self, gate, server, count, *, build_id="b", weight=1.0, retry_after=1.0, seed=2) -> None:
        self.gate, self.server, self.build_id, self.weight = gate, server, build_id, weight
        self.retry_after = retry_after
        self.draw = random.Random(seed)
        self.answers = 0
        self.tasks = [asyncio.create_task(self._ask()) for _ in range(count)]

    async def _ask(self) -> None:
        while True:
            with contextlib.suppress(TurnedAway):
                if not await self._try():
                    await asyncio.sleep((self.retry_after or 1.0) * (0.5 + self.draw.random()))

    async def _try(self) -> bool:
        async with self.gate.slot(self.build_id, self.weight) as slot:
            if await self.server.takes():
                slot.answered()
                self.answers += 1
                return True
            slot.refused(self.retry_after)
            return False

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for ended in await asyncio.gather(*self.tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended
