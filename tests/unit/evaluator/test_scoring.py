"""Tasks are always the same, and scores follow from answers."""

import pytest

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_evaluator.domain.scoring import Sheet, comparisons, scores
from chimera_evaluator.domain.spec import violations, with_defaults
from chimera_evaluator.domain.tasks import planned, tasks

CORRECT, INCORRECT, UNKNOWN = (
    sample_pb2.VERDICT_CORRECT,
    sample_pb2.VERDICT_INCORRECT,
    sample_pb2.VERDICT_UNKNOWN,
)


def spec(samples=2, perturbations=(), candidates=("base", "tuned")):
    order = evaluation_pb2.EvaluationSpec(name="e", seed=7, perturbations=perturbations)
    for name in candidates:
        order.candidates.add(name=name).role.endpoints.append(name)
    order.benchmarks.add(corpus="sums", samples=samples)
    return with_defaults(order)


def items(number=3, subject=""):
    return [
        corpus_pb2.CorpusItem(
            item_id=f"i{n}",
            statement=f"What is {n} + {n}?",
            answer=sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value=str(2 * n)),
            subject=subject or f"s{n % 2}",
        )
        for n in range(number)
    ]


def evaluation(order):
    return evaluation_pb2.Evaluation(evaluation_id="e1", spec=order)


def answers(order, corpus, verdict_of):
    for task in tasks(evaluation(order), [corpus]):
        verdict, method = verdict_of(task)
        yield evaluation_pb2.Answer(task=task, grade=sample_pb2.Grade(verdict=verdict, method=method))


def test_tasks_are_as_many_as_planned_and_no_two_alike():
    order = spec(perturbations=[evaluation_pb2.PERTURBATION_DISTRACTED, evaluation_pb2.PERTURBATION_RENAMED])
    found = [*tasks(evaluation(order), [items()])]
    assert len(found) == planned(order, [items()]) == 2 * 3 * 2 * 2  # nobody can be renamed
    assert len({task.task_id for task in found}) == len(found)
    assert found == [*tasks(evaluation(order), [items()])]


def test_candidates_are_asked_the_same_with_the_same_seeds():
    found = [*tasks(evaluation(spec()), [items()])]
    by_candidate = [[(t.item.item_id, t.sample, t.seed) for t in found if t.candidate == c] for c in (0, 1)]
    assert by_candidate[0] == by_candidate[1]


def test_a_limit_takes_the_first_problems():
    order = spec(samples=1)
    order.benchmarks[0].limit = 2
    assert {task.item.item_id for task in tasks(evaluation(order), [items()])} == {"i0", "i1"}


def test_scores_count_what_was_answered():
    order, sheet = spec(candidates=["base"]), Sheet()
    # i0 both right, i1 one of two, i2 none: one without an answer, one open.
    said = {
        ("i0", 0): (CORRECT, "number"),
        ("i0", 1): (CORRECT, "number"),
        ("i1", 0): (CORRECT, "number"),
        ("i1", 1): (INCORRECT, "number"),
        ("i2", 0): (UNKNOWN, "extraction"),
        ("i2", 1): (UNKNOWN, "undecided"),
    }
    for answer in answers(order, items(subject="one"), lambda t: said[t.item.item_id, t.sample]):
        sheet.add(answer)
    (score,) = scores(order, sheet)
    assert (score.problems, score.correct, score.incorrect, score.unknown) == (3, 3, 2, 1)
    assert [each.k for each in score.pass_at] == [1, 2]
    assert score.pass_at[0].value == pytest.approx((1 + 0.5 + 0) / 3)
    assert score.pass_at[1].value == pytest.approx((1 + 1 + 0) / 3)
    assert score.pass_at[0].low <= score.pass_at[0].value <= score.pass_at[0].high


def test_each_subject_has_a_score_of_its_own():
    order, sheet = spec(samples=1, candidates=["base"]), Sheet()
    for answer in answers(order, items(4), lambda t: (CORRECT if t.item.subject == "s0" else INCORRECT, "number")):
        sheet.add(answer)
    found = {score.subject: score.pass_at[0].value for score in scores(order, sheet)}
    assert found == {"": 0.5, "s0": 1.0, "s1": 0.0}


def test_candidates_are_compared_with_the_baseline_problem_by_problem():
    order, sheet = spec(samples=1), Sheet()
    for answer in answers(order, items(20), lambda t: (CORRECT if t.candidate else INCORRECT, "number")):
        sheet.add(answer)
    (found,) = comparisons(order, sheet)
    assert (found.candidate, found.baseline, found.problems) == ("tuned", "base", 20)
    assert found.difference == 1.0
    assert found.p_value < 0.001


def test_what_is_left_out_is_as_the_papers():
    order = spec()
    role = order.candidates[0].role
    assert (role.temperature, role.top_p, role.top_k) == (0.6, 0.95, 20)
    assert order.baseline == "base"
    assert order.confidence == 0.95


def test_every_wrong_field_is_named():
    order = evaluation_pb2.EvaluationSpec(name="no spaces", baseline="nobody", confidence=2, perturbations=[0])
    order.candidates.add(name="a")
    order.candidates.add(name="a")
    order.benchmarks.add(corpus="x", samples=-1)
    order.benchmarks.add(corpus="x", limit=-1)
    fields = {violation.field for violation in violations(order)}
    assert fields == {
        "name",
        "baseline",
        "confidence",
        "perturbations[0]",
        "candidates[1].name",
        "benchmarks[0].samples",
        "benchmarks[1].corpus",
        "benchmarks[1].limit",
    }
