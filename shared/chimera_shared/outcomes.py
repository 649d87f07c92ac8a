"""What a stage decided about a sample, stored once and read before anything is decided again."""

from datetime import UTC, datetime

from google.protobuf.message import Message

from chimera_shared.errors import StoreUnavailable
from chimera_shared.mongo import Collection, Document, FirstWins, from_document, guarded, to_document


class OutcomeStore:
    """Events of one or more types by sample, as readable documents; the first of a sample stays."""

    def __init__(self, collection: Collection[Document], *events: type[Message]) -> None:
        self._collection = collection
        self._insert = FirstWins(collection).insert
        self._types = {event.DESCRIPTOR.name: event for event in events}

    async def find(self, key: str) -> Message | None:
        """The event decided before, if there is one."""
        with guarded():
            found = await self._collection.find_one({"_id": key})
        return None if found is None else from_document(self._types[found["type"]](), found["event"])

    async def keep(self, key: str, event: Message) -> Message:
        """Store an event, and return it or the one that was stored before it."""
        document = {
            "_id": key,
            "type": event.DESCRIPTOR.name,
            "event": to_document(event),
            "time": datetime.now(UTC),
        }
        if await self._insert(document):
            return event
        if (stored := await self.find(key)) is None:
            raise StoreUnavailable(f"the document {key} is neither there nor not there")
        return stored
