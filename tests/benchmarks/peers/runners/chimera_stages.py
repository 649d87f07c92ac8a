"""Chimera: `twostage.py`, two stages of the engine on an embedded broker and store."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import shell
import work

sys.path.insert(0, str(Path(__file__).parents[2]))

import twostage

from chimera_shared.endpoints.config import Endpoint

_notes: dict[str, Any] = {}


def _rows(job: shell.Job) -> list[dict[str, str]]:
    assert (twostage.PROPOSE, twostage.JUDGE) == (work.PROPOSE, work.JUDGE), "other questions than the peers are asked"
    endpoint = Endpoint(
        base_url=job.base_url,
        model=work.MODEL,
        max_in_flight=job.limit,
        max_tokens=work.MAX_TOKENS,
        timeout_seconds=300,
    )
    result = asyncio.run(twostage.run_twostage(endpoint, job.rows, job.folder))
    _notes["children_processor_seconds"] = result.children_processor_seconds
    return result.rows


if __name__ == "__main__":
    shell.main(_rows, _notes)
