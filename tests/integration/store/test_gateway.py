"""Builds and their counts at a real store."""

import asyncio
import random
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chimera.build.v1 import build_pb2, build_service_pb2
from chimera.dataset.v1 import dataset_service_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2, sample_service_pb2
from chimera_gateway import store
from chimera_gateway.builds import Builds
from chimera_gateway.domain.groups import SLOTS_PER_GROUP
from chimera_gateway.live import Live
from chimera_gateway.servicer import BuildServicer, DatasetServicer, SampleServicer
from chimera_gateway.store import GatewayStore
from chimera_gateway.tracker import Tracker
from chimera_shared import identity, usage
from chimera_shared.endpoints import config
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.reports import EndpointReports
from chimera_shared.errors import (
    AlreadyExists,
    BusUnavailable,
    FailedPrecondition,
    InvalidInput,
    NotFound,
    StoreUnavailable,
)
from chimera_shared.testing.samples import START_SECONDS, make_sample

pytestmark = pytest.mark.integration
ENDPOINTS = config.parse({name: {"base_url": "http://127.0.0.1:1/v1", "model": name} for name in ("a", "b")})
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUNNING, PAUSED = build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_PAUSED
SUCCEEDED, FAILED = build_pb2.BUILD_STATE_SUCCEEDED, build_pb2.BUILD_STATE_FAILED
CANCELLED = build_pb2.BUILD_STATE_CANCELLED


class Bus:
    """Remembers what was published; is away as often as told."""

    def __init__(self) -> None:
        self.sent, self.away = [], 0

    async def publish(self, event):
        if self.away:
            self.away -= 1
            raise BusUnavailable("Kafka is away")
        copy = type(event)()
        copy.CopyFrom(event)
        self.sent.append(copy)

    async def bury(self, letter):
        raise AssertionError(letter.cause)


class Gateway:
    """One process of the gateway; another one over the same database is its restart."""

    def __init__(self, database) -> None:
        self.database, self.bus, self.now = database, Bus(), NOW
        self.store = GatewayStore(database, linger_s=0.0)  # nobody to wait for: events come one by one
        self.books = Books(database["budgets"])
        self.reports = EndpointReports(database["endpoint_reports"], lambda: self.now)
        self.builds = Builds(self.store, ENDPOINTS, self.bus, lambda: self.now, Live(self.books, self.reports))
        self.tracker = Tracker(self.store, self.builds)

    async def start(self) -> "Gateway":
        await self.store.prepare()
        return self

    async def take(self, event) -> None:
        handle = self.tracker.settle if isinstance(event, events_pb2.SampleSettled) else self.tracker.track
        async for _ in handle(event):
            raise AssertionError("the gateway's stages publish nothing")


@pytest.fixture
async def gateway(database) -> Gateway:
    return await Gateway(database).start()


def spec(samples=3, name="demo", **changes) -> build_pb2.BuildSpec:
    """An order; without controls, unless it says so."""
    changes.setdefault("controls", {"share": 0.0})
    return build_pb2.BuildSpec(
        name=name,
        samples=samples,
        subjects=[{"name": "Physics", "weight": 2}, {"name": "Logic"}],
        roles={
            "proposer": {"endpoints": ["a"]},
            "panel": [{"endpoints": ["a"]}, {"endpoints": ["b"]}],
            "solver": {"endpoints": ["b"]},
        },
        **changes,
    )


def accepted(build, subject, slot, attempt=0) -> list:
    """The events of an accepted sample."""
    sample = make_sample(build, subject, slot, attempt)
    carried = {"ref": sample.ref, "problem": sample.problem, "validation": sample.validation}
    return [
        events_pb2.ProblemRequested(ref=sample.ref),
        events_pb2.ProblemProposed(ref=sample.ref, problem=sample.problem),
        events_pb2.ProblemValidated(**carried),
        events_pb2.SolutionSynthesised(**carried, solution=sample.solution),
        events_pb2.SampleSettled(sample=sample),
    ]


def duplicate(build, subject, slot, attempt=0) -> list:
    """The events of a sample refused as a duplicate."""
    sample = make_sample(build, subject, slot, attempt)
    end = sample_pb2.Sample(
        ref=sample.ref,
        problem=sample.problem,
        outcome=sample_pb2.OUTCOME_REJECTED,
        reason=sample_pb2.REASON_DUPLICATE,
        usage=usage.of_calls(sample.problem.calls),
    )
    return [
        events_pb2.ProblemRequested(ref=sample.ref),
        events_pb2.ProblemProposed(ref=sample.ref, problem=sample.problem),
        events_pb2.SampleSettled(sample=end),
    ]


def whole(build) -> list:
    """Everything that happens in a build of three samples, one of them at the second attempt."""
    return [
        events_pb2.TopicsExpanded(
            build_id=build.build_id, subject="Physics", topics=5, usage=sample_pb2.Usage(calls=1, input_tokens=3)
        ),
        *accepted(build, "Physics", 0),
        *duplicate(build, "Physics", 1),
        *accepted(build, "Physics", 1, attempt=1),
        *accepted(build, "Logic", 0),
    ]


def spent(events) -> sample_pb2.Usage:
    ends = [e.sample.usage for e in events if isinstance(e, events_pb2.SampleSettled)]
    return usage.total([*ends, *(e.usage for e in events if isinstance(e, events_pb2.TopicsExpanded))])


async def test_submitting_twice_is_submitting_once(gateway):
    first = await gateway.builds.submit("r1", spec())
    await gateway.builds.steer(first.build_id, PAUSED)

    again = await gateway.builds.submit("r1", spec())

    assert again.build_id == first.build_id == identity.build_id("r1")
    assert (again.state, again.revision) == (PAUSED, 2)
    assert len(await gateway.builds.list(0, 10)) == 1
    assert [e.build.revision for e in gateway.bus.sent] == [1, 2]


async def test_submitting_at_the_same_time_is_submitting_once(gateway):
    builds = await asyncio.gather(*(gateway.builds.submit("r1", spec()) for _ in range(8)))

    assert len({b.build_id for b in builds}) == 1
    assert len(gateway.bus.sent) == 1


async def test_a_request_id_stands_for_one_order(gateway):
    await gateway.builds.submit("r1", spec())

    with pytest.raises(AlreadyExists, match="'r1' ordered another build"):
        await gateway.builds.submit("r1", spec(seed=1))
    assert await gateway.builds.submit("r1", spec(acceptance_floor=0.02))


@pytest.mark.parametrize(("request_id", "order"), [("", spec()), ("x" * 65, spec()), ("r", spec(samples=-1))])
async def test_a_wrong_order_leaves_nothing(gateway, request_id, order):
    with pytest.raises(InvalidInput):
        await gateway.builds.submit(request_id, order)

    assert await gateway.builds.list(0, 10) == []
    assert gateway.bus.sent == []


async def test_an_order_whose_news_was_lost_is_told_by_the_announcer(gateway):
    gateway.bus.away = 1
    with pytest.raises(BusUnavailable):
        await gateway.builds.submit("r1", spec())

    await gateway.builds.announce_all()

    [event] = gateway.bus.sent
    assert (event.build.build_id, event.build.state) == (identity.build_id("r1"), RUNNING)
    assert not event.build.HasField("progress")
    assert event.build.spec.taxonomy.topics_per_field == 6


@pytest.mark.parametrize(
    "path", [[PAUSED, RUNNING, CANCELLED], [PAUSED, CANCELLED], [RUNNING, PAUSED, PAUSED], [CANCELLED, CANCELLED]]
)
async def test_steering(gateway, path):
    build = await gateway.builds.submit("r1", spec())
    for state in path:
        build = await gateway.builds.steer(build.build_id, state)
        assert build.state == state

    revisions = [e.build.revision for e in gateway.bus.sent]
    assert revisions == list(range(1, len(revisions) + 1))
    assert build.HasField("end_time") == (path[-1] == CANCELLED)


@pytest.mark.parametrize("state", [RUNNING, PAUSED])
async def test_what_has_ended_stays_so(gateway, state):
    build = await gateway.builds.submit("r1", spec())
    await gateway.builds.steer(build.build_id, CANCELLED)

    with pytest.raises(FailedPrecondition, match=r"has ended \(cancelled\)"):
        await gateway.builds.steer(build.build_id, state)


async def test_steering_at_the_same_time_loses_no_change(gateway):
    build = await gateway.builds.submit("r1", spec())

    await asyncio.gather(
        *(gateway.builds.steer(build.build_id, s) for s in (PAUSED, RUNNING, PAUSED, CANCELLED)), return_exceptions=True
    )

    assert (await gateway.builds.get(build.build_id)).state == CANCELLED
    revisions = [e.build.revision for e in gateway.bus.sent]
    assert sorted(set(revisions)) == list(range(1, len(revisions) + 1))


async def test_no_such_build(gateway):
    for call in (gateway.builds.get("b0"), gateway.builds.steer("b0", PAUSED)):
        with pytest.raises(NotFound, match="'b0'"):
            await call


async def test_giving_up_tells_why_once(gateway):
    build = await gateway.builds.submit("r1", spec())
    first = events_pb2.QuotaMissed(
        build_id=build.build_id, reason=build_pb2.STOP_REASON_ENDPOINTS_FAILING, detail="solver: 401"
    )
    later = events_pb2.QuotaMissed(build_id=build.build_id, reason=build_pb2.STOP_REASON_EXPANSION_FAILED)

    for event in (first, later, first):
        async for _ in gateway.tracker.give_up(event):
            pass

    build = await gateway.builds.get(build.build_id)
    assert (build.state, build.stop_reason, build.detail) == (FAILED, first.reason, "solver: 401")
    assert build.end_time.ToDatetime(UTC) == NOW
    assert [e.build.state for e in gateway.bus.sent] == [RUNNING, FAILED]


@pytest.mark.parametrize("seed", range(4))
async def test_a_build_ends_exactly_when_all_is_there_in_any_order(gateway, seed):
    build = await gateway.builds.submit("r1", spec())
    events, draw = whole(build), random.Random(seed)
    ends = [e for e in events if isinstance(e, events_pb2.SampleSettled)]
    told = [e for e in events * 2 if e not in ends] + ends[1:] * 2
    draw.shuffle(told)
    for event in told:
        await gateway.take(event)
        if draw.random() < 0.4:
            await gateway.tracker.flush()
    await gateway.tracker.flush()
    assert (await gateway.builds.get(build.build_id)).state == RUNNING

    await gateway.take(ends[0])
    await gateway.tracker.flush()

    build = await gateway.builds.get(build.build_id)
    assert (build.state, build.dataset_id) == (SUCCEEDED, identity.dataset_id(build.build_id))
    shown = build.progress
    assert (shown.accepted, shown.rejected, shown.requested, shown.proposed) == (3, 1, 4, 4)
    assert (shown.validated, shown.solved, shown.topics, shown.in_flight) == (3, 3, 5, 0)
    assert shown.usage == spent(events)
    assert dict(shown.reasons) == {"REASON_DUPLICATE": 1}
    assert [(s.target, s.accepted, s.settled) for s in shown.subjects] == [(2, 2, 3), (1, 1, 1)]
    published = [e for e in gateway.bus.sent if isinstance(e, events_pb2.DatasetPublished)]
    assert [e.dataset.samples for e in published] == [3]
    assert gateway.bus.sent[-2].build.state == SUCCEEDED


async def test_what_comes_late_changes_nothing(gateway):
    build = await gateway.builds.submit("r1", spec())
    events = whole(build)
    for event in events:
        await gateway.take(event)
    await gateway.tracker.flush()
    before = await gateway.builds.get(build.build_id)
    assert before.state == SUCCEEDED

    for event in [*events, *accepted(build, "Logic", 1)]:
        await gateway.take(event)
    await gateway.tracker.flush()

    after = await gateway.builds.get(build.build_id)
    assert after == before


@pytest.mark.parametrize("seed", range(4))
async def test_counts_are_right_after_interruptions_anywhere(gateway, seed):
    """A process that ends loses what it counted in memory; the next counts anew."""
    build = await gateway.builds.submit("r1", spec())
    events, draw = whole(build), random.Random(seed)
    for event in events:
        await gateway.take(event)
        if draw.random() < 0.5:
            await gateway.tracker.flush()
        if draw.random() < 0.4:
            gateway = await Gateway(gateway.database).start()
            await gateway.take(event)
    await gateway.tracker.flush()
    await gateway.builds.announce_all()

    build = await gateway.builds.get(build.build_id)
    assert build.state == SUCCEEDED
    assert build.progress.usage == spent(events)
    assert (build.progress.validated, build.progress.solved, build.progress.requested) == (3, 3, 4)


async def test_a_process_that_ends_after_the_last_count_and_before_the_end_is_taken_over(gateway):
    build = await gateway.builds.submit("r1", spec())
    for event in whole(build):
        await gateway.take(event)

    again = await Gateway(gateway.database).start()
    await again.builds.announce_all()

    assert (await again.builds.get(build.build_id)).state == SUCCEEDED
    assert [e.build.state for e in again.bus.sent if isinstance(e, events_pb2.BuildChanged)][-1] == SUCCEEDED


async def test_a_broker_that_is_away_at_the_end_puts_off_the_end_and_no_other_build(gateway):
    full, other = await gateway.builds.submit("r1", spec()), await gateway.builds.submit("r2", spec())
    for event in [*whole(full), *whole(other)[:6]]:
        await gateway.take(event)
    gateway.bus.away = 1

    with pytest.raises(BusUnavailable):
        await gateway.tracker.flush()
    await gateway.tracker.flush()
    await gateway.builds.announce_all()

    assert (await gateway.builds.get(full.build_id)).state == SUCCEEDED
    published = [e for e in gateway.bus.sent if isinstance(e, events_pb2.DatasetPublished)]
    assert [e.dataset.build_id for e in published] == [full.build_id]
    assert (await gateway.builds.get(other.build_id)).progress.accepted == 1
    assert (await gateway.builds.get(other.build_id)).progress.usage == spent(whole(other)[:6])


async def documents(gateway) -> int:
    return await gateway.database["tallies"].count_documents({})


async def take_all(gateway, events) -> None:
    await asyncio.gather(*(gateway.take(event) for event in events))
    await gateway.tracker.flush()


LONG = 5 * SLOTS_PER_GROUP + 3
"""Slots of Physics in a build in which Logic has half as many."""


def long_build(build) -> list[list]:
    """The events of each slot of a long build; every fifth is filled at the second attempt."""
    slots = [("Physics", slot) for slot in range(LONG)] + [("Logic", slot) for slot in range(LONG // 2)]
    return [
        [*duplicate(build, *slot), *accepted(build, *slot, attempt=1)] if slot[1] % 5 == 4 else accepted(build, *slot)
        for slot in slots
    ]


async def test_what_is_kept_to_count_follows_what_is_open_and_not_what_is_done(gateway):
    build = await gateway.builds.submit("r1", spec(LONG + LONG // 2))
    slots = long_build(build)
    kept = []
    for at in range(0, len(slots), 20):
        await take_all(gateway, [event for slot in slots[at : at + 20] for event in slot])
        kept.append(await documents(gateway))
        record = await gateway.store.build(build.build_id)
        assert record.counts["accepted"] == min(at + 20, len(slots))
    assert max(kept) <= 2
    build = await gateway.builds.get(build.build_id)
    assert (build.state, build.progress.accepted) == (SUCCEEDED, len(slots))
    assert build.progress.usage == spent([event for slot in slots for event in slot])
    assert await documents(gateway) == 0


@pytest.mark.parametrize("seed", range(3))
async def test_counts_are_exact_over_two_replicas_that_die_anywhere(gateway, seed, monkeypatch):
    """Every event comes once or twice, in any order, to either replica; folds are cut off before and after."""
    draw, replicas = random.Random(seed), [gateway, await Gateway(gateway.database).start()]
    build = await gateway.builds.submit("r1", spec(LONG + LONG // 2))
    events = [event for slot in long_build(build) for event in slot]
    told = [*events, *draw.sample(events, len(events) // 3)]
    told.sort(key=lambda event: events.index(event) + draw.randrange(60))

    class Dead(Exception):
        pass

    def dying(method):
        async def dies(self, *given):
            if draw.random() < 0.3:
                raise Dead
            return await method(self, *given)

        return dies

    for name in ("fold", "drop_tallies", "keep_counts"):
        monkeypatch.setattr(store.GatewayStore, name, dying(getattr(store.GatewayStore, name)))
    while told:
        now, told = told[:30], told[30:]
        await asyncio.gather(*(draw.choice(replicas).take(event) for event in now))
        done = await asyncio.gather(*(replica.tracker.flush() for replica in replicas), return_exceptions=True)
        for i, result in enumerate(done):
            assert result is None or isinstance(result, Dead), result
            if result is not None:
                replicas[i] = await Gateway(gateway.database).start()
    monkeypatch.undo()
    await replicas[0].builds.announce_all()
    await replicas[0].builds.announce_all()

    build = await gateway.builds.get(build.build_id)
    assert build.state == SUCCEEDED
    assert build.progress.usage == spent(events)
    assert build.progress.requested == len([e for e in events if isinstance(e, events_pb2.ProblemRequested)])
    assert await documents(gateway) == 0


def _is_end(event) -> bool:
    return isinstance(event, events_pb2.SampleSettled)


async def test_an_event_of_a_folded_group_that_comes_again_is_not_counted_again(gateway):
    build = await gateway.builds.submit("r1", spec(LONG + LONG // 2))
    first = [event for slot in range(SLOTS_PER_GROUP) for event in accepted(build, "Physics", slot)]
    await take_all(gateway, first)
    before = (await gateway.builds.get(build.build_id)).progress
    assert await documents(gateway) == 0

    await take_all(gateway, first[::7])
    await gateway.tracker.flush()

    assert (await gateway.builds.get(build.build_id)).progress == before
    assert before.accepted == SLOTS_PER_GROUP
    assert await documents(gateway) == 0


async def test_filled_slots_are_held_as_ranges(gateway, monkeypatch):
    monkeypatch.setattr(store, "_JOINED_AT_ONCE", 3)
    build = await gateway.builds.submit("r1", spec(LONG + LONG // 2))
    for slot in [*range(4), *range(5, 12)]:
        await gateway.store.settle(make_sample(build, "Physics", slot), 0)
    await gateway.store.settle(make_sample(build, "Logic", 7), 1)

    assert await gateway.store.accepted_slots(build.build_id) == {"0": [[0, 4], [5, 12]], "1": [[7, 8]]}


async def test_the_announcer_says_of_which_slots_it_has_not_heard_everything(gateway):
    build = await gateway.builds.submit("r1", spec(LONG + LONG // 2))
    second = [accepted(build, "Physics", SLOTS_PER_GROUP + slot) for slot in range(SLOTS_PER_GROUP)]
    await take_all(gateway, [event for slot in second for event in slot])
    await gateway.builds.announce_all()

    ranges = [(r.subject, r.first, r.end) for r in gateway.bus.sent[-1].untold]
    assert ranges == [
        ("Physics", 0, SLOTS_PER_GROUP),
        ("Physics", 2 * SLOTS_PER_GROUP, LONG),
        ("Logic", 0, LONG // 2),
    ]


async def test_an_event_of_a_subject_that_nobody_ordered_is_not_counted(gateway):
    build = await gateway.builds.submit("r1", spec())
    strange = accepted(build, "Physics", 1)[0]
    strange.ref.subject = "Alchemy"
    await take_all(gateway, [*accepted(build, "Physics", 0)[:3], strange])

    assert (await gateway.builds.get(build.build_id)).progress.requested == 1


@pytest.mark.parametrize(
    ("event", "command"),
    [(1, b"insert"), (2, b"update"), (5, b"insert"), (5, b"update")],
    ids=["tally", "mark", "sample", "end"],
)
async def test_a_count_whose_answer_was_lost_is_counted_once(linked_database, link, event, command):
    gateway = await Gateway(linked_database).start()
    build = await gateway.builds.submit("r1", spec())
    events = whole(build)
    for n, each in enumerate(events):
        if n == event:
            link.lose_answer_to = command
        while True:
            try:
                await gateway.take(each)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    assert link.lost == 1
    await gateway.tracker.flush()

    build = await gateway.builds.get(build.build_id)
    assert build.state == SUCCEEDED
    assert build.progress.usage == spent(events)


async def test_builds_are_listed_newest_first_page_by_page(gateway):
    ids = {(await gateway.builds.submit(f"r{n}", spec(name=f"n{n}"))).build_id for n in range(5)}
    servicer, found, token = BuildServicer(gateway.builds), [], ""
    for _ in range(3):
        page = await servicer.ListBuilds(build_service_pb2.ListBuildsRequest(page_size=2, page_token=token), None)
        found += [b.build_id for b in page.builds]
        token = page.next_page_token

    assert token == ""
    assert len(found) == 5
    assert set(found) == ids


async def test_samples_are_listed_by_their_ends_page_by_page(gateway):
    build = await gateway.builds.submit("r1", spec())
    for event in whole(build):
        await gateway.take(event)
    servicer = SampleServicer(gateway.store, gateway.builds)

    async def listed(**changes) -> list[str]:
        found, token = [], ""
        while True:
            request = sample_service_pb2.ListSamplesRequest(
                build_id=build.build_id, page_size=1, page_token=token, **changes
            )
            page = await servicer.ListSamples(request, None)
            found += [s.ref.sample_id for s in page.samples]
            if not (token := page.next_page_token):
                return found

    everything = await listed()
    assert len(everything) == 4
    assert everything == sorted(everything)
    assert len(await listed(outcome=sample_pb2.OUTCOME_ACCEPTED)) == 3
    assert len(await listed(reason=sample_pb2.REASON_DUPLICATE)) == 1
    assert len(await listed(subject="Logic")) == 1
    assert await listed(subject="Logic", reason=sample_pb2.REASON_PROOF) == []
    answered = Timestamp(seconds=START_SECONDS + 1, nanos=500_000_000)
    panel = {"role": "panel", "model": "procedural-precise", "endpoint": "panel-a"}
    prompt = identity.digest("prompt", "panel[1]")
    assert len(await listed(evidence=panel)) == 3
    assert len(await listed(evidence=panel, subject="Logic")) == 1
    assert len(await listed(evidence=panel | {"after": answered})) == 3
    assert len(await listed(evidence={"role": "panel[1]", "prompt_sha256": prompt[:8]})) == 3
    assert len(await listed(evidence={"model": "procedural-author"})) == 4
    assert await listed(evidence=panel | {"before": answered}) == []
    assert await listed(evidence=panel | {"role": "panel[1]"}) == [], "all must hold for one and the same call"
    assert await listed(evidence=panel | {"role": "pan"}) == []
    sample = await servicer.GetSample(sample_service_pb2.GetSampleRequest(sample_id=everything[0]), None)
    assert sample.ref.sample_id == everything[0]
    with pytest.raises(NotFound):
        await servicer.GetSample(sample_service_pb2.GetSampleRequest(sample_id="f" * 32), None)
    with pytest.raises(InvalidInput, match="build_id: is required"):
        await servicer.ListSamples(sample_service_pb2.ListSamplesRequest(), None)
    with pytest.raises(NotFound):
        await servicer.ListSamples(sample_service_pb2.ListSamplesRequest(build_id="b0"), None)


async def test_a_dataset_holds_the_accepted_samples_in_the_order_of_the_spec(gateway):
    build = await gateway.builds.submit("r1", spec())
    for event in whole(build)[::-1]:
        await gateway.take(event)
    await gateway.tracker.flush()
    servicer = DatasetServicer(gateway.store)
    dataset_id = identity.dataset_id(build.build_id)

    request = dataset_service_pb2.ReadDatasetRequest(dataset_id=dataset_id)
    read = [(s.ref.subject, s.ref.slot, s.ref.attempt) async for s in servicer.ReadDataset(request, None)]

    assert read == [("Physics", 0, 0), ("Physics", 1, 1), ("Logic", 0, 0)]
    listed = await servicer.ListDatasets(dataset_service_pb2.ListDatasetsRequest(), None)
    assert [d.dataset_id for d in listed.datasets] == [dataset_id]
    with pytest.raises(NotFound):
        await servicer.GetDataset(dataset_service_pb2.GetDatasetRequest(dataset_id="d0"), None)


async def test_watching_shows_every_change_and_ends_with_the_build(gateway):
    build = await gateway.builds.submit("r1", spec())
    seen = []

    async def watch():
        async for each in gateway.builds.watch(build.build_id):
            seen.append((each.state, each.progress.requested))

    async def until_seen(changes: int) -> None:
        async with asyncio.timeout(60):
            while len(seen) < changes:  # noqa: ASYNC110 a build is polled
                await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    await until_seen(1)
    await gateway.take(whole(build)[1])
    await gateway.tracker.flush()
    await until_seen(2)
    await gateway.builds.steer(build.build_id, CANCELLED)
    await asyncio.wait_for(watching, 60)

    assert seen == [(RUNNING, 0), (RUNNING, 1), (CANCELLED, 1)]
