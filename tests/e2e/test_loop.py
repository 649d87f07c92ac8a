"""From a dataset to a measured model in one command, which is killed in the middle and goes on where it was."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
import yaml

import tinymodel
from e2e.commands import LONGEST_SECONDS, ROLES, chimera, started

pytestmark = [pytest.mark.e2e]
TEXTS = ["Solve the problem. Reason step by step, and end with the final answer alone in \\boxed{7}."]


def loop_file(folder: Path) -> Path:
    tinymodel.write(folder / "base", TEXTS)
    build = {
        "samples": 24,
        "subjects": ["Modular Arithmetic", "Lists"],
        "roles": ROLES,
        "taxonomy": {"fields_per_subject": 1, "topics_per_field": 2},
        "similarity": {"benchmark_variants": "keep"},
        "controls": {"share": 0},
    }
    loop = {
        "name": "small",
        "build": build,
        "exam": 8,
        "base": "./base",
        "trainings": {"sft": {"method": "sft", "optimiser": {"steps": 30, "batch_size": 4}, "checkpoint_steps": 5}},
        "serve": {"max_batch": 16, "max_model_len": 512},
        "student": {"temperature": 0, "max_tokens": 24},
    }
    path = folder / "loop.yaml"
    path.write_text(yaml.safe_dump(loop, sort_keys=False))
    return path


async def killed_while_it_trains(*command: object) -> None:
    async with started(*command) as process, asyncio.timeout(LONGEST_SECONDS):
        assert process.stdout is not None
        while line := await process.stdout.readline():
            document = json.loads(line)
            if int(document.get("training", {}).get("step", 0)) >= 5:
                os.killpg(process.pid, signal.SIGKILL)
                break
        assert await process.wait() == -signal.SIGKILL


async def test_a_loop_goes_on_after_a_kill_and_is_done_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("loop", "run", loop_file(tmp_path), "--data-dir", tmp_path / "data", "-o", out, "--json")
    await killed_while_it_trains(*command)
    second = await chimera(*command)
    assert second.code == 0, second
    report = json.loads((out / "report.json").read_text())
    (done,) = report["rounds"]
    assert (done["build"]["progress"]["accepted"], report["exam"]["progress"]["accepted"]) == (24, 8)
    (trained,) = done["trained"]
    assert trained["training"]["step"] == 30
    assert trained["training"]["model"] == "small-sft@1"
    scores = {score["candidate"]: score for score in done["evaluation"]["scores"] if not score["subject"]}
    assert {name: score["problems"] for name, score in scores.items()} == {"base": 8, "sft-0": 8}
    assert "build" not in report["seconds"], "the build was done before the kill"
    assert (out / "report.html").is_file()
    assert (out / "dataset" / "report.html").is_file()
    assert (out / "evaluation" / "report.html").is_file()

    third = await chimera(*command)
    assert third.code == 0, third
    assert "starting the model server" not in third.err
    again = json.loads((out / "report.json").read_text())
    assert again["seconds"] == {}
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in report.items() if k != "seconds"}
