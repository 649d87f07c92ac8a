"""What a user sees of money: an estimate, a budget that ends a build, what it made, and how it goes on."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from e2e.commands import chimera, up
from e2e.lab import Lab, endpoints, teaching

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

SAMPLES = 80
MOST_TOKENS = 2_000


async def test_a_build_is_estimated_stopped_exported_and_completed_without_paying_twice(tmp_path: Path) -> None:
    async with teaching() as teacher:
        known = endpoints(tmp_path / "endpoints.yaml", teacher)
        async with up(tmp_path / "data", "--endpoints", known) as gateway:
            lab = Lab(tmp_path, teacher, gateway)
            await require_no_surprise(lab)


async def require_no_surprise(lab: Lab) -> None:
    solver = {"endpoints": "teacher", "max_tokens": MOST_TOKENS}
    panel = [{"endpoints": name, "max_tokens": MOST_TOKENS} for name in ("strong", "medium")]
    roles = {"proposer": solver, "panel": panel, "solver": solver}
    file = lab.file("order", samples=SAMPLES, roles=roles, budget={"calls": 170})
    told = await chimera("estimate", file, "--gateway", lab.gateway, "--json")
    assert told.code == 0, told
    estimate = told.documents[-1]
    pilot = estimate["pilot"]
    assert (pilot["accepted"], estimate["samples"], estimate["budget_lasts"]["limit"]) == (24, SAMPLES, "calls")
    assert 24 < estimate["budget_lasts"]["samples"]["about"] < SAMPLES

    stopped = (await lab.run("build", "run", file, output="stopped", code=1)).build
    progress = stopped["progress"]
    assert (stopped["state"], stopped["stop_reason"]) == ("BUILD_STATE_FAILED", "STOP_REASON_BUDGET_SPENT")
    assert progress["spending"]["spent"]["calls"] <= 170
    assert 24 <= progress["accepted"] < SAMPLES
    assert stopped["spec"]["ledger_of"] == pilot["build_id"]
    assert not (lab.folder / "stopped").exists()

    exported = await chimera(
        *("builds", "export", stopped["build_id"], "-o", lab.folder / "partial", "--gateway", lab.gateway, "--json")
    )
    assert exported.code == 0, exported
    assert exported.documents[-1]["partial"] is True
    rows = [row for path in (lab.folder / "partial" / "data").iterdir() for row in pq.read_table(path).to_pylist()]
    assert len(rows) == exported.documents[-1]["samples"] == progress["accepted"]
    manifest = json.loads((lab.folder / "partial" / "manifest.json").read_text())
    assert (manifest["partial"], manifest["samples_asked"]) == (True, SAMPLES)

    more = lab.file("order", samples=SAMPLES, roles=roles, budget={"usd": 5})
    whole = (await lab.run("build", "run", more, output="whole")).build
    assert (whole["state"], whole["progress"]["accepted"]) == ("BUILD_STATE_SUCCEEDED", SAMPLES)
    assert await lab.repeats() == 0
    paid = whole["progress"]["usage"]["cost_nanousd"] + whole["progress"]["reused"]["cost_nanousd"]
    assert 0.6 * paid < estimate["cost_usd"]["about"] * 1e9 < 1.6 * paid
