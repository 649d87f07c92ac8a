"""What the child says: lines of progress.jsonl, each written at once."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Report:
    """Appends to the job's progress."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.jsonl"

    def started(self, steps: int, left_out: int, resumed_at: int) -> None:
        """The first step is about to be done."""
        self._say({"type": "started", "steps": steps, "left_out": left_out, "resumed_at": resumed_at})

    def point(self, step: int, tokens: int, values: Mapping[str, float]) -> None:
        """What was measured at a step, and how many tokens were learned from until then."""
        self._say({"type": "point", "step": step, "tokens": tokens, "values": dict(values), "time": time.time()})

    def failed(self, detail: str) -> None:
        """It gives up."""
        self._say({"type": "failed", "detail": detail})

    def _say(self, line: Mapping[str, Any]) -> None:
        # In one write: a child that is killed leaves whole lines, or at most one torn at the end.
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (b"\n" if torn else b"") + json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)
