"""Trainings over all services: a tiny model learns a dataset across a kill, and is then rewarded by the grader."""

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

import tinymodel
from chimera.build.v1 import build_pb2
from chimera.training.v1 import training_pb2
from chimera_client.client import AsyncClient
from chimera_client.trainingfile import parse_training
from chimera_shared.errors import InvalidInput
from chimera_standalone.app import Standalone
from chimera_trainer.registry import Registry

pytestmark = [pytest.mark.integration, pytest.mark.slow]
LONGEST_SECONDS = 600
SAMPLES = 40
STEPS = 20


async def built(client: AsyncClient) -> str:
    """The id of a small dataset."""
    spec = build_pb2.BuildSpec(
        name="small",
        samples=SAMPLES,
        seed=1,
        subjects=[{"name": "Mathematics", "weight": 1}],
        roles={
            "proposer": {"endpoints": ["procedural-teacher"]},
            "panel": [{"endpoints": ["procedural-strong"]}, {"endpoints": ["procedural-medium"]}],
            "solver": {"endpoints": ["procedural-teacher"]},
        },
    )
    submitted = await client.builds.submit(spec)
    *_, build = [build async for build in client.builds.watch(submitted.build_id)]
    assert build.state == build_pb2.BUILD_STATE_SUCCEEDED, build.detail
    return build.dataset_id


async def ended(client: AsyncClient, training_id: str) -> training_pb2.Training:
    async with asyncio.timeout(LONGEST_SECONDS):
        *_, training = [training async for training in client.trainings.watch(training_id)]
    return training


async def killed_in_the_middle(job: Path) -> None:
    """SIGKILL the child of a job as soon as it has a whole checkpoint."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while not any(job.glob("checkpoints/*/whole.json")):  # noqa: ASYNC110, ASYNC240 of another process
            await asyncio.sleep(0.01)
    (child,) = (p for p in psutil.Process().children() if "chimera_trainer.work" in p.cmdline())
    os.kill(child.pid, signal.SIGKILL)


async def test_a_model_learns_a_dataset_across_a_kill_and_is_then_rewarded_by_the_grader(tmp_path, monkeypatch):
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "CHIMERA_MODELS", "CHIMERA_JOBS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
    base = tmp_path / "base"
    await asyncio.to_thread(tinymodel.write, base, ["What is the value of x?", r"Therefore the answer is \boxed{12}."])
    async with (
        Standalone(tmp_path / "data", {}, trainer_port=0) as services,
        AsyncClient(services.gateway_target, services.verifier_target, None, services.trainer_target) as client,
    ):
        dataset_id = await built(client)
        order = {"name": "learner", "base": str(base), "dataset_id": dataset_id, "seed": 5}
        with pytest.raises(InvalidInput, match="dataset_id: no dataset is named 'd0'"):
            await client.trainings.start(parse_training({**order, "method": "sft", "dataset_id": "d0"}))

        optimiser = {"steps": STEPS, "batch_size": 16, "micro_batch_size": 1, "learning_rate": 0.003}
        sft = parse_training({**order, "method": "sft", "checkpoint_steps": 4, "optimiser": optimiser})
        started = await client.trainings.start(sft, "sft-1")
        assert (await client.trainings.start(sft, "sft-1")).training_id == started.training_id
        await killed_in_the_middle(tmp_path / "data/jobs" / started.training_id)
        done = await ended(client, started.training_id)
        assert (done.state, done.detail) == (training_pb2.TRAINING_STATE_SUCCEEDED, "")
        assert (done.restarts, done.step, done.steps, done.model) == (1, STEPS, STEPS, "learner@1")
        points = [point async for point in client.trainings.points(done.training_id)]
        assert [point.step for point in points] == list(range(1, STEPS + 1))
        assert points[-1].values["loss"] < points[0].values["loss"] - 0.3
        said = (tmp_path / "data/jobs" / started.training_id / "progress.jsonl").read_text().splitlines()
        begins = [line["resumed_at"] for line in map(json.loads, said) if line["type"] == "started"]
        assert begins[0] == 0
        assert begins[1] % 4 == 0 < begins[1]

        model = await client.models.get("learner")
        assert (model.version, model.dataset_id, model.training_id) == (1, dataset_id, done.training_id)
        await asyncio.to_thread(Registry(tmp_path / "data/models").verify, model)
        few = {"steps": 2, "batch_size": 2, "learning_rate": 0.0001}
        rewarded = {"group_size": 4, "max_completion_length": 12}
        cispo = {**order, "method": "cispo", "base": "learner@1", "optimiser": few, "reinforcement": rewarded}
        done = await ended(client, (await client.trainings.start(parse_training(cispo))).training_id)
        assert (done.state, done.detail, done.model) == (training_pb2.TRAINING_STATE_SUCCEEDED, "", "learner@2")
        rewards = [point.values["reward"] async for point in client.trainings.points(done.training_id)]
        assert len(rewards) == 2
        assert all(0 <= reward <= 1 for reward in rewards)
        assert [f"{m.name}@{m.version}" async for m in client.models.list("learner")] == ["learner@2", "learner@1"]
        assert (await client.models.get("learner")).base.registered == "learner@1"
