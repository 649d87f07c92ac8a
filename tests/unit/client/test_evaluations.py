"""Evaluation files, and the report that is written of an evaluation."""

import json

import pytest

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.evaluationfile import parse_evaluation
from chimera_client.evaluationreport import files
from chimera_client.evaluationreport.sections import document
from chimera_client.evaluationreport.words import difference_words, pass_words
from chimera_client.views.evaluation import progress_words
from chimera_shared.errors import InvalidInput

RAW = {
    "name": "e",
    "candidates": {"base": "small", "tuned": {"endpoints": "small", "model": "small-v2"}},
    "benchmarks": ["aime25", {"corpus": "mine", "samples": 4}],
    "perturbations": ["renamed"],
}


def evaluation(benchmark="aime25", name="tuned"):
    spec, _ = parse_evaluation({**RAW, "benchmarks": [benchmark]})
    spec.confidence = 0.95
    found = evaluation_pb2.Evaluation(
        evaluation_id="e1", spec=spec, state=evaluation_pb2.EVALUATION_STATE_SUCCEEDED, planned=60, graded=60
    )
    found.corpora.add(name=benchmark, items=30, sha256="0" * 64, source="hub")
    for candidate, right in (("base", 12), (name, 21)):
        score = found.scores.add(candidate=candidate, benchmark=benchmark, problems=30, correct=right)
        score.incorrect, score.unknown = 29 - right, 1
        score.pass_at.add(k=1, value=right / 30, low=right / 30 - 0.15, high=right / 30 + 0.15)
    found.comparisons.add(
        candidate=name,
        baseline="base",
        benchmark=benchmark,
        problems=30,
        difference=0.3,
        low=0.1,
        high=0.5,
        p_value=0.004,
    )
    return found


async def answers():
    task = evaluation_pb2.Task(task_id="0" * 32, evaluation_id="e1", item=corpus_pb2.CorpusItem(item_id="i1"))
    yield evaluation_pb2.Answer(task=task, grade=sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT))


def test_a_file_may_be_short():
    spec, endpoints = parse_evaluation(RAW)
    assert endpoints is None
    assert [(c.name, list(c.role.endpoints), c.role.model) for c in spec.candidates] == [
        ("base", ["small"], ""),
        ("tuned", ["small"], "small-v2"),
    ]
    assert [(b.corpus, b.samples) for b in spec.benchmarks] == [("aime25", 0), ("mine", 4)]


def test_wrong_fields_are_named():
    with pytest.raises(InvalidInput) as caught:
        parse_evaluation({**RAW, "candidats": {}, "perturbations": ["shuffled"], "budget": {"euro": 3}})
    assert {v.field for v in caught.value.violations} == {"candidats", "perturbations[0]", "budget.euro"}


def test_numbers_stand_with_their_intervals():
    found = evaluation()
    assert pass_words(found.scores[0].pass_at[0]) == "40.0 % (25.0–55.0)"
    assert difference_words(found.comparisons[0]) == "+30.0 points (10.0 to 50.0), p = 0.004"


def test_the_report_stands_beside_published_results_and_warns_of_open_answers():
    drawn = document(evaluation())
    published = next(section for section in drawn.sections if section.key == "published")
    assert ["tuned (here)", "70.0 %"] in [list(row) for row in published.parts[0].rows]
    assert any("could not be graded" in warning and "73.3 %" in warning for warning in drawn.warnings)
    assert "+30.0 points" in drawn.verdict
    assert not any(section.key == "published" for section in document(evaluation("mine")).sections)


def test_the_report_says_to_how_many_problems_a_perturbation_applied():
    found = evaluation()
    found.spec.perturbations[:] = [evaluation_pb2.PERTURBATION_RENAMED, evaluation_pb2.PERTURBATION_RENUMBERED]
    for whole in list(found.scores):
        score = found.scores.add(perturbation=evaluation_pb2.PERTURBATION_RENUMBERED, problems=11)
        score.candidate, score.benchmark = whole.candidate, whole.benchmark
        score.pass_at.add(k=1, value=0.3, low=0.1, high=0.5)
    drawn = document(found)
    (table,) = next(section for section in drawn.sections if section.key == "robustness").parts
    assert ["with other numbers", "11 of 30"] in [[row[2], row[5]] for row in table.rows]
    assert "Asked otherwise (people renamed): this applies to none of the problems." in drawn.warnings
    assert not any("other numbers" in warning for warning in drawn.warnings)


def test_what_is_spent_stands_beside_its_limit_ungraded_calls_included():
    found = evaluation()
    assert "model calls" not in progress_words(found)
    found.spec.budget.calls, found.spec.budget.cost_nanousd = 50, 2 * 10**9
    found.usage.calls, found.usage.cost_nanousd = 30, 10**9
    assert progress_words(found).endswith("$1.00 of $2.00, 30 of 50 model calls")
    found.spending.spent.calls, found.spending.spent.cost_nanousd = 34, 13 * 10**8
    found.spending.unaccounted.calls, found.spending.unaccounted.cost_nanousd = 1, 10**8
    assert progress_words(found).endswith(
        "$1.40 of $2.00, 35 of 50 model calls, in it at most $0.10 for 1 that broke off"
    )
    method = next(section for section in document(found).sections if section.key == "method")
    assert "4 calls more for $0.30 were paid for; what they answered is not graded." in method.says


async def test_the_folder_is_whole_and_replaces_only_its_like(tmp_path):
    out = tmp_path / "out"
    await files.write(evaluation(), answers(), out)
    assert {path.name for path in out.iterdir()} == {
        "report.html",
        "report.md",
        "report.json",
        "answers.jsonl",
        "report",
    }
    assert json.loads((out / "answers.jsonl").read_text())["task"]["item"]["item_id"] == "i1"
    await files.write(evaluation(), answers(), out)  # again, over itself
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="holds no evaluation"):
        files.require_room(other)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_hostile_names_stay_text(tmp_path):
    await files.write(evaluation(name="<script>alert(1)</script>"), answers(), tmp_path / "out")
    assert "<script>" not in (tmp_path / "out" / "report.html").read_text()
