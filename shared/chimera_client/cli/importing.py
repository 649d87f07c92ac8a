"""Importing a corpus, with progress."""

import time
from collections.abc import Iterator
from itertools import chain

from chimera.corpus.v1 import corpus_pb2
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.session import Place, opened
from chimera_client.corpora import Corpora
from chimera_client.sources import source as sources
from chimera_client.text import counted
from chimera_client.views.corpora import corpora_table
from chimera_shared.errors import AlreadyExists, InvalidInput

_PROGRESS_SECONDS = 5.0


async def import_corpus(place: Place, name: str, source: str, told: sources.Told, *, as_json: bool) -> None:
    """Import and show what was imported. The source is read before any service is started."""
    async with sources.opened(source, told, note) as problems:
        items = _not_empty(problems.items, source)
        async with opened(place, None) as session:
            corpus = await store(session.client.corpora, name, problems.words, items)
    if as_json:
        emit(corpus)
    else:
        console().print(corpora_table([corpus]))


async def store(corpora: Corpora, name: str, words: str, items: Iterator[corpus_pb2.CorpusItem]) -> corpus_pb2.Corpus:
    """Store problems, with a word now and then while that takes long."""
    try:
        return await corpora.import_(name, words, _counted(items))
    except AlreadyExists:
        raise InvalidInput.of(
            "NAME",
            f"{name[:80]!r} holds other problems already; take another name, or forget those: chimera corpora rm"
            f" {name[:80]}",
        ) from None


def _not_empty(items: Iterator[corpus_pb2.CorpusItem], source: str) -> Iterator[corpus_pb2.CorpusItem]:
    first = next(items, None)
    if first is None:
        raise InvalidInput.of(
            "SOURCE", f"no row of {source[:80]} has a statement; say which column holds it by --statement-field"
        )
    return chain([first], items)


def _counted(items: Iterator[corpus_pb2.CorpusItem]) -> Iterator[corpus_pb2.CorpusItem]:
    told = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - told >= _PROGRESS_SECONDS:
            told = time.monotonic()
            note(f"{counted(number, 'problem')} sent")
