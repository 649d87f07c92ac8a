"""A Kafka broker for the tests: the one at KAFKA_BOOTSTRAP_SERVERS, or an embedded one of our own."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker

from chimera_shared.bus.subscriber import ParallelSubscriber, Tuning, parallel_subscriber
from ports import free_port


class Kafka:
    """A broker at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def create_topic(self, partitions: int = 4, name: str = "") -> str:
        name = name or f"test-{uuid.uuid4().hex[:8]}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1)])
        finally:
            await admin.close()
        return name

    async def delete_topic(self, name: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            await admin.delete_topics([name])
        finally:
            await admin.close()

    async def publish(self, topic: str, values: Sequence[str], partition: int | None = None) -> None:
        """Sends each value, which is also the header `ce_id`."""
        producer = AIOKafkaProducer(bootstrap_servers=self.address, linger_ms=5, acks="all")
        await producer.start()
        try:
            sent = [
                await producer.send(topic, value.encode(), partition=partition, headers=[("ce_id", value.encode())])
                for value in values
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def until_committed(self, topic: str, group: str, messages: int) -> None:
        """Waits until the group needs so many messages no more."""
        async with asyncio.timeout(120):
            while await self.committed(topic, group) != messages:  # noqa: ASYNC110 the broker tells nobody
                await asyncio.sleep(0.1)

    async def committed(self, topic: str, group: str) -> int:
        """The sum over the partitions: how many messages the group needs not see again."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        return sum(max(at.offset, 0) for tp, at in offsets.items() if tp.topic == topic)

    def subscriber(self, topic: str, **options: Any) -> tuple[KafkaBroker, ParallelSubscriber]:
        """A fresh broker client with one subscriber, quick to commit and to try again."""
        broker = KafkaBroker(
            self.address, request_timeout_ms=60_000, logger=None, graceful_timeout=options.pop("graceful_timeout", 5)
        )
        tuning = {"commit_every_s": 0.1, "first_retry_s": 0.1, "last_retry_s": 0.5, "revoke_drain_s": 0.3}
        options = {"group_id": f"group-{topic}", "group_instance_id": "member-0", "max_in_flight": 64, **options}
        subscriber = parallel_subscriber(
            broker, topic, tuning=Tuning(**{**tuning, **options.pop("tuning", {})}), **options
        )
        return broker, subscriber


class EmbeddedKafka(Kafka):
    """noida-db's Kafka as a child process, which can be killed and brought back with the same data."""

    def __init__(self, directory: Path) -> None:
        package = importlib.util.find_spec("noida_db")
        if package is None or package.origin is None:
            pytest.skip("needs noida-db or KAFKA_BOOTSTRAP_SERVERS")
        self.port = free_port()
        super().__init__(f"127.0.0.1:{self.port}")
        self.binary = Path(package.origin).parent / "noida-db"
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self.binary, "start", "--only", "kafka", "--kafka-port", str(self.port)]
        with (self.directory / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.directory, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise TimeoutError((self.directory / "broker.log").read_text()[-2_000:])

    def end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(120)
            self.process = None

    async def until_saved(self, values: Sequence[str]) -> None:
        """Waits until these messages are written down, which happens about a second after they were acknowledged."""
        log = self.directory / ".noida-db" / "kafka.json"
        saved = [",".join(map(str, value.encode())) for value in values]
        async with asyncio.timeout(120):
            while not (log.exists() and all(value in log.read_text() for value in saved)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    def forget_everything(self) -> None:
        """Removes the data of a broker that has ended."""
        for file in (self.directory / ".noida-db").iterdir():
            file.unlink()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker that lasts for the session."""
    if outside := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield Kafka(outside)
        return
    embedded = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    embedded.start()
    yield embedded
    embedded.end(signal.SIGTERM)


@pytest.fixture
def mortal_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker of this test's own, to be killed."""
    embedded = EmbeddedKafka(tmp_path)
    embedded.start()
    yield embedded
    embedded.end(signal.SIGKILL)


async def _until(holds: Any, within_s: float = 120) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other code
            await asyncio.sleep(0.02)


@pytest.fixture
def until() -> Any:
    """Waits for a condition; the test fails if it does not come."""
    return _until
