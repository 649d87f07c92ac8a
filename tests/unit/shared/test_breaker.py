import pytest

from chimera_shared.endpoints.breaker import Breaker, BreakerState, Failure

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


class Calls:
    """A breaker, and calls that end as they are told."""

    def __init__(self) -> None:
        self.breaker = Breaker(lambda: 0.5)
        self.started, self.in_flight = 0, 0

    def start(self) -> tuple[int, bool]:
        self.started += 1
        self.in_flight += 1
        return self.started - 1, self.breaker.probes()

    def fail(self, call, now, *, refused=False, wish=None, usual=0.0) -> bool:
        number, probe = call
        opened = self.breaker.failed(
            now,
            Failure(number, probe, refused, wish),
            next_number=self.started,
            in_flight=self.in_flight,
            usual_seconds=usual,
        )
        self.end(call)
        return opened

    def end(self, call) -> None:
        self.in_flight -= 1
        self.breaker.ended(*call)

    def answer(self, call) -> bool:
        restored = self.breaker.answered(call[1])
        self.end(call)
        return restored


@pytest.fixture
def calls():
    return Calls()


def opened(calls, now=0.0) -> None:
    """Open it by failures over two seconds."""
    for step in range(5):
        calls.fail(calls.start(), now + step / 2)
    assert calls.breaker.state is OPEN


def test_it_opens_after_failures_enough_for_long_enough(calls):
    assert not any(calls.fail(calls.start(), 0.1 * step) for step in range(15))
    assert calls.breaker.state is CLOSED

    assert calls.fail(calls.start(), 2.0)
    assert calls.breaker.ready_at(2.0) == 3.0


def test_few_failures_do_not_open_it_however_long(calls):
    assert not any(calls.fail(calls.start(), 100.0 * step) for step in range(4))


def test_one_answer_between_begins_anew(calls):
    for now in range(20):
        calls.fail(calls.start(), float(now))
        if now % 4 == 3:
            calls.answer(calls.start())

    assert calls.breaker.state is CLOSED


def test_a_burst_of_simultaneous_failures_opens_it_once(calls):
    burst = [calls.start() for _ in range(256)]

    assert sum(calls.fail(call, 5.0 + number / 64) for number, call in enumerate(burst)) == 1
    assert calls.breaker.until < 9


def test_total_refusal_holds_for_as_long_as_the_server_asks(calls):
    burst = [calls.start() for _ in range(64)]

    assert sum(calls.fail(call, 1.0, refused=True, wish=20.0) for call in burst) == 1
    assert 21.0 <= calls.breaker.until <= 23.0


@pytest.mark.parametrize("wish", [7200.0, float("inf")])
def test_a_wish_of_hours_is_asked_again_after_a_minute(calls, wish):
    for call in [calls.start() for _ in range(64)]:
        calls.fail(call, 1.0, refused=True, wish=wish)

    assert 60.0 <= calls.breaker.until <= 67.0


def test_an_endpoint_that_is_only_full_stays_closed(calls):
    """Older calls are at work; it refuses what is beyond them."""
    at_work = [calls.start() for _ in range(40)]

    assert not any(calls.fail(calls.start(), step / 5, refused=True, wish=1.0, usual=5.0) for step in range(100))
    assert calls.fail(calls.start(), 31.0, refused=True, wish=1.0, usual=5.0), "but not for ever"
    assert calls.answer(at_work[0]) is False
    assert calls.breaker.state is CLOSED


def test_one_probe_decides_and_failed_probes_wait_longer_each_time(calls):
    opened(calls)
    pauses, now = [], 0.0
    for _ in range(8):
        now = calls.breaker.until
        probe = calls.start()
        assert calls.breaker.ready_at(now) == float("inf"), "nobody else while it is under way"
        calls.fail(probe, now)
        pauses.append(calls.breaker.until - now)

    assert pauses == [2, 4, 8, 16, 30, 30, 30, 30]
    assert calls.answer(calls.start()) is True
    assert (calls.breaker.state, calls.breaker.ready_at(now)) == (CLOSED, now)
    opened(calls, now)
    assert calls.breaker.until - now <= 4, "an answer to a probe ends the growth"


def test_a_probe_that_breaks_off_leaves_its_place_to_the_next(calls):
    opened(calls)
    calls.end(calls.start())

    assert calls.breaker.state is OPEN
    assert calls.start()[1]
    assert calls.breaker.state is HALF_OPEN


def test_an_answer_to_an_older_call_closes_it_without_restoring(calls):
    older = calls.start()
    opened(calls)

    assert calls.answer(older) is False
    assert calls.breaker.state is CLOSED
