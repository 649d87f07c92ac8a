"""The folder that a dataset is to be written to: whether it may be, and how one that is there gives way."""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chimera_client.export import check_target, verify_manifest
from chimera_shared.errors import InvalidInput

_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OutputTarget:
    """`held_build_id` names the build whose dataset is there; None if there is no dataset.

    `procedural_only` says of that dataset that no language model took part.
    """

    directory: Path
    held_build_id: str | None
    procedural_only: bool

    @classmethod
    def inspect(cls, directory: Path) -> Self:
        """Look at what is there; nothing is changed."""
        try:
            with (directory / _MANIFEST).open("rb") as file:
                manifest = json.loads(file.read(_MAX_MANIFEST_BYTES))
            held = manifest["build"]["build_id"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return cls(directory, None, False)
        return cls(directory, held if isinstance(held, str) else None, manifest.get("procedural_only") is True)

    def require_writable(self, *, force: bool) -> None:
        """InvalidInput unless the folder is absent, empty, or a dataset that may be replaced."""
        if self.held_build_id is None:
            if force and self.directory.is_dir() and any(self.directory.iterdir()):
                raise InvalidInput.of(
                    "--output", f"{self.directory} is not empty and holds no dataset, so --force does not replace it"
                )
            check_target(self.directory)
        elif not force:
            raise InvalidInput.of(
                "--output",
                f"{self.directory} holds the dataset of build {self.held_build_id[:40]!r}; name another folder with -o,"
                " or replace it with --force",
            )

    def holds_whole(self, build_id: str) -> bool:
        """Whether the dataset of that build is there and unchanged."""
        return self.held_build_id == build_id and not verify_manifest(self.directory)

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """Room for a new dataset; the one that was there comes back if the block fails, else it is deleted."""
        if self.held_build_id is None:
            yield
            return
        aside = self.directory.with_name(f".{self.directory.name}.{uuid.uuid4().hex[:8]}.old")
        self.directory.rename(aside)
        try:
            yield
        except BaseException:
            if not self.directory.exists():
                aside.rename(self.directory)
            raise
        shutil.rmtree(aside)
