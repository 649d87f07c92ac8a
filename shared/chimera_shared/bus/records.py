"""Kafka's records before a handler decodes them. Whatever bytes they hold, nothing here fails."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiokafka import ConsumerRecord
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.parser import AioKafkaParser


class Delivery(NamedTuple):
    """A record before it is decoded, as `flight_key` sees it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, record: ConsumerRecord) -> "Delivery":
        """The record with its headers as text, whatever bytes they hold."""
        return cls(record.topic, record.partition, record.offset, record.key, decode_headers(record))


def decode_headers(record: ConsumerRecord) -> dict[str, str]:
    """Headers as text; bytes that are no UTF-8 are replaced, so that the handler can say what is wrong."""
    return {name: value.decode(errors="replace") for name, value in record.headers if value is not None}


FlightKey = Callable[[Delivery], str | None]


class RecordParser(AioKafkaParser):
    """Never fails: a message that cannot be parsed would be tried again for ever, and no handler could bury it."""

    async def parse_message(self, message: ConsumerRecord) -> KafkaMessage:
        """The message with its body as it came."""
        headers = decode_headers(message)
        return KafkaMessage(
            body=message.value or b"",
            headers=headers,
            content_type=headers.get("content-type"),
            message_id=f"{message.offset}-{message.timestamp}",
            correlation_id=headers.get("correlation_id"),
            raw_message=message,
            consumer=FAKE_CONSUMER,  # its commit() commits nothing; the real one's commits all that was fetched
        )


async def undecoded(message: KafkaMessage) -> KafkaMessage:
    """A decoder that leaves the body to the handler."""
    return message
