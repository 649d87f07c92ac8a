"""Slots and quotas at a real store."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera.taxonomy.v1 import taxonomy_service_pb2 as pb
from chimera_shared import identity
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import config
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.errors import EndpointUnavailable, InvalidInput, NotFound, SampleFailure
from chimera_taxonomy import quotas
from chimera_taxonomy.domain.quotas import Quota
from chimera_taxonomy.expansion import Expansion, Topic
from chimera_taxonomy.handlers import Handlers
from chimera_taxonomy.quotas import QuotaKeeper
from chimera_taxonomy.servicer import TaxonomyServicer
from chimera_taxonomy.store import TaxonomyStore

pytestmark = pytest.mark.integration
OVERDUE_SECONDS = 30
WINDOW = 32


class Expander:
    """Gives every subject the same topics, unless it is told to fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.waits: dict[str, asyncio.Event] = {}
        self.topics = 3

    async def expand(self, build, subject) -> Expansion:
        self.asked.append(subject.name)
        if subject.name in self.fails:
            raise self.fails[subject.name]
        if subject.name in self.waits:
            await self.waits[subject.name].wait()
        topics = tuple(Topic("field", f"{subject.name} {n}") for n in range(self.topics))
        return Expansion(topics, sample_pb2.Usage(calls=2))


class Taxonomy:
    """One process of the service; another one over the same database is its restart, or a second replica."""

    def __init__(self, database, clock=None) -> None:
        self.database = database
        self.clock = clock or Clock()
        self.expander, self.builds = Expander(), BuildTable()
        self.store = TaxonomyStore(database)
        at = {"base_url": "http://127.0.0.1:1/v1", "model": "a"}
        endpoints = config.parse({"a": {**at, "max_in_flight": 2}, "big": {**at, "max_in_flight": 40}})
        self.keeper = QuotaKeeper(self.store, EndpointPool(endpoints), self.builds, OVERDUE_SECONDS, self.clock)
        self.handlers = Handlers(self.expander, self.keeper, self.store, self.builds)

    async def advance(self, build, untold=()) -> list:
        event = events_pb2.BuildChanged(build=build, untold=untold)
        await self.builds.learn(event)
        return [each async for each in self.handlers.advance(event)]

    async def settle(self, ref, outcome=sample_pb2.OUTCOME_ACCEPTED, reason=0, detail="") -> list:
        sample = sample_pb2.Sample(ref=ref, outcome=outcome, reason=reason, detail=detail)
        return [each async for each in self.handlers.settled(events_pb2.SampleSettled(sample=sample))]

    async def reject(self, ref, reason=sample_pb2.REASON_DUPLICATE) -> list:
        return await self.settle(ref, sample_pb2.OUTCOME_REJECTED, reason, "seen before")

    def again(self) -> "Taxonomy":
        return Taxonomy(self.database, self.clock)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def no_linger(monkeypatch) -> None:
    """These tests settle one sample after the other: there is nobody to wait for."""
    monkeypatch.setattr(quotas, "_LINGER_SECONDS", 0.0)


@pytest.fixture
async def taxonomy(database) -> Taxonomy:
    found = Taxonomy(database)
    await found.store.prepare()
    return found


def build_of(*targets: int, state=build_pb2.BUILD_STATE_RUNNING, revision=1, floor=0.02) -> build_pb2.Build:
    subjects = [{"name": f"s{i}", "weight": target} for i, target in enumerate(targets)]
    return build_pb2.Build(
        build_id="b0123456789abcde",
        spec=build_pb2.BuildSpec(
            samples=sum(targets),
            seed=7,
            subjects=subjects,
            roles={"solver": {"endpoints": ["a"]}},
            acceptance_floor=floor,
        ),
        state=state,
        revision=revision,
    )


def requested(events) -> list[sample_pb2.SampleRef]:
    return [e.ref for e in events if isinstance(e, events_pb2.ProblemRequested)]


def places(events) -> list[tuple[str, int, int]]:
    return sorted((r.subject, r.slot, r.attempt) for r in requested(events))


async def test_the_first_subject_with_topics_leaves_the_others_their_part_of_the_window(taxonomy):
    build, opened = build_of(100, 300), []
    event = events_pb2.BuildChanged(build=build)
    late = taxonomy.expander.waits["s1"] = asyncio.Event()
    await taxonomy.builds.learn(event)
    async for each in taxonomy.handlers.advance(event):
        opened += requested([each])
        if len(opened) == WINDOW // 4:
            assert {ref.subject for ref in opened} == {"s0"}
            late.set()

    assert Counter(ref.subject for ref in opened) == {"s0": WINDOW // 4, "s1": WINDOW * 3 // 4}


async def test_a_new_build_is_expanded_and_each_slot_is_asked_for_once(taxonomy):
    events = await taxonomy.advance(build_of(4, 2))

    assert places(events) == [*((f"s{0}", i, 0) for i in range(4)), ("s1", 0, 0), ("s1", 1, 0)]
    told = [e for e in events if isinstance(e, events_pb2.TopicsExpanded)]
    assert sorted((e.subject, e.topics, e.usage.calls) for e in told) == [("s0", 3, 2), ("s1", 3, 2)]
    assert await taxonomy.advance(build_of(4, 2)) == []
    assert sorted(taxonomy.expander.asked) == ["s0", "s1"]


async def test_a_request_says_all_that_follows_from_its_place(taxonomy):
    refs = {r.slot: r for r in requested(await taxonomy.advance(build_of(5)))}

    ref = refs[4]
    assert ref.sample_id == identity.sample_id(ref.build_id, "s0", 4, 0)
    assert ref.seed == identity.seed(7, "s0", 4, 0)
    assert (ref.field, ref.topic) == ("field", "s0 1")


async def test_topics_have_their_part_of_the_samples_by_weight(taxonomy):
    build = build_of(24)
    build.spec.subjects[0].topic_weights.extend([1, 2, 5])
    refs = requested(await taxonomy.advance(build))
    assert Counter(ref.topic for ref in refs) == {"s0 0": 3, "s0 1": 6, "s0 2": 15}
    ref = next(ref for ref in refs if ref.topic == "s0 0")
    topics = []
    for _ in range(3):
        [ref] = requested(await taxonomy.reject(ref))
        topics.append(ref.topic)
    assert topics == ["s0 0", "s0 0", "s0 2"]


async def test_the_window_bounds_what_is_under_way(taxonomy):
    events = await taxonomy.advance(build_of(40, 60))
    assert len(requested(events)) == WINDOW

    refs = requested(events)
    more = [await taxonomy.settle(ref) for ref in refs[:5]]

    assert [len(requested(m)) for m in more] == [1] * 5
    assert await taxonomy.store.open_count(refs[0].build_id) == WINDOW


async def test_a_rejected_attempt_leads_to_the_next_with_another_topic(taxonomy):
    [ref] = requested(await taxonomy.advance(build_of(1)))

    [again] = requested(await taxonomy.reject(ref))

    assert (again.slot, again.attempt, ref.attempt) == (0, 1, 0)
    assert again.topic != ref.topic
    assert again.sample_id != ref.sample_id
    assert again.seed != ref.seed


async def test_a_settled_event_told_twice_opens_one_slot_and_counts_once(taxonomy):
    build = build_of(40)
    ref, other, *_ = requested(await taxonomy.advance(build))

    events = [await taxonomy.settle(ref), await taxonomy.settle(ref), await taxonomy.reject(other)]
    told_again = await taxonomy.reject(other)

    assert [len(e) for e in events] == [1, 0, 1]
    assert places(told_again) == places(events[2])
    [quota] = await taxonomy.store.quotas(build.build_id)
    assert (quota.opened, quota.accepted, quota.settled) == (WINDOW + 1, 1, 2)


async def test_settled_events_told_at_the_same_time_count_once(taxonomy):
    ref, *_ = requested(await taxonomy.advance(build_of(40)))

    events = await asyncio.gather(*(taxonomy.settle(ref) for _ in range(6)))

    assert sum(len(e) for e in events) == 1


async def test_news_of_an_older_attempt_moves_nothing(taxonomy):
    build = build_of(1)
    [first] = requested(await taxonomy.advance(build))
    [second] = requested(await taxonomy.reject(first))
    await taxonomy.reject(second)

    assert await taxonomy.reject(first) == []
    slot = await taxonomy.store.slot(build.build_id, "s0", 0)
    assert (slot.attempt, slot.accepted) == (2, False)


async def test_nothing_is_asked_for_a_filled_slot(taxonomy):
    build = build_of(1)
    [ref] = requested(await taxonomy.advance(build))
    await taxonomy.settle(ref)

    assert await taxonomy.reject(ref) == []
    assert (await taxonomy.store.slot(build.build_id, "s0", 0)).accepted


@pytest.mark.parametrize("keepers", [2, 3])
async def test_keepers_that_fill_at_the_same_time_open_each_slot_once_and_never_too_many(taxonomy, keepers):
    build = build_of(17, 20)
    for i, target in enumerate((17, 20)):
        expansion = Expansion((Topic("", "t"),), sample_pb2.Usage())
        await taxonomy.store.keep_expansion(build.build_id, f"s{i}", i, expansion)
        await taxonomy.store.open_quota(build.build_id, i, Quota(f"s{i}", target))
    replicas = [taxonomy.again() for _ in range(keepers)]

    async def fill(replica):
        return [e async for e in replica.keeper.fill(build)]

    rounds = [await asyncio.gather(*(fill(r) for r in replicas)) for _ in range(3)]

    asked = Counter(place for one in rounds for events in one for place in places(events))
    assert set(asked.values()) == {1}
    assert all(place[1] < {"s0": 17, "s1": 20}[place[0]] for place in asked)
    quotas = await taxonomy.store.quotas(build.build_id)
    assert all(q.opened <= q.target for q in quotas)
    assert sum(q.opened for q in quotas) == len(asked)
    # A keeper that lost a race may have stored slots that nobody has counted yet: they are open, and opened next.
    assert max(len(asked), WINDOW) <= await taxonomy.store.open_count(build.build_id) <= 37


async def test_a_whole_build_is_asked_for_and_filled_exactly(taxonomy):
    build = build_of(30, 20)
    waiting, seen, filled = requested(await taxonomy.advance(build)), Counter(), 0
    while waiting:
        ref = waiting.pop()
        seen[ref.sample_id] += 1
        if ref.attempt == 0 and ref.slot % 3 == 0:
            waiting += requested(await taxonomy.reject(ref))
        else:
            filled += 1
            waiting += requested(await taxonomy.settle(ref))
        assert await taxonomy.store.open_count(build.build_id) <= WINDOW

    assert filled == 50
    assert set(seen.values()) == {1}
    quotas = await taxonomy.store.quotas(build.build_id)
    assert [(q.accepted, q.opened) for q in quotas] == [(30, 30), (20, 20)]


async def test_what_has_not_moved_is_asked_for_again_ever_less_often(taxonomy):
    build = build_of(2)
    await taxonomy.advance(build)
    seconds = []
    for second in range(0, 400, 10):
        if places(await taxonomy.advance(build)):
            seconds.append(second)
        taxonomy.clock.pass_by(10)

    assert seconds == [40, 110, 240]


async def test_after_any_number_of_reminders_there_is_a_next(taxonomy):
    """A night without an endpoint is hundreds of reminders."""
    build = build_of(1)
    await taxonomy.advance(build)
    await taxonomy.database["slots"].update_many({}, {"$set": {"asked": 500}})
    taxonomy.clock.pass_by(100)

    assert len(places(await taxonomy.advance(build))) == 1
    taxonomy.clock.pass_by(16 * 60)
    assert len(places(await taxonomy.advance(build))) == 1


class Dead(Exception):
    """Stands for the end of a process."""


@pytest.mark.parametrize("stored", [3, 6])
async def test_slots_that_were_stored_and_never_counted_are_opened_once_and_no_more(taxonomy, monkeypatch, stored):
    """A process that ends among its writes, after so many slots were stored."""
    build, put, left = build_of(6), TaxonomyStore._put_slot, [stored]

    async def dying(self, *place):
        left[0] -= 1
        if left[0] < 0 or (not left[0] and stored == 6):
            raise Dead
        await put(self, *place)

    monkeypatch.setattr(TaxonomyStore, "_put_slot", dying)
    with pytest.raises(Dead):
        await taxonomy.advance(build)
    monkeypatch.undo()

    restarted = taxonomy.again()
    asked = {*places(await restarted.advance(build))}
    restarted.clock.pass_by(2 * OVERDUE_SECONDS)
    asked |= {*places(await restarted.advance(build))}

    assert asked == {("s0", slot, 0) for slot in range(6)}
    [quota] = await restarted.store.quotas(build.build_id)
    assert quota.opened == await restarted.store.open_count(build.build_id) == 6


async def test_a_slot_that_was_filled_before_it_was_counted_is_opened_and_stays_filled(taxonomy):
    build = build_of(40)
    refs = requested(await taxonomy.advance(build))
    await taxonomy.store._put_slot(build.build_id, "s0", WINDOW, taxonomy.clock())
    early = sample_pb2.SampleRef(build_id=build.build_id, subject="s0", slot=WINDOW)
    await taxonomy.settle(early)

    await taxonomy.settle(refs[0])

    assert (await taxonomy.store.slot(build.build_id, "s0", WINDOW)).accepted
    [quota] = await taxonomy.store.quotas(build.build_id)
    assert (quota.opened, quota.accepted) == (WINDOW + 2, 2)


async def test_a_window_of_which_a_count_was_lost_is_full_again_after_the_next_announcement(taxonomy):
    build = build_of(200)
    refs = requested(await taxonomy.advance(build))
    for ref in refs[:10]:
        await taxonomy.store.accept(build.build_id, "s0", ref.slot, 0)  # and the process ends before it counts

    restarted = taxonomy.again()
    await restarted.advance(build)
    assert await restarted.store.open_count(build.build_id) == WINDOW
    for ref in refs[10:20]:
        assert len(requested(await restarted.settle(ref))) == 1

    assert await restarted.store.open_count(build.build_id) == WINDOW


async def test_a_resumed_build_asks_again_for_all_that_is_under_way(taxonomy):
    build = build_of(4)
    ref, rejected, *_ = requested(await taxonomy.advance(build))
    await taxonomy.settle(ref)
    paused = build_of(4, state=build_pb2.BUILD_STATE_PAUSED, revision=2)
    assert await taxonomy.advance(paused) == []
    assert await taxonomy.reject(rejected) == []

    resumed = places(await taxonomy.advance(build_of(4, revision=3)))

    place = ("s0", rejected.slot, 1)
    assert len(resumed) == 3
    assert place in resumed
    assert await taxonomy.advance(build_of(4, revision=3)) == []


async def test_what_is_lost_at_a_resume_is_asked_for_again_soon_however_often_it_was_before(taxonomy):
    build = build_of(4)
    await taxonomy.advance(build)
    for _ in range(8):
        taxonomy.clock.pass_by(900)
        await taxonomy.advance(build)
    await taxonomy.advance(build_of(4, state=build_pb2.BUILD_STATE_PAUSED, revision=2))
    resumed = build_of(4, revision=3)
    assert len(places(await taxonomy.advance(resumed))) == 4

    taxonomy.clock.pass_by(OVERDUE_SECONDS + 1)

    assert len(places(await taxonomy.advance(resumed))) == 4


async def test_a_restarted_service_asks_again_and_expands_nothing_again(taxonomy):
    first = places(await taxonomy.advance(build_of(4)))

    again = taxonomy.again()
    events = await again.advance(build_of(4))

    assert places(events) == first
    assert again.expander.asked == []


async def test_a_build_that_is_full_and_does_not_end_is_told_again_where_the_gateway_has_not_heard_all(taxonomy):
    build = build_of(4)
    refs = {ref.slot: ref for ref in requested(await taxonomy.advance(build))}
    [refs[2]] = requested(await taxonomy.reject(refs[2]))
    for ref in refs.values():
        await taxonomy.settle(ref)
    untold = [{"subject": "s0", "first": 1, "end": 3}, {"subject": "s0", "first": 7, "end": 9}]
    assert await taxonomy.advance(build, untold) == []
    taxonomy.clock.pass_by(OVERDUE_SECONDS + 1)

    again = places(await taxonomy.advance(build, untold))

    assert again == [("s0", 1, 0), ("s0", 2, 0), ("s0", 2, 1)]
    assert await taxonomy.advance(build, untold) == []
    taxonomy.clock.pass_by(2 * OVERDUE_SECONDS + 1)
    assert len(await taxonomy.advance(build, untold)) == 3


async def test_a_round_of_telling_again_is_bounded(taxonomy, monkeypatch):
    monkeypatch.setattr(quotas, "_MAX_TOLD_AGAIN", 10)
    monkeypatch.setattr(quotas, "MAX_BATCH", 4)
    build = build_of(30)
    waiting = requested(await taxonomy.advance(build))
    while waiting:
        waiting += requested(await taxonomy.settle(waiting.pop()))
    await taxonomy.advance(build)
    taxonomy.clock.pass_by(OVERDUE_SECONDS + 1)

    again = places(await taxonomy.advance(build, [{"subject": "s0", "first": 0, "end": 30}]))

    assert again == [("s0", slot, 0) for slot in range(12)]


def rivals(*weights: float, samples: int = 2000) -> list[build_pb2.Build]:
    """Builds that want the same endpoint, of which one that runs alone has 80 slots open."""
    found = [build_of(samples) for _ in weights]
    for n, (build, weight) in enumerate(zip(found, weights, strict=True)):
        build.build_id = f"b{n:015}"
        build.spec.weight = weight
        build.spec.roles.solver.endpoints[:] = ["big"]
    return found


async def test_builds_share_the_window_by_weight(taxonomy):
    heavy, light = rivals(3, 0)
    assert len(requested(await taxonomy.advance(heavy))) == 80

    assert len(requested(await taxonomy.advance(light))) == 20


async def test_a_window_that_is_too_large_shrinks_as_slots_are_filled_and_grows_when_the_other_build_ends(taxonomy):
    heavy, light = rivals(3, 1)
    waiting = requested(await taxonomy.advance(heavy))
    await taxonomy.advance(light)

    for ref in waiting[:20]:
        assert requested(await taxonomy.settle(ref)) == []
    assert await taxonomy.store.open_count(heavy.build_id) == 60
    assert [len(requested(await taxonomy.settle(ref))) for ref in waiting[20:25]] == [1] * 5

    light.state, light.revision = build_pb2.BUILD_STATE_CANCELLED, 2
    await taxonomy.advance(light)
    assert len(requested(await taxonomy.settle(waiting[25]))) == 21
    assert await taxonomy.store.open_count(heavy.build_id) == 80


async def test_two_builds_progress_by_weight_while_both_have_work_and_each_fills_exactly(taxonomy):
    """Their samples take equally long: whoever was asked for first is settled first."""
    heavy, light = rivals(3, 1, samples=300)
    builds = {build.build_id: build for build in (heavy, light)}
    filled = Counter()
    line = [*requested(await taxonomy.advance(heavy)), *requested(await taxonomy.advance(light))]
    while line:
        ref, *line = line
        if ref.attempt == 0 and ref.slot % 4 == 1:
            line += requested(await taxonomy.reject(ref))
            continue
        line += requested(await taxonomy.settle(ref))
        filled[ref.build_id] += 1
        if sum(filled.values()) == 80:  # what was open before the other build came is through
            before = filled.copy()
        if sum(filled.values()) == 280:
            meanwhile = filled - before
    assert meanwhile[heavy.build_id] == pytest.approx(3 * meanwhile[light.build_id], rel=0.2)
    assert filled == dict.fromkeys(builds, 300)
    for build_id in builds:
        [quota] = await taxonomy.store.quotas(build_id)
        assert (quota.opened, quota.accepted) == (300, 300)


@pytest.mark.parametrize(
    "state",
    [
        build_pb2.BUILD_STATE_PAUSED,
        build_pb2.BUILD_STATE_CANCELLED,
        build_pb2.BUILD_STATE_FAILED,
        build_pb2.BUILD_STATE_SUCCEEDED,
    ],
)
async def test_a_build_that_does_not_run_gets_nothing_new(taxonomy, state):
    ref, *_ = requested(await taxonomy.advance(build_of(40)))

    events = await taxonomy.advance(build_of(40, state=state, revision=2))
    taxonomy.clock.pass_by(3600)

    assert [*events, *await taxonomy.settle(ref)] == []


async def test_too_few_accepted_is_told(taxonomy):
    build = build_of(60, floor=0.5)
    waiting = requested(await taxonomy.advance(build))
    for n in range(50):
        events = await taxonomy.reject(waiting[n % len(waiting)])
        if n < 49:
            waiting[n % len(waiting)] = requested(events)[0]

    [miss] = events
    assert (miss.subject, miss.reason) == ("s0", build_pb2.STOP_REASON_ACCEPTANCE_BELOW_FLOOR)
    assert "0 of 50" in miss.detail


async def test_endpoints_that_only_fail_are_told_with_their_cause(taxonomy):
    refs = requested(await taxonomy.advance(build_of(40)))
    for ref in refs[:5]:
        events = await taxonomy.settle(
            ref, sample_pb2.OUTCOME_UNKNOWN, sample_pb2.REASON_ENDPOINT_FAILED, "solver: a: 401"
        )

    [miss] = events
    assert (miss.subject, miss.reason) == ("", build_pb2.STOP_REASON_ENDPOINTS_FAILING)
    assert miss.detail == "solver: a: 401"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (sample_pb2.REASON_ENDPOINT_FAILED, build_pb2.STOP_REASON_ENDPOINTS_FAILING),
        (sample_pb2.REASON_MALFORMED_ANSWER, build_pb2.STOP_REASON_EXPANSION_FAILED),
    ],
)
async def test_a_subject_that_cannot_be_expanded_is_told(taxonomy, reason, told):
    taxonomy.expander.fails["s1"] = SampleFailure(reason, "no answer")

    events = await taxonomy.advance(build_of(2, 2))

    [miss] = [e for e in events if isinstance(e, events_pb2.QuotaMissed)]
    assert (miss.subject, miss.reason, miss.detail) == ("s1", told, "no answer")


async def test_a_subject_without_topics_is_told(taxonomy):
    taxonomy.expander.topics = 0

    [miss] = await taxonomy.advance(build_of(2))

    assert miss.reason == build_pb2.STOP_REASON_EXPANSION_FAILED
    assert "list topics under the subject" in miss.detail


async def test_what_passes_by_expands_later_and_keeps_what_is_there(taxonomy):
    taxonomy.expander.fails["s1"] = EndpointUnavailable("503")
    event = events_pb2.BuildChanged(build=build_of(2, 2))
    await taxonomy.builds.learn(event)
    events = []

    async def advance():
        async for each in taxonomy.handlers.advance(event):
            events.append(each)

    with pytest.raises(EndpointUnavailable):
        await advance()
    taxonomy.expander.fails.clear()

    events += await taxonomy.advance(build_of(2, 2))

    assert set(places(events)) == {("s0", 0, 0), ("s0", 1, 0), ("s1", 0, 0), ("s1", 1, 0)}


async def test_topics_whose_news_was_lost_are_told_again(taxonomy):
    """A process that ends between storing a subject's topics and telling of them."""
    event = events_pb2.BuildChanged(build=build_of(2))
    await taxonomy.builds.learn(event)
    telling = taxonomy.handlers.advance(event)
    assert isinstance(await anext(telling), events_pb2.TopicsExpanded)
    await telling.aclose()

    events = await taxonomy.again().advance(build_of(2))

    assert [e.topics for e in events if isinstance(e, events_pb2.TopicsExpanded)] == [3]


async def test_topics_and_quotas_are_listed(taxonomy):
    build = build_of(2, 3)
    await taxonomy.advance(build)
    servicer = TaxonomyServicer(taxonomy.store)

    names, token = [], ""
    while True:
        request = pb.ListTopicsRequest(build_id=build.build_id, page_size=4, page_token=token)
        page = await servicer.ListTopics(request, None)
        names += [t.name for t in page.topics]
        if not (token := page.next_page_token):
            break
    quotas = await servicer.ListQuotas(pb.ListQuotasRequest(build_id=build.build_id), None)

    assert names == [f"s{i} {n}" for i in range(2) for n in range(3)]
    assert [(q.subject, q.target, q.opened) for q in quotas.quotas] == [("s0", 2, 2), ("s1", 3, 3)]
    with pytest.raises(NotFound):
        await servicer.ListTopics(pb.ListTopicsRequest(build_id="b0"), None)
    with pytest.raises(InvalidInput):
        await servicer.ListTopics(pb.ListTopicsRequest(build_id=build.build_id, page_token="x"), None)
