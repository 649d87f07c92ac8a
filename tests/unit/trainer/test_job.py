"""What a child and its parent tell one another by files, torn ones included."""

import json

import pytest

from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_trainer.job import Job, Jobs, Tail
from chimera_trainer.work import checkpoints
from chimera_trainer.work.order import Order
from chimera_trainer.work.report import Report


def test_lines_are_read_once_and_whole(tmp_path):
    path, tail = tmp_path / "progress.jsonl", Tail(tmp_path / "progress.jsonl")
    assert tail.read() == []
    path.write_bytes(b'{"step": 1}\n{"st')
    assert tail.read() == [{"step": 1}]
    with path.open("ab") as file:
        file.write(b'ep": 2}\n')
    assert tail.read() == [{"step": 2}]
    assert tail.read() == []


def test_a_line_that_was_torn_by_a_kill_does_not_spoil_the_next(tmp_path):
    report = Report(tmp_path)
    report.started(20, 3, 0)
    with (tmp_path / "progress.jsonl").open("ab") as file:
        file.write(b'{"type": "poi')
    Report(tmp_path).point(6, 100, {"loss": 2.5})
    started, point = Tail(tmp_path / "progress.jsonl").read()
    assert (started["steps"], started["left_out"], point["step"], point["values"]) == (20, 3, 6, {"loss": 2.5})


def test_only_whole_checkpoints_are_gone_on_from(tmp_path):
    assert checkpoints.newest(tmp_path) is None
    for step in (5, 10, 100, 200):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "optimizer.pt").write_bytes(b"state")
        if step != 200:  # its writer was killed
            checkpoints.mark(tmp_path / f"checkpoint-{step}", step, 8 * step)
    found = checkpoints.newest(tmp_path)
    assert found == checkpoints.Checkpoint(tmp_path / "checkpoint-100", 100, 800)


def test_the_last_words_of_a_child_are_its_error(tmp_path):
    job = Job(tmp_path)
    assert job.last_words() == "it left no log"
    job.log.write_text("step 1\nRuntimeError: out of memory\n\n")
    assert job.last_words() == "RuntimeError: out of memory"
    job.log.write_bytes(b"\xff" * 10_000)
    assert len(job.last_words()) <= 300


def test_an_ended_job_keeps_its_log_and_measurements(tmp_path):
    job = Job(tmp_path)
    for name in ("checkpoints", "final", "ray"):
        (tmp_path / name).mkdir()
    for name in ("data.jsonl", "progress.jsonl", "worker.log", "job.json"):
        (tmp_path / name).write_text(json.dumps({}))
    job.forget()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.json", "progress.jsonl", "worker.log"]


async def samples():
    yield sample_pb2.Sample(ref={"sample_id": "s"}, problem={"statement": "1+1?"}, solution={"text": "It is 2."})


@pytest.mark.parametrize(("rewards", "payer"), [({"judge": {"endpoints": ["judge"]}}, "t1"), ({}, "")])
async def test_an_order_names_who_pays_its_judge_where_it_has_one(tmp_path, rewards, payer):
    spec = training_pb2.TrainingSpec(method=training_pb2.METHOD_GRPO, reinforcement=rewards)
    training = training_pb2.Training(training_id="t1", spec=spec)
    job = await Jobs(tmp_path, "127.0.0.1:1").prepare(training, model_pb2.ModelSource(path="/base"), samples())
    order = Order.read(job.folder)
    assert (order.paid_by, order.spec, order.base.path) == (payer, spec, "/base")
    older = json.loads((job.folder / "job.json").read_text())
    del older["paid_by"]
    (job.folder / "job.json").write_text(json.dumps(older))
    assert Order.read(job.folder).paid_by == ""
