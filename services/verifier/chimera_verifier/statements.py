"""The statements seen before, by scope: a build's, those of checks under one name, or a corpus'.

The store is the truth: each scope is a log, and who has its next number has its place. In memory there is an index of
each scope in use, which follows its log before it answers. So of two like problems that are claimed at the same time,
by whichever replicas, the later one finds the earlier.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from chimera.sample.v1 import sample_pb2
from chimera_shared.batches import Batches
from chimera_shared.mongo import Document, Logs
from chimera_verifier.domain.likeness.index import SketchIndex
from chimera_verifier.domain.likeness.reading import Reading, read
from chimera_verifier.domain.likeness.relation import Likeness, compare
from chimera_verifier.domain.likeness.sketch import key, packed, unpacked
from chimera_verifier.reader import READER, Reader, Statement

_CANDIDATES = 24
"""What is compared word by word: where the sketch of a duplicate is not among the nearest, its wording is far off."""
_FAR = 0.35
"""Below this cosine statements are not taken apart: no anchor makes up for it."""
_KEPT_STATEMENTS = 4_096
"""Statements that are kept for the next comparison, up to 15 KB each."""
_KEPT_ROWS = 4_000_000
"""Indexes that are kept in memory hold so many rows together, 104 bytes each; those not used for longest go first."""


@dataclass(frozen=True, slots=True)
class Found:
    """A statement seen before, and how one relates to it."""

    item: str
    text: str
    likeness: Likeness


@dataclass
class Kept:
    """An item of a scope; its statement is taken apart when it is near enough to one that is looked for."""

    item: str
    text: str
    vector: NDArray[np.float32]

    @classmethod
    def of(cls, item: str, statement: Statement) -> Self:
        """An item whose statement was taken apart just now."""
        kept = cls(item, statement.text, statement.vector)
        kept.reading = statement.reading
        return kept

    @cached_property
    def reading(self) -> Reading:
        """The statement taken apart."""
        return read(self.text)


class Recent:
    """What was looked at last, over all scopes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Kept] = OrderedDict()

    def get(self, place: tuple[str, int]) -> Kept | None:
        """What is at a place of a scope, if it was looked at lately."""
        if place in self._kept:
            self._kept.move_to_end(place)
        return self._kept.get(place)

    def put(self, place: tuple[str, int], kept: Kept) -> None:
        """Keep it, and forget what was not looked at for longest."""
        self._kept[place] = kept
        while len(self._kept) > _KEPT_STATEMENTS:
            self._kept.popitem(last=False)


class Shelf:
    """The statements of one scope."""

    def __init__(self, scope: str, logs: Logs, reader: Reader, kept: "Recent") -> None:
        self._scope = scope
        self._logs = logs
        self._reader = reader
        self._kept = kept
        self._index = SketchIndex()
        self._following = asyncio.Lock()
        self._behind = True
        self._claims = Batches(self._claim_many)

    def __len__(self) -> int:
        return len(self._index)

    async def claim(self, item: str, statement: Statement) -> int:
        """Take the next place for an item; the place that it has, if it took one before."""
        return await self._claims.ask((item, statement))

    async def follow(self) -> int:
        """Take in what others added; how many statements there are."""
        async with self._following:
            await self._follow()
        return len(self._index)

    async def after(self, item: str) -> int:
        """The place after an item's; the end if the item has none."""
        end = await self.follow()
        place = self._index.first_of_item(key(item))
        return end if place is None else place + 1

    async def like(self, statement: Statement, below: int, but: frozenset[str]) -> list[Found]:
        """What is the same or a variant, or nearly so, of the statements before a place, save some items."""
        rows = await self._reader.run(
            self._index.candidates, statement.sketch, key(statement.reading.form), below, _CANDIDATES
        )
        others = [kept for kept in await self._items(rows) if kept.item not in but]
        return await self._reader.run(_found, statement, others)

    async def _claim_many(self, claims: list[tuple[str, Statement]]) -> list[int]:
        async with self._following:
            if self._behind:
                await self._follow()
            while new := {item: s for item, s in claims if self._index.first_of_item(key(item)) is None}:
                self._behind = True
                documents = [document_of(item, statement) for item, statement in new.items()]
                stored = await self._logs.append(self._scope, len(self._index), documents)
                for item, statement in list(new.items())[:stored]:
                    self._kept.put((self._scope, len(self._index)), Kept.of(item, statement))
                    self._index.add(statement.sketch, key(statement.reading.form), key(item))
                self._behind = stored < len(documents)
                if self._behind:
                    await self._follow()
        places = [self._index.first_of_item(key(item)) for item, _ in claims]
        return [place for place in places if place is not None]

    async def _follow(self) -> None:
        fields = ("item", "sketch", "form", "reader")
        async for document in self._logs.read(self._scope, len(self._index), *fields):
            if document["reader"] == READER:
                sketch, form = np.frombuffer(document["sketch"], dtype=np.uint64), int(document["form"], 16)
            else:
                whole = await self._logs.find(self._scope, [len(self._index)])
                statement = await self._reader.read(whole[len(self._index)]["statement"])
                sketch, form = statement.sketch, key(statement.reading.form)
            self._index.add(sketch, form, key(document["item"]))
        self._behind = False

    async def _items(self, rows: Sequence[int]) -> list[Kept]:
        found = {row: kept for row in rows if (kept := self._kept.get((self._scope, row)))}
        if missing := [row for row in rows if row not in found]:
            for row, document in (await self._logs.find(self._scope, missing)).items():
                text = str(document["statement"])
                current = document["reader"] == READER
                vector = unpacked(document["vector"]) if current else (await self._reader.read(text)).vector
                found[row] = Kept(str(document["item"]), text, vector)
                self._kept.put((self._scope, row), found[row])
        return [found[row] for row in rows if row in found]


class Statements:
    """All scopes, of which those in use are in memory."""

    def __init__(self, logs: Logs, reader: Reader) -> None:
        self._logs = logs
        self._reader = reader
        self._kept = Recent()
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()

    def shelf(self, scope: str) -> Shelf:
        """The statements of a scope."""
        if scope not in self._shelves:
            self._shelves[scope] = Shelf(scope, self._logs, self._reader, self._kept)
        self._shelves.move_to_end(scope)
        while len(self._shelves) > 1 and sum(map(len, self._shelves.values())) > _KEPT_ROWS:
            self._shelves.popitem(last=False)
        return self._shelves[scope]


def document_of(item: str, statement: Statement) -> Document:
    """A statement as its scope's log keeps it."""
    return {
        "item": item,
        "statement": statement.text,
        "sketch": statement.sketch.tobytes(),
        "form": f"{key(statement.reading.form):016x}",
        "vector": packed(statement.vector),
        "reader": READER,
    }


def _found(statement: Statement, others: Sequence[Kept]) -> list[Found]:
    found = []
    for other in others:
        cosine = float(statement.vector @ other.vector)
        if cosine < _FAR and other.text != statement.text:
            continue
        likeness = compare(statement.reading, other.reading, cosine)
        if likeness.relation != sample_pb2.RELATION_DIFFERENT or likeness.doubtful:
            found.append(Found(other.item, other.text, likeness))
    return found
