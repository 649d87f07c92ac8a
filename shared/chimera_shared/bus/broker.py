"""One service's connection to Kafka: its stages and its publications."""

import logging
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from aiokafka import ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import DefaultSubscriber
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from chimera_shared import topics
from chimera_shared.builds import BuildTable
from chimera_shared.bus.codec import Encoded, decode, encode, sample_trace
from chimera_shared.bus.consumer import pace_fetches, session_options
from chimera_shared.bus.subscriber import parallel_subscriber
from chimera_shared.errors import BusUnavailable
from chimera_shared.settings import ServiceSettings
from chimera_shared.stage import Received, Refused, Stage, StageRunner
from chimera_shared.telemetry import current_trace_id, inject_trace, root_span, span

log = logging.getLogger(__name__)
_REQUEST_TIMEOUT_MS = 60_000
"""Longer than the rebalance time-out, by which aiokafka would otherwise give up joining a group."""
_LINGER_MS = 5


class Letters(Protocol):
    """Where dead letters are kept."""

    async def keep(self, letter: Refused) -> None:
        """Store a letter; NoRoom or a Transient if that cannot be, and the message is then held."""


class Bus:
    """Publishes a service's events and runs its stages."""

    def __init__(self, service: str, settings: ServiceSettings, letters: Letters) -> None:
        self.builds = BuildTable()
        self._service = service
        self._settings = settings
        self._letters = letters
        self._broker = KafkaBroker(
            settings.kafka_bootstrap_servers.split(","),
            client_id=f"chimera-{service}",
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            acks="all",
            linger_ms=_LINGER_MS,
            max_request_size=topics.MAX_MESSAGE_BYTES,
            graceful_timeout=settings.graceful_timeout_seconds,
            logger=None,
        )
        self._builds_followed = self._follow_builds()

    def add(self, stage: Stage[Any]) -> None:
        """Run a stage from `start` on, with a consumer of its own, so that other stages' slow work never delays it."""
        self.add_quick(stage.name, [stage])

    def add_quick(self, name: str, stages: Sequence[Stage[Any]]) -> None:
        """Run stages whose work is quick with one consumer for all; each has a topic of its own.

        Every consumer costs processor time even when it is idle: fetches, heartbeats, commits.
        """
        limit = self._settings.time_limit_seconds
        runners = {stage.consumes.name: StageRunner(stage, self, self.builds, limit) for stage in stages}
        assert len(runners) == len(stages), f"two stages of {name} consume the same topic"
        subscriber = parallel_subscriber(
            self._broker,
            *runners,
            group_id=f"chimera-{self._service}-{name}",
            group_instance_id=f"{self._settings.instance}-{self._service}-{name}",
            max_in_flight=self._settings.max_in_flight,
            flight_key=lambda message: message.headers.get("ce_id"),
            **session_options(self._settings.session_timeout_seconds),
        )

        @subscriber
        async def work(message: KafkaMessage) -> None:
            record = _record(message)
            await runners[record.topic](_received(record, message.headers))

    async def start(self) -> None:
        """Create missing topics, connect, and begin to take messages. BusUnavailable if no broker answers."""
        try:
            await ensure_topics(self._settings.kafka_bootstrap_servers, self._settings.kafka_replication_factor)
            await self._broker.start()
            pace_fetches(self._builds_followed.consumer)
        except (KafkaError, OSError) as error:
            servers = self._settings.kafka_bootstrap_servers
            cause = "" if isinstance(error, KafkaConnectionError) else f": {error}"  # it only names the servers again
            message = f"Kafka does not answer at {servers}{cause}; check KAFKA_BOOTSTRAP_SERVERS"
            raise BusUnavailable(message) from error

    async def stop(self) -> None:
        """Take no more messages, let those in flight finish for a while, commit, and leave."""
        await self._broker.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    async def publish(self, event: Message) -> None:
        """Send an event to its topic and wait for the acknowledgement; a sample's first event begins its trace."""
        encoded = encode(event, self._service)
        attributes = {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.destination.name": encoded.topic.name,
        }
        name, key = f"send {encoded.topic.name}", encoded.key.decode()
        if sample_trace(key) and current_trace_id() != key:
            with root_span(name, key, attributes):
                await self._send(encoded)
        else:
            with span(name, SpanKind.PRODUCER, attributes):
                await self._send(encoded)

    async def bury(self, letter: Refused) -> None:
        """Keep what could not be worked on with the dead letters."""
        await self._letters.keep(letter)

    async def send_raw(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> None:
        """Send bytes as they are and wait for the acknowledgement. BusUnavailable if they are not taken."""
        if key is None and value is None:
            value = b""  # aiokafka sends no message without both
        try:
            # FastStream's own publishing takes headers of text only, and adds one.
            producer: Any = self._broker.config.producer
            await producer._producer.producer.send_and_wait(topic, value, key, headers=list(headers))
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"Kafka did not take a message of {topic}: {error!r}") from error

    async def _send(self, encoded: Encoded) -> None:
        inject_trace(encoded.headers)
        if "traceparent" not in encoded.headers and (traceparent := sample_trace(encoded.key.decode())):
            encoded.headers["traceparent"] = traceparent
        try:
            await self._broker.publish(
                encoded.value, topic=encoded.topic.name, key=encoded.key, headers=encoded.headers
            )
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"Kafka did not take an event of {encoded.topic.name}: {error!r}") from error

    def _follow_builds(self) -> DefaultSubscriber:
        """Every replica reads all of the compacted topic, from its beginning and on."""
        subscriber = self._broker.subscriber(topics.BUILD_CHANGED.name, auto_offset_reset="earliest")

        @subscriber
        async def learn(message: KafkaMessage) -> None:
            await self.builds.learn(decode(topics.BUILD_CHANGED, _record(message).value, message.headers))

        return subscriber


def _record(message: KafkaMessage) -> ConsumerRecord:
    record = message.raw_message
    assert not isinstance(record, tuple), "stages take single messages, not batches"
    return record


def _received(record: ConsumerRecord, headers: Mapping[str, str]) -> Received:
    return Received(
        record.key, record.value, headers, record.headers, record.partition, record.offset, record.timestamp or 0
    )


async def ensure_topics(bootstrap_servers: str, replicas: int) -> None:
    """Create the topics that are missing; those that are there stay as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    await admin.start()
    try:
        missing = _wanted(set(await admin.list_topics()), replicas)
        if not missing:
            return
        response = await admin.create_topics(missing)
        for topic, code, *_ in response.topic_errors:
            if code and (kind := for_code(code)) is not TopicAlreadyExistsError:
                raise kind(f"cannot create topic {topic}")
    finally:
        await admin.close()


def _wanted(there: set[str], replicas: int) -> Sequence[NewTopic]:
    wanted = [NewTopic(t.name, t.partitions, replicas, topic_configs=t.config()) for t in topics.ALL]
    return [topic for topic in wanted if topic.name not in there]
