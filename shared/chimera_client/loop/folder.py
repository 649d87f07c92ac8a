"""The folder that a loop writes to: which loop's it is, and how what another one left there gives way."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimera_client.evaluationreport import files as evaluation_files
from chimera_client.export import check_target
from chimera_client.target import OutputTarget
from chimera_shared.errors import InvalidInput

MARK = ".loop.json"
_REPORT = frozenset({"report", "report.json", "report.html", "report.md"})
_PARTS = frozenset({"dataset", "evaluation"})
_ROUND = re.compile(r"round-[0-9]+")
_MAX_MARK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class LoopFolder:
    """`loop_id` is that of the file, whose runs and rounds share the folder; `name` is what the file calls it."""

    directory: Path
    loop_id: str
    name: str

    def require_room(self, *, force: bool) -> None:
        """InvalidInput unless the folder is absent or empty, or holds what this loop, with `force` any loop, wrote."""
        if self.directory.exists() and not self.directory.is_dir():
            raise InvalidInput.of("--output", f"{self.directory} is no folder; name another")
        if not (held := self._held()):
            return
        mark = self._mark()
        ours = {name for name in held if name in _REPORT | _PARTS or _ROUND.fullmatch(name)} if mark else set()
        if foreign := sorted(held - ours):
            raise InvalidInput.of(
                "--output", f"{self.directory} holds {foreign[0]!r}, which is no loop's; name another folder with -o"
            )
        if mark.get("loop_id") != self.loop_id and not force:
            raise InvalidInput.of(
                "--output",
                f"{self.directory} holds what another loop wrote, {str(mark.get('name'))[:40]!r}, or this one before"
                " its file was changed; name another folder with -o, or replace it with --force",
            )
        _require_parts(self.directory)
        for name in sorted(name for name in held if _ROUND.fullmatch(name)):
            _require_parts(self.directory / name)

    def claim(self, *, force: bool) -> None:
        """Make the folder this loop's, unless it is; InvalidInput as for `require_room`.

        What another one wrote is deleted, so that no report stands beside the data of another.
        """
        if self._mark().get("loop_id") == self.loop_id:
            return
        self.require_room(force=force)
        try:
            for name in self._held():
                path = self.directory / name
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / MARK).write_text(json.dumps({"loop_id": self.loop_id, "name": self.name}) + "\n", "utf-8")
        except OSError as error:
            raise InvalidInput.of(
                "--output", f"{self.directory} cannot be written to: {error.strerror}; name another folder with -o"
            ) from None

    def part(self, number: int, what: str) -> Path:
        """Where a round's `dataset` or `evaluation` is."""
        return self.directory / what if number == 1 else self.directory / f"round-{number}" / what

    def _held(self) -> set[str]:
        """What is there, without what is hidden: marks, and what is being written."""
        held = self.directory.iterdir() if self.directory.is_dir() else ()
        return {path.name for path in held if not path.name.startswith(".")}

    def _mark(self) -> dict[str, Any]:
        """What the loop that claimed the folder left; empty if none did."""
        try:
            with (self.directory / MARK).open("rb") as file:
                mark = json.loads(file.read(_MAX_MARK_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return mark if isinstance(mark, dict) else {}


def _require_parts(folder: Path) -> None:
    """InvalidInput unless dataset and evaluation are absent or give way when theirs are written."""
    dataset = OutputTarget.inspect(folder / "dataset")
    if dataset.held_build_id is None:
        check_target(dataset.directory)
    evaluation_files.require_room(folder / "evaluation")
