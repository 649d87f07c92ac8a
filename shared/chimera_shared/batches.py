"""Many callers to one round trip."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MAX_BATCH = 200
"""A batch of 200 samples with long thoughts stays under MongoDB's 48 MB message."""


class Batches(Generic[Q, A]):
    """Asks one question for many callers: whoever comes while an answer is under way goes with the next.

    A round trip to the store costs the driver's thread hop and, for a write, a disk flush; callers that wait together
    share both. Where nobody is in a hurry, each round trip waits `linger_s` for more callers; at most `most` share one.
    """

    def __init__(
        self, answer: Callable[[list[Q]], Awaitable[list[A]]], linger_s: float = 0.0, most: int = MAX_BATCH
    ) -> None:
        self._answer = answer
        self._linger_s = linger_s
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question, or the error that its whole batch met."""
        answered: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answered))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answered

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._linger_s:
                    await asyncio.sleep(self._linger_s)
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._round_trip(batch)
        finally:
            self._running = None

    async def _round_trip(self, batch: list[tuple[Q, "asyncio.Future[A]"]]) -> None:
        try:
            answers = await self._answer([question for question, _ in batch])
        except Exception as error:
            for _, answered in batch:
                if not answered.done():
                    answered.set_exception(error)
            return
        for (_, answered), answer in zip(batch, answers, strict=True):
            if not answered.done():
                answered.set_result(answer)
