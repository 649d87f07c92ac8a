"""Random histories of one partition: deliveries, completions, commits, rebalances, crashes, lost logs."""

import zlib
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chimera_shared.bus.offsets import (
    METADATA_MAX_CHARS,
    METADATA_SPAN,
    Checkpoint,
    PartitionTracker,
    decode_finished,
    encode_finished,
)


class History(RuleBasedStateMachine):
    """A log with gaps, the group's record of it, and the process that owns it; `work` is what really ran to its end."""

    @initialize(log=st.sets(st.integers(0, 400), min_size=1, max_size=120))
    def begin(self, log: set[int]) -> None:
        self.log = sorted(log)
        self.record: Checkpoint | None = None
        self.work: set[int] = set()
        self.crash()

    def _assign(self) -> None:
        self.tracker.resume(self.record)
        start = 0 if self.record is None else self.record.offset
        self.running = {offset for offset in self.running if offset >= start}
        self.position = next((i for i, offset in enumerate(self.log) if offset >= start), len(self.log))

    @rule(count=st.integers(1, 30))
    def deliver(self, count: int) -> None:
        for offset in self.log[self.position : self.position + count]:
            assert not self.tracker.rewound_by(offset)
            if self.tracker.deliver(offset):
                assert offset not in self.running, "started twice at once"
                self.running.add(offset)
            else:
                assert offset in self.work or offset in self.running, "a message was skipped that nobody worked on"
        self.position = min(self.position + count, len(self.log))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(offset)
        self.work.add(offset)
        self.tracker.finish(offset)

    @rule()
    def commit(self) -> None:
        if (mark := self.tracker.checkpoint()) is not None:
            self.record = self.tracker.committed = mark

    @rule()
    def lose_the_answer_to_a_commit(self) -> None:
        self.record = self.tracker.checkpoint() or self.record

    @rule()
    def rebalance_to_the_same_process(self) -> None:
        self._assign()

    @rule()
    def crash(self) -> None:
        self.tracker = PartitionTracker()
        self.running: set[int] = set()
        self._assign()

    @invariant()
    def commits_only_what_is_finished(self) -> None:
        if self.record is None:
            return
        assert self.work.issuperset(offset for offset in self.log if offset < self.record.offset)
        assert self.work.issuperset(decode_finished(*self.record))

    @invariant()
    def lags_no_more_than_what_was_delivered(self) -> None:
        assert 0 <= self.tracker.lag <= 401

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        self.deliver(len(self.log))
        for offset in list(self.running):
            self.tracker.finish(offset)
            self.work.add(offset)
        assert self.work == set(self.log)
        assert self.tracker.watermark == self.log[-1] + 1
        assert self.tracker.lag == 0


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


@given(st.integers(0, 2**40), st.sets(st.integers(1, METADATA_SPAN - 1), max_size=300))
def test_metadata_comes_back_as_it_was(start: int, distances: set[int]) -> None:
    finished = {start + distance for distance in distances}
    assert decode_finished(start, encode_finished(start, finished)) == finished


def test_metadata_fits_even_if_it_does_not_compress() -> None:
    import random

    finished = {offset for offset in range(1, 3 * METADATA_SPAN) if random.Random(offset).random() < 0.5}
    text = encode_finished(0, finished)
    assert len(text) <= METADATA_MAX_CHARS
    assert decode_finished(0, text) == {offset for offset in finished if offset < METADATA_SPAN}


@pytest.mark.parametrize(
    "text",
    ["", "none of ours", "b1:", "b1:%%%", "b1:" + b64encode(b"not zlib").decode(), "b1:\u00e9"],
)
def test_foreign_metadata_holds_nothing(text: str) -> None:
    assert decode_finished(7, text) == set()


def test_metadata_that_unpacks_to_gigabytes_is_cut_short() -> None:
    bomb = "b1:" + b64encode(zlib.compress(b"\xff" * 50_000_000)).decode()
    assert max(decode_finished(0, bomb)) < METADATA_SPAN


def test_an_unfinished_message_holds_the_commit() -> None:
    tracker = PartitionTracker()
    assert [tracker.deliver(offset) for offset in (5, 6, 9)] == [True, True, True]
    tracker.finish(6)
    tracker.finish(9)
    mark = tracker.checkpoint()
    assert mark is not None
    assert mark.offset == 5
    assert decode_finished(*mark) == {6, 9}
    tracker.finish(5)
    assert tracker.checkpoint() == Checkpoint(10, "")


def test_what_is_committed_is_not_committed_again() -> None:
    tracker = PartitionTracker()
    assert tracker.checkpoint() is None
    tracker.deliver(0)
    tracker.finish(0)
    tracker.committed = tracker.checkpoint()
    assert tracker.committed == Checkpoint(1, "")
    assert tracker.checkpoint() is None


def test_the_next_owner_hands_on_what_it_has_not_met_yet() -> None:
    tracker = PartitionTracker()
    tracker.resume(Checkpoint(10, encode_finished(10, {12, 15})))
    assert tracker.deliver(10)
    assert tracker.deliver(11)
    assert not tracker.deliver(12)
    tracker.finish(10)
    mark = tracker.checkpoint()
    assert mark is not None
    assert (mark.offset, decode_finished(*mark)) == (11, {12, 15})


def test_a_message_never_met_is_worked_on_though_later_ones_were_met() -> None:
    tracker = PartitionTracker()
    tracker.deliver(3)
    tracker.deliver(8)
    tracker.resume(Checkpoint(3, ""))
    assert not tracker.deliver(3)
    assert tracker.deliver(5)
    assert not tracker.deliver(8)
    tracker.finish(3)
    tracker.finish(8)
    assert tracker.watermark == 5


def test_an_offset_that_goes_back_within_an_assignment_shows_a_new_log() -> None:
    tracker = PartitionTracker()
    tracker.resume(Checkpoint(100, ""))
    assert tracker.rewound_by(99)
    assert not tracker.rewound_by(100)
    tracker.deliver(100)
    assert tracker.rewound_by(100)
    tracker.resume(Checkpoint(100, ""))
    assert not tracker.rewound_by(100)


def test_what_is_finished_but_not_on_record_is_not_done_again_here() -> None:
    tracker = PartitionTracker()
    for offset in (0, 1, 2):
        tracker.deliver(offset)
        tracker.finish(offset)
    assert tracker.watermark == 3
    tracker.resume(Checkpoint(1, ""))
    assert not tracker.deliver(1)
    assert not tracker.deliver(2)
    assert tracker.deliver(3)
    assert tracker.watermark == 3
