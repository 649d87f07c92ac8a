"""The examples are orders that the gateway, the evaluator and the trainer would take."""

import shutil
from pathlib import Path
from random import Random

import pyarrow
import pyarrow.parquet
import pytest

from chimera_client.buildfile import read_build_file
from chimera_client.evaluationfile import read_evaluation_file
from chimera_client.loop.file import read_loop_file
from chimera_client.loop.orders import Orders
from chimera_client.sources.items import Fields
from chimera_client.sources.source import local
from chimera_client.trainingfile import read_training_file
from chimera_evaluator.domain.spec import violations
from chimera_inference.config import default_models
from chimera_inference.domain.families import all_families
from chimera_shared.apportion import targets
from chimera_shared.endpoints.config import Endpoint, Endpoints
from chimera_shared.spec import validate_spec
from chimera_shared.templates import number, renumber
from chimera_trainer.domain import spec as training_rules

FOLDER = Path(__file__).parents[2] / "examples"
NO_BUILDS = {"evaluation", "loop", "loop-paper", "loop-rl", "renumbered", "training", "training-paper"}
EXAMPLES = sorted(path for path in FOLDER.glob("*.yaml") if path.stem not in NO_BUILDS)
PROCEDURAL: Endpoints = {
    model.name: Endpoint(base_url="http://127.0.0.1:8400/v1", model=model.name) for model in default_models()
}


def _shares(name: str) -> dict[str, int]:
    spec = read_build_file(next(path for path in EXAMPLES if path.stem == name)).spec
    counts = targets(spec.samples, [subject.weight for subject in spec.subjects])
    return dict(zip([subject.name for subject in spec.subjects], counts, strict=True))


def test_the_examples_are_there():
    assert {path.stem for path in EXAMPLES} == {"demo", "digits", "checked", "openai", "vllm", "paper"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_valid_order(path):
    file = read_build_file(path)
    assert validate_spec(file.spec, {**PROCEDURAL, **(file.endpoints or {})}) == []
    assert file.spec.name == path.stem


def test_the_example_evaluation_is_a_valid_order(tmp_path):
    dataset = tmp_path / "datasets" / "demo"  # which the demo makes
    (dataset / "data").mkdir(parents=True)
    (dataset / "manifest.json").write_text("{}")
    table = pyarrow.table({"problem": ["What is 2 + 2?"], "answer": ["4"]})
    pyarrow.parquet.write_table(table, dataset / "data" / "train-00000.parquet")
    (tmp_path / "examples").mkdir()
    path = shutil.copy(FOLDER / "evaluation.yaml", tmp_path / "examples")
    file = read_evaluation_file(Path(path))
    assert [*violations(file.spec)] == []
    assert {name for candidate in file.spec.candidates for name in candidate.role.endpoints} <= PROCEDURAL.keys()


def test_the_renumbered_problems_have_the_answers_that_the_procedural_engine_works_out():
    file = read_evaluation_file(FOLDER / "renumbered.yaml")
    assert [*violations(file.spec)] == []
    (path,) = file.corpora.values()
    for item in local(path, Fields()).items:
        for seed in range(10):
            families = [family for family in all_families().values() if family.recognise(item.statement)]
            assert len(families) == 1, item.statement
            worked = families[0].work(families[0].recognise(item.statement)).answer
            assert number(worked.value) == number(item.answer.value) is not None
            assert renumber(item, Random(seed))


@pytest.mark.parametrize("name", ["loop", "loop-paper", "loop-rl"])
def test_an_example_loop_orders_what_the_services_take(name):
    file = read_loop_file(FOLDER / f"{name}.yaml")
    orders = Orders(file)
    served = {"student": Endpoint(base_url="http://127.0.0.1:8000/v1", model="student")}
    known = {**PROCEDURAL, **file.endpoints, **served}
    for build in filter(None, (orders.exam(), orders.data(1, "exam", (), (), ()))):
        assert validate_spec(build.spec, known) == []
    for step in file.steps:
        training, _ = orders.training(1, step, 0, file.base, "d0123456789abcde")
        assert [*training_rules.violations(training)] == []
    evaluation = orders.evaluation(1, "exam", [])
    assert [*violations(evaluation.spec)] == []
    assert evaluation.spec.benchmarks


@pytest.mark.parametrize("name", ["training", "training-paper"])
def test_an_example_training_is_a_valid_order(name):
    file = read_training_file(FOLDER / f"{name}.yaml", "d0123456789abcde")
    assert [*training_rules.violations(file.spec)] == []


def test_the_demo_runs_without_endpoints_of_its_own():
    path = next(path for path in EXAMPLES if path.stem == "demo")
    file = read_build_file(path)
    assert file.endpoints is None
    assert file.spec.samples == 100
    assert len(file.spec.subjects) >= 7


def test_the_demo_asks_only_for_subjects_that_the_procedural_engine_knows():
    from chimera_inference.domain.taxonomy import procedural_taxonomy

    known = procedural_taxonomy()
    assert [subject for subject in _shares("demo") if len(known.fields(subject)) < 2] == []


def test_the_last_lines_of_the_demo_are_the_endpoints_it_promises():
    import yaml

    from chimera_shared.endpoints.config import parse

    text = next(path for path in EXAMPLES if path.stem == "demo").read_text("utf-8")
    lines = text[text.index("# endpoints:") :].splitlines()
    assert len(lines) == 3
    offered = parse(yaml.safe_load("\n".join(line.removeprefix("# ") for line in lines))["endpoints"])
    assert set(offered) == {"large", "small"}


def test_the_paper_is_at_its_size_and_mix():
    shares = _shares("paper")
    assert sum(shares.values()) == 9225
    assert shares["Mathematics"] / 9225 == pytest.approx(0.483, abs=0.0005)
