"""Tells when what was paid for by a spent budget has come in."""

from dataclasses import dataclass, field

from chimera_shared.endpoints.book import Amount, Book, Vigil

_QUIET_SECONDS = 3.0
"""Between the last paid answer and the end: what it completes is stored, told and counted by then."""


@dataclass(slots=True)
class Exhausted:
    """A build or a recall that makes no more calls, until nothing of it moves any more."""

    vigil: Vigil = field(default_factory=Vigil)
    still_since: float = 0.0
    last: "tuple[Amount, object, bool] | None" = None

    def is_still(self, book: Book, counts: object, now: float) -> bool:
        """Whether nothing is under way, and nothing has happened for a while."""
        seen = (book.consumed, counts, book.idle)
        if seen != self.last:
            self.last, self.still_since = seen, now
        return book.idle and now - self.still_since >= _QUIET_SECONDS
