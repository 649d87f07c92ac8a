"""How far one partition may be committed while its messages finish in any order."""

import base64
import binascii
import zlib
from bisect import insort
from collections import deque
from collections.abc import Collection
from typing import NamedTuple

# Kafka's offset.metadata.max.bytes is 4,096 by default. 20,000 offsets are a bitmap of 2,500 bytes, which is 3,352
# characters in base64 even when it does not compress.
METADATA_MAX_CHARS = 3_500
METADATA_SPAN = 20_000
_PREFIX = "b1:"


class Checkpoint(NamedTuple):
    """What is committed for a partition: every offset below `offset` is finished, and so are those in `metadata`."""

    offset: int
    metadata: str


class PartitionTracker:
    """The offsets of one partition that were delivered to this process, in the order of the log.

    Offsets need not be contiguous: compaction and transactions leave gaps. A tracker outlives rebalances for as long
    as the partition comes back to the same process.
    """

    __slots__ = ("_expected", "_finished", "_inherited", "_next", "_order", "_unfinished", "committed")

    def __init__(self) -> None:
        self._order: deque[int] = deque()  # delivered and not below the watermark, ascending
        self._unfinished: set[int] = set()
        self._finished: set[int] = set()
        self._inherited: set[int] = set()  # finished by an earlier owner, not delivered to this one yet
        self._next: int | None = None  # after the highest offset ever delivered
        self._expected = 0  # the lowest offset that this assignment can still deliver
        self.committed: Checkpoint | None = None

    def resume(self, record: Checkpoint | None) -> None:
        """Starts an assignment at what the broker has on record; the past below it is forgotten.

        Without a record the log is read from its beginning, which this tracker must have done from the first.
        """
        self._expected = 0 if record is None else record.offset
        self.committed = record
        if record is None:
            return
        start = record.offset
        self._order = deque(offset for offset in self._order if offset >= start)
        self._unfinished = {offset for offset in self._unfinished if offset >= start}
        self._finished = {offset for offset in self._finished if offset >= start}
        self._next = start if self._next is None else max(self._next, start)
        self._inherited = {o for o in decode_finished(start, record.metadata) if o >= self._next}

    def rewound_by(self, offset: int) -> bool:
        """Whether `offset` shows that the log was truncated or made anew: this tracker then knows nothing of it."""
        return offset < self._expected

    def deliver(self, offset: int) -> bool:
        """Records a delivery; False if the message is finished already or still being worked on."""
        self._expected = offset + 1
        if self._next is not None and offset < self._next:
            return self._deliver_again(offset)
        self._next = offset + 1
        self._order.append(offset)
        if offset in self._inherited:
            self._inherited.remove(offset)
            self._finished.add(offset)
            return False
        self._unfinished.add(offset)
        return True

    def _deliver_again(self, offset: int) -> bool:
        watermark = self.watermark
        if (watermark is not None and offset < watermark) or offset in self._unfinished or offset in self._finished:
            return False
        insort(self._order, offset)  # never seen though later ones were
        self._unfinished.add(offset)
        return True

    def finish(self, offset: int) -> None:
        """The message is done with for good; an offset that `resume` has forgotten is ignored."""
        if offset in self._unfinished:
            self._unfinished.remove(offset)
            self._finished.add(offset)

    @property
    def watermark(self) -> int | None:
        """The lowest offset that is not finished; None before the first delivery of a partition without commits."""
        order, unfinished = self._order, self._unfinished
        while order and order[0] not in unfinished:
            self._finished.discard(order.popleft())
        return order[0] if order else self._next

    @property
    def lag(self) -> int:
        """From the oldest unfinished offset to the newest delivered one, as offsets."""
        watermark = self.watermark
        return 0 if watermark is None or self._next is None else self._next - watermark

    def checkpoint(self, *, with_metadata: bool = True) -> Checkpoint | None:
        """What may be committed now; None if it is on record already or nothing was delivered."""
        watermark = self.watermark
        if watermark is None:
            return None
        above = self._finished | self._inherited if self._inherited else self._finished
        mark = Checkpoint(watermark, encode_finished(watermark, above) if with_metadata else "")
        return None if mark == self.committed else mark


def encode_finished(start: int, finished: Collection[int]) -> str:
    """Finished offsets above `start` as text for the commit; those beyond METADATA_SPAN are left out."""
    inside = [distance for offset in finished if 0 < (distance := offset - start) < METADATA_SPAN]
    if not inside:
        return ""
    bits = bytearray(max(inside) // 8 + 1)
    for distance in inside:
        bits[distance >> 3] |= 1 << (distance & 7)
    return _PREFIX + base64.b64encode(zlib.compress(bytes(bits))).decode("ascii")


def decode_finished(start: int, metadata: str) -> set[int]:
    """The reverse; text that some other client committed, or that is broken, holds nothing."""
    if not metadata.startswith(_PREFIX):
        return set()
    try:
        packed = base64.b64decode(metadata[len(_PREFIX) :], validate=True)
        bits = zlib.decompressobj().decompress(packed, METADATA_SPAN // 8)
    except (binascii.Error, ValueError, zlib.error):
        return set()
    return {start + 8 * index + bit for index, byte in enumerate(bits) if byte for bit in range(8) if byte >> bit & 1}
