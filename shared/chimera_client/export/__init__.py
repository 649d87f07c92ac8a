"""A published dataset as a folder on disk.

`export_dataset` streams accepted samples into Parquet shards and writes the documents that explain them: the card, the
health report, `croissant.json`, `manifest.json` and `build.yaml`. The folder appears whole or not at all.
`check_target` asks before a long build whether the folder can be written; `verify_manifest` asks later whether it is
still unchanged.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.export import card, croissant, manifest
from chimera_client.export.facts import Facts
from chimera_client.export.folder import FileEntry, check_target, in_thread, whole_folder, write_file
from chimera_client.export.health import Besides, Health, copy_report, write_files, write_report
from chimera_client.export.intake import Intake
from chimera_client.export.parquet import TableWriter
from chimera_client.export.recipe import recipe
from chimera_client.export.statistics import Statistics
from chimera_client.export.verify import verify_manifest
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.errors import InvalidInput

__all__ = [
    "Besides",
    "ExportSummary",
    "check_target",
    "copy_report",
    "export_dataset",
    "verify_manifest",
    "write_report",
]


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written. `procedural_only` says that no language model took part, `partial` that the build ended early.

    `asked` is the number of samples that were ordered, `version` that of the dataset.
    """

    directory: Path
    samples: int
    samples_by_subject: Mapping[str, int]
    bytes: int
    files: tuple[str, ...]
    procedural_only: bool
    partial: bool
    asked: int
    version: int

    def plain(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "directory": str(self.directory),
            "samples": self.samples,
            "version": self.version,
            "partial": self.partial,
            "asked": self.asked,
            "files": list(self.files),
        }

    def words(self) -> str:
        """In one sentence."""
        if self.partial:
            return (
                f"{self.samples:,} of {self.asked:,} samples are in {self.directory}: a partial dataset, and marked so"
            )
        of_version = f" of version {self.version}" if self.version > 1 else ""
        return f"{self.samples:,} samples{of_version} are in {self.directory}"


async def export_dataset(
    build: build_pb2.Build,
    dataset: dataset_pb2.Dataset,
    samples: AsyncIterator[sample_pb2.Sample],
    endpoints: Mapping[str, Endpoint] | None,
    directory: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    license_id: str | None = None,
    besides: Besides | None = None,
) -> ExportSummary:
    """Write `dataset` of `build` to `directory`, which must not exist or be empty.

    `endpoints` are the configuration of the models if the caller knows it. `progress` is told after each row group
    how many samples of how many were read. `license_id` is a Hugging Face licence identifier; without it the licence
    is Apache-2.0 if no language model took part and `other` if one did. `besides` is what the report
    tells of that is not in the dataset; without it there are the build's own counts. InvalidInput if the folder cannot
    be used, ChimeraError if the samples are not the dataset's or the folder could not be written; then nothing is left
    behind.
    """
    if dataset.build_id != build.build_id:
        description = f"{dataset.dataset_id} was made by build {dataset.build_id!r}, not {build.build_id!r}"
        raise InvalidInput.of("dataset", description)
    async with whole_folder(directory) as folder:
        statistics, health, intake = Statistics(), Health(folder), Intake(dataset, build.spec.samples)
        try:
            tables = await _write_tables(folder, intake, samples, (statistics.add, health.add), progress)
            report, matches = await health.finish(build, dataset, intake, besides)
        except BaseException:
            health.abandon()
            raise
        written = [*tables, matches]
        facts = Facts(build, dataset, statistics, tables, report, dict(endpoints or {}), license_id, datetime.now(UTC))
        files = await in_thread(_write_documents, folder, facts, written)
    return ExportSummary(
        directory=directory,
        samples=statistics.samples,
        samples_by_subject=dict(statistics.subjects),
        bytes=sum(entry.bytes for entry in files),
        files=tuple(sorted(entry.path for entry in files)),
        procedural_only=facts.procedural_only,
        partial=facts.partial,
        asked=facts.asked,
        version=facts.version,
    )


async def _write_tables(
    folder: Path,
    intake: Intake,
    samples: AsyncIterator[sample_pb2.Sample],
    counters: Sequence[Callable[[sample_pb2.Sample], None]],
    progress: Callable[[int, int], None] | None,
) -> list[FileEntry]:
    tables = TableWriter(folder)
    try:
        async for sample in samples:
            intake.check(sample)
            for add in counters:
                add(sample)
            tables.add(sample)
            if tables.due:
                await in_thread(tables.flush)
                if progress:
                    progress(intake.count, intake.expected)
        intake.finish()
        entries = await in_thread(tables.finish)
    except BaseException:
        tables.abandon()
        raise
    if progress:
        progress(intake.count, intake.expected)
    return entries


def _write_documents(folder: Path, facts: Facts, streamed: Sequence[FileEntry]) -> list[FileEntry]:
    """Write what was not `streamed`; the manifest comes last because it lists all others."""
    written = [
        *streamed,
        write_file(folder, card.FILE_NAME, card.card(facts)),
        write_file(folder, croissant.FILE_NAME, croissant.croissant(facts)),
        write_file(folder, "build.yaml", recipe(facts.build.spec, facts.endpoints)),
        *write_files(folder, facts.report),
    ]
    return [*written, write_file(folder, manifest.FILE_NAME, manifest.manifest(facts, written))]
