"""Chimera and its peers at the same work: one run, one table.

For every tool and every way in which the endpoint behaves, the tool's runner is started in a process of its own, in
its own environment, one after the other. What is measured, and how, is in docs/benchmarks.md.

python tests/benchmarks/peers/run.py [--tools chimera,curator] [--json] [--write docs/benchmarks.md]
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import table
import venvs
import work
from measure import Outcome, Tool, measure
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[3]
BEGIN, END = "<!-- bench-peers: begin -->", "<!-- bench-peers: end -->"

SCENARIOS = {
    "tail": work.Scenario("tail", mean=1.5, sigma=1.0, cap=12.0),
    "processor": work.Scenario("processor", mean=0.02),
    "refused": work.Scenario("refused", mean=1.0, sigma=0.5, refused=0.05),
    "faults": work.Scenario("faults", mean=1.0, sigma=0.5, refused=0.05, garbled=0.01, cut=0.01, empty=0.01),
}
SMALL, LARGE = 100, 900
"""Rows of the two runs whose difference tells what a call costs the processor."""
_COLUMNS = "data_designer_columns"
TOOLS: dict[str, Callable[[Path], Tool]] = {
    "aiohttp": lambda at: _peer(at, "loops", "bare aiohttp loop", "aiohttp", "aiohttp_loop"),
    "openai": lambda at: _peer(at, "loops", "bare openai SDK loop", "openai", "openai_loop"),
    "data_designer": lambda at: _peer(at, "data_designer", "NeMo Data Designer", "data-designer", _COLUMNS),
    "data_designer_as_is": lambda at: replace(
        _peer(at, "data_designer", "NeMo Data Designer, its own admission", "data-designer", _COLUMNS),
        scenarios=("refused", "faults"),
        arguments=("--as-is",),
    ),
    "curator": lambda at: _peer(at, "curator", "Bespoke Curator", "bespokelabs-curator", "curator_blocks"),
    "distilabel": lambda at: _peer(at, "distilabel", "distilabel", "distilabel", "distilabel_pipeline"),
    "chimera": lambda _: Tool("Chimera", version("chimera"), "chimera_stages", Path(sys.executable)),
}


def _peer(folder: Path, environment: str, name: str, package: str, runner: str) -> Tool:
    return Tool(name, venvs.version(environment, package), runner, venvs.ensure(folder, environment))


def _machine() -> dict[str, object]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _measure(tool: Tool, scenarios: list[str], options: argparse.Namespace, outcomes: list[Outcome]) -> tuple[str, ...]:
    """Every scenario with one tool; the runs are added to `outcomes`."""
    by_name: dict[str, Outcome] = {}
    cost = None

    def one(scenario: str, rows: int) -> Outcome:
        log = options.logs / f"{tool.runner}{''.join(tool.arguments)}-{scenario}-{rows}.log"
        outcome = measure(tool, SCENARIOS[scenario], rows, options.limit, options.time_limit, log)
        outcomes.append(outcome)
        print(f"{outcome.tool}: {scenario}, {rows} rows: {outcome.ended} in {outcome.wall_seconds} s", file=sys.stderr)
        return outcome

    for name in tool.scenarios or scenarios:
        if name not in scenarios:
            continue
        if name == "processor":
            cost = table.processor(one(name, SMALL), one(name, LARGE), durable=tool.name == "Chimera")
        else:
            by_name[name] = one(name, options.rows)
    return table.line(f"{tool.name} {tool.version}", by_name, cost)


def _markdown(lines: list[tuple[str, ...]], machine: dict[str, object], options: argparse.Namespace) -> str:
    about = (
        f"{options.rows} rows, {options.limit} requests in flight at most; {machine['cores']} cores of "
        f"{machine['processor']}, Python {machine['python']}, load average before {machine['load_before']}.\n"
    )
    return f"{BEGIN}\n{table.markdown(lines)}\n{about}{END}"


def _write(path: Path, text: str) -> None:
    before, _, rest = path.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{path} has no {BEGIN} and {END}")
    path.write_text(before + text + after)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default=",".join(TOOLS), help="comma-separated: %(default)s")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="comma-separated: %(default)s")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--limit", type=int, default=128, help="requests in flight at most")
    parser.add_argument("--time-limit", type=float, default=120.0, help="seconds after which a run is stopped")
    parser.add_argument("--venvs", type=Path, default=ROOT / ".venv-peers", help="where the environments are made")
    parser.add_argument("--prepare", action="store_true", help="make the environments and measure nothing")
    parser.add_argument("--json", action="store_true", help="print every run and the table as JSON")
    parser.add_argument("--write", type=Path, help="a Markdown file whose table between the marks is replaced")
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    options.logs = options.venvs / "logs"
    options.logs.mkdir(parents=True, exist_ok=True)
    tools = [TOOLS[name](options.venvs.resolve()) for name in options.tools.split(",")]
    if options.prepare:
        return
    machine, outcomes, lines = _machine(), list[Outcome](), [table.ideal(SCENARIOS, options.rows, options.limit)]
    lines += [_measure(tool, options.scenarios.split(","), options, outcomes) for tool in tools]
    if options.json:
        runs = [asdict(outcome) for outcome in outcomes]
        print(json.dumps({"machine": machine, "runs": runs, "columns": table.COLUMNS, "table": lines}, indent=1))
    else:
        shown = Table(*table.COLUMNS)
        for line in lines:
            shown.add_row(*line)
        Console(width=None if sys.stdout.isatty() else 200).print(shown)
    if options.write:
        _write(options.write, _markdown(lines, machine, options))


if __name__ == "__main__":
    main()
