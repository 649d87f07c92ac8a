"""A Kafka subscriber with thousands of slow messages in flight: any order of completion, at least once.

Each message gets a task that runs FastStream's whole pipeline, so that middlewares (spans, metrics, errors) wrap the
real work. Completion is tracked per partition, and only what lies below the oldest unfinished message is committed.
"""

import asyncio
import logging
import random
from dataclasses import replace
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.exceptions import AckMessage, RejectMessage, SkipMessage, StopConsume
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.config import KafkaSubscriberConfig
from faststream.kafka.subscriber.specification import KafkaSubscriberSpecification
from faststream.kafka.subscriber.usecase import DefaultSubscriber

from chimera_shared.bus.consumer import is_dead, pace_fetches
from chimera_shared.bus.flights import Flight, Flights
from chimera_shared.bus.rebalance import Ownership
from chimera_shared.bus.records import Delivery, FlightKey, RecordParser, undecoded

log = logging.getLogger(__name__)

_STOP_TIMEOUT_S = 10.0  # for cancelled handlers to give up, and for a consumer to leave a broker that may be gone


class Tuning(NamedTuple):
    """What seldom needs another value."""

    max_ahead: int = 20_000
    """Offsets between a partition's oldest unfinished message and its newest, beyond which it is paused."""
    commit_every_s: float = 1.0
    revoke_drain_s: float = 3.0
    """What running work gets to finish at a rebalance; all members wait for the slowest, so keep it short."""
    first_retry_s: float = 1.0
    last_retry_s: float = 30.0


DEFAULT_TUNING = Tuning()


class ParallelSubscriber(DefaultSubscriber):
    """FastStream's subscriber, but with a task per message. Made by `parallel_subscriber`.

    A handler takes one KafkaMessage, whose body is as it came. It neither needs nor can be acknowledged: returning
    finishes it, an exception that no middleware handles has it tried again in place, for as long as it takes. A
    cancelled handler finishes nothing.
    """

    def __init__(
        self,
        config: KafkaSubscriberConfig,
        specification: KafkaSubscriberSpecification,
        calls: CallsCollection[Any],
        *,
        max_in_flight: int,
        flight_key: FlightKey | None,
        tuning: Tuning,
    ) -> None:
        super().__init__(config, specification, calls)
        self.parser = RecordParser(KafkaMessage, regex=None)
        self._parser = self.parser.parse_message
        self._slots = asyncio.Semaphore(max_in_flight)
        self._flights = Flights(on_landed=self._slots.release)
        self._flight_key = flight_key
        self._tuning = tuning
        self._ownership = self._listener = Ownership(
            self._live_consumer, self._flights, revoke_drain_s=tuning.revoke_drain_s, max_ahead=tuning.max_ahead
        )
        self._stopping = False
        self._halt: asyncio.Task[None] | None = None
        self.waiting = 0
        """Messages that were fetched and wait for a slot: 0 or 1."""
        self.backing_off = 0
        """Messages in flight whose handler failed and that wait to be tried again."""
        self.finished = 0
        self.retried = 0
        self.skipped = 0
        """Deliveries that needed no work: finished by an earlier owner, or the same event is in flight here."""

    @property
    def in_flight(self) -> int:
        """Messages that hold a slot."""
        return len(self._flights)

    @property
    def in_flight_keys(self) -> set[str]:
        """What `flight_key` said of the messages in flight."""
        return self._flights.keys

    @property
    def cancelled(self) -> int:
        """Messages whose work was cut off, by a stop or because their partition went to another member."""
        return self._ownership.cancelled

    @property
    def lag(self) -> dict[TopicPartition, int]:
        """By partition, how far the newest message taken is ahead of the oldest unfinished one, in offsets."""
        return {partition: self._ownership.trackers[partition].lag for partition in self._ownership.assigned}

    def _live_consumer(self) -> AIOKafkaConsumer:
        assert self.consumer is not None
        return self.consumer

    async def start(self) -> None:
        """Joins the group and returns once partitions are assigned."""
        self._stopping = False
        self._ownership.open()
        await super().start()
        pace_fetches(self._live_consumer())
        self.add_task(self._tend)

    async def stop(self) -> None:
        """Takes no more messages, gives those in flight the broker's graceful_timeout, cuts off the rest, commits."""
        self._stopping = True
        self.running = False
        await self._flights.drain(self._outer_config.graceful_timeout or 0)
        self._ownership.cancelled += self._flights.cancel(lambda _flight: True)
        await self._flights.drain(_STOP_TIMEOUT_S)
        if self.consumer is not None:
            await self._ownership.commit()
        self._ownership.close()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await super().stop()
        except TimeoutError:
            log.warning("the consumer of %s did not end in time and is abandoned", self.topic_names)

    def _build_fastdepends_model(self) -> None:
        """Hands the handler the message as it is: FastStream's injection takes a thread hop per message."""
        config = replace(self._outer_config.fd_config, use_fastdepends=False)
        for call in self.calls:
            call._setup(
                parser=self._parser,
                decoder=undecoded,
                config=config,
                broker_dependencies=(),
                _call_decorators=self._call_decorators,
            )
            call.handler.refresh(with_mock=False)

    async def get_msg(self, consumer: AIOKafkaConsumer) -> ConsumerRecord:
        """The next record. FastStream's loop pauses and goes on after an error."""
        try:
            return await consumer.getone()
        except KafkaError as error:
            log.warning("the consumer of %s reports %r and goes on", self.topic_names, error)
            raise

    async def consume_one(self, msg: ConsumerRecord) -> None:
        """Starts the work on a message as soon as there is a slot; waiting here is the back-pressure."""
        epoch = self._ownership.epoch
        if self._slots.locked() or not self._ownership.settled.is_set():
            await self._wait_for_slot()
        else:
            await self._slots.acquire()
        # What was fetched before a rebalance comes again from the committed offset, here or elsewhere.
        stale = self._stopping or epoch != self._ownership.epoch
        if stale or not self._take_off(msg):
            self._slots.release()

    async def _wait_for_slot(self) -> None:
        self.waiting = 1
        try:
            # Counts as fetching: else aiokafka leaves the group when a wait exceeds max_poll_interval_ms.
            with self._live_consumer()._subscription.fetch_context():
                await self._ownership.settled.wait()  # messages can arrive before the trackers are ready
                await self._slots.acquire()
        finally:
            self.waiting = 0

    def _take_off(self, msg: ConsumerRecord) -> bool:
        """Whether a slot is taken; if not, there is nothing to do for this delivery."""
        partition = TopicPartition(msg.topic, msg.partition)
        tracker = self._ownership.tracker(partition, msg.offset)
        if not tracker.deliver(msg.offset):
            self.skipped += 1
            return False
        flight = Flight(partition, msg.offset, tracker, self._key_of(msg))
        holder = self._flights.holder(flight.key)
        if holder is None:
            self._flights.claim(flight)
            self._flights.launch(flight, self._work(flight, msg))
        elif self._ownership.holds(holder):  # whose own offset keeps the event safe
            flight.finish()
            self.skipped += 1
            return False
        else:
            self._flights.launch(flight, self._follow(holder, flight, msg))
        self._ownership.hold_back(partition)
        return True

    def _key_of(self, msg: ConsumerRecord) -> str | None:
        if self._flight_key is None:
            return None
        try:
            return self._flight_key(Delivery.of(msg))
        except Exception:
            log.exception("no flight key for offset %d of %s-%d", msg.offset, msg.topic, msg.partition)
            return None

    async def _follow(self, holder: Flight | None, flight: Flight, msg: ConsumerRecord) -> None:
        """The same event is in flight, but its log is gone: this delivery now stands for it, and awaits the outcome."""
        while holder is not None and holder.task is not None:
            await asyncio.wait([holder.task])
            if holder.finished:
                self.skipped += 1
                return flight.finish()
            holder = self._flights.holder(flight.key)
        self._flights.claim(flight)
        await self._work(flight, msg)

    async def _work(self, flight: Flight, msg: ConsumerRecord) -> None:
        delay_s = self._tuning.first_retry_s
        while not await self._attempt(msg):
            if self._stopping:
                return
            self.retried += 1
            await self._back_off(delay_s)
            delay_s = min(delay_s * 2, self._tuning.last_retry_s)
        if not _is_cancelled():  # a handler may swallow its cancellation
            self.finished += 1
            flight.finish()

    async def _attempt(self, msg: ConsumerRecord) -> bool:
        """Runs the pipeline once; False if the message must be tried again."""
        try:
            await self.process_message(msg)
        except (AckMessage, RejectMessage, SkipMessage):
            return True
        except (StopConsume, SystemExit) as error:
            self._stop_soon(leave_app=isinstance(error, SystemExit))
            return False
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            log.warning("something cancelled %s-%d@%d from within", msg.topic, msg.partition, msg.offset)
            return False
        except Exception as error:
            log.warning("%s-%d@%d is held and tried again: %.300r", msg.topic, msg.partition, msg.offset, error)
            return False
        return True

    async def _back_off(self, delay_s: float) -> None:
        self.backing_off += 1
        try:
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
        finally:
            self.backing_off -= 1

    def _stop_soon(self, *, leave_app: bool) -> None:
        """A handler asked for the end; its own message stays unfinished."""
        self._stopping = True
        if self._halt is None or self._halt.done():
            self._halt = asyncio.create_task(self.stop())
        if leave_app and (app := self._outer_config.context.get("app")):
            app.exit()

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(self._tuning.commit_every_s)
            try:
                if is_dead(self._live_consumer()) and not self._stopping:
                    await self._replace_consumer()
                await self._ownership.commit()
                self._ownership.let_go_on()
            except Exception:
                log.exception("tending %s failed and is tried again", self.topic_names)

    async def _replace_consumer(self) -> None:
        """aiokafka's background tasks end at errors they do not expect, and its consumer then waits for ever."""
        log.error("the consumer of %s died and is replaced", self.topic_names)
        self._ownership.forsake()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._live_consumer().stop()
        except Exception as error:
            log.warning("the dead consumer of %s did not end: %r", self.topic_names, error)
        await super().start()
        pace_fetches(self._live_consumer())


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
