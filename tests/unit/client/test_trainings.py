"""Training files, and trainings on a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from chimera.training.v1 import training_pb2
from chimera_client.trainingfile import parse_training, read_training_file
from chimera_client.views.training import progress_words, render_training, sparkline
from chimera_shared.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "which", "meant"),
    [
        ("student@2", "registered", "student@2"),
        ("owner/name@main", "hub", "owner/name@main"),
        ("/models/base", "path", "/models/base"),
        ({"hub": "owner/name"}, "hub", "owner/name"),
    ],
)
def test_a_base_is_written_in_one_word(written, which, meant):
    base = parse_training({"base": written}).base
    assert (base.WhichOneof("source"), getattr(base, which)) == (which, meant)


def test_a_file_is_read_with_its_short_ways(tmp_path):
    path = tmp_path / "training.yaml"
    path.write_text("name: s\nmethod: cispo\nbase: ./base\nlora: true\nreinforcement: {judge: endpoint}\n")
    file = read_training_file(path, "d1")
    assert file.spec.base.path == str(tmp_path / "base")
    assert file.spec.HasField("lora")
    assert (file.spec.method, file.spec.dataset_id) == (training_pb2.METHOD_CISPO, "d1")
    assert list(file.spec.reinforcement.judge.endpoints) == ["endpoint"]
    assert file.request_id() == read_training_file(path, "d1").request_id() != file.request_id(2)
    assert file.request_id() != read_training_file(path, "d2").request_id()
    assert len(file.request_id(999)) <= 64


def test_every_wrong_field_is_named():
    with pytest.raises(InvalidInput) as wrong:
        parse_training({"optimizer": {}, "method": "dpo", "lora": "yes", "seed": "1"})
    told = {violation.field: violation.description for violation in wrong.value.violations}
    assert set(told) == {"optimizer", "method", "lora", "seed"}
    assert "did you mean `optimiser`" in told["optimizer"]


def test_a_curve_is_a_line_of_bars():
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert sparkline([]) == sparkline([float("nan")]) == ""
    assert sparkline([3.0]) == "▁"
    assert len(sparkline(range(1000), 20)) == 20


def test_a_training_is_told_with_its_curves():
    spec = parse_training({"name": "student", "method": "sft", "base": "base@1", "dataset_id": "d1"})
    training = training_pb2.Training(
        training_id="t1",
        spec=spec,
        state=training_pb2.TRAINING_STATE_SUCCEEDED,
        step=2,
        steps=2,
        restarts=1,
        left_out=3,
        model="student@1",
        last={"step": 2, "values": {"loss": 1.25, "tokens_per_second": 12_345.6}},
    )
    points = [training_pb2.Point(step=n, values={"loss": 2.5 / n}) for n in (1, 2)]
    assert progress_words(training) == "student succeeded: step 2 of 2, loss 1.25, tokens per second 12,346"
    out = StringIO()
    Console(file=out, width=120).print(render_training(training, points))
    for words in ("sft of base@1 on d1", "█▁  2.5 to 1.25", "3 samples too long", "1 restart after", "student@1"):
        assert words in out.getvalue()


def test_what_the_judge_spends_stands_beside_its_limit():
    spec = parse_training({"name": "student", "budget": {"usd": 2, "calls": 50}})
    assert (spec.budget.cost_nanousd, spec.budget.calls) == (2 * 10**9, 50)
    training = training_pb2.Training(spec=spec, state=training_pb2.TRAINING_STATE_RUNNING)
    training.spending.spent.calls, training.spending.spent.cost_nanousd = 34, 13 * 10**8
    assert progress_words(training) == "student running, $1.30 of $2.00, 34 of 50 model calls"
    with pytest.raises(InvalidInput, match="budget"):
        parse_training({"name": "student", "budget": {"euros": 2}})
