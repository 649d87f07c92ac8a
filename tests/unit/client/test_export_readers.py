"""The folder as the tools of the field read it, without a network."""

import json
import os
import subprocess
import sys

import pytest

from chimera_client.export import export_dataset, parquet
from chimera_shared.testing.samples import make_build, make_dataset, make_samples, stream

LOAD = """
import json, sys
from datasets import load_dataset
path = sys.argv[1]
tables = [load_dataset(path), load_dataset(path, "sft"), load_dataset(path, "rl")]
print(json.dumps([[table["train"].num_rows, table["train"].column_names, table["train"][0]] for table in tables],
                 default=str))
"""


@pytest.fixture
async def exported(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 4)
    monkeypatch.setattr(parquet, "SHARD_ROWS", 4)
    build = make_build()
    await export_dataset(build, make_dataset(build), stream(make_samples(build)), None, tmp_path / "out")
    return build, tmp_path / "out"


async def test_datasets_loads_all_configurations_offline(exported, tmp_path):
    build, out = exported
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", LOAD, str(out)], env=environment, capture_output=True, timeout=400)  # noqa: ASYNC221
    assert done.returncode == 0, done.stderr.decode()
    default, sft, rl = json.loads(done.stdout)
    first = next(iter(make_samples(build)))
    assert default[0] == sft[0] == rl[0] == 12
    assert {"votes", "calls", "reasoning", "trace_id"} <= set(default[1])
    assert sft[2]["messages"][0] == {"role": "user", "content": first.problem.statement}
    assert rl[2]["prompt"] == [{"role": "user", "content": first.problem.statement}]
    assert default[2]["votes"][0]["verdict"] == "correct"


async def test_croissant_is_valid_and_reads_all_records(exported):
    mlcroissant = pytest.importorskip("mlcroissant")
    build, out = exported
    dataset = mlcroissant.Dataset(jsonld=str(out / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings
    expected = {sample.ref.sample_id.encode(): sample for sample in make_samples(build)}
    for config in ("default", "sft", "rl"):
        records = list(dataset.records(record_set=config))
        assert {record[f"{config}/sample_id"] for record in records} == set(expected)
    record = next(iter(dataset.records(record_set="default")))
    votes = expected[record["default/sample_id"]].validation.votes
    assert [vote["default/votes/member"] for vote in record["default/votes"]] == [vote.member for vote in votes]
