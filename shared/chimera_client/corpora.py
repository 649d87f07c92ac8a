"""Corpora at a verifier: benchmarks, earlier datasets, gold problems."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, cast

from chimera.corpus.v1 import corpus_pb2, corpus_service_pb2, corpus_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_client.connection import Connection
from chimera_shared.rpc.channel import DEADLINE_SECONDS

IMPORT_SECONDS = 3600.0
"""Of an import, whose problems are all read, embedded and stored."""
_FIND_SECONDS = 60.0
_PART_ITEMS = 200
_PART_BYTES = 512 * 1024


class Corpora:
    """Imports, reads and searches corpora."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = corpus_service_pb2_grpc.CorpusServiceStub(connection.channel)

    async def import_(self, name: str, source: str, items: Iterable[corpus_pb2.CorpusItem]) -> corpus_pb2.Corpus:
        """Store problems under a name; `source` says in words where they are from.

        The same name and content again changes nothing; with other content it is AlreadyExists.
        """
        call = self._stub.ImportCorpus(timeout=IMPORT_SECONDS)
        try:
            with self._connection.errors():
                await _send(call, _parts(name, source, items))
                return cast(corpus_pb2.Corpus, await call)
        finally:
            call.cancel()

    async def get(self, name: str) -> corpus_pb2.Corpus:
        """One corpus; NotFound if there is none."""
        request = corpus_service_pb2.GetCorpusRequest(name=name)
        return await self._connection.answer(self._stub.GetCorpus(request, timeout=DEADLINE_SECONDS))

    async def list(self) -> AsyncIterator[corpus_pb2.Corpus]:
        """All corpora by name, page by page."""
        request = corpus_service_pb2.ListCorporaRequest()
        async for page in self._connection.pages(self._stub.ListCorpora, request):
            for corpus in page.corpora:
                yield corpus

    async def read(self, name: str) -> AsyncIterator[corpus_pb2.CorpusItem]:
        """Every problem of a corpus, in their order; NotFound if there is none."""
        call = self._stub.ReadCorpus(corpus_service_pb2.ReadCorpusRequest(name=name), timeout=IMPORT_SECONDS)
        try:
            with self._connection.errors():
                async for item in call:
                    yield item
        finally:
            call.cancel()

    async def delete(self, name: str) -> None:
        """Forget a corpus; NotFound if there is none."""
        request = corpus_service_pb2.DeleteCorpusRequest(name=name)
        await self._connection.answer(self._stub.DeleteCorpus(request, timeout=DEADLINE_SECONDS))

    async def find_similar(
        self, statement: str, corpora: Sequence[str] = (), benchmarks: Sequence[str] = (), build_id: str = ""
    ) -> Sequence[sample_pb2.Match]:
        """Problems of these corpora and of that build that are like the statement, most alike first.

        What is like a problem of `benchmarks` is a leak.
        """
        request = corpus_service_pb2.FindSimilarRequest(
            statement=statement, corpora=corpora, benchmarks=benchmarks, build_id=build_id
        )
        found = await self._connection.answer(self._stub.FindSimilar(request, timeout=_FIND_SECONDS))
        return list(found.matches)


async def _send(call: Any, parts: Iterable[corpus_service_pb2.ImportCorpusRequest]) -> None:
    """Write part by part, so that an error of whoever makes them arrives as it is and not as a cancelled call."""
    for part in parts:
        try:
            await call.write(part)
        except asyncio.InvalidStateError:  # the verifier has answered already, and the call says what
            return
    await call.done_writing()


def _parts(
    name: str, source: str, items: Iterable[corpus_pb2.CorpusItem]
) -> Iterator[corpus_service_pb2.ImportCorpusRequest]:
    yield corpus_service_pb2.ImportCorpusRequest(head=corpus_pb2.Corpus(name=name, source=source), sealed=True)
    for part in _batched(items):
        yield corpus_service_pb2.ImportCorpusRequest(items=corpus_service_pb2.CorpusItems(items=part))
    yield corpus_service_pb2.ImportCorpusRequest(items=corpus_service_pb2.CorpusItems(), sealed=True)


def _batched(items: Iterable[corpus_pb2.CorpusItem]) -> Iterator[list[corpus_pb2.CorpusItem]]:
    part: list[corpus_pb2.CorpusItem] = []
    size = 0
    for item in items:
        if part and (len(part) == _PART_ITEMS or size + item.ByteSize() > _PART_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += item.ByteSize()
    if part:
        yield part
