"""Training files: which model is trained on what and how, in one YAML file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimera.build.v1 import build_pb2
from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_client import budget
from chimera_client.buildfile import role
from chimera_client.fields import Reader, Shorthand
from chimera_client.yamlfile import parse_mapping, read_text
from chimera_shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """A training file that was read."""

    spec: training_pb2.TrainingSpec
    sha256: str

    def request_id(self, generation: int = 1) -> str:
        """The same for the same content, name and dataset, so that running a file again continues its training."""
        of = hashlib.sha256(f"{self.sha256}/{self.spec.dataset_id}".encode()).hexdigest()
        return f"{self.spec.name[:24]}-{of[:32]}-{generation}"


def read_training_file(path: Path, dataset_id: str | None = None) -> TrainingFile:
    """Read a training file; `dataset_id` stands in the place of its own. InvalidInput names every wrong field."""
    text = read_text(path)
    spec = parse_training(parse_mapping(text, str(path)))
    spec.dataset_id = dataset_id or spec.dataset_id
    return TrainingFile(with_absolute_base(spec, path.parent), hashlib.sha256(text.encode()).hexdigest())


def parse_training(raw: Mapping[str, Any]) -> training_pb2.TrainingSpec:
    """The order in a mapping; InvalidInput names every wrong field; what they mean is judged by the trainer."""
    spec = training_pb2.TrainingSpec()
    reader = Reader(_SHORTHANDS)
    reader.fill(spec, {key: value for key, value in raw.items() if key != budget.FIELD}, extra=[budget.FIELD])
    if violations := [*reader.violations, *budget.take_budget(raw, spec.budget)]:
        raise InvalidInput(violations)
    return spec


def with_absolute_base(spec: training_pb2.TrainingSpec, folder: Path) -> training_pb2.TrainingSpec:
    """The same order; a base that is a folder is as from the file's folder."""
    if spec.base.WhichOneof("source") == "path":
        spec.base.path = str((folder / Path(spec.base.path).expanduser()).resolve())
    return spec


def _source(raw: Any) -> Any:
    """`student@1`, `owner/name`, `./folder` or `/folder`."""
    if not isinstance(raw, str):
        return raw
    if raw.startswith(("/", "./", "../", "~")):
        return {"path": raw}
    return {"hub": raw} if "/" in raw else {"registered": raw}


def _lora(raw: Any) -> Any:
    """`lora: true` means the usual adapters."""
    return {} if raw is True else raw


_SHORTHANDS: Mapping[str, Shorthand] = {
    model_pb2.ModelSource.DESCRIPTOR.full_name: _source,
    training_pb2.LoraSpec.DESCRIPTOR.full_name: _lora,
    build_pb2.RoleSpec.DESCRIPTOR.full_name: role,
}
