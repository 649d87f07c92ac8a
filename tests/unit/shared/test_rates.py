from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from chimera_shared.endpoints.rates import MinuteRate

MINUTE = 60.0


def most_in_a_minute(charges: list[tuple[float, int]]) -> int:
    sums = [0, *accumulate(amount for _, amount in charges)]
    most = 0
    for first, (start, _) in enumerate(charges):
        last = max(index for index, (at, _) in enumerate(charges) if at <= start + MINUTE)
        most = max(most, sums[last + 1] - sums[first])
    return most


def starts(rate: MinuteRate, amounts: list[int], pauses: list[float]) -> list[tuple[float, int]]:
    """Start as soon as it is allowed."""
    now, charged = 1000.0, []
    for amount, pause in zip(amounts, pauses, strict=True):
        now += pause
        while (ready := rate.ready_at(amount, now)) > now:
            now = ready + 1e-6
        charged.append((now, rate.charge(amount, now).amount))
    return charged


@given(st.integers(1, 300), st.data())
def test_never_more_requests_in_any_minute(limit, data):
    pauses = data.draw(st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 7.0, 59.0, 61.0]), min_size=5, max_size=200))

    assert most_in_a_minute(starts(MinuteRate(limit), [1] * len(pauses), pauses)) <= limit


@given(st.integers(100, 100_000), st.data())
def test_never_more_tokens_in_any_minute(limit, data):
    amounts = data.draw(st.lists(st.integers(0, 2 * limit), min_size=2, max_size=60))
    pauses = data.draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 40.0]), min_size=len(amounts), max_size=len(amounts)))

    assert most_in_a_minute(starts(MinuteRate(limit), amounts, pauses)) <= limit


def test_the_whole_rate_is_used_and_spread():
    charged = starts(MinuteRate(600), [1] * 6000, [0.0] * 6000)

    assert 0.99 <= 600 * (charged[-1][0] - charged[0][0]) / MINUTE / 6000 <= 1.01
    first_second = sum(at <= charged[0][0] + 1 for at, _ in charged)
    assert first_second <= 10 + 30 + 1, "a second of the rate, and three seconds of burst"


def test_one_request_a_minute_is_possible():
    (first, _), (second, _) = starts(MinuteRate(1), [1, 1], [0.0, 0.0])

    assert MINUTE < second - first < MINUTE + 1


def test_what_was_not_used_is_given_back():
    rate = MinuteRate(1000)
    for _ in range(10):
        rate.settle(rate.charge(100, 0.0), 1, 0.0)

    assert rate.ready_at(900, 0.0) == 0.0
    assert rate.ready_at(1000, 0.0) > 0.0


def test_what_was_used_beyond_the_estimate_is_owed():
    rate = MinuteRate(6000)
    charge = rate.charge(1, 0.0)
    rate.settle(charge, 5000, 1.0)

    assert rate.ready_at(10, 1.0) > 40, "100 tokens a second pay the debt back"


def test_an_estimate_older_than_the_window_is_corrected_in_the_bucket_alone():
    rate = MinuteRate(1000)
    charge = rate.charge(1000, 0.0)
    rate.settle(charge, 0, 100.0)

    assert rate.ready_at(1000, 100.0) == 100.0
    rate.charge(1000, 100.0)
    assert rate.ready_at(1, 130.0) > 150
