"""The messages that are being worked on in this process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import TopicPartition

from chimera_shared.bus.offsets import PartitionTracker


class Flight:
    """One message from its start to its end, and the tracker that holds its offset."""

    __slots__ = ("finished", "key", "offset", "partition", "task", "tracker")

    def __init__(self, partition: TopicPartition, offset: int, tracker: PartitionTracker, key: str | None) -> None:
        self.partition = partition
        self.offset = offset
        self.tracker = tracker
        self.key = key
        self.task: asyncio.Task[None] | None = None
        self.finished = False

    def finish(self) -> None:
        """The message is done with: its offset may be committed."""
        self.finished = True
        self.tracker.finish(self.offset)


class Flights:
    """All flights; those that have claimed the key of their event are found by it."""

    def __init__(self, on_landed: Callable[[], None]) -> None:
        self._flights: set[Flight] = set()
        self._by_key: dict[str, Flight] = {}
        self._on_landed = on_landed

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def keys(self) -> set[str]:
        """The keys of the events that are being worked on."""
        return set(self._by_key)

    def holder(self, key: str | None) -> Flight | None:
        """The flight that works on this event now."""
        return None if key is None else self._by_key.get(key)

    def claim(self, flight: Flight) -> None:
        """From here on `flight` is the one that works on its event."""
        if flight.key is not None:
            self._by_key[flight.key] = flight

    def launch(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        """Starts `work`; the flight lands when that ends, however it ends, even before its first step."""
        self._flights.add(flight)
        flight.task = asyncio.create_task(work)
        flight.task.add_done_callback(lambda _task: self._land(flight))

    def _land(self, flight: Flight) -> None:
        self._flights.remove(flight)
        if flight.key is not None and self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]
        self._on_landed()

    def cancel(self, doomed: Callable[[Flight], bool]) -> int:
        """Cancels what is `doomed` and says how many that were; their offsets stay unfinished."""
        tasks = self._tasks(doomed)
        for task in tasks:
            task.cancel()
        return len(tasks)

    async def drain(self, timeout_s: float | None, among: Callable[[Flight], bool] = lambda _flight: True) -> None:
        """Waits until those that are in flight now have landed, or until the time is over."""
        if tasks := self._tasks(among):
            await asyncio.wait(tasks, timeout=timeout_s)

    def _tasks(self, among: Callable[[Flight], bool]) -> list[asyncio.Task[None]]:
        return [flight.task for flight in self._flights if flight.task is not None and among(flight)]
