"""The parallel subscriber when processes and brokers die, come back, or forget."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaMessage

pytestmark = pytest.mark.integration

WORKER = """
import asyncio, random, sys
from faststream.kafka import KafkaBroker, KafkaMessage
from chimera_shared.bus.subscriber import Tuning, parallel_subscriber

async def main(address, topic, path):
    broker = KafkaBroker(address, request_timeout_ms=60_000, logger=None)
    subscriber = parallel_subscriber(
        broker, topic, group_id="g-" + topic, group_instance_id="member-0", max_in_flight=32,
        tuning=Tuning(commit_every_s=0.1),
    )

    @subscriber
    async def work(message: KafkaMessage) -> None:
        await asyncio.sleep(min(random.lognormvariate(-2.5, 1.2), 2))
        with open(path, "a") as done:
            done.write(message.body.decode() + "\\n")

    await broker.start()
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


async def test_a_killed_process_loses_nothing(kafka: Any, until: Any, tmp_path: Path) -> None:
    topic = await kafka.create_topic(4)
    total = 400
    await kafka.publish(topic, [str(i) for i in range(total)])
    done = tmp_path / "done"
    command = [sys.executable, "-c", WORKER, kafka.address, topic, str(done)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for milestone in (60, 200, total):
        process = subprocess.Popen(command, env=environment)  # noqa: ASYNC220 - a moment
        try:
            await until(lambda at=milestone: len(set(lines(done))) >= at)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    finished = Counter(lines(done))
    assert set(finished) == {str(i) for i in range(total)}
    repeats = sum(finished.values()) - total
    assert repeats <= 2 * 32 + 40, "the commit metadata should have spared these"


def two_members(kafka: Any, topic: str, work_on: Any, **options: Any) -> list[Any]:
    """Named members that do `work_on(number of the member, name of the message)`.

    noida-db replaces those that come back under their name, and waits for ever for any other.
    """
    members = []
    for number in range(2):
        broker, subscriber = kafka.subscriber(
            topic, group_instance_id=f"member-{number}", heartbeat_interval_ms=200, **options
        )

        @subscriber
        async def work(message: KafkaMessage, number: int = number) -> None:
            await work_on(number, message.body.decode())

        members.append((broker, subscriber))
    return members


async def test_a_second_member_takes_its_share(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(4)
    await kafka.publish(topic, [str(i) for i in range(300)])
    runs: Counter[str] = Counter()
    shared = asyncio.Event()

    async def work_on(member: int, name: str) -> None:
        runs[name] += 1
        if member == 1:
            shared.set()
        if len(runs) > 40:
            await shared.wait()  # however long the second takes to join, there is something left for it
        await asyncio.sleep(0.1)

    (first, one), (second, two) = two_members(kafka, topic, work_on, max_in_flight=8)
    await first.start()
    await until(lambda: one.finished > 30)
    await second.start()
    await until(lambda: len(runs) == 300 and one.in_flight == two.in_flight == 0)
    assert len(one.lag) == len(two.lag) == 2
    assert two.finished > 30
    await first.stop()
    await second.stop()
    assert sum(runs.values()) <= 300 + 5 * 8  # noida-db refuses the commit at the revocation
    assert await kafka.committed(topic, f"group-{topic}") == 300


async def test_work_on_lost_partitions_is_cancelled(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    for partition in (0, 1):
        await kafka.publish(topic, [f"{partition}"], partition=partition)
    runs: Counter[str] = Counter()

    async def work_on(_member: int, name: str) -> None:
        runs[name] += 1
        await asyncio.sleep(3600)

    (first, one), (second, two) = two_members(kafka, topic, work_on, graceful_timeout=0)
    await first.start()
    await until(lambda: one.in_flight == 2)
    await second.start()
    await until(lambda: two.in_flight == 1)
    assert (one.in_flight, one.cancelled) == (1, 1)
    assert sorted(runs.values()) == [1, 2]  # what stayed was not started again
    await second.stop()
    await first.stop()
    assert await kafka.committed(topic, f"group-{topic}") == 0


class Survivor:
    """One subscriber that goes through what happens to its broker."""

    def __init__(self, kafka: Any, topic: str, **options: Any) -> None:
        self.broker, self.subscriber = kafka.subscriber(topic, session_timeout_ms=6_000, **options)
        self.runs: Counter[str] = Counter()
        self.gate = asyncio.Event()

        @self.subscriber
        async def work(message: KafkaMessage) -> None:
            self.runs[message.body.decode()] += 1
            if message.body.startswith(b"slow"):
                await self.gate.wait()


async def test_a_killed_broker_comes_back(mortal_kafka: Any, until: Any) -> None:
    topic = await mortal_kafka.create_topic(4)
    published = [f"a{i}" for i in range(50)] + ["slow0", "slow1"]
    await mortal_kafka.publish(topic, published)
    survivor = Survivor(mortal_kafka, topic, flight_key=lambda delivery: delivery.headers["ce_id"])
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.finished == 50)
    for life in range(2):
        await mortal_kafka.until_saved(published)
        mortal_kafka.end(signal.SIGKILL)
        await asyncio.sleep(1.5)
        mortal_kafka.start()
        published = [f"b{life}-{i}" for i in range(50)]
        await mortal_kafka.publish(topic, published)
        await until(lambda at=life: sum(run.startswith(f"b{at}") for run in survivor.runs) == 50)
    assert survivor.runs["slow0"] == survivor.runs["slow1"] == 1, "work in flight outlives the broker"
    survivor.gate.set()
    await until(lambda: survivor.subscriber.in_flight == 0)
    await mortal_kafka.until_committed(topic, f"group-{topic}", 152)
    await survivor.broker.stop()


async def test_a_broker_that_forgot_everything(mortal_kafka: Any, until: Any) -> None:
    topic = await mortal_kafka.create_topic(4)
    await mortal_kafka.publish(topic, [f"a{i}" for i in range(200)])
    await mortal_kafka.publish(topic, ["slow0"], partition=0)
    survivor = Survivor(mortal_kafka, topic, flight_key=lambda delivery: delivery.headers["ce_id"])
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.finished == 200)
    await asyncio.sleep(0.5)
    mortal_kafka.end(signal.SIGKILL)
    mortal_kafka.forget_everything()
    mortal_kafka.start()
    await mortal_kafka.create_topic(4, topic)
    await mortal_kafka.publish(topic, [f"b{i}" for i in range(100)])
    await mortal_kafka.publish(topic, ["slow0"], partition=0)
    await until(lambda: sum(run.startswith("b") for run in survivor.runs) == 100)
    assert survivor.runs["slow0"] == 1, "the event is still in flight here"
    survivor.gate.set()
    await until(lambda: survivor.subscriber.in_flight == 0)
    await mortal_kafka.until_committed(topic, f"group-{topic}", 101)
    await survivor.broker.stop()


async def test_a_topic_made_anew_is_read_from_its_beginning(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, [f"a{i}" for i in range(20)] + ["slow0"])
    survivor = Survivor(kafka, topic, flight_key=lambda delivery: delivery.headers["ce_id"])
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.finished == 20 and survivor.subscriber.in_flight == 1)
    await kafka.delete_topic(topic)
    await kafka.create_topic(1, topic)
    await kafka.publish(topic, ["b0", "slow0", "b1"])
    await until(lambda: survivor.subscriber.finished == 22)
    assert survivor.runs["b1"] == 1
    assert survivor.subscriber.in_flight == 2  # the new delivery waits for the old one, whose record is gone
    assert survivor.runs["slow0"] == 1
    survivor.gate.set()
    await until(lambda: survivor.subscriber.in_flight == 0)
    await survivor.broker.stop()
    assert survivor.runs["slow0"] == 1
    assert await kafka.committed(topic, f"group-{topic}") == 3


async def test_a_stop_while_the_broker_is_dead_ends(mortal_kafka: Any, until: Any) -> None:
    topic = await mortal_kafka.create_topic(2)
    await mortal_kafka.publish(topic, ["a", "slow0"])
    survivor = Survivor(mortal_kafka, topic, graceful_timeout=0.2)
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.in_flight == 1)
    mortal_kafka.end(signal.SIGKILL)
    async with asyncio.timeout(120):
        await survivor.broker.stop()


async def test_a_topic_that_comes_later(mortal_kafka: Any, until: Any) -> None:
    survivor = Survivor(mortal_kafka, "later", metadata_max_age_ms=500)
    start = asyncio.create_task(survivor.broker.start())
    await asyncio.sleep(1)
    with contextlib.suppress(KafkaError):  # the broker may make topics by itself
        await mortal_kafka.create_topic(2, "later")
    await mortal_kafka.publish("later", ["a", "b"])
    await until(lambda: survivor.subscriber.finished == 2)
    await start
    await survivor.broker.stop()


async def test_a_dead_consumer_is_replaced(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    await kafka.publish(topic, ["a", "slow0"])
    survivor = Survivor(kafka, topic)
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.in_flight == 1 and survivor.subscriber.finished == 1)
    old = survivor.subscriber.consumer
    assert old is not None
    old._coordinator._coordination_task.cancel()
    await until(lambda: survivor.subscriber.consumer is not old)
    await kafka.publish(topic, ["b"])
    await until(lambda: survivor.runs["b"] == 1)
    assert survivor.runs == {"a": 1, "slow0": 1, "b": 1}
    survivor.gate.set()
    await until(lambda: survivor.subscriber.in_flight == 0)
    await survivor.broker.stop()
    assert await kafka.committed(topic, f"group-{topic}") == 3


async def test_an_idle_consumer_is_quiet(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(4)
    await kafka.publish(topic, ["a"])
    survivor = Survivor(kafka, topic)
    await survivor.broker.start()
    await until(lambda: survivor.subscriber.finished == 1)
    fetcher = survivor.subscriber.consumer._fetcher  # type: ignore[union-attr]
    fetches, fetch = 0, fetcher._proc_fetch_request

    async def counted(*request: Any) -> bool:
        nonlocal fetches
        fetches += 1
        return bool(await fetch(*request))

    fetcher._proc_fetch_request = counted
    await asyncio.sleep(2)
    assert fetches <= 15
    loop = asyncio.get_running_loop()
    sent = loop.time()
    await kafka.publish(topic, ["b"])
    await until(lambda: survivor.subscriber.finished == 2)
    assert loop.time() - sent < 15  # 0.1 s on an idle machine
    await survivor.broker.stop()
