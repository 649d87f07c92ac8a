"""How builds end: budgets, time, what is left as a partial dataset, and what is shown until then."""

import asyncio
from datetime import timedelta

import pytest

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_service_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.tally import mark_of_end
from chimera_gateway.limits import Limits
from chimera_gateway.live import Live
from chimera_gateway.servicer import DatasetServicer
from chimera_shared import identity, usage
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.budget import Purse
from chimera_shared.endpoints.limiter import Gate
from chimera_shared.endpoints.reports import EndpointReporter
from chimera_shared.errors import BudgetSpent, BusUnavailable, FailedPrecondition, InvalidInput
from integration.store.test_gateway import (
    CANCELLED,
    ENDPOINTS,
    FAILED,
    NOW,
    PAUSED,
    RUNNING,
    SUCCEEDED,
    Gateway,
    accepted,
    spec,
    whole,
)

pytestmark = pytest.mark.integration
BUDGET = build_pb2.Budget(calls=5)


@pytest.fixture
async def gateway(database) -> Gateway:
    return await Gateway(database).start()


class Watchman:
    """The limits of a gateway, looked at as time goes on."""

    def __init__(self, gateway: Gateway) -> None:
        self.seconds = 0.0
        self.limits = Limits(gateway.store, gateway.builds, gateway.books, lambda: gateway.now, lambda: self.seconds)

    async def look_for(self, seconds: int) -> None:
        for _ in range(seconds + 1):
            await self.limits.enforce()
            self.seconds += 1


async def purse_of(gateway: Gateway, build: build_pb2.Build, name: str) -> Purse:
    builds = BuildTable()
    await builds.learn(events_pb2.BuildChanged(build=build))
    return Purse(gateway.database["budgets"], name, builds)


async def read(gateway: Gateway, dataset_id: str) -> list[tuple[str, int]]:
    servicer = DatasetServicer(gateway.store)
    request = dataset_service_pb2.ReadDatasetRequest(dataset_id=dataset_id)
    return [(s.ref.subject, s.ref.slot) async for s in servicer.ReadDataset(request, None)]


async def take_all(gateway: Gateway, events) -> None:
    for event in events:
        await gateway.take(event)
    await gateway.tracker.flush()


def one_call() -> sample_pb2.Usage:
    return sample_pb2.Usage(calls=1, input_tokens=10, output_tokens=90)


def told_of(gateway: Gateway, kind) -> list:
    return [event for event in gateway.bus.sent if isinstance(event, kind)]


# What an ended build leaves


@pytest.mark.parametrize("end", [CANCELLED, FAILED])
async def test_what_was_accepted_before_the_end_is_a_partial_dataset(gateway, end):
    build = await gateway.builds.submit("r1", spec())
    await take_all(gateway, [*accepted(build, "Physics", 0), *accepted(build, "Logic", 0)[:4]])
    if end == CANCELLED:
        ended = await gateway.builds.steer(build.build_id, CANCELLED)
    else:
        await gateway.builds.fail(build.build_id, build_pb2.STOP_REASON_TIME_LIMIT, "too late")
        ended = await gateway.builds.get(build.build_id)
    await take_all(gateway, accepted(build, "Logic", 0))

    after = await gateway.builds.get(build.build_id)
    dataset = await gateway.store.dataset(ended.dataset_id)
    assert (after.state, after) == (end, ended)
    assert ended.dataset_id == identity.dataset_id(build.build_id)
    assert (dataset.partial, dataset.samples, ended.progress.accepted) == (True, 1, 1)
    assert await read(gateway, ended.dataset_id) == [("Physics", 0)]
    assert [e.dataset for e in told_of(gateway, events_pb2.DatasetPublished)] == [dataset]
    assert told_of(gateway, events_pb2.BuildChanged)[-1].build.dataset_id == ended.dataset_id


async def test_an_end_without_accepted_samples_leaves_no_dataset(gateway):
    build = await gateway.builds.submit("r1", spec())
    await take_all(gateway, accepted(build, "Physics", 0)[:3])

    ended = await gateway.builds.steer(build.build_id, CANCELLED)

    assert (ended.state, ended.dataset_id, ended.progress.validated) == (CANCELLED, "", 1)
    assert await gateway.store.datasets("", 0, 10) == []


async def test_a_sample_that_is_stored_in_the_moment_of_the_end_does_not_join_the_dataset(gateway):
    """Another replica took it in before it heard of the end."""
    build = await gateway.builds.submit("r1", spec())
    await take_all(gateway, accepted(build, "Physics", 1))
    ended = await gateway.builds.steer(build.build_id, CANCELLED)
    late = accepted(build, "Physics", 0)[-1].sample

    await gateway.store.settle(late, 0)
    await gateway.store.tell(mark_of_end(late, 0))
    await gateway.builds.announce_all()

    assert await gateway.builds.get(build.build_id) == ended
    assert await read(gateway, ended.dataset_id) == [("Physics", 1)]


async def test_a_sample_that_is_stored_and_not_yet_counted_is_in_the_dataset_and_in_the_counts(gateway):
    build = await gateway.builds.submit("r1", spec())
    await gateway.store.settle(accepted(build, "Logic", 0)[-1].sample, 1)

    ended = await gateway.builds.steer(build.build_id, CANCELLED)

    assert [(s.accepted, s.settled) for s in ended.progress.subjects] == [(0, 0), (1, 1)]
    assert ended.progress.accepted == (await gateway.store.dataset(ended.dataset_id)).samples == 1


@pytest.mark.parametrize("state", [CANCELLED, FAILED, SUCCEEDED])
@pytest.mark.parametrize("healed_by", ["reading", "announcing", "both at once"])
async def test_an_end_that_was_interrupted_is_finished(gateway, state, healed_by):
    """The state is stored and the process killed before anything else."""
    build = await gateway.builds.submit("r1", spec())
    await take_all(gateway, whole(build)[:-1])
    if state == SUCCEEDED:
        await gateway.take(whole(build)[-1])
    stored = (await gateway.store.build(build.build_id)).build
    stored.state, stored.revision = state, stored.revision + 1
    stored.end_time.FromDatetime(NOW)
    assert await gateway.store.change(stored)

    again, other = await Gateway(gateway.database).start(), await Gateway(gateway.database).start()
    if healed_by == "announcing":
        await again.builds.announce_all()
    elif healed_by == "both at once":
        await asyncio.gather(again.builds.announce_all(), other.builds.get(build.build_id), other.builds.announce_all())

    ended = await other.builds.get(build.build_id)
    samples = 3 if state == SUCCEEDED else 2
    dataset = await other.store.dataset(ended.dataset_id)
    assert (ended.state, ended.progress.accepted, ended.revision) == (state, samples, 3)
    assert (dataset.samples, dataset.partial) == (samples, state != SUCCEEDED)
    assert len(await read(other, ended.dataset_id)) == samples
    await again.builds.announce_all()
    assert told_of(again, events_pb2.BuildChanged)[-1].build.dataset_id == ended.dataset_id
    assert told_of(again, events_pb2.DatasetPublished)[-1].dataset == dataset


async def test_a_broker_that_is_away_at_the_end_hears_of_the_dataset_later(gateway):
    build = await gateway.builds.submit("r1", spec())
    await take_all(gateway, accepted(build, "Physics", 0))
    gateway.bus.away = 1
    with pytest.raises(BusUnavailable):
        await gateway.builds.steer(build.build_id, CANCELLED)

    await gateway.builds.announce_all()
    await gateway.builds.announce_all()

    assert told_of(gateway, events_pb2.DatasetPublished)[-1].dataset.samples == 1
    assert told_of(gateway, events_pb2.BuildChanged)[-1].build.state == CANCELLED


# Pausing


async def test_paused_time_is_kept(gateway):
    build = await gateway.builds.submit("r1", spec())
    for state, then in [(PAUSED, 60), (RUNNING, 5), (PAUSED, 7), (PAUSED, 3)]:
        build = await gateway.builds.steer(build.build_id, state)
        gateway.now += timedelta(seconds=then)
    assert build.pause_time.ToDatetime().second == (NOW + timedelta(seconds=65)).second
    assert build.paused.seconds == 60

    build = await gateway.builds.steer(build.build_id, CANCELLED)

    assert (build.paused.seconds, build.HasField("pause_time"), build.state) == (70, False, CANCELLED)
    with pytest.raises(FailedPrecondition):
        await gateway.builds.steer(build.build_id, RUNNING)


# Limits


async def test_a_build_ends_when_its_time_is_over(gateway):
    budget = build_pb2.Budget()
    budget.time.FromSeconds(100)
    build = await gateway.builds.submit("r1", spec(budget=budget))
    await take_all(gateway, accepted(build, "Physics", 0))
    watchman = Watchman(gateway)
    for state, then in [(RUNNING, 40), (PAUSED, 500), (RUNNING, 59)]:
        await gateway.builds.steer(build.build_id, state)
        gateway.now += timedelta(seconds=then)
        await watchman.look_for(1)
        assert (await gateway.builds.get(build.build_id)).state == state

    gateway.now += timedelta(seconds=1)
    await watchman.look_for(0)

    ended = await gateway.builds.get(build.build_id)
    assert (ended.state, ended.stop_reason) == (FAILED, build_pb2.STOP_REASON_TIME_LIMIT)
    assert ended.detail == "the time of 0:01:40 that the budget allows is over"
    assert (await gateway.store.dataset(ended.dataset_id)).samples == 1


async def test_a_build_ends_when_its_budget_is_spent_and_all_that_was_paid_for_is_in(gateway):
    build = await gateway.builds.submit("r1", spec(budget=BUDGET))
    purse, watchman = await purse_of(gateway, build, "p"), Watchman(gateway)
    calls = [await purse.reserve(build.build_id, one_call()) for _ in range(5)]
    for call in calls[:4]:
        call.settle(one_call())
    waiting = asyncio.create_task(purse.reserve(build.build_id, one_call()))
    await watchman.look_for(10)
    assert (await gateway.builds.get(build.build_id)).state == RUNNING

    calls[4].settle(one_call())
    with pytest.raises(BudgetSpent, match="the budget of 5 model calls is spent: 5 were made"):
        await asyncio.wait_for(waiting, 60)
    await purse.sync()
    await watchman.look_for(1)
    await take_all(gateway, accepted(build, "Physics", 0))
    await watchman.look_for(1)
    assert (await gateway.builds.get(build.build_id)).state == RUNNING, "something still moves"
    await watchman.look_for(3)

    ended = await gateway.builds.get(build.build_id)
    assert (ended.state, ended.stop_reason) == (FAILED, build_pb2.STOP_REASON_BUDGET_SPENT)
    assert ended.detail == "the budget of 5 model calls is spent: 5 were made"
    assert (await gateway.store.dataset(ended.dataset_id)).samples == 1


async def test_a_build_with_all_its_samples_succeeds_though_nothing_is_left_for_its_controls(gateway):
    budget = build_pb2.Budget()
    budget.time.FromSeconds(100)
    build = await gateway.builds.submit("r1", spec(budget=budget, controls={"share": 1.0}))
    await take_all(gateway, [e for n in range(2) for e in accepted(build, "Physics", n)])
    await take_all(gateway, accepted(build, "Logic", 0))
    await gateway.builds.announce_all()
    assert (await gateway.builds.get(build.build_id)).state == RUNNING, "it waits for the controls"

    gateway.now += timedelta(seconds=100)
    await Watchman(gateway).look_for(0)

    ended = await gateway.builds.get(build.build_id)
    assert (ended.state, ended.stop_reason) == (SUCCEEDED, build_pb2.STOP_REASON_UNSPECIFIED)
    assert not (await gateway.store.dataset(ended.dataset_id)).partial


async def test_what_a_killed_process_held_ends_the_build_in_the_end(gateway):
    build = await gateway.builds.submit("r1", spec(budget=BUDGET))
    killed, purse = await purse_of(gateway, build, "killed"), await purse_of(gateway, build, "p")
    held = [await killed.reserve(build.build_id, one_call()) for _ in range(5)]
    book = await gateway.books.find(build.build_id)
    book.refused = "the budget is spent"
    assert await gateway.books.swap(book)
    watchman = Watchman(gateway)
    await watchman.look_for(100)
    assert (await gateway.builds.get(build.build_id)).state == RUNNING

    await watchman.look_for(30)

    ended = await gateway.builds.get(build.build_id)
    assert (ended.state, ended.detail) == (FAILED, "the budget is spent")
    assert (await gateway.books.find(build.build_id)).spending.unaccounted.calls == len(held)
    with pytest.raises(BudgetSpent):
        await purse.reserve(build.build_id, one_call())


async def test_a_build_without_limits_is_not_looked_at(gateway):
    await gateway.builds.submit("r1", spec())

    assert await gateway.store.limited() == []


# Orders


async def test_a_fork_names_a_build_that_there_is(gateway):
    first = await gateway.builds.submit("r1", spec())

    fork = await gateway.builds.submit("r2", spec(ledger_of=first.build_id, seed=2))
    with pytest.raises(InvalidInput, match="ledger_of: no build is named 'b00000000000000a'") as wrong:
        await gateway.builds.submit("r3", spec(ledger_of="b00000000000000a"))

    assert fork.spec.ledger_of == first.build_id
    of_fork = await gateway.builds.submit("r4", spec(ledger_of=fork.build_id, seed=3))
    assert of_fork.spec.ledger_of == first.build_id, "all forks of a build share one ledger"
    assert await gateway.builds.submit("r4", spec(ledger_of=fork.build_id, seed=3)) == of_fork
    assert [v.field for v in wrong.value.violations] == ["ledger_of"]


# What is shown


async def test_spending_is_shown_to_the_call_and_the_list_has_it_too(gateway):
    build = await gateway.builds.submit("r1", spec())
    purse = await purse_of(gateway, build, "p")
    calls = [await purse.reserve(build.build_id, one_call()) for _ in range(3)]
    calls[0].settle(sample_pb2.Usage(calls=1, input_tokens=4, output_tokens=5))
    calls[1].lose()
    await purse.sync()

    shown = (await Gateway(gateway.database).builds.get(build.build_id)).progress.spending

    assert shown.spent == sample_pb2.Usage(calls=1, input_tokens=4, output_tokens=5)
    assert shown.reserved == shown.unaccounted == one_call()
    [listed] = await Gateway(gateway.database).builds.list(0, 10)
    assert listed.progress.spending == shown


async def test_endpoints_are_shown_over_all_processes(gateway):
    build = await gateway.builds.submit("r1", spec())
    gates = [Gate("b", ENDPOINTS["b"]) for _ in range(2)]
    reports = gateway.database["endpoint_reports"]
    reporters = [EndpointReporter(reports, f"p{i}", [gate], lambda: gateway.now) for i, gate in enumerate(gates)]
    async with gates[0].slot(), gates[0].slot(), gates[1].slot():
        for reporter in reporters:
            await reporter.tell()
    [shown] = (await Gateway(gateway.database).builds.get(build.build_id)).progress.endpoints
    assert (shown.endpoint, shown.in_flight, shown.limit) == ("b", 3, gates[0].limit + gates[1].limit)
    assert (shown.breaker, shown.reason, shown.waiting) == (build_pb2.BREAKER_STATE_CLOSED, "", 0)

    await reporters[0].tell()
    [shown] = (await Gateway(gateway.database).builds.get(build.build_id)).progress.endpoints
    assert shown.in_flight == 1

    late = Gateway(gateway.database)
    late.now = gateway.now + timedelta(seconds=11)
    assert not (await late.builds.get(build.build_id)).progress.endpoints


async def test_what_is_shown_is_not_asked_for_again_at_once(gateway):
    gateway.builds._live = Live(gateway.books, gateway.reports, lambda: 0.0)  # however long the store takes
    build = await gateway.builds.submit("r1", spec())
    before = await gateway.builds.get(build.build_id)
    purse = await purse_of(gateway, build, "p")
    (await purse.reserve(build.build_id, one_call())).settle(one_call())
    await purse.sync()

    assert await gateway.builds.get(build.build_id) == before


async def test_calls_of_a_failed_expansion_are_counted(gateway):
    build = await gateway.builds.submit("r1", spec())
    missed = events_pb2.QuotaMissed(
        build_id=build.build_id,
        subject="Logic",
        reason=build_pb2.STOP_REASON_EXPANSION_FAILED,
        detail="none",
        usage=sample_pb2.Usage(calls=2, input_tokens=3),
    )
    for _ in range(2):
        async for _ in gateway.tracker.give_up(missed):
            pass

    assert (await gateway.builds.get(build.build_id)).progress.usage == missed.usage


async def test_answers_that_another_build_paid_for_are_told_apart(gateway):
    build = await gateway.builds.submit("r1", spec())
    events = accepted(build, "Physics", 0)
    paid = usage.total([events[-1].sample.usage])
    for event in events:
        taken = event.sample if isinstance(event, events_pb2.SampleSettled) else event
        if not isinstance(event, events_pb2.ProblemRequested):
            taken.problem.calls[0].paid_by = "b0"
    sample = events[-1].sample
    reused = sample.problem.calls[0].usage
    sample.usage.CopyFrom(
        usage.total(
            [
                usage.of_calls([*sample.problem.calls, *sample.solution.calls, *sample.grade.calls]),
                usage.of_validation(sample.validation),
            ]
        )
    )
    await take_all(gateway, events)

    shown = (await gateway.builds.get(build.build_id)).progress

    assert shown.reused == reused
    assert usage.total([shown.usage, shown.reused]) == paid
