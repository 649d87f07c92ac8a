"""What a job orders."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict

from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_trainer.domain import spec as rules


class GaveUp(Exception):
    """The training cannot go on, and starting again would not help; says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job, with all defaults filled in. `base` is a folder or a repository of the hub.

    `paid_by` is the training where its judge is paid from a budget: it is empty without a judge.
    """

    folder: Path
    spec: training_pb2.TrainingSpec
    base: model_pb2.ModelSource
    verifier: str
    paid_by: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Order":
        """What is in the folder's `job.json`."""
        raw = json.loads((folder / "job.json").read_text("utf-8"))
        spec = ParseDict(raw["spec"], training_pb2.TrainingSpec())
        base = ParseDict(raw["base"], model_pb2.ModelSource())
        return cls(folder, spec, base, raw["verifier"], raw.get("paid_by", ""))  # older folders have no payer

    @property
    def reinforced(self) -> bool:
        """Whether it is trained by rewards."""
        return self.spec.method in rules.REINFORCED

    @property
    def distributed(self) -> bool:
        """Whether Ray runs it: on several workers, or on GPUs that another node may have."""
        return self.spec.resources.workers > 1 or self.spec.resources.gpus_per_worker > 0

    @property
    def on_gpu(self) -> bool:
        """Whether workers have a GPU."""
        return self.spec.resources.gpus_per_worker > 0

    @property
    def final(self) -> Path:
        """Where the model goes."""
        return self.folder / "final"

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints go."""
        return self.folder / "checkpoints"

    def rows(self) -> Iterator[dict[str, Any]]:
        """The data, line by line."""
        with (self.folder / "data.jsonl").open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
