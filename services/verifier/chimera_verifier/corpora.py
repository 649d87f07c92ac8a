"""Sets of problems that others are compared with: how they come in, and where they are."""

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from chimera.corpus.v1 import corpus_pb2, corpus_service_pb2
from chimera_shared.errors import AlreadyExists, InvalidInput, NotFound
from chimera_shared.mongo import Logs
from chimera_shared.templates import complete
from chimera_shared.together import all_of, to_its_end
from chimera_verifier.domain.likeness.sketch import key
from chimera_verifier.reader import Reader
from chimera_verifier.statements import document_of
from chimera_verifier.store import CorpusStore

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STORED_TOGETHER = 200
_MAX_ID_CHARS = 200


class Corpora:
    """Keeps corpora. Their statements are scopes of their own, which a corpus' name leads to once all are stored."""

    def __init__(self, store: CorpusStore, logs: Logs, reader: Reader) -> None:
        self._store = store
        self._logs = logs
        self._reader = reader

    async def scope(self, name: str) -> str:
        """Where a corpus' statements are. NotFound if there is none of this name."""
        if (scope := await self._store.scope(name)) is None:
            raise NotFound(f"the corpus {name[:80]!r} is not there; `chimera corpora import` brings it in")
        return scope

    async def take_in(self, parts: AsyncIterator[corpus_service_pb2.ImportCorpusRequest]) -> corpus_pb2.Corpus:
        """Store a corpus: its head, then its items. Nothing of it is seen before all of it is stored."""
        head, sealed = await _head(parts)
        known = await self._store.find(head.name)
        scope = f"corpus-{uuid.uuid4().hex}"
        await self._store.begin(scope)
        try:
            items = await self._take_in_items(_items(parts, sealed=sealed), scope if known is None else "")
            head.items, head.sha256 = items.count, items.sha256.hexdigest()
            head.create_time.FromDatetime(datetime.now(UTC))
            if known is None and await to_its_end(self._store.add(head, scope)):
                await self._store.end(scope)
                return head
        except BaseException:
            await to_its_end(self._undo(head.name, scope))
            raise
        await to_its_end(self._forget(scope))
        known = known or await self._store.find(head.name)
        if known is None or known.sha256 != head.sha256:
            raise AlreadyExists(
                f"the corpus {head.name!r} is there with other content; take another name, or delete it first"
            )
        return known

    async def read(self, name: str) -> AsyncIterator[corpus_pb2.CorpusItem]:
        """The items of a corpus in their order, each with its id. NotFound if there is none of this name."""
        number = 0
        async for document in self._logs.read(await self.scope(name), 0, "whole"):
            yield _named(corpus_pb2.CorpusItem.FromString(document["whole"]), number)
            number += 1

    async def drawn(self, name: str, seed: int) -> corpus_pb2.CorpusItem:
        """One item of a corpus, the same for the same seed. NotFound if there is no corpus of this name."""
        scope, corpus = await self.scope(name), await self._store.find(name)
        if corpus is None:
            raise NotFound(f"the corpus {name[:80]!r} was deleted just now")
        number = seed % corpus.items
        found = (await self._logs.find(scope, [number])).get(number)
        if found is None:
            raise NotFound(f"the corpus {name[:80]!r} has lost its item {number}")
        return _named(corpus_pb2.CorpusItem.FromString(found["whole"]), number)

    async def delete(self, name: str) -> None:
        """Forget a corpus. NotFound if there is none of this name."""
        scope = await self.scope(name)
        await self._store.remove(name)
        await self._logs.drop(scope)

    async def clean(self) -> None:
        """Forget what imports left that were broken off with their process."""
        for scope in await self._store.broken_off():
            await self._forget(scope)

    async def _undo(self, name: str, scope: str) -> None:
        """Forget what an import stored, unless that was all of it and the corpus' name leads there by now."""
        if await self._store.scope(name) == scope:
            await self._store.end(scope)
        else:
            await self._forget(scope)

    async def _forget(self, scope: str) -> None:
        await self._logs.drop(scope)
        await self._store.end(scope)

    async def _take_in_items(self, items: AsyncIterator[corpus_pb2.CorpusItem], scope: str) -> "_Taken":
        """Hash the items, and store them if a scope is given."""
        taken, waiting = _Taken(), list[corpus_pb2.CorpusItem]()
        async for item in items:
            if item.HasField("template"):
                await asyncio.to_thread(_complete, item, taken.count)
            taken.add(item)
            waiting.append(item)
            if len(waiting) == _STORED_TOGETHER:
                await self._keep(scope, taken.count - len(waiting), waiting)
                waiting = []
        if not taken.count:
            raise InvalidInput.of("items", "there are none; a corpus has at least one problem")
        await self._keep(scope, taken.count - len(waiting), waiting)
        return taken

    async def _keep(self, scope: str, first: int, items: Sequence[corpus_pb2.CorpusItem]) -> None:
        if not scope or not items:
            return
        statements = await all_of(*(self._reader.read(item.statement) for item in items))
        documents = [
            document_of(item.item_id or str(number), statement) | {"whole": item.SerializeToString()}
            for number, (item, statement) in enumerate(zip(items, statements, strict=True), first)
        ]
        stored = await self._logs.append(scope, first, documents)
        assert stored == len(documents), "nobody else appends to this import's scope"


class _Taken:
    """What was taken in so far."""

    def __init__(self) -> None:
        self.count = 0
        self.sha256 = hashlib.sha256()
        self._names: set[int] = set()

    def add(self, item: corpus_pb2.CorpusItem) -> None:
        where = f"items[{self.count}]"
        if not item.statement.strip():
            raise InvalidInput.of(f"{where}.statement", "is empty; leave the item out")
        if len(item.item_id) > _MAX_ID_CHARS:
            raise InvalidInput.of(
                f"{where}.item_id", f"has {len(item.item_id)} characters, at most {_MAX_ID_CHARS} fit"
            )
        name = key(item.item_id or str(self.count))
        if name in self._names:
            raise InvalidInput.of(f"{where}.item_id", f"{item.item_id[:80]!r} stands on an earlier item too")
        self._names.add(name)
        raw = item.SerializeToString(deterministic=True)
        self.sha256.update(len(raw).to_bytes(8, "big") + raw)
        self.count += 1


async def _head(parts: AsyncIterator[corpus_service_pb2.ImportCorpusRequest]) -> tuple[corpus_pb2.Corpus, bool]:
    """The corpus without its items, and whether the last part will say that it is the last."""
    async for part in parts:
        if part.WhichOneof("part") != "head":
            break
        if not _NAME.fullmatch(part.head.name):
            raise InvalidInput.of(
                "head.name", f"must be 1 to 64 letters, digits, -, _ and ., not {part.head.name[:80]!r}"
            )
        return corpus_pb2.Corpus(name=part.head.name, source=part.head.source[:1_000]), part.sealed
    raise InvalidInput.of("head", "must be the first part; send the corpus' name before its items")


async def _items(
    parts: AsyncIterator[corpus_service_pb2.ImportCorpusRequest], *, sealed: bool
) -> AsyncIterator[corpus_pb2.CorpusItem]:
    """Every item. A call that is cancelled ends its stream as one that is done does, so `sealed` tells them apart."""
    ended = not sealed
    async for part in parts:
        if part.WhichOneof("part") != "items":
            raise InvalidInput.of("items", "must be every part after the first")
        for item in part.items.items:
            yield item
        ended = ended or part.sealed
    if not ended:
        raise InvalidInput.of("items", "broke off before the part that is sealed; send all of them again")


def _named(item: corpus_pb2.CorpusItem, number: int) -> corpus_pb2.CorpusItem:
    """The item with its id, which is its number if it came without one."""
    item.item_id = item.item_id or str(number)
    return item


def _complete(item: corpus_pb2.CorpusItem, position: int) -> None:
    """Give an item what its template says of it; InvalidInput where they do not agree."""
    try:
        complete(item)
    except ValueError as error:
        raise InvalidInput.of(f"items[{position}].template", str(error)) from None
