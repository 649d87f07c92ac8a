"""The one module that imports the MongoDB driver: connection, documents, batched writes."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.write_concern import WriteConcern

from chimera_shared.errors import ChimeraError, StoreUnavailable

M = TypeVar("M", bound=Message)
Document = dict[str, Any]
Collection = AsyncIOMotorCollection
Database = AsyncIOMotorDatabase

_DUPLICATE_KEY = 11000
_TIMEOUT_MS = 5_000
_MAX_BATCH = 200
"""Documents per insert; a batch of 200 samples with long thoughts stays under MongoDB's 48 MB message."""


def connect(uri: str) -> AsyncIOMotorClient[Document]:
    """A client whose writes are acknowledged from the journal. It connects at the first operation."""
    return AsyncIOMotorClient(
        uri,
        journal=True,
        serverSelectionTimeoutMS=_TIMEOUT_MS,
        tz_aware=True,
        appname="chimera",
        uuidRepresentation="standard",
    )


async def ping(client: AsyncIOMotorClient[Document]) -> None:
    """StoreUnavailable unless the server answers."""
    with guarded():
        await client.admin.command("ping")


@contextmanager
def guarded() -> Iterator[None]:
    """Driver errors in the block become StoreUnavailable."""
    try:
        yield
    except PyMongoError as error:
        raise StoreUnavailable(f"MongoDB does not answer: {_first_line(error)}") from error


def to_document(message: Message) -> Document:
    """A message as a readable document; fields keep their names, enums are names, 64-bit numbers are text."""
    return MessageToDict(message, preserving_proto_field_name=True)


def from_document(message: M, document: Document) -> M:
    """The inverse; fields of newer versions are passed over."""
    return ParseDict(document, message, ignore_unknown_fields=True)


async def ensure_indexes(collection: Collection[Document], *fields: Sequence[str], sparse: bool = False) -> None:
    """Create one ascending index for each sequence of fields, if it is not there."""
    for names in fields:
        await collection.create_index([(name, ASCENDING) for name in names], sparse=sparse)


class FirstWins:
    """Inserts documents by `_id`, many callers to one write; of two with the same id the first stays.

    A single journalled insert costs a disk flush and a driver round trip; callers that wait at the same time share
    both.
    """

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection.with_options(write_concern=WriteConcern(j=True))
        self._waiting: list[tuple[Document, asyncio.Future[bool]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def insert(self, document: Document) -> bool:
        """True if the document is now stored, False if its `_id` was there. StoreUnavailable if neither is known."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((document, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
                await self._write(batch)
        finally:
            self._flushing = None

    async def _write(self, batch: list[tuple[Document, "asyncio.Future[bool]"]]) -> None:
        # The same id twice in one batch: the second is answered as a duplicate by the server.
        try:
            refused = await self._insert_many([document for document, _ in batch])
        except ChimeraError as error:
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
            return
        for index, (_, done) in enumerate(batch):
            if not done.done():
                done.set_result(index not in refused)

    async def _insert_many(self, documents: list[Document]) -> set[int]:
        """Positions of the documents whose id was taken."""
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            errors: Iterable[Mapping[str, Any]] = error.details.get("writeErrors", [])
            if any(e["code"] != _DUPLICATE_KEY for e in errors):
                raise StoreUnavailable(f"MongoDB refused a write: {_first_line(error)}") from error
            return {int(e["index"]) for e in errors}
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB did not take a write: {_first_line(error)}") from error
        return set()


def _first_line(error: BaseException) -> str:
    return str(error).split(", Timeout:", maxsplit=1)[0].splitlines()[0][:200]
