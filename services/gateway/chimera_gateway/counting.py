"""Adds up what was told of a build, at a cost that follows what is under way and not what is done."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.groups import Ranges, gaps, holds, joined, size_of
from chimera_gateway.domain.tally import Counts, added, complete
from chimera_gateway.store import GatewayStore, Record, Tally
from chimera_shared.apportion import targets
from chimera_shared.builds import ENDED

_MAX_RANGES = 100
"""Said with every announcement; those beyond it have their turn when these are closed."""


async def add_up(store: GatewayStore, build_id: str) -> Record | None:
    """The build with its counts as they stand, which are stored too; those of an ended build are final.

    Tallies are read before the build: one that is folded in between is then counted in the base alone.
    """
    tallies = await store.tallies(build_id)
    if (record := await store.build(build_id)) is None:
        return None
    if record.build.state in ENDED:
        if tallies and not record.closing:
            await store.forget_tallies(build_id)  # of events that came after the end
        return record
    subjects = _Subjects(record.build.spec)
    done = {tally.key for tally in tallies if subjects.is_counted_elsewhere(record, tally)}
    open_ = [tally for tally in tallies if tally.key not in done]
    counts = _counts(record, open_)
    if counts != record.counts:
        await store.keep_counts(build_id, counts)
    full = [tally for tally in open_ if subjects.is_full(tally)]
    if full and await store.fold(record, _sum(tally.counts for tally in full), subjects.folded_with(record, full)):
        done |= {tally.key for tally in full}
    if done:
        await store.drop_tallies(done)
    return replace(record, counts=counts)


async def last_count(store: GatewayStore, build_id: str) -> Counts:
    """What was told of a build that has ended, until now."""
    tallies = await store.tallies(build_id)
    if (record := await store.build(build_id)) is None:
        return {}
    subjects = _Subjects(record.build.spec)
    return _counts(record, [tally for tally in tallies if not subjects.is_counted_elsewhere(record, tally)])


def untold(record: Record) -> Iterator[sample_pb2.SlotRange]:
    """Slots of which something is not told yet, be they opened or not."""
    subjects = _Subjects(record.build.spec)
    ranges = (
        sample_pb2.SlotRange(subject=name, first=first, end=end)
        for name, position in subjects.positions.items()
        for first, end in gaps(record.folded.get(str(position), ()), subjects.targets[position])
    )
    return islice(ranges, _MAX_RANGES)


class _Subjects:
    """Places and targets of a build's subjects."""

    def __init__(self, spec: build_pb2.BuildSpec) -> None:
        self.positions = {subject.name: position for position, subject in enumerate(spec.subjects)}
        self.targets = targets(spec.samples, [subject.weight for subject in spec.subjects])

    def is_counted_elsewhere(self, record: Record, tally: Tally) -> bool:
        """Whether a tally's group is in the base: it was to be dropped, or an event came once more after that."""
        if not tally.subject:
            return False
        return tally.subject not in self.positions or holds(record.folded.get(self._place(tally), ()), tally.group)

    def is_full(self, tally: Tally) -> bool:
        """Whether all that will ever be told of a group is told."""
        if not tally.subject:
            return False
        return complete(tally.counts, size_of(tally.group, self.targets[self.positions[tally.subject]]))

    def folded_with(self, record: Record, full: Iterable[Tally]) -> dict[str, Ranges]:
        """The ranges of those subjects that change."""
        groups: dict[str, list[int]] = defaultdict(list)
        for tally in full:
            groups[self._place(tally)].append(tally.group)
        return {place: joined(record.folded.get(place, ()), more) for place, more in groups.items()}

    def _place(self, tally: Tally) -> str:
        return str(self.positions[tally.subject])


def _counts(record: Record, tallies: Iterable[Tally]) -> Counts:
    return _sum([record.base, *(tally.counts for tally in tallies)])


def _sum(counts: Iterable[Counts]) -> Counts:
    total: Counts = {}
    for each in counts:
        added(total, each)
    return total
