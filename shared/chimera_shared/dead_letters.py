"""Messages that a stage could not work on: all services keep them in one collection, the gateway replays them.

A letter is *open* until it is replayed or discarded. A large one lies in pieces beside its document, which MongoDB
limits to 16 MB.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from google.protobuf.message import DecodeError

from chimera.deadletter.v1 import dead_letter_pb2
from chimera_shared.errors import ChimeraError
from chimera_shared.identity import digest
from chimera_shared.mongo import Collection, Document, FirstWins, ensure_indexes, guarded
from chimera_shared.stage import NoRoom, Received, Refused

MAX_LETTERS = 1_000
"""Of one stage; at that number it stands still: the code is at fault and not the data."""
KEY_BYTES_IN_LISTS = 200
_MAX_INLINE_BYTES = 256 * 1024
"""So that lists, which read whole documents, stay cheap."""
_PIECE_BYTES = 4 * 1024 * 1024
_KEPT_WHEN_CLOSED = timedelta(days=7)
"""As long as a topic keeps a message: a replayed one that was lost there can be replayed again."""
_CLOSED_AT = ("replay_time", "discard_time")
_WITHOUT_MESSAGE = {"message": 0}
_TIME_DIGITS = 13
"""Hexadecimal; milliseconds since 1970 need 11."""


class DeadLetters:
    """Keeps one service's dead letters, at most `bound` open ones of each stage."""

    def __init__(self, letters: Collection[Document], service: str, bound: int = MAX_LETTERS) -> None:
        self._letters = letters
        self._pieces = _pieces(letters)
        self._insert = FirstWins(letters).insert
        self._service = service
        self._bound = bound
        self._indexed = False

    async def keep(self, letter: Refused) -> None:
        """Store a letter, once however often it is told. NoRoom if its stage has none."""
        place, name = f"{self._service}/{letter.stage}", letter_id(self._service, letter)
        with guarded():
            await self._index()
            if await self._letters.find_one({"_id": name}, {"_id": 1}) is not None:
                return
            if await self._letters.count_documents({"open": place}) >= self._bound:
                raise NoRoom(f"{place} has {self._bound} dead letters; see `chimera dead-letters list`")
            packed = _packed(letter.message)
            pieces = [packed[at : at + _PIECE_BYTES] for at in range(0, len(packed), _PIECE_BYTES)]
            inline = len(packed) <= _MAX_INLINE_BYTES
            if not inline:
                for number, piece in enumerate(pieces):
                    await self._pieces.replace_one({"_id": f"{name}/{number:03}"}, {"value": piece}, upsert=True)
        await self._insert(
            {
                "_id": name,
                "open": place,
                "service": self._service,
                "stage": letter.stage,
                "topic": letter.topic,
                "key": None if letter.message.key is None else letter.message.key[:KEY_BYTES_IN_LISTS],
                "size": _size(letter.message),
                "cause": letter.cause,
                "time": datetime.now(UTC),
                "message": packed if inline else None,
                "pieces": 0 if inline else len(pieces),
            }
        )

    async def _index(self) -> None:
        if not self._indexed:
            await ensure_indexes(self._letters, ["open"], *([name] for name in _CLOSED_AT), sparse=True)
            self._indexed = True


class Letterbox:
    """Reads every service's dead letters, and notes which were replayed or discarded."""

    def __init__(self, letters: Collection[Document], bound: int = MAX_LETTERS) -> None:
        self.bound = bound
        self._letters = letters
        self._pieces = _pieces(letters)

    async def list(self, stage: str, after: str, limit: int) -> list[dead_letter_pb2.DeadLetter]:
        """Open letters, oldest message first, without values and headers; an empty `stage` means every one."""
        query: Document = {"_id": {"$gt": after}, "open": {"$exists": True}, **({"stage": stage} if stage else {})}
        with guarded():
            found = await self._letters.find(query, _WITHOUT_MESSAGE).sort("_id", 1).limit(limit).to_list(None)
        return [_letter(document) for document in found]

    async def stages(self) -> Sequence[dead_letter_pb2.StageLetters]:
        """How many open letters each stage has, of those that have any."""
        with guarded():
            places = sorted(await self._letters.distinct("open"))
            counts = [await self._letters.count_documents({"open": place}) for place in places]
        return [
            dead_letter_pb2.StageLetters(service=service, stage=stage, letters=letters, bound=self.bound)
            for (service, stage), letters in zip((place.split("/", 1) for place in places), counts, strict=True)
        ]

    async def get(self, name: str) -> dead_letter_pb2.DeadLetter | None:
        """One letter as it came; closed ones are kept for a while."""
        with guarded():
            if (found := await self._letters.find_one({"_id": name})) is None:
                return None
            packed: bytes = found["message"] or b""
            for number in range(found["pieces"]):
                piece = await self._pieces.find_one({"_id": f"{name}/{number:03}"})
                packed += b"" if piece is None else piece["value"]
        letter = _letter(found)
        letter.ClearField("key")
        try:
            letter.MergeFromString(packed)
        except DecodeError:
            letter.ClearField("value")
        if _held(letter) != letter.size_bytes:
            raise ChimeraError(f"dead letter {name} is not whole in the store and cannot be read")
        return letter

    async def replayed(self, name: str) -> None:
        """Note that a letter was sent again: it makes room for another."""
        await self._close(name, "replay_time")

    async def discarded(self, name: str) -> bool:
        """Note that a letter is of no use: it makes room for another. False if there is none of this name."""
        return await self._close(name, "discard_time")

    async def _close(self, name: str, at: str) -> bool:
        with guarded():
            closed = await self._letters.update_one(
                {"_id": name}, {"$unset": {"open": ""}, "$set": {at: datetime.now(UTC)}}
            )
        return bool(closed.matched_count)

    async def forget(self) -> None:
        """Drop letters that were closed long ago."""
        before = datetime.now(UTC) - _KEPT_WHEN_CLOSED
        with guarded():
            query = {"open": {"$exists": False}, "$or": [{name: {"$lt": before}} for name in _CLOSED_AT]}
            async for document in self._letters.find(query, _WITHOUT_MESSAGE):
                names = [f"{document['_id']}/{number:03}" for number in range(document["pieces"])]
                await self._pieces.delete_many({"_id": {"$in": names}})
                await self._letters.delete_one({"_id": document["_id"]})


def letter_id(service: str, letter: Refused) -> str:
    """The same for every delivery of one message to one stage; in the order of the messages' times."""
    message = letter.message
    time = min(max(message.timestamp_ms, 0), 16**_TIME_DIGITS - 1)
    content = digest(message.key, message.value)
    place = (service, letter.stage, letter.topic, message.partition, message.offset, message.timestamp_ms)
    return f"{time:0{_TIME_DIGITS}x}{digest('dead letter', *place, content)}"[:32]


def _pieces(letters: Collection[Document]) -> Collection[Document]:
    return letters.database[f"{letters.name}.pieces"]


def _packed(message: Received) -> bytes:
    headers = [dead_letter_pb2.Header(name=name, value=value) for name, value in message.raw_headers]
    return dead_letter_pb2.DeadLetter(key=message.key, value=message.value, headers=headers).SerializeToString()


def _size(message: Received) -> int:
    headers = sum(len(name.encode()) + len(value or b"") for name, value in message.raw_headers)
    return len(message.key or b"") + len(message.value or b"") + headers


def _held(letter: dead_letter_pb2.DeadLetter) -> int:
    headers = sum(len(header.name.encode()) + len(header.value) for header in letter.headers)
    return len(letter.key) + len(letter.value) + headers


def _letter(document: Document) -> dead_letter_pb2.DeadLetter:
    """What a list shows of a letter."""
    letter = dead_letter_pb2.DeadLetter(
        dead_letter_id=document["_id"],
        service=document["service"],
        stage=document["stage"],
        topic=document["topic"],
        key=document["key"],
        cause=document["cause"],
        size_bytes=document["size"],
    )
    letter.create_time.FromDatetime(document["time"])
    for name in _CLOSED_AT:
        if name in document:
            getattr(letter, name).FromDatetime(document[name])
    return letter
