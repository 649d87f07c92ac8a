"""The one module that imports the MongoDB driver: connection, documents, batched writes."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING
from pymongo.errors import BulkWriteError, ConnectionFailure, PyMongoError
from pymongo.write_concern import WriteConcern

from chimera_shared.batches import MAX_BATCH, Batches
from chimera_shared.errors import Configuration, StoreUnavailable

M = TypeVar("M", bound=Message)
Document = dict[str, Any]
Client = AsyncIOMotorClient[dict[str, Any]]
Collection = AsyncIOMotorCollection
Database = AsyncIOMotorDatabase

SHARED_DATABASE = "chimera_shared"
"""What all services write, each through the one module that owns the collection: budgets, dead letters, reports."""
_DUPLICATE_KEY = 11000
_TIMEOUT_MS = 5_000
_PAGE = 1_000
_ANSWER_TIMEOUT_MS = 30_000
"""A server that took a request and never answers must not hold every caller that waits behind it."""


def connect(uri: str) -> AsyncIOMotorClient[Document]:
    """A client whose writes are acknowledged from the journal. It connects at the first operation."""
    try:
        return AsyncIOMotorClient(
            uri,
            journal=True,
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            socketTimeoutMS=_ANSWER_TIMEOUT_MS,
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


async def ensure_indexes(
    collection: Collection[Document], *fields: Sequence[str], sparse: bool = False, unique: bool = False
) -> None:
    """Create one ascending index for each sequence of fields, if it is not there."""
    for names in fields:
        await collection.create_index([(name, ASCENDING) for name in names], sparse=sparse, unique=unique)


class FirstWins:
    """Inserts documents by `_id`; of two with the same id the first stays."""

    def __init__(self, collection: Collection[Document], linger_s: float = 0.0) -> None:
        self._collection = collection.with_options(write_concern=WriteConcern(j=True))
        self._batches = Batches(self._insert_many, linger_s)

    async def insert(self, document: Document) -> bool:
        """True if the document is now stored, False if its `_id` was there. StoreUnavailable if neither is known."""
        return await self._batches.ask(document)

    async def _insert_many(self, documents: list[Document]) -> list[bool]:
        # The same id twice in one batch: the server answers the second as a duplicate.
        with guarded():
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
        self._batches = Batches(self._find_many)

    async def find(self, key: str) -> Document | None:
        """The document, or None if there is none."""
        return await self._batches.ask(key)

    async def _find_many(self, keys: list[str]) -> list[Document | None]:
        with guarded():
            if len(keys) == 1:
                return [await self._collection.find_one({"_id": keys[0]})]
            query = {"_id": {"$in": keys}}
            found = {d["_id"]: d async for d in self._collection.find(query, batch_size=MAX_BATCH)}
        return [found.get(key) for key in keys]


class Logs:
    """Documents that are numbered from 0 within a scope, without a gap; whoever appends first has the number.

    A document's `_id` is `scope/number`. A scope that nobody appends to any more is read like any other.
    """

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection.with_options(write_concern=WriteConcern(j=True))

    async def append(self, scope: str, first: int, documents: Sequence[Document]) -> int:
        """Store documents under the numbers from `first` on, up to the first that is taken; how many were stored.

        All numbers below `first` must be known to be taken. After StoreUnavailable some may be stored.
        """
        numbered = [{**document, "_id": _numbered(scope, first + n)} for n, document in enumerate(documents)]
        for start in range(0, len(numbered), MAX_BATCH):
            batch = numbered[start : start + MAX_BATCH]
            with guarded():
                try:
                    await self._collection.insert_many(batch, ordered=True)
                except BulkWriteError as error:
                    wrong: Mapping[str, Any] = error.details["writeErrors"][0]
                    if wrong["code"] != _DUPLICATE_KEY:
                        raise
                    return start + int(wrong["index"])
        return len(numbered)

    async def read(self, scope: str, first: int, *fields: str) -> AsyncIterator[Document]:
        """The documents from a number on in their order, with these fields alone, or with all if none is named."""
        query = {"_id": {"$gte": _numbered(scope, first), "$lt": f"{scope}/:"}}
        with guarded():
            found = self._collection.find(query, fields or None, batch_size=_PAGE).sort("_id", ASCENDING)
            async for document in found:
                yield document

    async def find(self, scope: str, numbers: Sequence[int]) -> dict[int, Document]:
        """The documents with these numbers, as far as there are any."""
        names = {_numbered(scope, number): number for number in numbers}
        with guarded():
            found = self._collection.find({"_id": {"$in": list(names)}}, batch_size=_PAGE)
            return {names[document["_id"]]: document async for document in found}

    async def drop(self, scope: str) -> None:
        """Forget a scope."""
        with guarded():
            await self._collection.delete_many({"_id": {"$gte": f"{scope}/", "$lt": f"{scope}/:"}})


def _numbered(scope: str, number: int) -> str:
    return f"{scope}/{number:012d}"


def _first_line(error: BaseException) -> str:
    text = str(error).split(", Timeout:", maxsplit=1)[0].split(" (configured timeouts:", maxsplit=1)[0]
    text = text or type(error).__name__
    return text.splitlines()[0][:200]
