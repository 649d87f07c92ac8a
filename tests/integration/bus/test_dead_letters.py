"""From a message that cannot be used to its letter and back, over a real broker, a real store and gRPC."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_gateway.dead_letters import DeadLetterServicer
from chimera_shared import mongo, stage, topics
from chimera_shared.bus.broker import Bus
from chimera_shared.dead_letters import DeadLetters, Letterbox
from chimera_shared.errors import SampleFailure
from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_shared.stage import Stage
from chimera_shared.topics import TOPICS_EXPANDED
from chimera_standalone.embedded import EmbeddedBroker

pytestmark = pytest.mark.integration
HOSTILE = bytes(range(256)) * 4
HEADERS = [("ce_type", b"\xff\x00"), ("same", HOSTILE), ("same", b""), ("none", None)]


class Plant:
    """A service with one stage whose code is defective until it is mended."""

    def __init__(self, servers: str, letters: mongo.Collection, *, bound: int = 1_000, mended: bool = False) -> None:
        self.mended, self.worked = mended, []
        self.settings = ServiceSettings(
            kafka_bootstrap_servers=servers, instance="test", max_dead_letters=bound, graceful_timeout_seconds=0.1
        )
        self.letters = letters
        self.bus = Bus("plant", self.settings, DeadLetters(letters, "plant", bound))
        self.bus.add(Stage("weigh", TOPICS_EXPANDED, reaction=self._weigh))
        self.server = RpcServer(self.settings, [DeadLetterServicer(Letterbox(letters, bound), self.bus).register])

    async def _weigh(self, event):
        if not self.mended:
            raise SampleFailure(sample_pb2.REASON_INTERNAL, f"{event.subject} cannot be weighed")
        self.worked.append(event.subject)
        return
        yield

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[AsyncClient]:
        async with self.bus, self.server, AsyncClient(self.server.target) as client:
            yield client

    async def order(self, *subjects: str) -> None:
        for subject in subjects:
            await self.bus.publish(events_pb2.TopicsExpanded(build_id="b1", subject=subject))


@pytest.fixture
async def servers(tmp_path) -> AsyncIterator[str]:
    broker = EmbeddedBroker(tmp_path)
    await broker.start()
    yield broker.bootstrap_servers
    await broker.stop()


@pytest.fixture
async def letters(mongodb_uri) -> AsyncIterator[mongo.Collection]:
    client = mongo.connect(mongodb_uri)
    name = f"test_{uuid.uuid4().hex[:10]}"
    yield client[name]["dead_letters"]
    await client.drop_database(name)
    client.close()


async def listed(client: AsyncClient, wanted: int) -> list:
    """The letters, once there are so many."""
    async with asyncio.timeout(120):
        while len(found := [letter async for letter in client.dead_letters.list()]) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return found


def alarms(caplog) -> list:
    return [record for record in caplog.records if record.levelno == logging.CRITICAL]


async def messages(servers: str, count: int) -> list:
    """What is on the topic."""
    consumer = AIOKafkaConsumer(TOPICS_EXPANDED.name, bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer, asyncio.timeout(120):
        return [await consumer.getone() for _ in range(count)]


async def test_what_cannot_be_decoded_comes_back_as_it_came(servers, letters):
    plant = Plant(servers, letters)
    async with plant.runs() as client:
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            await producer.send_and_wait(TOPICS_EXPANDED.name, HOSTILE, b"\xfe", headers=HEADERS)
        [first] = await listed(client, 1)
        letter = await client.dead_letters.get(first.dead_letter_id)
        assert (letter.service, letter.stage, letter.topic) == ("plant", "weigh", TOPICS_EXPANDED.name)
        assert (letter.key, letter.value) == (b"\xfe", HOSTILE)
        assert "ce_type is" in letter.cause

        assert await client.dead_letters.replay(first.dead_letter_id) == [first.dead_letter_id]

        sent, again = await messages(servers, 2)
        assert (again.key, again.value, list(again.headers)) == (sent.key, sent.value, list(sent.headers))
        assert list(again.headers) == HEADERS
        async with asyncio.timeout(120):
            while first.dead_letter_id == (await listed(client, 1))[0].dead_letter_id:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        [room] = await client.dead_letters.stages()
        assert (room.service, room.stage, room.letters, room.bound) == ("plant", "weigh", 1, 1_000)


async def test_a_message_as_large_as_a_topic_takes_comes_back(servers, letters):
    plant = Plant(servers, letters)
    large = bytes(topics.MAX_MESSAGE_BYTES - 64 * 1024)
    async with plant.runs() as client:
        await plant.bus.send_raw(TOPICS_EXPANDED.name, None, large, [])
        [letter] = await listed(client, 1)

        await client.dead_letters.replay_stage("weigh")

        assert [message.value for message in await messages(servers, 2)] == [large, large]
        assert (await client.dead_letters.get(letter.dead_letter_id)).value == large


async def test_at_its_bound_a_stage_stands_still_and_goes_on_when_letters_are_replayed(
    servers, letters, monkeypatch, caplog, until
):
    monkeypatch.setattr(stage, "_LOOK_FOR_ROOM_SECONDS", 0.05)
    plant = Plant(servers, letters, bound=2)
    async with plant.runs() as client:
        await plant.order("a", "b", "c")
        await until(lambda: alarms(caplog))
        plant.mended = True
        await plant.order("d")  # it would be worked on, but the stage stands still
        assert {letter.cause for letter in await listed(client, 2)} < {f"{s} cannot be weighed" for s in "abc"}
        assert plant.worked == []

        assert len(await client.dead_letters.replay_stage("weigh")) == 2

        await until(lambda: len(plant.worked) == 3)
        [letter] = await listed(client, 1)  # the one it stood still for had been refused already
        await client.dead_letters.replay(letter.dead_letter_id)
        await until(lambda: len(plant.worked) == 4)
        assert sorted(plant.worked) == ["a", "b", "c", "d"]
        assert await listed(client, 0) == []
        assert len(alarms(caplog)) == 1


async def test_a_stage_that_stands_still_loses_nothing_when_it_is_restarted(
    servers, letters, monkeypatch, caplog, until
):
    monkeypatch.setattr(stage, "_LOOK_FOR_ROOM_SECONDS", 0.05)
    defective = Plant(servers, letters, bound=2)
    async with defective.runs():
        await defective.order(*"abcdef")
        await until(lambda: alarms(caplog))

    mended = Plant(servers, letters, bound=2, mended=True)
    async with mended.runs() as client:
        await until(lambda: len(mended.worked) == 4)
        assert len(await client.dead_letters.replay_stage("weigh")) == 2
        await until(lambda: len(mended.worked) == 6)
        assert sorted(mended.worked) == list("abcdef")
        assert await listed(client, 0) == []
