"""The most frequent of very many texts, in memory that does not grow with their number."""

from dataclasses import dataclass, field

WIDTH = 20_000
"""Texts are told apart exactly up to so many; beyond, each count is at most one in so many of all too low."""


@dataclass(slots=True)
class Frequent:
    """Lossy counting (Manku and Motwani 2002): after every `width` texts those seen too seldom are forgotten."""

    width: int = WIDTH
    total: int = 0
    exact: bool = True
    _counts: dict[str, int] = field(default_factory=dict)
    _missed: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Count one text."""
        if text in self._counts:
            self._counts[text] += 1
        else:
            self._counts[text] = 1
            self._missed[text] = self.total // self.width
        self.total += 1
        if self.total % self.width == 0:
            self._forget(self.total // self.width)

    @property
    def distinct(self) -> int:
        """How many different texts are known; at least so many were seen."""
        return len(self._counts)

    @property
    def repeated(self) -> int:
        """How many of all texts are of those that came more than once; if not exact, at least so many."""
        return sum(count for count in self._counts.values() if count > 1)

    def top(self, number: int) -> list[tuple[str, int]]:
        """The most frequent texts with their counts."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:number]

    def _forget(self, least: int) -> None:
        if len(self._counts) < self.width:
            return
        for text in [text for text, count in self._counts.items() if count + self._missed[text] <= least]:
            del self._counts[text], self._missed[text]
            self.exact = False
