"""Pages of long lists (AIP-158)."""

from dataclasses import dataclass
from typing import Protocol, Self

from chimera_shared.errors import InvalidInput

DEFAULT_SIZE = 50
MAX_SIZE = 200
_MAX_TOKEN_DIGITS = 12


class Paged(Protocol):
    """A request for one page."""

    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted; the token is what the last page ended with."""

    size: int
    token: str

    @classmethod
    def of(cls, request: Paged, *, default: int = DEFAULT_SIZE, most: int = MAX_SIZE) -> Self:
        """The page that a request asks for; more than `most` is cut to it, as AIP-158 has it."""
        if request.page_size < 0:
            raise InvalidInput.of("page_size", f"must not be negative, not {request.page_size}")
        return cls(min(request.page_size or default, most), request.page_token)

    def number(self) -> int:
        """The token as a position; 0 on the first page."""
        if self.token and not (self.token.isdecimal() and len(self.token) <= _MAX_TOKEN_DIGITS):
            raise InvalidInput.of("page_token", "is not a token of an earlier answer; leave it empty to begin")
        return int(self.token or 0)

    def next_number(self, found: int) -> str:
        """The next page's token, given how many of `size + 1` items were found."""
        return str(self.number() + self.size) if found > self.size else ""
