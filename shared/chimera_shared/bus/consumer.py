"""What aiokafka's consumer needs to be told, and what it has to be helped with."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

CONSUMER_OPTIONS: Mapping[str, Any] = {
    "auto_offset_reset": "earliest",
    "session_timeout_ms": 45_000,
    "heartbeat_interval_ms": 3_000,
    "rebalance_timeout_ms": 30_000,
}


def session_options(timeout_s: float) -> dict[str, Any]:
    """The options of a member that is dead after `timeout_s` of silence: fifteen heartbeats, as by CONSUMER_OPTIONS."""
    session_ms = round(timeout_s * 1000)
    return {
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // 15,
        "rebalance_timeout_ms": session_ms * 2 // 3,
    }


# noida-db does not hold an empty fetch for fetch_max_wait_ms: an idle consumer would ask it 2,000 times a second and
# keep most of a core busy. With these pauses it is four times a second, and ten under load, where each fetch brings all
# that came meanwhile. A message waits 0.05 s on average under load; shorter pauses cost more than they gain.
_FIRST_PAUSE_S = 0.1
_LAST_PAUSE_S = 0.25


def own_assignor() -> type[StickyPartitionAssignor]:
    """aiokafka keeps a member's assignment on the class, where the groups of one process would overwrite each other."""
    return type("OwnStickyPartitionAssignor", (StickyPartitionAssignor,), {})


def is_dead(consumer: AIOKafkaConsumer) -> bool:
    """Whether a background task has ended at an error that aiokafka did not expect; `getone` then waits for ever."""
    coordinator, fetcher = consumer._coordinator, consumer._fetcher
    if coordinator is None or fetcher is None:
        return True
    return bool(coordinator._coordination_task.done() or fetcher._fetch_task.done())


def pace_fetches(consumer: AIOKafkaConsumer) -> None:
    """Puts a pause between fetches from a broker that does not wait for data. Call it once `start` is through."""
    fetcher = consumer._fetcher
    fetcher._proc_fetch_request = _PacedFetch(fetcher._proc_fetch_request, fetcher._fetch_max_wait_ms / 1000)


class _PacedFetch:
    def __init__(self, fetch: Callable[..., Awaitable[bool]], max_wait_s: float) -> None:
        self._fetch = fetch
        self._max_wait_s = max_wait_s
        self._broker_waits = True
        self._due = 0.0
        self._pause_s = _FIRST_PAUSE_S

    async def __call__(self, assignment: Any, node_id: int, request: Any) -> bool:
        """Fetches, not too soon after the last; True if there is new data. aiokafka has one under way at a time."""
        if not self._broker_waits and (early_s := self._due - time.monotonic()) > 0:
            try:
                await asyncio.wait([assignment.unassign_future], timeout=early_s)
            except asyncio.CancelledError:  # as aiokafka's own: the assignment changed, or the consumer closes
                return False
        began = time.monotonic()
        has_data = await self._fetch(assignment, node_id, request)
        ended = time.monotonic()
        if has_data:
            self._pause_s = _FIRST_PAUSE_S
        else:
            self._broker_waits = ended - began > self._max_wait_s / 2
            self._pause_s = min(self._pause_s * 1.5, _LAST_PAUSE_S)
        self._due = ended + self._pause_s
        return has_data
