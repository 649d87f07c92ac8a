"""What is asked again when a build is forked, changed or moved: what the change touches, and nothing else."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from e2e.commands import up
from e2e.lab import Lab, endpoints, teaching

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

SAMPLES = 16
CUTS_HALF = 780
"""Tokens. The teacher's solutions in these subjects have 650 to 900."""


def file(lab: Lab, name: str, **changes: Any) -> Path:
    solver = {"endpoints": "teacher", "max_tokens": CUTS_HALF}
    roles = {"solver": solver} | changes.pop("roles", {})
    return lab.file(name, samples=SAMPLES, roles=roles, controls={"share": 0}, **changes)  # samples explain all calls


def paid_roles(samples: list[dict[str, Any]]) -> Counter[str]:
    """Roles of the calls that the samples' own build paid for."""
    return Counter(call["role"] for sample in samples for call in calls(sample) if not call["paid_by"])


def calls(sample: dict[str, Any]) -> list[dict[str, Any]]:
    found = list((sample["problem"] or {}).get("calls", []))
    for vote in (sample["validation"] or {}).get("votes", []):
        found += vote["calls"]
    return found + list((sample["solution"] or {}).get("calls", []))


def slots(samples: list[dict[str, Any]], reason: str) -> set[tuple[str, int]]:
    return {(s["ref"]["subject"], s["ref"]["slot"]) for s in samples if s["reason"] == reason}


async def require_only_what_the_change_touches(lab: Lab) -> None:
    """Of a build whose solver was cut off at half of its solutions."""
    first = (await lab.run("build", "run", file(lab, "first"), output="first")).build
    assert await lab.bought() == first["progress"]["usage"]["calls"]
    samples = await lab.samples(first)
    cut_off = slots(samples, "REASON_TRUNCATED_ANSWER")
    assert 3 <= len(cut_off) < SAMPLES
    assert not slots(samples, "REASON_DUPLICATE"), "which of two is the first depends on the moment"
    fork = ("builds", "fork", first["build_id"])

    same = (await lab.run(*fork, output="same")).build
    assert (await lab.bought(), same["progress"]["usage"]["calls"], same["progress"]["accepted"]) == (0, 0, SAMPLES)
    assert same["progress"]["reused"]["calls"] > 0
    assert same["progress"]["usage"]["cost_nanousd"] == 0 < same["progress"]["reused"]["cost_nanousd"]

    whole = {"endpoints": "teacher", "max_tokens": 4 * CUTS_HALF}
    longer = (await lab.run(*fork, file(lab, "longer", roles={"solver": whole}), output="longer")).build
    assert await lab.bought() == longer["progress"]["usage"]["calls"] == len(cut_off)
    again = await lab.samples(longer)
    assert paid_roles(again) == {"solver": len(cut_off)}
    assert not slots(again, "REASON_TRUNCATED_ANSWER")
    assert {call["paid_by"] for sample in again for call in calls(sample)} == {first["build_id"], ""}

    cooler = {"solver": whole, "panel": ["strong", {"endpoints": "medium", "temperature": 0.3}]}
    panel = (await lab.run("build", "run", file(lab, "panel", roles=cooler), output="panel")).build
    assert await lab.bought() == panel["progress"]["usage"]["calls"]
    assert paid_roles(await lab.samples(panel)) == {"panel[1]": panel["progress"]["usage"]["calls"]}
    assert panel["spec"]["ledger_of"] == first["build_id"], "forks of forks share the first one's ledger"

    larger = (await lab.run(*fork, lab.folder / "longer.yaml", "--samples", SAMPLES + 4, output="larger")).build
    assert await lab.bought() == larger["progress"]["usage"]["calls"]
    assert larger["progress"]["accepted"] == SAMPLES + 4
    new = [s for s in await lab.samples(larger) if any(not call["paid_by"] for call in calls(s))]
    assert len({(s["ref"]["subject"], s["ref"]["slot"]) for s in new}) == 4


async def test_a_change_asks_again_for_what_it_touches_and_moving_the_data_for_nothing(tmp_path: Path) -> None:
    async with teaching() as teacher:
        known = endpoints(tmp_path / "endpoints.yaml", teacher)
        async with up(tmp_path / "data", "--endpoints", known) as gateway:
            await require_only_what_the_change_touches(Lab(tmp_path, teacher, gateway))
        shutil.move(tmp_path / "data", tmp_path / "elsewhere")
        async with up(tmp_path / "elsewhere", "--endpoints", known) as gateway:
            lab = Lab(tmp_path, teacher, gateway)
            moved = (await lab.run("build", "run", file(lab, "moved", seed=7, weight=2), output="moved")).build
            assert (await lab.bought(), moved["progress"]["usage"]["calls"]) == (0, 0)
            assert moved["progress"]["accepted"] == SAMPLES
