"""The same training on the workers of Ray: of a cluster that `RAY_ADDRESS` names, or of this machine."""

import os
from pathlib import Path
from typing import Any

import ray
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

from chimera_trainer.work.order import GaveUp, Order
from chimera_trainer.work.report import Report

_PASSED_ON = ("PYTHONPATH", "OMP_WAIT_POLICY", "TOKENIZERS_PARALLELISM", "HF_HOME", "HF_HUB_OFFLINE", "CUDA_HOME")


def run_on_workers(order: Order) -> None:
    """Train on all workers; when one dies this fails, and whoever started it starts it again from a checkpoint."""
    refusal = order.folder / "gave_up"
    refusal.unlink(missing_ok=True)
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    ray.init(address=os.environ.get("RAY_ADDRESS") or "local", include_dashboard=False, log_to_driver=True)
    try:
        resources = order.spec.resources
        needs = {"CPU": resources.cpus_per_worker, **({"GPU": resources.gpus_per_worker} if order.on_gpu else {})}
        TorchTrainer(
            _work,
            train_loop_config={"folder": str(order.folder)},
            scaling_config=ScalingConfig(
                num_workers=resources.workers, use_gpu=order.on_gpu, resources_per_worker=needs
            ),
            run_config=RunConfig(
                name="run",
                storage_path=str(order.folder / "ray"),
                failure_config=FailureConfig(max_failures=0),
                worker_runtime_env={"env_vars": environment},
            ),
        ).fit()
    except Exception:
        if refusal.is_file():  # the others lost the worker that gave up
            raise GaveUp(refusal.read_text("utf-8")) from None
        raise
    finally:
        ray.shutdown()
    if not order.final.is_dir():
        raise GaveUp(refusal.read_text("utf-8") if refusal.is_file() else "the workers ended without a model")


def _work(config: dict[str, Any]) -> None:
    """What each worker does. That it gives up is left in a file: an exception would be pickled, and retried."""
    from chimera_trainer.work.run import train

    order = Order.read(Path(config["folder"]))
    try:
        train(order, Report(order.folder))
    except GaveUp as error:
        (order.folder / "gave_up").write_text(str(error), "utf-8")
