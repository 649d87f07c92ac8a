"""One request from its arrival to its end, in the statistics and in the journal."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import orjson

from .journal import Journal
from .refusals import Refused
from .stats import Stats


class Visit:
    """A request under way. `status` is how it ends, unless an error says otherwise."""

    def __init__(self, stats: Stats, journal: Journal) -> None:
        self._stats = stats
        self._journal = journal
        self._tallies = [stats.total]
        self._body: Any = None
        self._name: str | None = None
        self._usage: Mapping[str, Any] | None = None
        self.status = "500"
        stats.total.entered()

    def brings(self, body: Any) -> None:
        """Its body is read."""
        self._body = body
        self._name = self._journal.arrived(body)

    def at(self, model: str) -> None:
        """It is for this model."""
        self._tallies.append(self._stats.models[model])
        self._stats.models[model].entered()

    def answered(self, usage: Mapping[str, Any]) -> None:
        """It was answered in full with 200, at this expense."""
        self.status, self._usage = "200", usage
        digest = blake2b(orjson.dumps(self._body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        for tally in self._tallies:
            tally.answered(digest, usage)

    def end(self) -> None:
        """It is over."""
        if self._name is not None:
            self._journal.ended(self._name, self.status, self._usage)
        for tally in self._tallies:
            tally.left(self.status)


@contextmanager
def visiting(stats: Stats, journal: Journal) -> Iterator[Visit]:
    """The block answers one request."""
    visit = Visit(stats, journal)
    try:
        yield visit
    except Refused as refused:
        visit.status = str(refused.status)
        raise
    except (asyncio.CancelledError, ConnectionError):
        visit.status = "cancelled"
        raise
    finally:
        visit.end()
