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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class EmbeddedKafka:
    """noida-db's Kafka as a child process, which can be killed and brought back with the same data."""

    def __init__(self, directory: Path) -> None:
        package = importlib.util.find_spec("noida_db")
        if package is None or package.origin is None:
            pytest.skip("needs noida-db or KAFKA_BOOTSTRAP_SERVERS")
        self.binary = Path(package.origin).parent / "noida-db"
        self.directory = directory
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self.binary, "start", "--only", "kafka", "--kafka-port", str(self.port)]
        with (self.directory / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.directory, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise TimeoutError((self.directory / "broker.log").read_text()[-2_000:])

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(40)
            self.process = None

    def forget(self) -> None:
        """Removes all data of a broker that has ended."""
        for file in (self.directory / ".noida-db").iterdir():
            file.unlink()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker that lasts for the session."""
    if outside := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield outside
        return
    embedded = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    embedded.start()
    yield embedded.address
    embedded.end()


@pytest.fixture
def mortal_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker of this test's own, to be killed."""
    embedded = EmbeddedKafka(tmp_path)
    embedded.start()
    yield embedded
    embedded.end(signal.SIGKILL)


async def create_topic(address: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def publish(address: str, topic: str, values: list[bytes], *, key: bytes | None = None, keyed: bool = False) -> None:
    """Sends each value; with `keyed` it is also the header `ce_id`."""
    producer = AIOKafkaProducer(bootstrap_servers=address, linger_ms=5, acks="all")
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value, key=key, headers=[("ce_id", value)] if keyed else []) for value in values
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


@pytest.fixture
async def topic(kafka: str) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    await create_topic(kafka, name, 4)
    return name


async def until(holds: Callable[[], bool], within_s: float = 20) -> None:
    """Waits for a condition; the test fails if it does not come."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(broker: object) -> AsyncIterator[None]:
    start: Callable[[], Awaitable[None]] = broker.start  # type: ignore[attr-defined]
    stop: Callable[[], Awaitable[None]] = broker.stop  # type: ignore[attr-defined]
    await start()
    try:
        yield
    finally:
        await stop()
