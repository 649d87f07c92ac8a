"""Evaluations at a real store: to whom they are told, and what they are shown to have spent."""

from datetime import UTC, datetime

import pytest

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_evaluator.evaluations import Evaluations
from chimera_evaluator.store import EvaluatorStore
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import config
from chimera_shared.endpoints.book import Amount, Book, Books, Holder
from chimera_shared.errors import NotFound

pytestmark = pytest.mark.integration
ENDPOINTS = config.parse({"model": {"base_url": "http://127.0.0.1:1/v1", "model": "m"}})
RUNNING, CANCELLED = build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_CANCELLED


class Verifier:
    gone = False

    async def corpus(self, name):
        return corpus_pb2.Corpus(name=name, items=1)

    async def items(self, name):
        if self.gone:
            raise NotFound(f"no corpus is named {name!r}")
        return [corpus_pb2.CorpusItem(item_id="i", statement="What is 1 + 1?", answer=sample_pb2.Answer(value="2"))]


class Bus:
    def __init__(self):
        self.sent = []

    async def publish(self, event):
        self.sent.append(event)

    async def bury(self, letter):
        raise AssertionError("nothing is refused")


class Evaluator:
    """One process of the evaluator; another one over the same database is a replica, or its restart."""

    minutes = 0

    def __init__(self, database):
        self.bus, self.builds, self.books, self.verifier = Bus(), BuildTable(), Books(database["budgets"]), Verifier()
        self.evaluations = Evaluations(
            EvaluatorStore(database), self.verifier, ENDPOINTS, self.bus, self.builds, self.books, self._now, 30.0
        )

    def _now(self):
        self.minutes += 1
        return datetime(2026, 11, 28, 12, self.minutes, tzinfo=UTC)

    async def fail(self, evaluation):
        """End an evaluation whose corpus is gone."""
        self.verifier.gone = True
        async for _ in self.evaluations.advance(events_pb2.EvaluationChanged(evaluation=evaluation)):
            raise AssertionError("there is nothing to ask")
        self.verifier.gone = False

    async def start(self, request_id="q1", *, anew=False, **changes):
        spec = evaluation_pb2.EvaluationSpec(
            name="e",
            candidates=[{"name": "c", "role": {"endpoints": ["model"]}}],
            benchmarks=[{"corpus": "sums"}],
            **changes,
        )
        return await self.evaluations.start(request_id, spec, anew=anew)

    def told(self):
        """What builds were told of since this was last asked."""
        told = [event.build for event in self.bus.sent if isinstance(event, events_pb2.BuildChanged)]
        self.bus.sent.clear()
        return told


async def test_those_that_ask_models_hear_of_an_evaluation_before_there_is_anything_to_ask(database):
    evaluator = Evaluator(database)
    started = await evaluator.start(budget={"calls": 7})

    kinds = [type(event) for event in evaluator.bus.sent]
    assert kinds == [events_pb2.BuildChanged, events_pb2.EvaluationChanged]
    [told] = evaluator.told()
    assert (told.build_id, told.state, told.spec.budget.calls) == (started.evaluation_id, RUNNING, 7)
    await evaluator.evaluations.cancel(started.evaluation_id)
    [ended] = evaluator.told()
    assert (ended.state, ended.revision > told.revision) == (CANCELLED, True)


async def test_calls_of_an_evaluation_without_a_budget_are_accounted_for_too(database):
    evaluator = Evaluator(database)
    await evaluator.start()
    [told] = evaluator.told()
    table = BuildTable()
    await table.enter(told)
    assert table.spec(told.build_id) is not None


async def test_an_end_that_a_dying_process_did_not_tell_is_told_by_the_next(database):
    first = Evaluator(database)
    started = await first.start()
    [running] = first.told()
    await first.evaluations.cancel(started.evaluation_id)

    second = Evaluator(database)
    await second.builds.enter(running)  # as the topic has it
    await second.builds.enter(build_pb2.Build(build_id="e-of-another-store", state=RUNNING, revision=1))
    await second.evaluations.look()
    await second.evaluations.look()

    assert [(told.build_id, told.state) for told in second.told()] == [(started.evaluation_id, CANCELLED)]


async def test_what_a_failed_evaluation_paid_for_is_used_by_the_next_of_the_same_order(database):
    evaluator = Evaluator(database)
    first = await evaluator.start(budget={"calls": 1})
    await evaluator.fail(first)
    evaluator.told()

    second = await evaluator.start("q2", budget={"calls": 9})
    [told] = evaluator.told()
    assert (second.continues, told.spec.ledger_of) == (first.evaluation_id, first.evaluation_id)
    assert (await evaluator.start("q3", seed=5)).continues == "", "another order"
    assert (await evaluator.start("q4", anew=True)).continues == ""
    await evaluator.fail(second)
    await evaluator.evaluations.cancel((await evaluator.start("q4", anew=True)).evaluation_id)
    third = await evaluator.start("q5")
    assert third.continues == first.evaluation_id, "all that continue one share its ledger"


async def test_what_was_spent_is_shown_to_the_call(database):
    evaluator = Evaluator(database)
    started = await evaluator.start()
    assert not (await evaluator.evaluations.get(started.evaluation_id)).HasField("spending")
    book = Book(started.evaluation_id, lost=Amount(calls=1))
    for name in ("evaluator", "verifier"):
        book.holders[name] = Holder(name, "1", spent=Amount(calls=2, cost_nanousd=5), reserved=Amount(calls=1))
    assert await evaluator.books.swap(book)

    for shown in (
        await evaluator.evaluations.get(started.evaluation_id),
        *await evaluator.evaluations.page(0, 1),
        await anext(evaluator.evaluations.watch(started.evaluation_id)),
    ):
        assert (shown.spending.spent.calls, shown.spending.spent.cost_nanousd) == (4, 10)
        assert (shown.spending.reserved.calls, shown.spending.unaccounted.calls) == (2, 1)


async def test_of_what_succeeded_everything_is_shown_though_books_are_behind(database):
    evaluator = Evaluator(database)
    ended = await evaluator.start()
    book = Book(ended.evaluation_id)
    book.holders["evaluator"] = Holder("evaluator", "1", spent=Amount(calls=2), reserved=Amount(calls=1))
    assert await evaluator.books.swap(book)
    ended.state, ended.revision = evaluation_pb2.EVALUATION_STATE_SUCCEEDED, 2
    ended.usage.calls = 3
    assert await EvaluatorStore(database).change(ended)

    shown = await evaluator.evaluations.get(ended.evaluation_id)
    assert (shown.spending.spent.calls, shown.spending.HasField("reserved")) == (3, False)
    assert await evaluator.start() == shown, "an order that is known is told as it is shown"
