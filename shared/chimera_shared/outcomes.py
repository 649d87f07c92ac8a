"""What a stage decided about a sample, stored once and read before anything is decided again."""

from datetime import UTC, datetime

from google.protobuf.message import Message

from chimera_shared.errors import StoreUnavailable
from chimera_shared.mongo import ById, Collection, Document, FirstWins


class OutcomeStore:
    """Events of one or more types by sample, as they were published; the first of a sample stays.

    They are kept in their wire form: they exist to be published again, and the readable document is the gateway's.
    """

    def __init__(self, collection: Collection[Document], *events: type[Message]) -> None:
        self._find = ById(collection).find
        self._insert = FirstWins(collection).insert
        self._types = {event.DESCRIPTOR.name: event for event in events}

    async def find(self, key: str) -> Message | None:
        """The event decided before, if there is one."""
        found = await self._find(key)
        return None if found is None else self._types[found["type"]].FromString(found["event"])

    async def keep(self, key: str, event: Message) -> Message:
        """Store an event, and return it or the one that was stored before it."""
        document = {
            "_id": key,
            "type": event.DESCRIPTOR.name,
            "event": event.SerializeToString(),
            "time": datetime.now(UTC),
        }
        if await self._insert(document):
            return event
        if (stored := await self.find(key)) is None:
            raise StoreUnavailable(f"the document {key} is neither there nor not there")
        return stored
