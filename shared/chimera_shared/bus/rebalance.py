"""Which partitions are ours, and what of them is committed, across rebalances and failures of the broker."""

import asyncio
import logging
from collections.abc import Callable, Set
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, OffsetMetadataTooLargeError

from chimera_shared.bus.flights import Flight, Flights
from chimera_shared.bus.offsets import Checkpoint, PartitionTracker

log = logging.getLogger(__name__)

# aiokafka waits for a lost coordinator without end; a revoke, which drains, waits for a commit under way and then
# commits itself, has to end within the rebalance time-out (30 s).
BROKER_TIMEOUT_S = 8.0
_RETRY_S = 0.5


class Ownership(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions of one group member.

    aiokafka rebalances eagerly: everything is revoked and then assigned anew. Trackers and running work are kept
    meanwhile, so what comes back goes on; the work of a partition that does not come back is cancelled.
    """

    def __init__(
        self, consumer: Callable[[], AIOKafkaConsumer], flights: Flights, *, revoke_drain_s: float, max_ahead: int
    ) -> None:
        self._consumer = consumer
        self._flights = flights
        self._revoke_drain_s = revoke_drain_s
        self._max_ahead = max_ahead
        self._with_metadata = True
        self._commit_lock = asyncio.Lock()
        self._closing = False
        self.trackers: dict[TopicPartition, PartitionTracker] = {}
        self.assigned: Set[TopicPartition] = frozenset()
        self.settled = asyncio.Event()  # set between an assignment that is through and the next revocation
        self.epoch = 0  # messages fetched in an earlier one must not be started
        self.cancelled = 0

    def open(self) -> None:
        """Before a consumer joins; nothing is in flight."""
        self._closing = False
        self.trackers.clear()
        self.forsake()

    def close(self) -> None:
        """From here on a rebalance neither drains nor waits for the broker."""
        self._closing = True

    def forsake(self) -> None:
        """Nothing is ours until the next assignment."""
        self.epoch += 1
        self.settled.clear()
        self.assigned = frozenset()

    def tracker(self, partition: TopicPartition, offset: int) -> PartitionTracker:
        """The tracker that `offset` is to be delivered to: a new one if the log was truncated or made anew."""
        tracker = self.trackers[partition]
        if tracker.rewound_by(offset):
            log.warning("%s went back to offset %d and is tracked anew", partition, offset)
            tracker = self.trackers[partition] = PartitionTracker()
        return tracker

    def holds(self, flight: Flight) -> bool:
        """Whether the flight's offset still stands in the way of a commit."""
        return self.trackers.get(flight.partition) is flight.tracker

    def hold_back(self, partition: TopicPartition) -> None:
        """Stops fetching a partition whose oldest message is stuck, so that memory stays flat."""
        if self.trackers[partition].lag > self._max_ahead:
            self._consumer().pause(partition)

    def let_go_on(self) -> None:
        """Fetches again what has caught up."""
        for partition in self._consumer().paused() & self.assigned:
            if self.trackers[partition].lag <= self._max_ahead // 2:
                self._consumer().resume(partition)

    async def commit(self) -> None:
        """Commits what has changed. A failure is logged; the next commit makes up for it."""
        async with self._commit_lock:  # none may be under way across a rebalance
            marks = self._marks()
            if not marks:
                return
            try:
                async with asyncio.timeout(BROKER_TIMEOUT_S):
                    await self._consumer().commit({partition: mark for partition, (_, mark) in marks.items()})
            except OffsetMetadataTooLargeError:
                log.warning("the broker refuses commit metadata: finished messages may be delivered again")
                self._with_metadata = False
            except (KafkaError, TimeoutError) as error:
                log.warning("a commit of %d partitions failed: %r", len(marks), error)
            else:
                for tracker, mark in marks.values():
                    tracker.committed = mark

    def _marks(self) -> dict[TopicPartition, tuple[PartitionTracker, Checkpoint]]:
        marks = {}
        for partition in self.assigned:
            tracker = self.trackers[partition]
            if (mark := tracker.checkpoint(with_metadata=self._with_metadata)) is not None:
                marks[partition] = (tracker, mark)
        return marks

    async def on_partitions_revoked(self, revoked: Set[TopicPartition]) -> None:
        """Gives what runs a moment, and commits. Heartbeats go on meanwhile."""
        self.epoch += 1
        self.settled.clear()
        if not self._closing:
            await self._flights.drain(self._revoke_drain_s, lambda flight: flight.partition in revoked)
            await self.commit()
        self.assigned = frozenset()

    async def on_partitions_assigned(self, assigned: Set[TopicPartition]) -> None:
        """Takes up each partition where the group's record of it stands."""
        self._drop_all_but(assigned)
        records = await self._records(assigned)
        if records is None:
            return
        for partition in assigned:
            self._take_up(partition, records.get(partition))
        self.assigned = frozenset(assigned)
        self.settled.set()

    def _drop_all_but(self, assigned: Set[TopicPartition]) -> None:
        self.cancelled += self._flights.cancel(lambda flight: flight.partition not in assigned)
        for partition in self.trackers.keys() - assigned:
            del self.trackers[partition]

    def _take_up(self, partition: TopicPartition, record: Checkpoint | None) -> None:
        tracker = self.trackers.get(partition)
        if tracker is None or _forgotten(tracker, record):
            tracker = self.trackers[partition] = PartitionTracker()
        tracker.resume(record)
        if record is not None:
            self.cancelled += self._flights.cancel(  # someone else has finished it
                lambda flight: flight.tracker is tracker and flight.offset < record.offset
            )

    async def _records(self, partitions: Set[TopicPartition]) -> dict[TopicPartition, Checkpoint] | None:
        """What is committed; waits for the broker. None if we are closing, which the broker may not live to see."""
        while not self._closing:
            try:
                async with asyncio.timeout(BROKER_TIMEOUT_S):
                    # the public `committed()` leaves the metadata out
                    found: dict[TopicPartition, Any] = await self._consumer()._coordinator.fetch_committed_offsets(
                        list(partitions)
                    )
                return {tp: Checkpoint(at.offset, at.metadata or "") for tp, at in found.items() if at.offset >= 0}
            except (KafkaError, TimeoutError) as error:
                log.warning("the committed offsets cannot be read and are asked for again: %r", error)
                await asyncio.sleep(_RETRY_S)
        return None


def _forgotten(tracker: PartitionTracker, record: Checkpoint | None) -> bool:
    """Whether the broker lost commits; the log may have lost its end too, so offsets no longer say what is done."""
    if tracker.committed is None:
        return False
    return record is None or record.offset < tracker.committed.offset
