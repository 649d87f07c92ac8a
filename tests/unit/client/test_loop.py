"""What a loop file orders, and how weak topics become quotas."""

from pathlib import Path

import pytest
import yaml

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_client.loop.file import read_loop_file
from chimera_client.loop.orders import Orders
from chimera_client.loop.outcome import TopicScore, Trained
from chimera_client.loop.topics import Marks, weighted
from chimera_shared.errors import InvalidInput

BUILD = {
    "samples": 40,
    "seed": 3,
    "subjects": ["Lists", {"name": "Codes", "weight": 3}],
    "roles": {"proposer": "procedural-teacher", "panel": ["procedural-strong", "procedural-medium"]},
}
LOOP = {
    "name": "digits",
    "build": BUILD,
    "exam": {"problems": 20, "samples": 2},
    "base": "tiny@1",
    "trainings": {"sft": {"method": "sft"}, "rl": {"method": "cispo", "reinforcement": {"group_size": 4}}},
    "seeds": [0, 7],
    "serve": {"max_batch": 8},
    "student": {"temperature": 0},
}


def written(folder: Path, **changes) -> Path:
    path = folder / "loop.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in {**LOOP, **changes}.items() if v is not None}, sort_keys=False))
    return path


def trained(name: str, candidate: str) -> Trained:
    return Trained("sft", 0, candidate, training_pb2.Training(model=name), ())


# The file


def test_a_loop_file_is_read(tmp_path):
    file = read_loop_file(written(tmp_path))
    assert (file.name, file.exam.problems, file.exam.samples, file.rounds) == ("digits", 20, 2, 1)
    assert [step.name for step in file.steps] == ["sft", "rl"]
    assert file.base == model_pb2.ModelSource(registered="tiny@1")
    assert (file.serve.source, file.serve.registered, file.serve.max_batch) == ("tiny@1", True, 8)
    assert read_loop_file(written(tmp_path), rounds=3).rounds == 3


def test_what_build_and_evaluation_name_is_as_from_the_loop_file(tmp_path):
    (tmp_path / "digits.yaml").write_text(yaml.safe_dump({"name": "d", **BUILD}))
    (tmp_path / "mine.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n')
    evaluation = {"benchmarks": [{"corpus": "./mine.jsonl", "samples": 4}]}
    changes = {"build": "digits.yaml", "base": "./base", "evaluation": evaluation, "exam": None}
    file = read_loop_file(written(tmp_path, **changes))
    assert file.build.spec.samples == 40
    assert file.base.path == file.serve.source == str(tmp_path / "base")
    assert list(file.evaluation.corpora.values()) == [tmp_path / "mine.jsonl"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"name": "a/b"}, "name"),
        ({"build": None}, "build"),
        ({"build": {**BUILD, "sample": 4}}, "build.sample"),
        ({"exam": None}, "exam"),
        ({"exam": 0}, "exam.problems"),
        ({"exam": {"problems": 4, "sample": 1}}, "exam.sample"),
        ({"base": None}, "base"),
        ({"base": "tiny"}, "base"),
        ({"trainings": {}}, "trainings"),
        ({"trainings": {"a b": {"method": "sft"}}}, "trainings.a b"),
        ({"trainings": {"sft": {"method": "sft", "seed": 1}}}, "trainings.sft.seed"),
        ({"trainings": {"sft": {"method": "sft", "step": 1}}}, "trainings.sft.step"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"seeds": []}, "seeds"),
        ({"seeds": 3}, "seeds"),
        ({"seeds": [2**31]}, "seeds"),
        ({"seeds": list(range(16)), "rounds": 4}, "seeds"),
        ({"base": "tiny@latest"}, "base"),
        ({"trainings": {"sft": {}}}, "trainings.sft.method"),
        ({"student": {"model": "x"}}, "student.model"),
        ({"student": {"temperature": -1}}, "student.temperature"),
        ({"evaluation": {"budget": {"usd": 1}}}, "evaluation.budget"),
        ({"serve": None}, "serve"),
        ({"serve": {"source": "x"}}, "serve.source"),
        ({"serve": {"max_batch": 0}}, "serve.max_batch"),
        ({"student": {"endpoints": "mine"}}, "student.endpoints"),
        ({"student": {"temprature": 0}}, "student.temprature"),
        ({"evaluation": {"candidates": {"a": "b"}}}, "evaluation.candidates"),
        ({"evaluation": {"confidenc": 0.9}}, "evaluation.confidenc"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": True}, "rounds"),
        ({"partial": "yes please"}, "partial"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changes, field):
    with pytest.raises(InvalidInput) as caught:
        read_loop_file(written(tmp_path, **changes))
    assert field in [violation.field for violation in caught.value.violations]


def test_a_file_that_no_system_names_is_an_error_like_others(tmp_path):
    with pytest.raises(InvalidInput, match="null byte"):
        read_loop_file(written(tmp_path, build="\0"))


# Its orders


def test_the_same_file_orders_the_same_and_another_file_does_not(tmp_path):
    one, again = (Orders(read_loop_file(written(tmp_path))) for _ in range(2))
    other = Orders(read_loop_file(written(tmp_path, seeds=[1])))
    anew = Orders(read_loop_file(written(tmp_path)), generation=2)
    ids = [orders.data(1, "exam", (), (), ()).request_id() for orders in (one, again, other, anew)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert one.trace_id == again.trace_id != anew.trace_id


def test_comments_and_how_far_a_loop_goes_make_no_other_loop(tmp_path):
    path = written(tmp_path)
    before = read_loop_file(path)
    path.write_text(f"# Digits.\n{path.read_text()}rounds: 2\npartial: true\n")
    after = read_loop_file(path)
    assert after.loop_id == before.loop_id == read_loop_file(written(tmp_path), partial=True).loop_id
    assert (before.partial, after.partial, read_loop_file(written(tmp_path), partial=True).partial) == (
        False,
        True,
        True,
    )


def test_after_a_partial_dataset_everything_is_ordered_apart(tmp_path):
    file = read_loop_file(written(tmp_path))
    whole, partial, other = Orders(file), Orders(file).after_partial("d1"), Orders(file).after_partial("d2")
    base = model_pb2.ModelSource(registered="tiny@1")
    for ordered in (
        lambda orders: orders.data(1, "e", (), (), ()).request_id(),
        lambda orders: orders.training(1, file.steps[0], 0, base, "d1")[1],
        lambda orders: orders.evaluation(1, "e", ()).request_id(),
    ):
        assert len({ordered(orders) for orders in (whole, partial, other, partial.after_partial("d2"))}) == 4
        assert ordered(partial) == ordered(Orders(file).after_partial("d1"))
    assert (partial.loop_id, partial.trace_id) == (whole.loop_id, whole.trace_id)
    assert len(partial.training(1, file.steps[0], 0, base, "d1")[1]) == len(
        whole.training(1, file.steps[0], 0, base, "d1")[1]
    )


def test_other_problems_to_keep_clean_of_make_another_loop(tmp_path):
    build = {**BUILD, "similarity": {"benchmarks": ["./mine.jsonl"]}}
    ids = set()
    for answer_ in ("2", "3"):
        (tmp_path / "mine.jsonl").write_text(f'{{"question": "1+1?", "answer": "{answer_}"}}\n')
        ids.add(Orders(read_loop_file(written(tmp_path, build=build))).loop_id)
    assert len(ids) == 2


def test_a_base_that_has_changed_makes_another_loop(tmp_path):
    (tmp_path / "base").mkdir()
    path, ids = written(tmp_path, base="./base"), set()
    for text in ("{}", "{ }"):
        (tmp_path / "base" / "config.json").write_text(text)
        ids.add(Orders(read_loop_file(path)).loop_id)
    assert len(ids) == 2


def test_more_rounds_of_a_file_go_on_where_fewer_ended(tmp_path):
    path = written(tmp_path)
    fewer, more = Orders(read_loop_file(path)), Orders(read_loop_file(path, rounds=2))
    assert fewer.data(1, "e", (), (), ()).request_id() == more.data(1, "e", (), (), ()).request_id()


def test_the_data_is_kept_clean_of_the_exam_and_of_earlier_rounds(tmp_path):
    evaluation = {"benchmarks": ["aime25"]}
    orders = Orders(read_loop_file(written(tmp_path, evaluation=evaluation)))
    exam, first, second = orders.exam(), orders.data(1, "e", (), (), ()), orders.data(2, "e", (), (), ["d1"])
    assert exam.spec.samples == 20
    assert not exam.spec.similarity.benchmarks
    assert list(first.spec.similarity.benchmarks) == ["e", "aime25"]
    assert list(second.spec.similarity.datasets) == ["d1"]
    assert len({exam.spec.seed, first.spec.seed, second.spec.seed}) == 3


def test_trainings_have_names_seeds_and_bases_of_their_own(tmp_path):
    file = read_loop_file(written(tmp_path))
    spec, request = Orders(file).training(1, file.steps[1], 7, model_pb2.ModelSource(registered="digits-sft@2"), "d1")
    assert (spec.name, spec.seed, spec.base.registered, spec.dataset_id) == ("digits-rl", 7, "digits-sft@2", "d1")
    assert spec.reinforcement.group_size == 4
    assert len(f"{request}-99") <= 64


def test_all_models_are_measured_beside_the_base_on_the_exam(tmp_path):
    file = read_loop_file(written(tmp_path))
    spec = Orders(file).evaluation(1, "e", [trained("digits-sft@1", "sft-0"), trained("digits-rl@1", "rl-0")]).spec
    assert [(c.name, c.role.model, list(c.role.endpoints)) for c in spec.candidates] == [
        ("base", "", ["student"]),
        ("sft-0", "digits-sft@1", ["student"]),
        ("rl-0", "digits-rl@1", ["student"]),
    ]
    assert spec.baseline == "base"
    assert spec.candidates[2].role.temperature == 0
    assert [(b.corpus, b.samples) for b in spec.benchmarks] == [("e", 2)]


# Weak topics


def answer(candidate, subject, topic, right, item="1", perturbation=0):
    task = evaluation_pb2.Task(candidate=candidate, perturbation=perturbation)
    task.item.subject, task.item.topic, task.item.item_id = subject, topic, item
    verdict = sample_pb2.VERDICT_CORRECT if right else sample_pb2.VERDICT_INCORRECT
    return evaluation_pb2.Answer(task=task, grade=sample_pb2.Grade(verdict=verdict))


def test_topics_are_scored_by_all_tuned_models_and_the_base():
    marks = Marks(0, {1, 2})
    for candidate, right in ((0, False), (1, True), (2, True), (3, False)):
        marks.add(answer(candidate, "Lists", "Sorting", right))
    marks.add(answer(1, "Lists", "Sorting", False, perturbation=evaluation_pb2.PERTURBATION_DISTRACTED))
    marks.add(answer(1, "Lists", "Counting", False, item="2"))
    nobody, elsewhere = answer(1, "Lists", "Counting", False, item="2"), answer(1, "Lists", "Other", False)
    nobody.grade.method, elsewhere.task.benchmark = "endpoint", 1
    marks.add(nobody)
    marks.add(elsewhere)
    counting, sorting = marks.scores()
    assert counting == TopicScore("Lists", "Counting", 1, 0.0, 0.0, 2 / 3)
    assert sorting == TopicScore("Lists", "Sorting", 1, 0.0, 1.0, 1 / 4)


def test_weak_topics_and_their_subjects_get_more():
    spec = build_pb2.BuildSpec(subjects=[{"name": "Lists"}, {"name": "Codes", "weight": 3}, {"name": "Other"}])
    scores = [TopicScore("Lists", "a", 9, 0, 0, 0.75), TopicScore("Codes", "b", 9, 0, 1, 0.25)]
    lists, codes, other = weighted(spec, scores, [("Lists", "c")]).subjects
    assert (list(lists.topics), list(lists.topic_weights)) == (["a", "c"], [0.75, 0.5])
    assert lists.weight == pytest.approx(0.625)
    assert codes.weight == pytest.approx(0.75)
    assert (list(other.topics), other.weight) == ([], 0)
    assert weighted(spec, [], [("Lists", "c")]) == spec


def test_weights_of_topics_that_a_build_has_are_kept():
    spec = build_pb2.BuildSpec(subjects=[{"name": "Lists", "topics": ["a", "b"], "topic_weights": [5, 1]}])
    scores = [TopicScore("Lists", name, 9, 0, 0, 0.5) for name in ("a", "b")]
    assert list(weighted(spec, scores, []).subjects[0].topic_weights) == [2.5, 0.5]
