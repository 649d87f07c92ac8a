"""What the documents of a dataset are written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera_client.export.folder import FileEntry
from chimera_client.export.statistics import Statistics
from chimera_client.report.model import Report
from chimera_client.words import ended_early
from chimera_shared.endpoints.config import Endpoint

PROCEDURAL = "procedural"
"""How the names of models begin that are programs over problem families and not language models."""

APACHE = "apache-2.0"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Facts:
    """The build, its samples' statistics, the finished tables and the health report."""

    build: build_pb2.Build
    dataset: dataset_pb2.Dataset
    statistics: Statistics
    tables: Sequence[FileEntry]
    report: Report
    endpoints: Mapping[str, Endpoint]
    chosen_license: str | None
    created: datetime

    @property
    def name(self) -> str:
        """The build's name, or its id if it has none."""
        return self.build.spec.name or self.build.build_id

    @property
    def partial(self) -> bool:
        """Whether the build ended before all samples that were asked for were accepted."""
        return self.dataset.partial

    @property
    def version(self) -> int:
        """The dataset's version, from 1."""
        return self.dataset.version or 1

    @property
    def asked(self) -> int:
        """The samples that were asked for."""
        return self.build.spec.samples

    @property
    def why_partial(self) -> str:
        """Why the build ended early, as half a sentence; empty if it did not."""
        return ended_early(self.build) if self.partial else ""

    @property
    def procedural_models(self) -> list[str]:
        """The models that are programs and not language models."""
        return [model for model in self.statistics.models if model.startswith(PROCEDURAL)]

    @property
    def procedural_only(self) -> bool:
        """Whether no language model took part."""
        return bool(self.statistics.models) and self.procedural_models == self.statistics.models

    @property
    def marks(self) -> list[str]:
        """Keywords of what a reader must know first."""
        return [*(["partial"] if self.partial else []), *(["procedural"] if self.procedural_only else [])]

    @property
    def license(self) -> str:
        """The licence's identifier at Hugging Face; what language models wrote is under their providers' terms."""
        return self.chosen_license or (APACHE if self.procedural_only else OTHER)
