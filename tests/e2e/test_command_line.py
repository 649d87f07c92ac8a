"""The command line over the real services: a dataset, its evidence, and what interruptions cost."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from e2e.cluster import MODELS
from e2e.commands import Ended, build_file, children_of, chimera, ended, started, until_accepted, up
from ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

MIX = {"Mathematics": 8, "Physics": 4}
SAMPLES = sum(MIX.values())
IN_FLIGHT = 4
SLOW = {"latency_mean_seconds": 1.0, "latency_sigma": 0}
"""So that a build of twice the samples lasts 12 s at least: it is not over when somebody sees that it has begun."""
QUICK = {"latency_mean_seconds": 0.02, "latency_sigma": 0}
CHILDREN_END_SECONDS = 120


@dataclass(frozen=True)
class Built:
    """One build by `build run`, and where everything is."""

    file: Path
    data: Path
    output: Path
    run: Ended

    @property
    def command(self) -> tuple[object, ...]:
        return ("build", "run", self.file, "--data-dir", self.data, "-o", self.output, "--json")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("offline")
    file = build_file(folder / "small.yaml")
    built = Built(file, folder / "data", folder / "out", Ended(-1, "", "", 0))
    return Built(file, built.data, built.output, await chimera(*built.command))


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


def require_exact(folder: Path, samples: int = SAMPLES) -> list[dict[str, Any]]:
    """Exactly the samples asked for, in the asked mix, none of them twice."""
    found = rows(folder)
    assert Counter(row["subject"] for row in found) == {s: n * samples // SAMPLES for s, n in MIX.items()}
    assert len({row["sample_id"] for row in found}) == samples
    return found


async def test_one_command_gives_the_whole_dataset(built: Built) -> None:
    assert built.run.code == 0, built.run
    assert {d["type"] for d in built.run.documents[:-1]} == {"progress"}
    assert built.run.result["directory"] == str(built.output)
    assert built.run.build["state"] == "BUILD_STATE_SUCCEEDED"
    assert built.run.build["progress"]["accepted"] == SAMPLES
    require_exact(built.output)
    assert [p.name for p in built.output.parent.iterdir() if p.name.startswith(".")] == []
    verified = await chimera("datasets", "verify", built.output)
    assert (verified.code, verified.complaints) == (0, [])


async def test_the_same_file_again_does_nothing(built: Built) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.output.rglob("*")}
    again = await chimera(*built.command)
    assert (again.code, again.complaints) == (0, [])
    assert again.build == built.run.build  # the same build, not a model call more
    assert {path: path.stat().st_mtime_ns for path in built.output.rglob("*")} == before


async def test_the_exported_build_file_makes_the_same_problems_again(built: Built, tmp_path: Path) -> None:
    command = ("build", "run", built.output / "build.yaml", "--data-dir", tmp_path / "data", "-o", tmp_path / "out")
    again = await chimera(*command, "--json")
    assert again.code == 0, again
    first, second = (
        {(r["subject"], r["slot"]): r["problem"] for r in rows(f)} for f in (built.output, tmp_path / "out")
    )
    assert first == second


async def test_a_sample_shows_who_voted_and_how(built: Built) -> None:
    row = rows(built.output)[0]
    async with up(built.data, "--endpoints", built.file) as gateway:
        where = ("--gateway", gateway)
        listed, told, shown = await asyncio.gather(
            chimera("samples", "list", "--build", built.run.build["build_id"], "--json", "--limit", 0, *where),
            chimera("samples", "show", row["sample_id"], "--json", *where),
            chimera("samples", "show", row["sample_id"], *where),
        )
        absent = await chimera("samples", "show", "0" * 32, *where)
    progress = built.run.build["progress"]
    assert len(listed.documents) == progress["accepted"] + progress["rejected"] + progress["unknown"]
    (sample,) = told.documents
    votes = sample["validation"]["votes"]
    assert [call["model"] for vote in votes for call in vote["calls"]] == list(MODELS[1:])
    assert sample["trace_id"] == row["sample_id"]
    for part in (sample["trace_id"], *MODELS, *(v["calls"][0]["prompt_sha256"][:12] for v in votes)):
        assert part in shown.out, part
    assert (absent.code, len(absent.complaints)) == (2, 1)


@dataclass(frozen=True)
class Teacher:
    """Models of its own process, which outlive the command and count what they were asked."""

    url: str

    @property
    def endpoints(self) -> dict[str, Any]:
        return {
            name.removeprefix("procedural-"): {"base_url": self.url, "model": name, "max_in_flight": IN_FLIGHT}
            for name in MODELS
        }

    async def dials(self, **changes: Any) -> None:
        async with aiohttp.ClientSession() as session, session.put(f"{self.url}/dials", json=changes) as answer:
            answer.raise_for_status()

    async def stats(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/stats") as answer:
            return dict(await answer.json())


@asynccontextmanager
async def teaching() -> AsyncIterator[Teacher]:
    port = free_port()
    async with started("--port", port, module="chimera_inference") as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 120)
        teacher = Teacher(f"http://127.0.0.1:{port}/v1")
        await teacher.dials(**SLOW)
        yield teacher


def slow_file(path: Path, teacher: Teacher, seed: int) -> Path:
    roles = {"proposer": "teacher", "panel": ["strong", "medium"], "solver": "teacher"}
    return build_file(path, samples=2 * SAMPLES, seed=seed, roles=roles, endpoints=teacher.endpoints)


async def require_completed(command: tuple[object, ...], output: Path) -> dict[str, Any]:
    """The same command goes on to exactly what was asked for."""
    completed = await chimera(*command)
    assert (completed.code, completed.complaints) == (0, []), completed
    assert "this file's build is there already" in completed.err
    require_exact(output, 2 * SAMPLES)
    return completed.build


async def require_gone(children: list[psutil.Process]) -> None:
    _, left = await asyncio.to_thread(psutil.wait_procs, children, CHILDREN_END_SECONDS)
    assert [child.cmdline() for child in left] == []


async def require_ctrl_c_pauses_and_no_call_is_paid_twice(folder: Path, teacher: Teacher) -> None:
    output, data, file = folder / "out", folder / "data", slow_file(folder / "slow.yaml", teacher, seed=11)
    command = ("build", "run", file, "--data-dir", data, "-o", output, "--json")
    async with started(*command) as process:
        await until_accepted(process, 1)
        children = children_of(process)
        process.send_signal(signal.SIGINT)
        paused = await ended(process)
    assert (paused.code, paused.complaints) == (130, [])
    assert f"Go on with: chimera build run {file} -o {output} --data-dir {data}" in paused.err
    assert not output.exists()
    await require_gone(children)
    await teacher.dials(**QUICK)
    build = await require_completed(command, output)
    stats = await teacher.stats()
    assert stats["repeats"] == 0
    assert build["progress"]["usage"]["calls"] == stats["answered"]


async def require_kill_9_loses_nothing_but_calls_in_flight(folder: Path, teacher: Teacher) -> None:
    output, file = folder / "out", slow_file(folder / "slow.yaml", teacher, seed=13)
    command = ("build", "run", file, "--data-dir", folder / "data", "-o", output, "--json")
    async with started(*command) as process:
        await until_accepted(process, 3)
        children = children_of(process)
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert not output.exists()
    await require_gone(children)
    await teacher.dials(**QUICK)
    build = await require_completed(command, output)
    stats = await teacher.stats()
    assert stats["repeats"] <= len(MODELS) * IN_FLIGHT
    assert build["progress"]["usage"]["calls"] == stats["answered"] - stats["repeats"]


async def test_interrupted_builds_go_on_where_they_were(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with teaching() as first, teaching() as second:
        await asyncio.gather(  # each mostly waits for its services
            require_ctrl_c_pauses_and_no_call_is_paid_twice(tmp_path_factory.mktemp("ctrl-c"), first),
            require_kill_9_loses_nothing_but_calls_in_flight(tmp_path_factory.mktemp("kill-9"), second),
        )


async def test_ctrl_c_while_services_start_leaves_nothing_running(tmp_path: Path) -> None:
    command = ("build", "run", build_file(tmp_path / "f.yaml"), "--data-dir", tmp_path / "data", "-o", tmp_path / "out")
    async with started(*command) as process:
        assert process.stderr is not None
        while b"starting the embedded store" not in await asyncio.wait_for(process.stderr.readline(), 120):
            pass
        children = children_of(process)
        process.send_signal(signal.SIGINT)
        stopped = await ended(process)
    assert (stopped.code, stopped.complaints) == (130, ["interrupted"])
    assert len(children) >= 1
    await require_gone(children)
