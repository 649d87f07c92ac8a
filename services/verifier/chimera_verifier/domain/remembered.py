"""What was read of a text is remembered: a comparison reads each several times, and many answers share a gold one."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

_TEXTS = 2048
_CHARS = 300  # Of a text; longer ones are seldom read twice, and few texts must not hold much memory.


def remembered(read: Callable[[str], T]) -> Callable[[str], T]:
    """Remembers the results of a pure function of short texts; they must be immutable."""
    known = lru_cache(_TEXTS)(read)

    @wraps(read)
    def call(text: str) -> T:
        return known(text) if len(text) <= _CHARS else read(text)

    return call
