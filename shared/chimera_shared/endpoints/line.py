"""Who waits for the same thing, in the order in which they are served."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """The highest precedence first, and first come, first served within one. What waits must be hashable."""

    __slots__ = ("_ranks",)

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[T, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._ranks)

    def __iter__(self) -> Iterator[T]:
        """All that wait, whoever is served first before the others."""
        return (item for rank in sorted(self._ranks, reverse=True) for item in self._ranks[rank])

    def push(self, item: T, precedence: int = 0) -> None:
        """Queue behind those of the same precedence."""
        self._ranks.setdefault(precedence, OrderedDict())[item] = None

    def head(self) -> T:
        """Whose turn it is; somebody must wait."""
        return next(iter(self._ranks[max(self._ranks)]))

    def pop(self) -> T:
        """Serve whoever is at the head."""
        item = self.head()
        self.discard(item)
        return item

    def discard(self, item: T) -> bool:
        """Take somebody out; False if it was not here."""
        for rank, waiting in self._ranks.items():
            if item in waiting:
                del waiting[item]
                if not waiting:
                    del self._ranks[rank]
                return True
        return False
