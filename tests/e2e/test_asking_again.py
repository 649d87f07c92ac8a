"""What is asked again when a build is forked, changed or moved: what the change touches, and nothing else."""

import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from e2e.cluster import MODELS, free_port
from e2e.commands import Ended, build_file, chimera, started, up

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

SAMPLES = 16
CUTS_HALF = 780
"""Tokens. The teacher's solutions in these subjects have 650 to 900."""
PRICE = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0}


@dataclass(frozen=True)
class Lab:
    """A gateway over one data folder, and models that count what they are asked."""

    folder: Path
    teacher: str
    gateway: str

    def file(self, name: str, **changes: Any) -> Path:
        solver = {"endpoints": "teacher", "max_tokens": CUTS_HALF}
        roles = {"proposer": "teacher", "panel": ["strong", "medium"], "solver": solver} | changes.pop("roles", {})
        return build_file(self.folder / f"{name}.yaml", samples=SAMPLES, roles=roles, **changes)

    async def run(self, *command: object, output: str) -> Ended:
        done = await chimera(*command, "--gateway", self.gateway, "-o", self.folder / output, "--json")
        assert done.code == 0, done
        return done

    async def bought(self) -> int:
        """Answers that the models gave since the last time this was asked."""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self.teacher}/stats") as answer:
                answered = int((await answer.json())["answered"])
            async with session.delete(f"{self.teacher}/stats") as answer:
                answer.raise_for_status()
        return answered

    async def samples(self, build: dict[str, Any]) -> list[dict[str, Any]]:
        where = ("--build", build["build_id"], "--gateway", self.gateway, "--limit", 0, "--json")
        return (await chimera("samples", "list", *where)).documents


@asynccontextmanager
async def teaching() -> AsyncIterator[str]:
    port = free_port()
    quick = {"CHIMERA_INFERENCE_DIALS__LATENCY_MEAN_SECONDS": 0}
    async with started("--port", port, module="chimera_inference", **quick) as process:
        assert process.stdout is not None
        await process.stdout.readline()
        yield f"http://127.0.0.1:{port}/v1"


def endpoints(path: Path, teacher: str) -> Path:
    own = {"base_url": teacher, "price": PRICE}
    path.write_text(yaml.safe_dump({m.removeprefix("procedural-"): {**own, "model": m} for m in MODELS}))
    return path


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
    first = (await lab.run("build", "run", lab.file("first"), output="first")).build
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
    longer = (await lab.run(*fork, lab.file("longer", roles={"solver": whole}), output="longer")).build
    assert await lab.bought() == longer["progress"]["usage"]["calls"] == len(cut_off)
    again = await lab.samples(longer)
    assert paid_roles(again) == {"solver": len(cut_off)}
    assert not slots(again, "REASON_TRUNCATED_ANSWER")
    assert {call["paid_by"] for sample in again for call in calls(sample)} == {first["build_id"], ""}

    cooler = {"solver": whole, "panel": ["strong", {"endpoints": "medium", "temperature": 0.3}]}
    panel = (await lab.run("build", "run", lab.file("panel", roles=cooler), output="panel")).build
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
            moved = (await lab.run("build", "run", lab.file("moved", seed=7, weight=2), output="moved")).build
            assert (await lab.bought(), moved["progress"]["usage"]["calls"]) == (0, 0)
            assert moved["progress"]["accepted"] == SAMPLES
