"""Recalls at a real store: what is said, counted and published, whatever is repeated, lost or cut off in between."""

from datetime import UTC, datetime, timedelta

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.recall.v1 import recall_pb2, recall_service_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.live import Live
from chimera_gateway.recall_store import RecallStore
from chimera_gateway.recalls import Recalls
from chimera_gateway.reverifying import Reverifying
from chimera_gateway.store import GatewayStore, Record
from chimera_shared import identity
from chimera_shared.endpoints import config
from chimera_shared.endpoints.book import Amount, Book, Books, Holder
from chimera_shared.endpoints.reports import EndpointReports
from chimera_shared.errors import AlreadyExists, BusUnavailable, FailedPrecondition, InvalidInput, NotFound
from chimera_shared.testing.samples import PANEL, make_build, make_call, make_dataset, make_samples

pytestmark = pytest.mark.integration
NAMES = ("author", "solver", "fresh", *(name for name, _ in PANEL))
ENDPOINTS = config.parse({name: {"base_url": "http://127.0.0.1:1/v1", "model": name} for name in NAMES})
RUNNING, SUCCEEDED = recall_pb2.RECALL_STATE_RUNNING, recall_pb2.RECALL_STATE_SUCCEEDED
CANCELLED, FAILED = recall_pb2.RECALL_STATE_CANCELLED, recall_pb2.RECALL_STATE_FAILED
JUDGED = 4
"""Samples of which a judge decided."""
OVERDUE = timedelta(seconds=30)


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

    def take(self, kind):
        """What was published of a kind since this was last asked."""
        taken = [event for event in self.sent if isinstance(event, kind)]
        self.sent = [event for event in self.sent if not isinstance(event, kind)]
        return taken


class Gateway:
    """One process of the gateway; another one over the same database is its restart."""

    def __init__(self, database) -> None:
        self.database, self.bus = database, Bus()
        self.now = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
        self.store, self.recall_store = GatewayStore(database, linger_s=0.0), RecallStore(database)
        self.books, self.ticks = Books(database["budgets"]), 0.0
        self.live = Live(
            self.books, EndpointReports(database["endpoint_reports"], lambda: self.now), lambda: self.ticks
        )
        self.reverifying = Reverifying(
            self.store, self.recall_store, self.bus, lambda: self.now, OVERDUE, self.books, lambda: self.ticks
        )
        self.recalls = Recalls(self.store, self.recall_store, self.reverifying, ENDPOINTS, lambda: self.now, self.live)

    async def start(self, request_id="q1", **changes) -> recall_pb2.Recall:
        order = {
            "request_id": request_id,
            "dataset_id": BUILD.dataset_id,
            "evidence": {"role": "judge", "model": "bad"},
            "replacements": {"judge": {"endpoints": ["fresh"]}},
            "reason": "it slept",
        } | changes
        recall = await self.recalls.start(recall_service_pb2.StartRecallRequest(**order))
        await self.reverifying.advance_all()
        return recall

    async def members(self, dataset_id=None) -> list[sample_pb2.Sample]:
        dataset = await self.store.dataset(dataset_id or BUILD.dataset_id)
        return [sample async for sample in self.store.members(dataset)]

    async def hear(self, event, *, keep=True) -> None:
        await self.hear_of(again(event, keep=keep))

    async def hear_of(self, event) -> None:
        async for _ in self.reverifying.take(event):
            raise AssertionError("it publishes nothing by itself")

    async def refuse(self, event) -> None:
        """Hear of a sample at which nobody could look."""
        told = again(event, keep=False)
        told.sample.reason, told.sample.detail = sample_pb2.REASON_ENDPOINT_FAILED, "judge: fresh: refused with 400"
        await self.hear_of(told)

    async def hear_all(self, withdrawn=1) -> None:
        for n, event in enumerate(self.bus.take(events_pb2.SampleRecalled)):
            await self.hear(event, keep=n >= withdrawn)


BUILD = make_build()
BUILD.spec.roles.judge.endpoints.append("author")


def again(recalled: events_pb2.SampleRecalled, *, keep: bool) -> events_pb2.SampleReverified:
    """What the verifier makes of a recalled sample."""
    event = events_pb2.SampleReverified(recall_id=recalled.recall.recall_id, sample=recalled.sample)
    sample = event.sample
    call = make_call(sample.ref.sample_id, "judge", "fresh", 5, 7)
    sample.grade.CopyFrom(sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, method="judge", calls=[call]))
    sample.usage.calls, sample.usage.output_tokens = sample.usage.calls + 1, sample.usage.output_tokens + 7
    sample.settle_time.seconds += 1_000
    if not keep:
        sample.outcome, sample.reason = sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_RECALLED
        sample.detail = "did not pass again"
    return event


@pytest.fixture
async def gateway(database) -> Gateway:
    """With a dataset of twelve samples, on four of which a bad judge decided."""
    found = Gateway(database)
    await found.store.prepare()
    await found.recall_store.prepare()
    await found.store.submit(Record(BUILD, "r1"))
    await found.store.publish(make_dataset(BUILD))
    places = [subject.name for subject in BUILD.spec.subjects]
    for n, sample in enumerate(make_samples(BUILD)):
        if n < JUDGED:
            call = make_call(sample.ref.sample_id, "judge", "bad", 5, 7)
            sample.grade.CopyFrom(sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, method="judge", calls=[call]))
        await found.store.settle(sample, places.index(sample.ref.subject))
    return found


async def test_a_recall_from_the_order_to_the_new_version(gateway):
    before = await gateway.members()
    recall = await gateway.start()

    assert (recall.state, recall.selected, recall.dataset_id) == (RUNNING, JUDGED, BUILD.dataset_id)
    await gateway.reverifying.advance_all()
    [told] = gateway.bus.take(events_pb2.BuildChanged)
    assert (told.build.build_id, told.build.state) == (recall.recall_id, build_pb2.BUILD_STATE_RUNNING)
    assert not told.build.spec.subjects
    assert list(told.build.spec.roles.judge.endpoints) == ["fresh"]
    assert list(told.build.spec.roles.panel[0].endpoints) == ["panel-a"]
    await gateway.hear_all(withdrawn=1)
    await gateway.reverifying.advance_all()

    ended = await gateway.recalls.get(recall.recall_id)
    assert (ended.state, ended.kept, ended.withdrawn) == (SUCCEEDED, 3, 1)
    assert (ended.usage.calls, ended.usage.output_tokens) == (4, 28)
    [published] = gateway.bus.take(events_pb2.DatasetPublished)
    dataset = published.dataset
    assert (dataset.dataset_id, dataset.version) == (f"{BUILD.dataset_id}-2", 2)
    assert (dataset.samples, dataset.parent_id, dataset.recall_id) == (11, BUILD.dataset_id, recall.recall_id)
    assert dataset.change == (
        "4 samples that rest on judge bad were verified again: 3 kept, 1 withdrawn (reason: it slept)"
    )
    assert [told.build.state for told in gateway.bus.take(events_pb2.BuildChanged)] == [build_pb2.BUILD_STATE_SUCCEEDED]

    after = await gateway.members(ended.new_dataset_id)
    assert await gateway.members() == before, "the first version stays as it was"
    assert len(after) == 11
    assert sum(sample.grade.calls[0].endpoint == "fresh" for sample in after if sample.grade.calls) == 3
    withdrawn = next(s for s in before if s.ref.sample_id not in {a.ref.sample_id for a in after})
    now = await gateway.store.sample(withdrawn.ref.sample_id)
    assert (now.reason, now.grade.calls[0].endpoint) == (sample_pb2.REASON_RECALLED, "fresh")
    assert await gateway.store.sample(withdrawn.ref.sample_id, version=1) == withdrawn
    accepted = {"outcome": sample_pb2.OUTCOME_ACCEPTED}
    recalled, logic = {"reason": sample_pb2.REASON_RECALLED}, {"subject": "Logic"}
    for version, wanted, found in [
        *((1, {}, 12), (1, accepted, 12), (1, recalled, 0), (1, accepted | logic, 4)),
        *((2, {}, 12), (2, accepted, 11), (2, recalled, 1), (0, accepted, 11), (0, recalled, 1)),
    ]:
        listed = await gateway.store.samples(BUILD.build_id, wanted, {}, "", 50, version)
        assert (len(listed), version, wanted) == (found, version, wanted)
        first = await gateway.store.samples(BUILD.build_id, wanted, {}, "", 1, version)
        after = await gateway.store.samples(
            BUILD.build_id, wanted, {}, listed[0].ref.sample_id if found else "", 50, version
        )
        assert [*first, *after] == listed
    assert await gateway.store.sample(withdrawn.ref.sample_id, version=2) == now
    assert [d.version for d in await gateway.store.versions(BUILD.build_id)] == [1, 2]
    assert gateway.bus.sent == []


async def test_what_was_kept_rests_on_the_bad_judge_no_more(gateway):
    await gateway.start()
    await gateway.hear_all()
    await gateway.reverifying.advance_all()

    with pytest.raises(InvalidInput, match=r"no sample of dataset d\w+-2 rests on judge bad"):
        await gateway.start("q2")
    second = await gateway.start("q3", evidence={"endpoint": "fresh"}, replacements={})
    await gateway.hear_all(withdrawn=0)
    await gateway.reverifying.advance_all()
    third = await gateway.recalls.get(second.recall_id)

    assert (third.dataset_id, third.new_dataset_id) == (f"{BUILD.dataset_id}-2", f"{BUILD.dataset_id}-3")
    assert third.selected == third.kept == 3
    sizes = [len(await gateway.members(d.dataset_id)) for d in await gateway.store.versions(BUILD.build_id)]
    assert sizes == [12, 11, 11]


async def test_asking_what_would_be_recalled_starts_nothing(gateway):
    preview = await gateway.start("", validate_only=True)

    assert (preview.selected, preview.recall_id) == (JUDGED, "")
    assert await gateway.recalls.list(0, 10) == []
    assert gateway.bus.sent == []


async def test_what_holds_a_recall_back_is_shown_while_it_runs(gateway):
    told = {"limit": 2, "in_flight": 1, "waiting": 3, "breaker": "open", "held_seconds": 8.0, "failures": 4}
    others = [{**told, "name": name, "reason": "it is away"} for name in ("author", "solver", "fresh")]
    await gateway.database["endpoint_reports"].insert_one({"_id": "p", "time": gateway.now, "endpoints": others})

    recall = await gateway.recalls.get((await gateway.start()).recall_id)

    assert [(status.endpoint, status.reason) for status in recall.endpoints] == [("fresh", "it is away")]
    assert not (await gateway.recalls.cancel(recall.recall_id)).endpoints
    assert not (await gateway.recalls.get(recall.recall_id)).endpoints


async def test_ordering_twice_is_ordering_once(gateway):
    first, again_ = await gateway.start(), await gateway.start()

    assert first == again_
    with pytest.raises(AlreadyExists, match="'q1' ordered another recall"):
        await gateway.start(reason="another")
    with pytest.raises(FailedPrecondition, match=f"recall {first.recall_id} of this dataset runs"):
        await gateway.start("q2")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"request_id": ""}, "request_id: must have 1 to 64"),
        ({"evidence": {}}, "evidence: must name a role"),
        ({"evidence": {"model": "nobody"}}, "evidence: no sample of dataset"),
        ({"reason": " "}, "reason: must be 1 to 500"),
        ({"budget": {"calls": -1}}, "budget.calls: must not be negative, not -1"),
        ({"budget": {"time": {"seconds": 9}}}, "budget.time: does not bound a recall"),
        (
            {"budget": {"cost_nanousd": 5}},
            "budget.cost_nanousd: limits money, but no endpoint of this build has a price",
        ),
        ({"replacements": {"solver": {"endpoints": ["fresh"]}}}, "replacements.solver: a recall asks no solver"),
        ({"replacements": {"weak": {"endpoints": ["fresh"]}}}, "replacements.weak: the build has no weak"),
        ({"replacements": {"judge": {"endpoints": ["nobody"]}}}, "replacements.judge: no endpoint is named 'nobody'"),
        ({"replacements": {"panel": [{"endpoints": ["fresh"]}]}}, "replacements.panel: must have at least two"),
    ],
)
async def test_a_wrong_order_leaves_nothing(gateway, changes, told):
    with pytest.raises(InvalidInput) as error:
        await gateway.start(**changes)
    assert told in str(error.value)
    assert await gateway.recalls.list(0, 10) == []


async def test_there_must_be_such_a_dataset(gateway):
    with pytest.raises(NotFound, match="no dataset is named 'd9'"):
        await gateway.start(dataset_id="d9")
    with pytest.raises(NotFound, match="no recall is named 'r9'"):
        await gateway.recalls.get("r9")


async def test_what_is_lost_is_said_again_later_and_what_comes_twice_counts_once(gateway):
    recall = await gateway.start()
    [first, *lost] = gateway.bus.take(events_pb2.SampleRecalled)
    await gateway.hear(first)
    await gateway.hear(first, keep=False)
    await gateway.reverifying.advance_all()
    assert gateway.bus.take(events_pb2.SampleRecalled) == []

    gateway.now += OVERDUE
    await gateway.reverifying.advance_all()
    said_again = gateway.bus.take(events_pb2.SampleRecalled)
    assert {e.sample.ref.sample_id for e in said_again} == {e.sample.ref.sample_id for e in lost}
    gateway.now += OVERDUE
    await gateway.reverifying.advance_all()
    assert gateway.bus.take(events_pb2.SampleRecalled) == [], "each time after twice as long"

    for event in [*said_again, *said_again]:
        await gateway.hear(event)
    await gateway.reverifying.advance_all()
    ended = await gateway.recalls.get(recall.recall_id)
    assert (ended.state, ended.kept, ended.withdrawn, ended.usage.calls) == (SUCCEEDED, 4, 0, 4)
    [late] = said_again[:1]
    await gateway.hear(late, keep=False)
    assert len(await gateway.members(ended.new_dataset_id)) == 12


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 6, 8, 9, 10, 12, 13, 14])
async def test_a_gateway_that_dies_between_two_writes_is_taken_over_by_the_next(gateway, writes):
    """It makes 15: order, choice, that it is made, that all is said, 4 results, closing, 4 revisions, version, end."""
    before = await gateway.members()
    dying = _Dying(gateway.database, writes)
    with pytest.raises(_Died):
        await dying.whole_life()

    restarted = Gateway(gateway.database)
    await restarted.start()
    for _ in range(3):
        await restarted.reverifying.advance_all()
        restarted.now += OVERDUE * 2
        for event in restarted.bus.take(events_pb2.SampleRecalled):
            await restarted.hear(event, keep=event.sample.ref.sample_id != before[0].ref.sample_id)
    [recall] = await restarted.recalls.list(0, 10)
    assert (recall.state, recall.selected, recall.kept + recall.withdrawn) == (SUCCEEDED, JUDGED, JUDGED)
    assert recall.usage.calls == JUDGED
    assert len(await restarted.members(recall.new_dataset_id)) == 12 - recall.withdrawn
    assert await restarted.members() == before


async def test_a_cancelled_recall_leaves_the_dataset_as_it_was(gateway):
    before = await gateway.members()
    recall = await gateway.start()
    said = gateway.bus.take(events_pb2.SampleRecalled)
    await gateway.hear(said[0], keep=False)
    gateway.bus.sent.clear()

    cancelled = await gateway.recalls.cancel(recall.recall_id)

    assert (cancelled.state, cancelled.HasField("end_time")) == (CANCELLED, True)
    [told] = gateway.bus.take(events_pb2.BuildChanged)
    assert (told.build.build_id, told.build.state) == (recall.recall_id, build_pb2.BUILD_STATE_CANCELLED)
    for event in said:
        await gateway.hear(event)
    await gateway.reverifying.advance_all()
    assert gateway.bus.sent == []
    assert await gateway.members() == before
    assert len(await gateway.store.versions(BUILD.build_id)) == 1
    assert await gateway.recalls.cancel(recall.recall_id) == cancelled
    assert (await gateway.start("q2")).selected == JUDGED, "another may follow"


async def test_a_recall_that_has_succeeded_cannot_be_cancelled(gateway):
    recall = await gateway.start()
    await gateway.hear_all()
    await gateway.reverifying.advance_all()
    with pytest.raises(FailedPrecondition, match="cannot be cancelled"):
        await gateway.recalls.cancel(recall.recall_id)


async def test_a_partial_dataset_recalls_only_what_is_in_it(gateway):
    partial = make_dataset(BUILD)
    partial.partial, partial.samples, partial.build_id = True, 2, BUILD.build_id
    await gateway.database["datasets"].delete_many({})
    await gateway.store.publish(partial, {"0": [[0, 2]]})

    recall = await gateway.start()
    assert recall.selected == 2
    await gateway.hear_all(withdrawn=1)
    await gateway.reverifying.advance_all()

    ended = await gateway.recalls.get(recall.recall_id)
    dataset = await gateway.store.dataset(ended.new_dataset_id)
    assert (dataset.partial, dataset.samples) == (True, 1)
    assert (len(await gateway.members()), len(await gateway.members(dataset.dataset_id))) == (2, 1)


async def test_samples_at_which_nobody_could_look_leave_the_dataset_as_it_was(gateway):
    before = await gateway.members()
    recall = await gateway.start()
    first, *others = gateway.bus.take(events_pb2.SampleRecalled)
    await gateway.refuse(first)
    await gateway.reverifying.advance_all()

    running = await gateway.recalls.get(recall.recall_id)
    assert (running.state, running.unverified, running.detail) == (RUNNING, 1, "judge: fresh: refused with 400")
    for n, event in enumerate(others):
        await gateway.hear(event, keep=n > 0)
    gateway.bus.sent.clear()
    await gateway.reverifying.advance_all()

    ended = await gateway.recalls.get(recall.recall_id)
    assert (ended.state, ended.HasField("end_time")) == (FAILED, True)
    assert (ended.kept, ended.withdrawn, ended.unverified, ended.usage.calls) == (2, 1, 1, 4)
    assert ended.detail == (
        "1 could not be verified again, the first because: judge: fresh: refused with 400;"
        " 3 of 4 samples were verified again"
    )
    [told] = gateway.bus.take(events_pb2.BuildChanged)
    assert (told.build.state, told.build.HasField("spec")) == (build_pb2.BUILD_STATE_FAILED, False)
    await gateway.reverifying.advance_all()
    assert gateway.bus.sent == []
    assert await gateway.members() == before
    assert len(await gateway.store.versions(BUILD.build_id)) == 1
    with pytest.raises(FailedPrecondition, match="has failed before"):
        await gateway.recalls.cancel(recall.recall_id)

    second = await gateway.start("q2")
    assert (second.continues, second.selected) == (recall.recall_id, JUDGED)
    [told] = gateway.bus.take(events_pb2.BuildChanged)
    assert told.build.spec.ledger_of == recall.recall_id
    await gateway.hear_all(withdrawn=0)
    await gateway.reverifying.advance_all()
    assert (await gateway.recalls.get(second.recall_id)).state == SUCCEEDED
    assert not (await gateway.start("q3", evidence={"endpoint": "fresh"}, replacements={})).continues


async def test_a_recall_whose_samples_are_all_refused_does_not_try_the_rest(gateway):
    recall = await gateway.start(evidence={"role": "panel"}, replacements={})
    assert recall.selected == 12
    for event in gateway.bus.take(events_pb2.SampleRecalled)[:5]:
        assert (await gateway.recalls.get(recall.recall_id)).state == RUNNING
        await gateway.refuse(event)
        await gateway.reverifying.advance_all()
    assert (await gateway.recalls.get(recall.recall_id)).state == FAILED


async def test_a_recall_ends_by_its_budget_once_what_was_paid_for_has_come_in(gateway):
    before = await gateway.members()
    recall = await gateway.start(budget={"calls": 2})
    [told] = gateway.bus.take(events_pb2.BuildChanged)
    assert told.build.spec.budget.calls == 2
    first, *_ = gateway.bus.take(events_pb2.SampleRecalled)
    book = Book(recall.recall_id, refused="the budget of 2 model calls is spent: 2 were made")
    book.holders["verifier"] = Holder("verifier", "1", spent=Amount(calls=1), cap=Amount(calls=2))
    assert await gateway.books.swap(book)

    for _ in range(3):
        gateway.ticks += 5.0
        await gateway.reverifying.advance_all()
    assert (await gateway.recalls.get(recall.recall_id)).state == RUNNING, "a call is under way"
    book = await gateway.books.find(recall.recall_id)
    book.holders["verifier"] = Holder("verifier", "1", beat=1, spent=Amount(calls=2), cap=Amount(calls=2))
    assert await gateway.books.swap(book)
    await gateway.reverifying.advance_all()
    gateway.ticks += 2.0
    await gateway.hear(first)
    await gateway.reverifying.advance_all()
    gateway.ticks += 2.0
    await gateway.reverifying.advance_all()
    assert (await gateway.recalls.get(recall.recall_id)).state == RUNNING, "it has just been heard of"
    gateway.ticks += 2.0
    await gateway.reverifying.advance_all()

    ended = await gateway.recalls.get(recall.recall_id)
    assert (ended.state, ended.kept, ended.spending.spent.calls) == (FAILED, 1, 2)
    assert ended.detail == ("the budget of 2 model calls is spent: 2 were made; 1 of 4 samples were verified again")
    assert await gateway.members() == before
    assert len(await gateway.store.versions(BUILD.build_id)) == 1


async def test_news_of_a_recall_that_nobody_ordered_is_refused(gateway):
    sample = (await gateway.members())[0]
    event = events_pb2.SampleRecalled(recall={"recall_id": "r9"}, sample=sample)
    with pytest.raises(NotFound, match="a recall 'r9' that nobody ordered"):
        await gateway.hear(event)


async def test_an_ended_recall_is_announced_for_a_while(gateway):
    recall = await gateway.start()
    await gateway.reverifying.announce_all()
    await gateway.recalls.cancel(recall.recall_id)
    await gateway.reverifying.announce_all()
    states = [event.build.state for event in gateway.bus.take(events_pb2.BuildChanged)]
    assert states == [build_pb2.BUILD_STATE_RUNNING] * 2 + [build_pb2.BUILD_STATE_CANCELLED] * 2
    gateway.now += timedelta(hours=1)
    await gateway.reverifying.announce_all()
    assert gateway.bus.take(events_pb2.BuildChanged) == []
    assert identity.recall_id("q1") == recall.recall_id


class _Died(Exception):
    pass


class _Dying(Gateway):
    """A gateway that dies instead of its n-th write."""

    def __init__(self, database, writes) -> None:
        super().__init__(database)
        self.left = writes
        for store, names in (
            (self.store, ("revise", "publish")),
            (self.recall_store, ("start", "change", "select", "note_said", "take")),
        ):
            for name in names:
                setattr(store, name, self._counting(getattr(store, name)))

    async def whole_life(self) -> None:
        await self.start()
        await self.hear_all()
        await self.reverifying.advance_all()

    def _counting(self, write):
        async def counted(*given):
            if not self.left:
                raise _Died
            self.left -= 1
            return await write(*given)

        return counted
