"""The folder of a training under way: what its child process reads and writes.

job.json, data.jsonl     written before the child starts
progress.jsonl           a line for its start, for each step, and for the reason if it gives up
checkpoints/             whole ones have a `whole.json`
final/                   the model, there once the training has come to its end
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_shared.errors import Configuration, FailedPrecondition
from chimera_trainer.domain.conversation import row
from chimera_trainer.domain.spec import judged

_BLOCK = 500
_LOG_TAIL_BYTES = 4_000
_MAX_CAUSE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Job:
    """The folder of one training."""

    folder: Path

    @property
    def final(self) -> Path:
        """Where the model is once it is finished."""
        return self.folder / "final"

    @property
    def log(self) -> Path:
        """What the child wrote to its standard streams."""
        return self.folder / "worker.log"

    @property
    def progress(self) -> Path:
        """What the child says of how far it is."""
        return self.folder / "progress.jsonl"

    def last_words(self) -> str:
        """The last line of the log: of a child that crashed, its error."""
        try:
            with self.log.open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - _LOG_TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return "it left no log"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:_MAX_CAUSE_CHARS] if lines else "it said nothing"

    def forget(self) -> None:
        """Remove what only a training under way needs: its data and checkpoints; the log and the measurements stay."""
        for name in ("checkpoints", "final", "ray"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "data.jsonl").unlink(missing_ok=True)


class Jobs:
    """Folders of trainings."""

    def __init__(self, root: Path, verifier: str) -> None:
        self._root = root
        self._verifier = verifier

    def job(self, training_id: str) -> Job:
        """The folder of a training, whether or not it is there."""
        return Job(self._root.absolute() / training_id)

    async def prepare(
        self, training: training_pb2.Training, base: model_pb2.ModelSource, samples: AsyncIterator[sample_pb2.Sample]
    ) -> Job:
        """Write what the child reads. A folder that has it is left as it is, so that a resumed training is the same."""
        job = self.job(training.training_id)
        if (job.folder / "job.json").is_file():
            return job
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            if not await self._write_data(job.folder / "data.jsonl", samples):
                raise FailedPrecondition(f"dataset {training.spec.dataset_id} has no solved samples")
            order = {
                "training_id": training.training_id,
                "spec": MessageToDict(training.spec, preserving_proto_field_name=True),
                "base": MessageToDict(base, preserving_proto_field_name=True),
                "verifier": self._verifier,
                "paid_by": training.training_id if judged(training.spec) else "",
            }
            _replace(job.folder / "job.json", json.dumps(order, indent=1))
        except OSError as error:
            raise Configuration(f"CHIMERA_JOBS: {job.folder} cannot be written ({error.strerror})") from None
        return job

    async def _write_data(self, path: Path, samples: AsyncIterator[sample_pb2.Sample]) -> int:
        count, block = 0, list[str]()
        staging = path.with_suffix(".new")
        staging.unlink(missing_ok=True)
        async for sample in samples:
            if not sample.solution.text.strip():
                continue
            block.append(json.dumps(row(sample)))
            count += 1
            if len(block) == _BLOCK:
                await asyncio.to_thread(_append, staging, block)
                block = []
        await asyncio.to_thread(_append, staging, block)
        staging.rename(path)
        return count


class Tail:
    """The lines of a growing file, each once; a line without its end is left for the next time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def read(self) -> list[Mapping[str, Any]]:
        """What has come since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                content = file.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._position += len(whole)
        return [parsed for line in whole.splitlines() if (parsed := _parsed(line)) is not None]


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    """A line of a child that was killed while writing, and started again, may be torn: it is passed over."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _append(path: Path, lines: list[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _replace(path: Path, text: str) -> None:
    staging = path.with_suffix(".new")
    staging.write_text(text, "utf-8")
    staging.rename(path)
