"""One run of one tool, measured from outside: by the endpoint, and by the operating system."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import work

HERE = Path(__file__).parent
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Tool:
    """A runner and the interpreter that runs it."""

    name: str
    version: str
    runner: str
    python: Path
    scenarios: tuple[str, ...] = ()
    """The only ones that it is measured in; all of them if empty."""
    arguments: tuple[str, ...] = ()
    """More for the runner."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    tool: str
    scenario: str
    rows: int
    limit: int
    ended: str
    """`ok`, `failed` or `stopped` after the time limit."""
    active_seconds: float
    """From the first request that the endpoint saw to its last answer."""
    fill: float | None
    """Mean calls in flight over the limit until 90 % of the good answers were given; None if they never were."""
    peak: int
    calls: int
    answers: dict[str, int]
    right: int
    accepted_wrong: int
    lost: int
    wall_seconds: float
    """Of the whole process, its start and end included."""
    processor_seconds: float
    """User and system, of the process and all its descendants."""
    own_processor_seconds: float
    """Of the process alone; 0 if it did not end by itself."""


class Endpoint:
    """The running endpoint, from outside."""

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self, rows: int, limit: int, scenario: work.Scenario) -> None:
        self._ask("PUT", "/run", {"rows": rows, "limit": limit, "scenario": asdict(scenario)})

    def stats(self) -> dict[str, Any]:
        return self._ask("GET", "/stats", None)

    def _ask(self, method: str, path: str, body: object) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return dict(json.load(response))


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Start the endpoint on a free loopback port."""
    command = [sys.executable, str(HERE / "endpoint.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Endpoint(process.stdout.readline().strip())
        finally:
            process.terminate()


def measure(tool: Tool, scenario: work.Scenario, rows: int, limit: int, time_limit: float, log: Path) -> Outcome:
    """Run a tool against an endpoint of its own. Its output goes to `log`."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name, endpoint() as engine:
        folder = Path(name)
        engine.start(rows, limit, scenario)
        started = time.perf_counter()
        ended, usage = _run(_command(tool, engine, rows, limit, folder), folder, time_limit, log)
        wall, stats = time.perf_counter() - started, engine.stats()
        graded = work.grade(_delivered(folder), rows)
        return Outcome(
            tool=tool.name,
            scenario=scenario.name,
            rows=rows,
            limit=limit,
            ended=ended,
            active_seconds=round(stats["active_seconds"], 2),
            fill=stats["fill"] and round(stats["fill"], 3),
            peak=stats["peak"],
            calls=stats["calls"],
            answers=stats["answers"],
            right=graded.right,
            accepted_wrong=graded.accepted_wrong,
            lost=graded.lost,
            wall_seconds=round(wall, 1),
            processor_seconds=round(usage, 3),
            own_processor_seconds=round(_own_seconds(folder), 3),
        )


def _command(tool: Tool, engine: Endpoint, rows: int, limit: int, folder: Path) -> list[str]:
    runner = HERE / "runners" / f"{tool.runner}.py"
    numbers = ["--rows", str(rows), "--limit", str(limit)]
    return [str(tool.python), str(runner), f"{engine.address}/v1", *numbers, "--folder", str(folder), *tool.arguments]


def _run(command: list[str], folder: Path, time_limit: float, log: Path) -> tuple[str, float]:
    """How it ended, and the processor seconds of the process and of all descendants that were waited for."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(folder),
        )
    until, ended = time.monotonic() + time_limit, ""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > until and not ended:
            ended = "stopped"
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    return ended or ("failed" if process.returncode else "ok"), usage.ru_utime + usage.ru_stime


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's settings for proxies, keys or caches; whatever a tool keeps at home goes with the run."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE") if name in os.environ}
    return {**kept, "HOME": str(folder)}


def _delivered(folder: Path) -> list[dict[str, str | None]]:
    rows = folder / "rows.jsonl"
    return [json.loads(line) for line in rows.read_text().splitlines()] if rows.exists() else []


def _own_seconds(folder: Path) -> float:
    notes = folder / "notes.json"
    return float(json.loads(notes.read_text())["own_processor_seconds"]) if notes.exists() else 0.0
