"""The parallel subscriber in FastStream's in-memory test broker: the pipeline without a bus."""

from typing import Any

import pytest
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker, KafkaMessage, TestKafkaBroker
from faststream.specification import AsyncAPI

from chimera_shared.bus.subscriber import ParallelSubscriber, parallel_subscriber


def subscribed() -> tuple[KafkaBroker, ParallelSubscriber, list[Any]]:
    broker = KafkaBroker(logger=None)
    subscriber = parallel_subscriber(broker, "in", group_id="g", group_instance_id="m", max_in_flight=2)
    seen: list[Any] = []

    @subscriber
    async def work(message: KafkaMessage) -> None:
        if message.body == b"bad":
            raise RuntimeError("bad")
        seen.append((message.body, message.headers["ce_id"], message.raw_message.value))

    return broker, subscriber, seen


async def test_a_handler_gets_the_message_undecoded() -> None:
    broker, _, seen = subscribed()
    async with TestKafkaBroker(broker):
        await broker.publish(b"\x0a\xff", "in", headers={"ce_id": "1"})
    assert seen == [(b"\x0a\xff", "1", b"\x0a\xff")]


async def test_an_error_reaches_the_test() -> None:
    broker, _, _ = subscribed()
    async with TestKafkaBroker(broker):
        with pytest.raises(RuntimeError, match="bad"):
            await broker.publish(b"bad", "in", headers={"ce_id": "1"})


def test_the_subscriber_is_in_the_specification() -> None:
    broker, _, _ = subscribed()
    channels = AsgiFastStream(broker, specification=AsyncAPI(title="t")).schema.to_specification().to_jsonable()
    assert list(channels["channels"]) == ["in:Work"]


def test_nothing_is_in_flight_before_the_start() -> None:
    _, subscriber, _ = subscribed()
    assert (subscriber.in_flight, subscriber.waiting, subscriber.lag) == (0, 0, {})
