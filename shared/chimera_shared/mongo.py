"""The one module that imports the MongoDB driver: connection, documents, batched writes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING
from pymongo.errors import BulkWriteError, ConnectionFailure, PyMongoError
from pymongo.write_concern import WriteConcern

from chimera_shared.errors import Configuration, StoreUnavailable

M = TypeVar("M", bound=Message)
Q = TypeVar("Q")
A = TypeVar("A")
Document = dict[str, Any]
Collection = AsyncIOMotorCollection
Database = AsyncIOMotorDatabase

_DUPLICATE_KEY = 11000
_TIMEOUT_MS = 5_000
_MAX_BATCH = 200
"""Documents per insert; a batch of 200 samples with long thoughts stays under MongoDB's 48 MB message."""


def connect(uri: str) -> AsyncIOMotorClient[Document]:
    """A client whose writes are acknowledged from the journal. It connects at the first operation."""
    try:
        return AsyncIOMotorClient(
            uri,
            journal=True,
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            tz_aware=True,
            appname="chimera",
            uuidRepresentation="standard",
        )
    except (PyMongoError, ValueError) as error:
        raise Configuration(f"MONGODB_URI: {_first_line(error)}; give it as mongodb://host:port") from None


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
        way_out = "; check MONGODB_URI" if isinstance(error, ConnectionFailure) else ""
        raise StoreUnavailable(f"MongoDB does not answer: {_first_line(error)}{way_out}") from error


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


class _Batches(Generic[Q, A]):
    """Many callers to one round trip: whoever comes while one is under way goes with the next.

    A round trip costs the driver's thread hop and, for a write, a disk flush; callers that wait together share both.
    """

    def __init__(self, answer: Callable[[list[Q]], Awaitable[list[A]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question. StoreUnavailable if there is none."""
        answered: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answered))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answered

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
                await self._round_trip(batch)
        finally:
            self._running = None

    async def _round_trip(self, batch: list[tuple[Q, "asyncio.Future[A]"]]) -> None:
        try:
            with guarded():
                answers = await self._answer([question for question, _ in batch])
        except Exception as error:
            for _, answered in batch:
                if not answered.done():
                    answered.set_exception(error)
            return
        for (_, answered), answer in zip(batch, answers, strict=True):
            if not answered.done():
                answered.set_result(answer)


class FirstWins:
    """Inserts documents by `_id`; of two with the same id the first stays."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection.with_options(write_concern=WriteConcern(j=True))
        self._batches = _Batches(self._insert_many)

    async def insert(self, document: Document) -> bool:
        """True if the document is now stored, False if its `_id` was there. StoreUnavailable if neither is known."""
        return await self._batches.ask(document)

    async def _insert_many(self, documents: list[Document]) -> list[bool]:
        # The same id twice in one batch: the server answers the second as a duplicate.
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            errors: list[Mapping[str, Any]] = error.details.get("writeErrors", [])
            if any(e["code"] != _DUPLICATE_KEY for e in errors):
                raise
            taken = {int(e["index"]) for e in errors}
            return [index not in taken for index in range(len(documents))]
        return [True] * len(documents)


class ById:
    """Finds documents by `_id`."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection
        self._batches = _Batches(self._find_many)

    async def find(self, key: str) -> Document | None:
        """The document, or None if there is none."""
        return await self._batches.ask(key)

    async def _find_many(self, keys: list[str]) -> list[Document | None]:
        if len(keys) == 1:
            return [await self._collection.find_one({"_id": keys[0]})]
        found = {d["_id"]: d async for d in self._collection.find({"_id": {"$in": keys}}, batch_size=_MAX_BATCH)}
        return [found.get(key) for key in keys]


def _first_line(error: BaseException) -> str:
    text = str(error).split(", Timeout:", maxsplit=1)[0].split(" (configured timeouts:", maxsplit=1)[0]
    text = text or type(error).__name__
    return text.splitlines()[0][:200]
