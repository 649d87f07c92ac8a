"""What every runner shares: its arguments, and where it leaves the rows that it delivers."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))


@dataclass(frozen=True)
class Job:
    """One run of one tool."""

    base_url: str
    """Up to and including `/v1`."""
    rows: int
    limit: int
    """Requests in flight at most."""
    folder: Path
    """An empty one, for whatever the tool writes."""


def main(tool: Callable[[Job], Iterable[Mapping[str, Any]]], notes: Mapping[str, Any] | None = None) -> None:
    """Run a tool, and write `rows.jsonl` and `notes.json` into its folder.

    `notes` may be filled by the tool as it runs; the processor time of this process alone is added at the very end.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("base_url")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options, _ = parser.parse_known_args()
    delivered = tool(Job(options.base_url, options.rows, options.limit, options.folder))
    (options.folder / "rows.jsonl").write_text("".join(json.dumps(dict(row)) + "\n" for row in delivered))
    final = {**(notes or {}), "own_processor_seconds": time.process_time()}
    (options.folder / "notes.json").write_text(json.dumps(final))
