"""Checkpoints: which are whole, and what goes on from them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

MARK = "whole.json"
"""Written last, so a checkpoint whose writer was killed has none and is passed over."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint: its step, and how many tokens were learned from until then."""

    path: Path
    step: int
    tokens: int


def mark(path: Path, step: int, tokens: int) -> None:
    """Declare a checkpoint whole: what it holds is on the disk before the mark is."""
    for each in path.iterdir():
        _sync(each)
    staging = path / f"{MARK}.new"
    staging.write_text(json.dumps({"step": step, "tokens": tokens}), "utf-8")
    _sync(staging)
    staging.rename(path / MARK)
    _sync(path)


def newest(folder: Path) -> Checkpoint | None:
    """The whole checkpoint of the highest step, if there is any."""
    found = []
    for path in folder.glob(f"checkpoint-*/{MARK}"):
        told = json.loads(path.read_text("utf-8"))
        found.append(Checkpoint(path.parent, told["step"], told["tokens"]))
    return max(found, key=lambda checkpoint: checkpoint.step, default=None)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
