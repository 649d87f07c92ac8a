"""Evaluations over all services in this process: a model of known accuracy is measured at it, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_inference.domain.families import all_families
from chimera_shared.errors import InvalidInput
from chimera_standalone.app import Standalone

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
LONGEST_SECONDS = 600
PROBLEMS = 40
PLAIN = evaluation_pb2.PERTURBATION_UNSPECIFIED


def problems() -> list[corpus_pb2.CorpusItem]:
    """Problems whose answers are whole numbers, which half of them do not say."""
    families = [family for family in all_families().values() if _is_number(family)]
    found = []
    for number in range(PROBLEMS):
        family, rng = families[number % len(families)], Random(number)
        instance = family.draw(rng)
        answer = sample_pb2.Answer(value=family.work(instance).answer.value)
        if number % 2:
            answer.type = sample_pb2.ANSWER_TYPE_NUMBER
        found.append(
            corpus_pb2.CorpusItem(
                item_id=f"p{number}", statement=family.state(instance, rng), answer=answer, subject=f"s{number % 2}"
            )
        )
    return found


def _is_number(family: Any) -> bool:
    answer = family.work(family.draw(Random(0))).answer
    return answer.type == "number" and not answer.unit and answer.value.lstrip("-").isdigit()


class Scene:
    """Running services with an evaluator, a client, and the teacher's dials."""

    def __init__(self, client: AsyncClient, http: aiohttp.ClientSession, teacher: str) -> None:
        self.client = client
        self._http = http
        self._teacher = teacher

    async def dials(self, **changes: Any) -> None:
        async with self._http.put(f"{self._teacher}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def answered(self) -> dict[str, int]:
        """Answers of each model since the start."""
        async with self._http.get(f"{self._teacher}/stats") as answer:
            return {name: each["answered"] for name, each in (await answer.json())["models"].items()}

    async def order(self, samples: int = 2, **changes: Any) -> evaluation_pb2.EvaluationSpec:
        await self.client.corpora.import_("sums", "made for this test", problems())
        return evaluation_pb2.EvaluationSpec(
            name="known",
            seed=3,
            candidates=[
                {"name": "half", "role": {"endpoints": ["procedural-weak"]}},
                {"name": "most", "role": {"endpoints": ["procedural-strong"]}},
            ],
            benchmarks=[{"corpus": "sums", "samples": samples}],
            **changes,
        )

    async def end(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        async with asyncio.timeout(LONGEST_SECONDS):
            async for evaluation in self.client.evaluations.watch(evaluation_id):
                last = evaluation
            return last


@asynccontextmanager
async def scene_over(data_dir) -> AsyncIterator[Scene]:
    async with (
        Standalone(data_dir, {}, evaluator_port=0) as services,
        aiohttp.ClientSession() as http,
        AsyncClient(services.gateway_target, services.verifier_target, services.evaluator_target) as client,
    ):
        scene = Scene(client, http, services.endpoints["procedural-teacher"].base_url)
        accuracies = {"procedural-weak": {"accuracy": 0.5}, "procedural-strong": {"accuracy": 0.9}}
        await scene.dials(latency_mean_seconds=0.02, latency_sigma=0, models=accuracies)
        yield scene


@pytest.fixture(scope="module", autouse=True)
def _own_servers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
        patch.setenv("CHIMERA_MAX_IN_FLIGHT", "8")
        patch.setenv("CHIMERA_RECONCILE_SECONDS", "1")
        patch.setenv("CHIMERA_OVERDUE_SECONDS", "2")
        for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
            patch.delenv(name, raising=False)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene_over(tmp_path_factory.mktemp("evaluations")) as running:
        yield running


async def test_models_of_known_accuracy_are_measured_at_it(scene):
    spec = await scene.order(perturbations=[evaluation_pb2.PERTURBATION_DISTRACTED])
    started = await scene.client.evaluations.start(spec, "known-1")
    assert started.planned == PROBLEMS * 2 * 2 * 2
    assert (await scene.client.evaluations.start(spec, "known-1")).evaluation_id == started.evaluation_id
    ended = await scene.end(started.evaluation_id)
    assert ended.state == evaluation_pb2.EVALUATION_STATE_SUCCEEDED
    assert ended.graded == ended.usage.calls == started.planned
    whole = {s.candidate: s for s in ended.scores if not s.subject and s.perturbation == PLAIN}
    for name, accuracy in (("half", 0.5), ("most", 0.9)):
        at_1 = whole[name].pass_at[0]
        assert at_1.low <= accuracy <= at_1.high, at_1
        assert whole[name].pass_at[1].value >= at_1.value
    (plain,) = [of for of in ended.comparisons if of.perturbation == PLAIN]
    assert plain.low <= 0.4 <= plain.high
    assert plain.p_value < 0.001
    assert {s.subject for s in ended.scores} == {"", "s0", "s1"}
    answers = [answer async for answer in scene.client.evaluations.answers(started.evaluation_id)]
    assert len({answer.task.task_id for answer in answers}) == started.planned


async def test_what_is_cut_off_is_wrong_whatever_stands_in_it_and_a_cancelled_evaluation_stops(scene):
    await scene.dials(truncated_rate=1.0)
    ended = await scene.end((await scene.client.evaluations.start(await scene.order(samples=1))).evaluation_id)
    assert all(score.correct == 0 and score.truncated == score.incorrect for score in ended.scores)
    await scene.dials(truncated_rate=0.0, latency_mean_seconds=1.0)
    long = await scene.client.evaluations.start(await scene.order(samples=8))
    await asyncio.sleep(1)
    cancelled = await scene.client.evaluations.cancel(long.evaluation_id)
    assert cancelled.state == evaluation_pb2.EVALUATION_STATE_CANCELLED
    assert (await scene.end(long.evaluation_id)).graded < long.planned
    await scene.dials(latency_mean_seconds=0.02)
    nowhere = await scene.order()
    nowhere.benchmarks[0].corpus = "nowhere"
    with pytest.raises(InvalidInput, match="no corpus is named 'nowhere'"):
        await scene.client.evaluations.start(nowhere)


async def test_after_a_restart_only_what_has_no_answer_is_asked(tmp_path):
    async with scene_over(tmp_path) as scene:
        await scene.dials(latency_mean_seconds=0.2)
        started = await scene.client.evaluations.start(await scene.order(), "again")
        async for evaluation in scene.client.evaluations.watch(started.evaluation_id):
            if evaluation.graded >= 20:
                break
    async with scene_over(tmp_path) as scene:
        ended = await scene.end(started.evaluation_id)
        assert ended.state == evaluation_pb2.EVALUATION_STATE_SUCCEEDED
        assert ended.graded == ended.usage.calls == started.planned
        assert sum(s.correct + s.incorrect + s.unknown for s in ended.scores if not s.subject) == started.planned


async def test_a_spent_budget_leaves_the_scores_of_what_was_answered(scene):
    started = await scene.client.evaluations.start(await scene.order(budget={"calls": 60}))
    ended = await scene.end(started.evaluation_id)
    assert ended.state == evaluation_pb2.EVALUATION_STATE_FAILED
    assert "60 of 160 answers were graded" in ended.detail
    assert sum(s.correct + s.incorrect + s.unknown for s in ended.scores if not s.subject) == 60


async def test_a_budget_bounds_judges_too_and_what_they_cost_is_shown(scene):
    items = problems()
    for item in items:
        item.answer.CopyFrom(sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_TEXT, value="as the book says"))
    await scene.client.corpora.import_("prose", "made for this test", items)
    before = await scene.answered()
    spec = evaluation_pb2.EvaluationSpec(
        name="judged",
        candidates=[{"name": "most", "role": {"endpoints": ["procedural-strong"]}}],
        benchmarks=[{"corpus": "prose"}],
        judge={"endpoints": ["procedural-weak"]},
        budget={"calls": PROBLEMS + 10},  # enough for the candidate, not for its judge
    )
    ended = await scene.end((await scene.client.evaluations.start(spec, "judged")).evaluation_id)
    calls = {name: number - before[name] for name, number in (await scene.answered()).items()}
    assert ended.state == evaluation_pb2.EVALUATION_STATE_FAILED
    assert "the budget of 50 model calls is spent" in ended.detail
    assert 0 < ended.graded == calls["procedural-weak"] < PROBLEMS
    assert sum(calls.values()) == ended.spending.spent.calls <= PROBLEMS + 10
    assert not ended.spending.reserved.calls
    assert await scene.client.evaluations.start(spec, "judged") == ended
    assert ended.usage.calls == 2 * ended.graded
    answers = [answer async for answer in scene.client.evaluations.answers(ended.evaluation_id)]
    assert {call.endpoint for answer in answers for call in answer.grade.calls} == {"procedural-weak"}

    spec.budget.Clear()
    whole = await scene.end((await scene.client.evaluations.start(spec)).evaluation_id)
    assert (whole.state, whole.continues) == (evaluation_pb2.EVALUATION_STATE_SUCCEEDED, ended.evaluation_id)
    paid = sum(number - before[name] for name, number in (await scene.answered()).items())
    assert paid == 2 * PROBLEMS, "no answer was paid for twice"
    assert whole.usage.calls == paid - ended.spending.spent.calls


async def test_problems_with_templates_are_asked_with_other_numbers(scene):
    items = problems()[:2]
    for n, item in enumerate(items):
        item.topic = f"t{n}"
    items.append(corpus_pb2.CorpusItem(subject="s1", topic="chains"))
    items[2].template.CopyFrom(
        corpus_pb2.Template(
            statement='Work out "{a}+{b}*{c}-{d}" from left to right, reducing modulo 10 each time. What is left?',
            parameters=[{"name": name, "low": 2, "high": 9} for name in "abcd"],
            answer_expression="((a + b) * c - d) % 10",
        )
    )
    await scene.client.corpora.import_("templates", "made for this test", items)
    await scene.dials(models={"procedural-strong": {"accuracy": 1.0}})
    spec = evaluation_pb2.EvaluationSpec(
        name="changed",
        candidates=[{"name": "right", "role": {"endpoints": ["procedural-strong"]}}],
        benchmarks=[{"corpus": "templates"}],
        perturbations=[evaluation_pb2.PERTURBATION_RENUMBERED],
    )
    ended = await scene.end((await scene.client.evaluations.start(spec)).evaluation_id)
    changed = [score for score in ended.scores if score.perturbation == evaluation_pb2.PERTURBATION_RENUMBERED]
    assert [(score.problems, score.correct) for score in changed] == [(1, 1)]
    answers = [answer async for answer in scene.client.evaluations.answers(ended.evaluation_id)]
    assert {(a.task.item.subject, a.task.item.topic) for a in answers} == {("s0", "t0"), ("s1", "t1"), ("s1", "chains")}
    (other,) = [a.task.item for a in answers if a.task.perturbation]
    (own,) = [item async for item in scene.client.corpora.read("templates") if item.topic == "chains"]
    assert other.statement.startswith('Work out "')
    assert other.statement != own.statement
    assert not any(a.task.item.statement for a in answers if not a.task.perturbation)
