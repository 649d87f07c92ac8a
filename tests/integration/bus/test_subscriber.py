"""The parallel subscriber at a real broker: order, commits, retries, back-pressure, stops."""

import asyncio
import heapq
import random
import time
from collections import Counter
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from faststream import BaseMiddleware
from faststream.exceptions import StopConsume
from faststream.kafka import KafkaMessage

pytestmark = pytest.mark.integration


def by_event(delivery: Any) -> str | None:
    return delivery.headers.get("ce_id")


def ideal_s(durations: list[float], slots: int) -> float:
    """Greedy list scheduling: what no queue in that order can beat."""
    free = [0.0] * slots
    for duration in durations:
        heapq.heappush(free, heapq.heappop(free) + duration)
    return max(free)


async def test_a_heavy_tail_keeps_all_slots_busy(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(4)
    dice = random.Random(7)
    durations = [min(dice.lognormvariate(-2.6, 1.2), 3.0) for _ in range(600)]
    await kafka.publish(topic, [str(i) for i in range(600)])
    broker, subscriber = kafka.subscriber(topic, max_in_flight=32)
    seen: Counter[str] = Counter()
    lasted: list[float] = []  # in the order of their starts; longer than it was to be where the machine was busy

    @subscriber
    async def work(message: KafkaMessage) -> None:
        number, began = len(lasted), time.monotonic()
        lasted.append(0.0)
        await asyncio.sleep(durations[int(message.body)])
        lasted[number] = time.monotonic() - began
        seen[message.body.decode()] += 1

    await broker.start()
    began = time.monotonic()
    await until(lambda: len(seen) == 600)
    took = time.monotonic() - began
    await broker.stop()
    assert took < 2 * ideal_s(lasted, 32) + 4, "in batches that wait for their longest it takes six times as long"
    assert set(seen.values()) == {1}
    assert await kafka.committed(topic, f"group-{topic}") == 600


async def test_middlewares_wrap_the_real_work(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, ["a", "b"])
    broker, subscriber = kafka.subscriber(topic)
    spans: list[float] = []

    class Span(BaseMiddleware):
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            began = time.monotonic()
            try:
                return await call_next(msg)
            finally:
                spans.append(time.monotonic() - began)

    broker.add_middleware(Span)

    @subscriber
    async def work(message: KafkaMessage) -> None:
        assert message.headers["ce_id"] == message.body.decode()
        await asyncio.sleep(0.3)

    await broker.start()
    await until(lambda: subscriber.finished == 2)
    await broker.stop()
    assert all(span >= 0.29 for span in spans)


async def test_a_slot_is_waited_for(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    await kafka.publish(topic, [str(i) for i in range(30)])
    broker, subscriber = kafka.subscriber(topic, max_in_flight=3)
    gate = asyncio.Event()

    @subscriber
    async def work(message: KafkaMessage) -> None:
        await gate.wait()

    await broker.start()
    await until(lambda: subscriber.waiting == 1)
    await asyncio.sleep(0.3)
    assert subscriber.in_flight == 3
    gate.set()
    await until(lambda: subscriber.finished == 30)
    await broker.stop()
    assert (subscriber.waiting, subscriber.in_flight) == (0, 0)


async def test_waiting_for_a_slot_is_not_idleness(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, [str(i) for i in range(4)])
    broker, subscriber = kafka.subscriber(
        topic, max_in_flight=1, group_instance_id=None, max_poll_interval_ms=500, heartbeat_interval_ms=100
    )
    starts: Counter[str] = Counter()

    @subscriber
    async def work(message: KafkaMessage) -> None:
        starts[message.body.decode()] += 1
        await asyncio.sleep(1.2)

    await broker.start()
    generation = subscriber.consumer._coordinator.generation  # type: ignore[union-attr]
    await until(lambda: subscriber.finished == 3)
    assert subscriber.consumer._coordinator.generation == generation  # type: ignore[union-attr]
    await until(lambda: subscriber.finished == 4)
    await broker.stop()
    assert starts == {"0": 1, "1": 1, "2": 1, "3": 1}


async def test_a_stuck_message_pauses_only_its_partition(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    await kafka.publish(topic, ["stuck", *(f"a{i}" for i in range(199))], partition=0)
    await kafka.publish(topic, [f"b{i}" for i in range(200)], partition=1)
    broker, subscriber = kafka.subscriber(topic, max_in_flight=8, tuning={"max_ahead": 50})
    gate = asyncio.Event()
    done: Counter[str] = Counter()

    @subscriber
    async def work(message: KafkaMessage) -> None:
        if message.body == b"stuck":
            await gate.wait()
        done[message.body.decode()[0]] += 1

    await broker.start()
    await until(lambda: done["b"] == 200 and done["a"] >= 45)
    await asyncio.sleep(0.5)
    assert done["a"] <= 55
    assert max(subscriber.lag.values()) <= 55
    assert await kafka.committed(topic, f"group-{topic}") <= 200
    gate.set()
    await until(lambda: done["a"] == 199)
    await broker.stop()
    assert await kafka.committed(topic, f"group-{topic}") == 400


async def test_a_failed_message_is_held_and_tried_again(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, ["bad", "x", "y"])
    broker, subscriber = kafka.subscriber(topic)
    attempts: Counter[str] = Counter()
    away = True

    @subscriber
    async def work(message: KafkaMessage) -> None:
        attempts[message.body.decode()] += 1
        if message.body == b"bad" and away:
            raise ConnectionError("no store")

    await broker.start()
    await until(lambda: attempts["bad"] >= 2 and subscriber.finished == 2)
    assert await kafka.committed(topic, f"group-{topic}") == 0
    away = False
    await until(lambda: subscriber.finished == 3)
    await broker.stop()
    assert (attempts["x"], attempts["y"]) == (1, 1)
    assert subscriber.retried == attempts["bad"] - 1
    assert await kafka.committed(topic, f"group-{topic}") == 3


async def test_a_cancellation_from_within_finishes_nothing(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, ["x"])
    broker, subscriber = kafka.subscriber(topic)
    attempts = 0

    @subscriber
    async def work(message: KafkaMessage) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            lost.cancel()
            await lost

    await broker.start()
    await until(lambda: subscriber.finished == 1)
    await broker.stop()
    assert attempts == 2


async def test_undecodable_headers_reach_the_handler(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    async with AIOKafkaProducer(bootstrap_servers=kafka.address) as producer:
        await producer.send_and_wait(topic, None, key=b"k", headers=[("ce_id", b"\xff\xfe"), ("none", None)])
    broker, subscriber = kafka.subscriber(topic, flight_key=by_event)
    seen: list[Any] = []

    @subscriber
    async def work(message: KafkaMessage) -> None:
        seen.append((message.body, dict(message.headers)))

    await broker.start()
    await until(lambda: subscriber.finished == 1)
    await broker.stop()
    assert seen == [(b"", {"ce_id": "\ufffd\ufffd"})]


async def test_a_flight_key_that_fails_is_no_key(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, ["x", "x"])
    broker, subscriber = kafka.subscriber(topic, flight_key=lambda delivery: delivery.nonsense)

    @subscriber
    async def work(message: KafkaMessage) -> None:
        await asyncio.sleep(0.1)

    await broker.start()
    await until(lambda: subscriber.finished == 2)
    await broker.stop()


async def test_an_event_in_flight_is_not_worked_on_twice(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    await kafka.publish(topic, ["x"], partition=0)
    broker, subscriber = kafka.subscriber(topic, flight_key=by_event)
    gate = asyncio.Event()
    runs: list[str] = []

    @subscriber
    async def work(message: KafkaMessage) -> None:
        runs.append(message.body.decode())
        await gate.wait()

    await broker.start()
    await until(lambda: runs == ["x"])
    assert subscriber.in_flight_keys == {"x"}
    await kafka.publish(topic, ["x"], partition=0)
    await kafka.publish(topic, ["x", "y"], partition=1)
    await until(lambda: len(runs) == 2 and subscriber.skipped == 2)
    assert subscriber.in_flight == 2
    assert await kafka.committed(topic, f"group-{topic}") <= 1  # partition 0 is held by the first delivery
    gate.set()
    await until(lambda: subscriber.in_flight == 0)
    await kafka.publish(topic, ["x"], partition=0)
    await until(lambda: len(runs) == 3)
    await broker.stop()
    assert runs == ["x", "y", "x"]
    assert await kafka.committed(topic, f"group-{topic}") == 5
    assert subscriber.in_flight_keys == set()


async def test_a_stop_lets_finish_what_can_and_commits_nothing_else(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, [f"{i}" for i in range(10)])
    runs: Counter[str] = Counter()

    async def one_life(slow: bool) -> Any:
        broker, subscriber = kafka.subscriber(topic, graceful_timeout=5)

        @subscriber
        async def work(message: KafkaMessage) -> None:
            runs[message.body.decode()] += 1
            if slow and message.body in (b"2", b"7"):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    if message.body == b"7":
                        raise
                    return  # swallows it: still not finished
            await asyncio.sleep(0.2 if slow else 0)

        await broker.start()
        if slow:
            await until(lambda: subscriber.in_flight == 10 or subscriber.finished)
        else:
            await until(lambda: subscriber.finished == 2 and subscriber.skipped == 6)
        began = time.monotonic()
        await broker.stop()
        assert time.monotonic() - began < 45, "it waited for what does not end"
        return subscriber

    first = await one_life(slow=True)
    assert (first.finished, first.cancelled, first.in_flight) == (8, 2, 0)
    assert await kafka.committed(topic, f"group-{topic}") == 2
    second = await one_life(slow=False)
    assert (second.finished, second.skipped) == (2, 6)
    assert runs == {**{str(i): 1 for i in range(10)}, "2": 2, "7": 2}
    assert await kafka.committed(topic, f"group-{topic}") == 10


async def test_one_subscriber_can_stop_and_start_again(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(2)
    await kafka.publish(topic, ["a", "b", "c"])
    broker, subscriber = kafka.subscriber(topic, graceful_timeout=0.1)
    hang = True
    runs: Counter[str] = Counter()

    @subscriber
    async def work(message: KafkaMessage) -> None:
        runs[message.body.decode()] += 1
        if hang and message.body == b"b":
            await asyncio.sleep(60)

    await broker.start()
    await until(lambda: subscriber.finished == 2)
    await broker.stop()
    hang = False
    await broker.start()
    await until(lambda: subscriber.finished == 3)
    await broker.stop()
    assert runs == {"a": 1, "b": 2, "c": 1}


async def test_a_handler_can_stop_the_subscriber(kafka: Any, until: Any) -> None:
    topic = await kafka.create_topic(1)
    await kafka.publish(topic, ["fine", "halt"])
    broker, subscriber = kafka.subscriber(topic)

    @subscriber
    async def work(message: KafkaMessage) -> None:
        if message.body == b"halt":
            raise StopConsume

    await broker.start()
    await until(lambda: subscriber.consumer is None)
    await broker.stop()
    assert await kafka.committed(topic, f"group-{topic}") == 1


def test_no_slots_at_all_is_refused(kafka: Any) -> None:
    with pytest.raises(ValueError, match="max_in_flight is 0"):
        kafka.subscriber("t", max_in_flight=0)
