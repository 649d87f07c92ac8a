"""The comparison with peers: rows are told right, wrong and lost, and everybody meets the same endpoint."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "peers"))

import work

FAULTS = work.Scenario("faults", mean=1.0, sigma=0.5, refused=0.05, garbled=0.01, cut=0.01, empty=0.01)


def _row(number: int, **changes: str | None) -> dict[str, str | None]:
    return {**work.proposal(number).model_dump(), **work.verdict(number).model_dump(), **changes}


def test_what_was_asked_for_is_right() -> None:
    assert work.grade([_row(n) for n in range(5)], 5) == work.Graded(right=5, accepted_wrong=0, lost=0)


@pytest.mark.parametrize("change", [{"reason": ""}, {"problem": "Problem 1: wh"}, {"verdict": "none"}, {"answer": "0"}])
def test_a_cut_empty_or_other_answer_is_wrong(change: dict[str, str]) -> None:
    assert work.grade([_row(0), _row(1, **change)], 2) == work.Graded(right=1, accepted_wrong=1, lost=0)


def test_a_row_that_says_it_has_no_answer_is_lost() -> None:
    assert work.grade([_row(0), _row(1, reason=None)], 3) == work.Graded(right=1, accepted_wrong=0, lost=2)


def test_a_row_delivered_twice_is_wrong_once() -> None:
    assert work.grade([_row(0), _row(0)], 2) == work.Graded(right=1, accepted_wrong=1, lost=0)


def test_both_questions_are_told_apart_in_whatever_a_tool_puts_around_them() -> None:
    propose = f"Answer in Markdown.\n{work.PROPOSE.format(row=17)}"
    judge = [{"type": "text", "text": work.JUDGE.format(problem=work.proposal(17).problem)}]
    assert work.asked([{"role": "system", "content": "Judge"}, {"role": "user", "content": propose}]) == ("propose", 17)
    assert work.asked([{"role": "user", "content": judge}]) == ("judge", 17)
    assert work.asked([{"role": "user", "content": work.JUDGE.format(problem="")}]) == ("judge", -1)
    assert work.asked([{"role": "user", "content": "hello"}]) is None


def test_faults_come_at_their_rates() -> None:
    seen = [FAULTS.fault("judge", row, 0) for row in range(20_000)]
    for fault, share in (("refused", 0.05), ("garbled", 0.01), ("cut", 0.01), ("empty", 0.01), ("", 0.92)):
        assert seen.count(fault) / len(seen) == pytest.approx(share, abs=0.004)


def test_latencies_have_their_mean_and_keep_their_cap() -> None:
    tail = work.Scenario("tail", mean=1.5, sigma=1.0, cap=12.0)
    seconds = [tail.latency("propose", row, 0) for row in range(20_000)]
    assert sum(seconds) / len(seconds) == pytest.approx(1.5, rel=0.05)
    assert max(seconds) == 12.0


def test_the_ideal_client_answers_equal_latencies_in_two_waves() -> None:
    seconds, fill = work.Scenario("even", mean=1.0).ideal(rows=8, limit=8)
    assert seconds == pytest.approx(2.0)
    assert fill == pytest.approx(1.0)
