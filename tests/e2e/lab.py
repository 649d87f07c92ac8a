"""A gateway over one data folder and models that count what they are asked, for tests of what is paid."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from e2e.cluster import MODELS
from e2e.commands import Ended, build_file, chimera, started
from ports import free_port

PRICE = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0}


@dataclass(frozen=True)
class Lab:
    """A gateway over one data folder, and models that count what they are asked."""

    folder: Path
    teacher: str
    gateway: str

    def file(self, name: str, **changes: Any) -> Path:
        """A build file over the lab's models."""
        roles = {"proposer": "teacher", "panel": ["strong", "medium"], "solver": "teacher"} | changes.pop("roles", {})
        return build_file(self.folder / f"{name}.yaml", roles=roles, **changes)

    async def run(self, *command: object, output: str, code: int = 0) -> Ended:
        """A command that follows a build and writes its dataset."""
        done = await chimera(*command, "--gateway", self.gateway, "-o", self.folder / output, "--json")
        assert done.code == code, done
        return done

    async def bought(self) -> int:
        """Answers that the models gave since the last time this was asked."""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self.teacher}/stats") as answer:
                answered = int((await answer.json())["answered"])
            async with session.delete(f"{self.teacher}/stats") as answer:
                answer.raise_for_status()
        return answered

    async def repeats(self) -> int:
        """Questions that the models answered a second time, since `bought` was last asked."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.teacher}/stats") as answer:
            return int((await answer.json())["repeats"])

    async def samples(self, build: dict[str, Any]) -> list[dict[str, Any]]:
        """Every settled sample of a build."""
        where = ("--build", build["build_id"], "--gateway", self.gateway, "--limit", 0, "--json")
        return (await chimera("samples", "list", *where)).documents


@asynccontextmanager
async def teaching() -> AsyncIterator[str]:
    """Models of their own process that answer at once; gives their address."""
    port = free_port()
    quick = {"CHIMERA_INFERENCE_DIALS__LATENCY_MEAN_SECONDS": 0}
    async with started("--port", port, module="chimera_inference", **quick) as process:
        assert process.stdout is not None
        await process.stdout.readline()
        yield f"http://127.0.0.1:{port}/v1"


def endpoints(path: Path, teacher: str) -> Path:
    """A file of endpoints for `chimera up`, each with a price."""
    own = {"base_url": teacher, "price": PRICE}
    path.write_text(yaml.safe_dump({m.removeprefix("procedural-"): {**own, "model": m} for m in MODELS}))
    return path
