"""The health report: counted while samples stream, written beside the tables or into a folder of its own."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.export.folder import FileEntry, HashingFile, in_thread, whole_folder, write_file
from chimera_client.export.intake import Intake
from chimera_client.report.files import texts
from chimera_client.report.gather import Gatherer
from chimera_client.report.model import Report

MATCHES = "report/matches.jsonl"


@dataclass(frozen=True, slots=True)
class Besides:
    """What a build has besides its dataset: settled samples that were not accepted, and control problems."""

    others: AsyncIterator[sample_pb2.Sample]
    controls: AsyncIterator[control_pb2.Control]


class Health:
    """Counts for the report; every match goes into a file at once."""

    def __init__(self, folder: Path) -> None:
        (folder / MATCHES).parent.mkdir()
        self._file = HashingFile(folder / MATCHES)
        self._gatherer = Gatherer(self._write)

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count an accepted sample."""
        self._gatherer.add(sample)

    async def finish(
        self, build: build_pb2.Build, dataset: dataset_pb2.Dataset, intake: Intake, besides: Besides | None
    ) -> tuple[Report, FileEntry]:
        """The report, and the file of matches. Without `besides` it has the build's own counts instead."""
        if besides is not None:
            async for sample in besides.others:
                intake.check_other(sample)
                self._gatherer.add(sample)
            async for control in besides.controls:
                self._gatherer.add_control(control)
        await in_thread(self._file.close)
        report = await in_thread(self._gatherer.report, build, dataset, all_tried=besides is not None)
        return report, FileEntry(MATCHES, self._file.size, self._file.sha256)

    def abandon(self) -> None:
        """Close the file after a failure."""
        self._file.discard()

    def _write(self, line: str) -> None:
        self._file.write(line.encode())


async def write_report(
    build: build_pb2.Build,
    dataset: dataset_pb2.Dataset,
    samples: AsyncIterator[sample_pb2.Sample],
    besides: Besides,
    directory: Path,
) -> Report:
    """Write the report alone to `directory`, which must not exist or be empty."""
    async with whole_folder(directory) as folder:
        health, intake = Health(folder), Intake(dataset, build.spec.samples)
        try:
            async for sample in samples:
                intake.check(sample)
                health.add(sample)
            intake.finish()
            report, _ = await health.finish(build, dataset, intake, besides)
        except BaseException:
            health.abandon()
            raise
        await in_thread(write_files, folder, report)
    return report


async def copy_report(source: Path, report: Report, directory: Path) -> None:
    """Draw the report of the folder `source` again in `directory`, which must not exist or be empty."""
    async with whole_folder(directory) as folder:
        await in_thread(write_files, folder, report)
        if (source / MATCHES).is_file():
            await in_thread(shutil.copyfile, source / MATCHES, folder / MATCHES)


def write_files(folder: Path, report: Report) -> list[FileEntry]:
    """Write the report's pages and pictures."""
    return [write_file(folder, path, text) for path, text in texts(report)]
