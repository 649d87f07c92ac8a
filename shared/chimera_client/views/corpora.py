"""Corpora, their problems and what in them is like a problem."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera.corpus.v1 import corpus_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.text import line
from chimera_client.views.sample import answer_text
from chimera_client.views.tables import titled_table

_SHOWN_CHARS = 100


def corpora_table(corpora: Iterable[corpus_pb2.Corpus]) -> Table:
    """One line a corpus."""
    table = titled_table("Corpus", "Problems", "From", "Imported (UTC)", "SHA-256")
    for corpus in corpora:
        imported = corpus.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M")
        cells = (corpus.name, f"{corpus.items:,}", corpus.source, imported, corpus.sha256[:12])
        table.add_row(*(Text(line(cell, 80)) for cell in cells))
    return table


def render_corpus(corpus: corpus_pb2.Corpus, items: Iterable[corpus_pb2.CorpusItem]) -> RenderableType:
    """A corpus with its first problems."""
    table = titled_table("Problem", "Subject", "Topic", "Answer", "Statement")
    for item in items:
        answer = answer_text(item.answer) if item.HasField("answer") else ""
        cells = (item.item_id, item.subject, item.topic, answer, item.statement)
        table.add_row(*(Text(line(cell, _SHOWN_CHARS)) for cell in cells))
    return Group(corpora_table([corpus]), table)


def matches_table(matches: Iterable[sample_pb2.Match]) -> Table:
    """One line a match."""
    table = titled_table("Relation", "Where", "Problem", "Method", "Score", "Begins")
    for match in matches:
        relation = sample_pb2.Relation.Name(match.relation).removeprefix("RELATION_").lower()
        cells = (relation, match.corpus, match.item, match.method, f"{match.score:.2f}", match.excerpt)
        table.add_row(*(Text(line(cell, _SHOWN_CHARS)) for cell in cells))
    return table
