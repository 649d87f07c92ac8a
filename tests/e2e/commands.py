"""The `chimera` command as a process: run to its end, or held while it runs; and the files that it is given."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

ROLES = {
    "proposer": "procedural-teacher",
    "panel": ["procedural-strong", "procedural-medium"],
    "solver": "procedural-teacher",
}
BUILD: dict[str, Any] = {
    "name": "small",
    "samples": 12,
    "seed": 7,
    "subjects": [{"name": "Mathematics", "weight": 2}, "Physics"],
    "roles": ROLES,
}
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Every line of standard output; fails if one is not JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        last = self.documents[-1]
        assert last["type"] == "result", self
        return last

    @property
    def build(self) -> dict[str, Any]:
        return dict(self.result["build"])

    @property
    def complaints(self) -> list[str]:
        """What it said was wrong; the rest of standard error are remarks of what is being done."""
        assert "Traceback" not in self.out + self.err, self
        return [line.removeprefix("chimera: ") for line in self.err.splitlines() if line.startswith("chimera: ")]


def environment(**more: object) -> dict[str, str]:
    """This process's, without what would point the command at somebody's servers."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHIMERA_", "KAFKA_", "MONGODB_", "OTEL_"))}
    return {**kept, "COLUMNS": "200", **{k: str(v) for k, v in more.items()}}


@asynccontextmanager
async def started(
    *arguments: object, module: str = "chimera_client", **variables: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command in a process group of its own, which is killed if it is there at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,
        env=environment(**variables),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """Wait for it and take the rest of what it writes."""
    start = time.monotonic()
    out, err = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode(), time.monotonic() - start)


async def chimera(*arguments: object, module: str = "chimera_client", **variables: object) -> Ended:
    """Run a command to its end."""
    async with started(*arguments, module=module, **variables) as process:
        return await ended(process)


@asynccontextmanager
async def up(data: Path, *arguments: object, **variables: object) -> AsyncIterator[str]:
    """All services until the end of the block; gives the gateway's address."""
    async with servers(data, *arguments, **variables) as addresses:
        yield addresses["CHIMERA_GATEWAY"]


@asynccontextmanager
async def servers(data: Path, *arguments: object, **variables: object) -> AsyncIterator[dict[str, str]]:
    """All services until the end of the block; gives the variables by which commands find them."""
    async with started("up", "--data-dir", data, "--port", 0, "--json", *arguments, **variables) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), LONGEST_SECONDS)
        if not line:
            raise AssertionError((await ended(process)).err)
        said = json.loads(line)
        yield {"CHIMERA_GATEWAY": said["gateway"], "CHIMERA_VERIFIER": said["verifier"]}
        process.send_signal(signal.SIGTERM)
        stopped = await ended(process)
        assert stopped.code == 0, stopped


async def until_accepted(process: asyncio.subprocess.Process, samples: int) -> dict[str, Any]:
    """Read the progress of `build run --json` up to so many accepted samples; gives the build as it then was."""
    assert process.stdout is not None
    async with asyncio.timeout(LONGEST_SECONDS):
        while line := await process.stdout.readline():
            document = json.loads(line)
            assert document["type"] == "progress", document
            if document["build"]["progress"]["accepted"] >= samples:
                return dict(document["build"])
    raise AssertionError((await ended(process)).err)


def children_of(process: asyncio.subprocess.Process) -> list[psutil.Process]:
    """Its living children: the embedded servers and the symbolic workers."""
    return psutil.Process(process.pid).children(recursive=True)


def build_file(path: Path, **changes: Any) -> Path:
    """A build file that differs from BUILD in `changes`; a field that is None is left out."""
    order = {name: value for name, value in {**BUILD, **changes}.items() if value is not None}
    path.write_text(yaml.safe_dump(order, sort_keys=False))
    return path
