import asyncio
import errno
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from google.protobuf import json_format

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.buildfile import read_build_file
from chimera_client.export import check_target, export_dataset, folder, parquet, verify_manifest
from chimera_shared.endpoints.config import Endpoint, Price
from chimera_shared.errors import ChimeraError, InvalidInput
from chimera_shared.testing.samples import (
    MODELS,
    add_checks,
    make_build,
    make_dataset,
    make_sample,
    make_samples,
    stream,
)

FILES = {"README.md", "croissant.json", "manifest.json", "build.yaml", "report.html", "report.md", "report.json"}


async def export(build, target, samples=None, endpoints=None, **options):
    samples = list(make_samples(build)) if samples is None else samples
    return await export_dataset(build, make_dataset(build), stream(samples), endpoints, target, **options)


@pytest.fixture
def endpoints():
    return {
        name: Endpoint(
            base_url="https://models.example/v1", model=model, api_key_env="MODELS_KEY", max_in_flight=8,
            price=Price(input_usd_per_mtok=0.5, output_usd_per_mtok=20),
        )
        for name, model in MODELS.items()
    }  # fmt: skip


async def test_folder_holds_every_file_and_verifies(tmp_path):
    told = []
    summary = await export(make_build(), tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    found = {path.name for path in summary.directory.iterdir() if path.is_file()}
    assert found == FILES
    assert summary.samples == 12
    assert summary.procedural_only
    assert told[-1] == (12, 12)
    assert verify_manifest(summary.directory) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


async def test_rows_keep_all_evidence(tmp_path):
    build = make_build()
    await export(build, tmp_path / "out")
    row = pq.read_table(tmp_path / "out" / "data").to_pylist()[1]
    sample = list(make_samples(build))[1]
    assert row["sample_id"] == sample.ref.sample_id == row["trace_id"]
    assert row["problem"] == sample.problem.statement
    assert row["answer"] == sample.problem.reference.value
    assert row["votes"][1] == {
        "member": 1, "endpoint": "panel-b", "model": "procedural-careful", "verdict": "correct",
        "method": "normal_form", "answer": row["answer"], "reason": "Both answers have the same normal form.",
        "weight": 1.0,
    }  # fmt: skip
    assert row["panel_agreement"] == 1.0
    assert row["models"] == {
        "proposer": "procedural-author",
        "panel": ["procedural-precise", "procedural-careful"],
        "solver": "procedural-tutor",
    }
    assert [call["role"] for call in row["calls"]] == ["proposer", "panel[0]", "panel[1]", "solver"]
    assert row["cost_usd"] == pytest.approx(sum(call["cost_usd"] for call in row["calls"]))
    assert row["settled_at"].microsecond == 250_000
    assert row["calls"][0]["time"].tzinfo is not None


async def test_rows_keep_what_screeners_judges_and_reference_models_said(tmp_path):
    build = make_build()
    samples = list(make_samples(build))
    add_checks(samples[0])
    await export(build, tmp_path / "out", samples=samples)
    row, plain = pq.read_table(tmp_path / "out" / "data").to_pylist()[:2]
    assert [vote["weight"] for vote in row["votes"]] == [2.0, 0.5]
    assert row["screenings"][-1] == {
        "screener": 1, "endpoint": "looker", "model": "looker", "question": "single_answer", "verdict": "unknown",
        "reason": "screener 1 on question 3",
    }  # fmt: skip
    assert [(s["by"], s["number"], s["model"]) for s in row["solves"]][3:5] == [
        ("weak", 3, "weak-model"), ("strong", 0, "strong-model")
    ]  # fmt: skip
    assert (row["weak_pass_rate"], row["strong_pass_rate"]) == (0.25, 1.0)
    assert (row["weak_decided"], row["strong_decided"]) == (4, 3)
    assert row["judgements"] == [
        {"of": "solution", "judge": 0, "endpoint": "judge-0", "model": "judge-0", "verdict": "correct",
         "reason": "judge says so"},
        {"of": "solution", "judge": 1, "endpoint": "judge-1", "model": "judge-1", "verdict": "correct",
         "reason": "second_judge says so"},
    ]  # fmt: skip
    assert [call["role"] for call in row["calls"]] == [
        "proposer", "screener[0]", "screener[1]", "panel[0]", "panel[1]", *(f"weak[{i}]" for i in range(4)),
        *(f"strong[{i}]" for i in range(4)), "solver", "judge", "second_judge",
    ]  # fmt: skip
    assert len(row["calls"]) == samples[0].usage.calls
    assert row["cost_usd"] == pytest.approx(sum(call["cost_usd"] for call in row["calls"]))
    rl = pq.read_table(tmp_path / "out" / "rl").to_pylist()
    assert (rl[0]["weak_pass_rate"], rl[0]["strong_pass_rate"], rl[1]["weak_pass_rate"]) == (0.25, 1.0, None)
    assert (plain["screenings"], plain["solves"], plain["judgements"]) == ([], [], [])
    assert (plain["weak_pass_rate"], plain["weak_decided"]) == (None, None)


async def test_training_tables_have_the_shapes_trainers_read(tmp_path):
    build = make_build(2, ["Logic"])
    samples = list(make_samples(build))
    samples[1].solution.reasoning = ""
    await export(build, tmp_path / "out", samples)
    with_reasoning, without = pq.read_table(tmp_path / "out" / "sft").column("messages").to_pylist()
    solution = samples[0].solution
    assert with_reasoning[1]["content"] == f"<think>\n{solution.reasoning}\n</think>\n\n{solution.text}"
    assert [turn["role"] for turn in with_reasoning] == ["user", "assistant"]
    assert without[1]["content"] == samples[1].solution.text
    prompt = pq.read_table(tmp_path / "out" / "rl").to_pylist()[0]
    assert prompt["prompt"] == [{"role": "user", "content": samples[0].problem.statement}]
    assert prompt["answer"] == samples[0].problem.reference.value


async def test_shards_rotate_and_are_named_by_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 2)
    monkeypatch.setattr(parquet, "SHARD_ROWS", 4)
    build = make_build(10)
    await export(build, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "data").iterdir())
    assert names == [f"train-{i:05d}-of-00003.parquet" for i in range(3)]
    ids = pq.read_table(tmp_path / "out" / "data").column("sample_id").to_pylist()
    assert ids == [sample.ref.sample_id for sample in make_samples(build)]
    assert verify_manifest(tmp_path / "out") == []


async def test_build_file_makes_the_same_build_again(tmp_path, endpoints):
    build = make_build()
    build.spec.subjects[0].topics.extend(["yes", "2024", "a: b"])
    await export(build, tmp_path / "out", endpoints=endpoints)
    document = yaml.safe_load((tmp_path / "out" / "build.yaml").read_text())
    again = document.pop("endpoints")
    assert document["samples"] == 12
    assert json_format.ParseDict(document, build_pb2.BuildSpec()) == build.spec
    assert {name: Endpoint(**fields) for name, fields in again.items()} == {
        name: endpoint.model_copy(update={"base_url": "https://models.example/v1"})
        for name, endpoint in endpoints.items()
    }


async def test_the_build_file_keeps_budget_and_weight_but_no_ledger(tmp_path):
    build = make_build()
    build.spec.weight, build.spec.ledger_of = 2, "b0123456789abcde"
    build.spec.budget.MergeFrom(build_pb2.Budget(cost_nanousd=2_500_000_000, tokens=10, calls=5))
    build.spec.budget.time.FromSeconds(5_400)
    await export(build, tmp_path / "out")
    path = tmp_path / "out" / "build.yaml"
    assert yaml.safe_load(path.read_text())["budget"] == {"usd": 2.5, "tokens": 10, "calls": 5, "time": "1h30m"}
    again = read_build_file(path).spec
    assert again.ledger_of == ""
    build.spec.ledger_of = ""
    assert again == build.spec


def partial():
    """Of a build that was to have 12 samples, those of the odd slots."""
    build = make_build(12)
    build.state, build.stop_reason = build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT
    build.detail = "no call fits <b>any more</b>"
    samples = [sample for sample in make_samples(build) if sample.ref.slot % 2]
    dataset = make_dataset(build)
    dataset.partial, dataset.samples = True, len(samples)
    return build, dataset, samples


async def test_a_partial_dataset_says_so_everywhere_and_loads_as_a_whole_one(tmp_path):
    build, dataset, samples = partial()
    summary = await export_dataset(build, dataset, stream(samples), None, tmp_path / "out")
    assert (summary.samples, summary.asked, summary.partial) == (6, 12, True)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "**This dataset is partial.** 12 samples were asked for and 6 are here" in card
    assert "because its budget is spent. Cause: no call fits &lt;b&gt;any more" in card
    assert yaml.safe_load(card.split("---\n")[1])["pretty_name"] == "demo (partial)"
    assert "partial" in yaml.safe_load(card.split("---\n")[1])["tags"]
    croissant = json.loads((tmp_path / "out" / "croissant.json").read_text())
    assert croissant["description"].startswith("Partial dataset: 12 samples were asked for")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["partial"], manifest["samples"], manifest["samples_asked"]) == (True, 6, 12)
    assert manifest["build"]["stop_reason"] == "STOP_REASON_BUDGET_SPENT"
    assert verify_manifest(tmp_path / "out") == []

    await export(make_build(12), tmp_path / "whole")
    tables = [pq.read_table(tmp_path / name / "data") for name in ("out", "whole")]
    assert tables[0].schema == tables[1].schema
    assert tables[0].num_rows == 6


async def test_a_partial_dataset_still_has_each_slot_once_and_exactly_its_samples(tmp_path):
    build, dataset, samples = partial()
    for wrong in (samples[:-1], [*samples[:-1], samples[0]]):
        with pytest.raises(ChimeraError):
            await export_dataset(build, dataset, stream(wrong), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


async def test_no_secret_is_exported(tmp_path, endpoints, monkeypatch):
    monkeypatch.setenv("MODELS_KEY", "sk-very-secret")
    await export(make_build(), tmp_path / "out", endpoints=endpoints)
    text = "".join(path.read_text() for path in (tmp_path / "out").iterdir() if path.is_file())
    assert "MODELS_KEY" in text
    assert "sk-very-secret" not in text


async def test_manifest_tells_where_everything_came_from(tmp_path):
    build = make_build(30)
    await export(build, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    proposer = document["roles"]["proposer"]
    assert proposer["models"] == {"procedural-author": 30}
    assert len(proposer["prompts_sha256"]) == 1
    assert list(proposer["parameters"]) == ['{"max_tokens": 4096, "temperature": 0.7}']
    assert document["counts"]["not_accepted_by_reason"]["REASON_DUPLICATE"] == 1
    assert document["counts"]["settled"] == 34
    assert document["usage"]["accepted_samples"]["calls"] == 120
    assert document["seeds"]["build"] == 7
    assert document["build"]["spec"]["samples"] == 30


def change(path):
    path.write_bytes(path.read_bytes().replace(b"demo", b"memo", 1))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: change(out / "README.md"), "README.md: was changed, its checksum is not the manifest's"),
        (lambda out: (out / "build.yaml").unlink(), "build.yaml: is missing"),
        (lambda out: (out / "build.yaml").write_text("x"), "build.yaml: has 1 bytes where the manifest says"),
        (lambda out: (out / "data" / "train-x.parquet").write_text("x"), "data/train-x.parquet: is not in the"),
        (lambda out: (out / "manifest.json").write_text("{"), "is not JSON"),
        (lambda out: (out / "manifest.json").write_text("[" * 10**6), "is not JSON"),
        (lambda out: (out / "manifest.json").unlink(), "cannot be read (No such file or directory)"),
        (
            lambda out: (out / "manifest.json").write_text(
                (out / "manifest.json").read_text().replace('"README.md"', '"../README.md"')
            ),
            "leads out of the folder",
        ),
    ],
)
async def test_damage_is_found(tmp_path, damage, said):
    await export(make_build(), tmp_path / "out")
    damage(tmp_path / "out")
    problems = verify_manifest(tmp_path / "out")
    assert said in problems[0]


async def test_hidden_files_are_not_damage(tmp_path):
    await export(make_build(), tmp_path / "out")
    (tmp_path / "out" / ".git").mkdir()
    (tmp_path / "out" / ".git" / "HEAD").write_text("x")
    assert verify_manifest(tmp_path / "out") == []


def rejected(build, samples):
    samples[0].outcome = sample_pb2.OUTCOME_REJECTED


def foreign(build, samples):
    samples[0].ref.build_id = "another"


def doubled(build, samples):
    samples[1].CopyFrom(make_sample(build, samples[0].ref.subject, samples[0].ref.slot, attempt=9))


def missing(build, samples):
    samples.pop()


def unsolved(build, samples):
    samples[0].ClearField("solution")


def far(build, samples):
    samples[0].ref.slot = 1 << 60


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (rejected, "was not accepted but is OUTCOME_REJECTED"),
        (foreign, "belongs to build 'another'"),
        (doubled, "fills slot 0 of its subject a second time"),
        (missing, "has 12 samples but the server sent 11"),
        (unsolved, "lacks its problem or its solution"),
        (far, "has slot 1152921504606846976, outside 0 to 11"),
    ],
)
async def test_samples_that_do_not_belong_leave_nothing(tmp_path, spoil, said):
    build = make_build()
    samples = list(make_samples(build))
    spoil(build, samples)
    with pytest.raises(ChimeraError, match=said):
        await export(build, tmp_path / "out", samples)
    assert list(tmp_path.iterdir()) == []


async def test_dataset_of_another_build_is_refused(tmp_path):
    dataset = make_dataset(make_build(name="other"))
    with pytest.raises(InvalidInput, match="was made by build"):
        await export_dataset(make_build(), dataset, stream([]), None, tmp_path / "out")


async def test_target_that_is_taken_is_refused_and_kept(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(InvalidInput, match="is not empty; name a folder that does not exist yet"):
        await export(make_build(), tmp_path / "out")
    assert (tmp_path / "out" / "mine").read_text() == "x"
    with pytest.raises(InvalidInput, match="is a file"):
        check_target(tmp_path / "out" / "mine")
    with pytest.raises(InvalidInput, match="is a file and cannot hold"):
        check_target(tmp_path / "out" / "mine" / "below")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


async def test_empty_target_and_missing_parents_are_used(tmp_path):
    (tmp_path / "empty").mkdir()
    await export(make_build(), tmp_path / "empty")
    await export(make_build(), tmp_path / "a" / "b" / "c")
    assert verify_manifest(tmp_path / "empty") == verify_manifest(tmp_path / "a" / "b" / "c") == []


async def test_target_taken_meanwhile_is_kept(tmp_path):
    async def slow():
        for sample in make_samples(make_build()):
            yield sample
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").write_text("x")

    build = make_build()
    with pytest.raises(InvalidInput, match="was taken by something else"):
        await export_dataset(build, make_dataset(build), slow(), None, tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine"]


@pytest.mark.parametrize("when", ["tables", "documents"])
async def test_full_disk_leaves_nothing(tmp_path, monkeypatch, when):
    """`/dev/full` answers every write as a full disk does."""

    class FullFile(folder.HashingFile):
        def __init__(self, path):
            super().__init__(path)
            self._file.close()
            self._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115

    monkeypatch.setattr(parquet if when == "tables" else folder, "HashingFile", FullFile)
    with pytest.raises(ChimeraError, match=f"the disk is full: the dataset could not be written to {tmp_path}/out;"):
        await export(make_build(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


async def test_stream_that_breaks_leaves_nothing(tmp_path):
    async def broken():
        yield make_sample(make_build(), "Physics", 0)
        raise OSError(errno.ECONNRESET, "Connection reset by peer")

    build = make_build()
    with pytest.raises(ChimeraError, match="Connection reset by peer; nothing was left there"):
        await export_dataset(build, make_dataset(build), broken(), None, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


async def test_cancellation_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1)
    begun = asyncio.Event()

    async def endless():
        for sample in make_samples(make_build()):
            yield sample
            begun.set()
        await asyncio.sleep(3600)

    build = make_build()
    work = asyncio.create_task(export_dataset(build, make_dataset(build), endless(), None, tmp_path / "out"))
    await begun.wait()
    assert [path.name.startswith(f".out.partial-{os.getpid()}") for path in tmp_path.iterdir()] == [True]
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert list(tmp_path.iterdir()) == []
