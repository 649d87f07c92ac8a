"""Estimates: the pilot's order, the statistics, and what is said of them."""

import io
from random import Random

import pytest
from rich.console import Console

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.buildfile import BuildFile
from chimera_client.estimate import measures as m
from chimera_client.estimate import method
from chimera_client.estimate.measures import Slot, measured, slots_of
from chimera_client.estimate.method import Forecast
from chimera_client.estimate.pilot import allocated, pilot_of
from chimera_client.estimate.whole import Pace, estimate, paces_of
from chimera_client.views.estimate import budget_words, render_estimate
from chimera_shared.apportion import targets
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.testing.samples import add_checks, make_build, make_sample, stream

USD = 10**9


def text(renderable):
    console = Console(width=100, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    console.print(renderable)
    return " ".join(console.file.getvalue().split())


def slot(subject="A", cost=100.0, attempts=1, accepted=1, **more):
    return Slot(subject, {m.COST: cost, m.ATTEMPTS: attempts, m.ACCEPTED: accepted, m.CALLS: 4.0 * attempts, **more})


def cost_of(forecast):
    return forecast.range_of(lambda sums: sums[m.COST])


@pytest.mark.parametrize(
    ("wanted", "samples", "counts"),
    [
        ([50, 30, 20], 10, [4, 3, 3]),
        ([900, 1], 10, [9, 1]),
        ([100] * 6, 4, [2, 2, 0, 0, 0, 0]),
        ([1, 5, 100], 4, [0, 2, 2]),
        ([3, 2], 100, [3, 2]),
        ([10], 2, [2]),
    ],
)
def test_a_pilot_has_two_of_each_subject_and_then_the_mix(wanted, samples, counts):
    assert allocated(wanted, samples) == counts


def order(samples=1000, **budget):
    spec = make_build(samples, ["Mathematics", "Physics", "Logic"]).spec
    spec.subjects[0].weight = 8
    if budget:
        spec.budget.MergeFrom(build_pb2.Budget(**budget))
    return BuildFile(spec, None, "0" * 64)


def test_a_pilot_asks_the_builds_own_questions():
    file = order(cost_nanousd=USD)
    pilot = pilot_of(file, None)
    assert (pilot.spec.name, pilot.spec.samples) == ("demo-pilot", 24)
    assert targets(24, [s.weight for s in pilot.spec.subjects]) == [s.weight for s in pilot.spec.subjects]
    assert (pilot.spec.seed, pilot.spec.roles, pilot.spec.budget) == (file.spec.seed, file.spec.roles, file.spec.budget)
    assert len({file.request_id(), pilot.request_id(), pilot_of(file, 12).request_id()}) == 3
    assert pilot.request_id() == pilot_of(order(cost_nanousd=USD), None).request_id()


def test_subjects_that_a_small_pilot_leaves_out_are_not_ordered():
    assert [s.name for s in pilot_of(order(), 3).spec.subjects] == ["Mathematics", "Physics"]


async def test_all_attempts_of_a_slot_are_one():
    build = make_build(4, ["Logic"])
    first, second = make_sample(build, "Logic", 0, 0), make_sample(build, "Logic", 0, 1)
    first.outcome = sample_pb2.OUTCOME_REJECTED
    [found] = await slots_of(stream([first, second]), stream([]))
    once = measured(second)
    assert found.measures[m.ATTEMPTS] == 2
    assert found.measures[m.ACCEPTED] == 1
    assert found.measures[m.COST] == 2 * once[m.COST] > 0
    assert found.measures["busy:solver"] == 1.5
    assert once[m.CHAIN] == pytest.approx(3 * 0.75), "the panel's members answer at the same time"


def test_what_screeners_judges_and_reference_models_consume_counts():
    build = make_build(4, ["Logic"])
    sample = make_sample(build, "Logic", 0)
    plain = measured(sample)
    add_checks(sample)
    found = measured(sample)
    assert found[m.CALLS] == plain[m.CALLS] + 2 + 8 + 2
    assert found[m.COST] == sample.usage.cost_nanousd > plain[m.COST]
    assert found["calls:looker"] == 2
    assert found["busy:weak-model"] == 4 * 0.75
    turns = ("proposer", "screeners", "panel", "weak", "strong", "solver", "judge", "second judge")
    assert found[m.CHAIN] == pytest.approx(len(turns) * 0.75)


async def test_a_control_costs_the_slot_beside_which_it_was_planted():
    build = make_build(4, ["Logic"])
    first, second = make_sample(build, "Logic", 0), make_sample(build, "Logic", 1)
    checked = sample_pb2.Sample(trace_id=second.ref.sample_id, usage=sample_pb2.Usage(calls=2, cost_nanousd=70))
    control = control_pb2.Control(source="a corpus and its item", sample=checked)
    plain, dearer = await slots_of(stream([first, second]), stream([control]))
    assert dearer.measures[m.COST] == measured(second)[m.COST] + 70
    assert plain.measures == measured(first)
    assert dearer.measures[m.ATTEMPTS] == 1


def test_what_was_reused_is_reckoned_at_its_price():
    sample = make_sample(make_build(4, ["Logic"]), "Logic", 0)
    paid = measured(sample)
    sample.usage.Clear()
    assert measured(sample) == paid
    early = sample_pb2.Sample(usage=sample_pb2.Usage(calls=2, cost_nanousd=7))
    assert (measured(early)[m.CALLS], measured(early)[m.COST]) == (2, 7)


def test_the_pilots_part_is_known_and_the_rest_is_in_proportion():
    slots = [slot("A", cost) for cost in (90, 110, 100)] + [slot("B", 1000, attempts=2), slot("B", 1200)]
    found = cost_of(Forecast(slots, {"A": 103, "B": 12}, {m.COST: 50}))
    assert found.about == pytest.approx(50 + 300 + 2200 + 100 * 100 + 10 * 1100)
    assert 50 + 300 + 2200 < found.low < found.about < found.high


def test_a_pilot_that_is_the_whole_build_is_exact():
    found = cost_of(Forecast([slot(cost=3), slot(cost=9)], {"A": 2}, {m.COST: 1}))
    assert (found.about, found.exact) == (13, True)


def test_a_slot_that_was_never_filled_costs_and_counts_for_nothing():
    slots = [slot(cost=100), slot(cost=100), slot(cost=50, accepted=0)]
    found = Forecast(slots, {"A": 12}, {})
    assert found.left == 10
    assert cost_of(found).about == pytest.approx(250 + 10 * 125)


def test_without_a_rejection_the_upper_end_allows_for_some():
    found = cost_of(Forecast([slot(cost=100) for _ in range(20)], {"A": 1020}, {}))
    assert found.low == found.about == pytest.approx(102_000)
    assert found.high == pytest.approx(2_000 + 100_000 * (1 + 1.645**2 / 20), rel=1e-3)


def test_few_slots_give_wide_intervals_and_a_subject_of_one_the_average_spread():
    random = Random(3)
    costs = [random.uniform(50, 150) for _ in range(40)]

    def width(n):
        found = cost_of(Forecast([slot(cost=c, attempts=2) for c in costs[:n]], {"A": 10_000}, {}))
        return (found.high - found.low) / found.about

    assert width(40) < 0.3 < width(4)
    alone = Forecast(
        [*(slot("A", c, attempts=2) for c in costs[:9]), slot("B", 100, attempts=2)], {"A": 9, "B": 50}, {}
    )
    assert cost_of(alone).high > 1.2 * cost_of(alone).about


def test_the_interval_holds_the_truth_about_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(method, "_REPLICATES", 300)
    held, trials = 0, 100
    for seed in range(trials):
        random = Random(seed)
        subjects = {"A": (0.6, 1.0, 60), "B": (0.8, 2.0, 40), "C": (0.95, 1.5, 40), "D": (0.9, 1.0, 20)}
        whole = {name: [_drawn(random, name, *how[:2]) for _ in range(how[2])] for name, how in subjects.items()}
        counts = allocated([len(slots) for slots in whole.values()], 24)
        pilot = [s for slots, count in zip(whole.values(), counts, strict=True) for s in slots[:count]]
        truth = sum(s.measures[m.COST] for slots in whole.values() for s in slots)
        found = cost_of(Forecast(pilot, {name: len(slots) for name, slots in whole.items()}, {}))
        held += found.low <= truth <= found.high
    assert 0.8 <= held / trials <= 0.98


def _drawn(random, subject, acceptance, price):
    cost, attempts = 0.0, 0
    while True:
        attempts += 1
        cost += price * random.lognormvariate(0, 0.5)
        if random.random() < acceptance:
            return slot(subject, cost + price * random.lognormvariate(1, 0.4), attempts)


def pilot_build():
    build = make_build(4, ["A"])
    build.progress.usage.CopyFrom(sample_pb2.Usage(calls=20, input_tokens=100, cost_nanousd=5 * USD))
    return build


def spec(samples=100, subjects=("A",), **budget):
    made = make_build(samples, subjects).spec
    if budget:
        made.budget.MergeFrom(build_pb2.Budget(**budget))
    return made


def slots(*costs, **more):
    return [slot(cost=cost * USD, attempts=2, **more) for cost in costs]


def test_the_endpoint_that_needs_longest_decides_the_time():
    more = {"busy:x": 40.0, "calls:x": 4.0, "tokens:x": 1000.0, "busy:y": 10.0, "calls:y": 2.0, m.CHAIN: 25.0}

    def seconds(**paces):
        found = estimate(spec(), pilot_build(), slots(1, 1, **more), {n: Pace(*p) for n, p in paces.items()})
        return found.slowest, found.seconds and round(found.seconds.about)

    assert seconds(x=(8,), y=(100,)) == ("x", 100 * 40 / 8 + 25)
    assert seconds(x=(100,), y=(1,)) == ("y", 100 * 10 + 25)
    assert seconds(x=(100, 10)) == ("x", 100 * 4 * 6 + 25)
    assert seconds(x=(100, 0, 2000)) == ("x", 100 * 1000 * 60 / 2000 + 25)
    assert seconds() == ("", None)


def test_an_endpoint_that_refused_takes_no_more_than_it_did():
    build = pilot_build()
    build.progress.endpoints.add(endpoint="x", limit=6, failures=3)
    build.progress.endpoints.add(endpoint="y", limit=6)
    known = {name: Endpoint(base_url="http://h/v1", model="m", max_in_flight=64) for name in ("x", "y", "z")}
    assert {name: pace.in_flight for name, pace in paces_of(build, known).items()} == {"x": 6, "y": 64, "z": 64}
    assert {name: pace.in_flight for name, pace in paces_of(build, None).items()} == {"x": 6, "y": 6}


def test_the_making_of_topics_is_paid_once():
    found = estimate(spec(), pilot_build(), slots(1, 1), {})
    assert found.cost.about == pytest.approx((100 + 3) * USD)
    assert found.to_pay.about == pytest.approx(98 * USD)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({}, ""),
        ({"cost_nanousd": 49 * USD}, "The budget of $49.00 pays for about 51 of 100 samples (51 to 51)."),
        ({"cost_nanousd": 200 * USD}, "The budget of $200.00 pays for all of it."),
        ({"cost_nanousd": 200 * USD, "calls": 392}, "The budget of 392 calls pays for about 51 of 100 samples"),
    ],
)
def test_what_the_budget_pays_for(budget, words):
    found = estimate(spec(**budget), pilot_build(), slots(1, 1), {})
    assert budget_words(found).replace(" (51 to 51)", "").startswith(words.replace(" (51 to 51)", "").rstrip("."))


def test_a_budget_that_may_not_do_says_so():
    found = estimate(spec(cost_nanousd=100 * USD), pilot_build(), slots(0.5, 1, 1.4), {})
    assert "probably pays for all of it, but maybe for only" in budget_words(found)


def test_the_table_says_all_and_what_to_do():
    more = {"busy:x": 40.0, "calls:x": 4.0, m.INPUT: 100.0, m.OUTPUT: 900.0}
    found = estimate(spec(subjects=("A", "B")), pilot_build(), slots(1, 1.5, **more), {"x": Pace(8)})
    shown = text(render_estimate(found, "chimera build run f.yaml"))
    for part in (
        "100 samples over 2 subjects, from a pilot of 2 (2 more were not accepted)",
        "90 % interval",
        "Tokens out",
        "Time, by x",
        "Accepted of those tried 50 %",
        "2 samples are few to go by",
        "1 subject not in the pilot",
        "Build it: chimera build run f.yaml",
        "The pilot's 20 answers, paid with $5.00, will be used by that build",
    ):
        assert part in shown
    plain = found.plain()
    assert plain["cost_usd"]["low"] < plain["cost_usd"]["about"] < plain["cost_usd"]["high"]
    assert plain["pilot"]["cost_usd"] == 5


def test_models_without_prices_are_told_of():
    free = pilot_build()
    free.progress.usage.cost_nanousd = 0
    found = estimate(spec(), free, slots(0, 0), {})
    assert any("no endpoint has a price" in note for note in found.notes)
    assert "Cost not known" in text(render_estimate(found, "run"))
