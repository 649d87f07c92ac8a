"""A fixed number of statements drawn evenly from all, whatever the order in which they come."""

import hashlib
import heapq
from dataclasses import dataclass, field

from chimera.sample.v1 import sample_pb2

DRAWN = 2_000
MAX_CHARS = 2_000


@dataclass(slots=True)
class Draw:
    """Keeps the statements whose ids have the smallest hashes: the same dataset gives the same draw."""

    number: int = DRAWN
    _kept: list[tuple[int, str]] = field(default_factory=list)

    def add(self, sample: sample_pb2.Sample) -> None:
        """Offer one sample's statement."""
        rank = -int.from_bytes(hashlib.sha256(sample.ref.sample_id.encode()).digest()[:8])
        if len(self._kept) < self.number:
            heapq.heappush(self._kept, (rank, sample.problem.statement[:MAX_CHARS]))
        elif rank > self._kept[0][0]:
            heapq.heapreplace(self._kept, (rank, sample.problem.statement[:MAX_CHARS]))

    def statements(self) -> list[str]:
        """What was drawn, in an order that is as good as random and always the same."""
        return [statement for _, statement in sorted(self._kept, reverse=True)]
