"""Kill every process of a running build with SIGKILL, again and again, and see whether the promises hold.

python tests/chaos/run.py [--kills N] [--seed N] [--samples N] [--json]; exit status 1 if one does not.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.status import Status
from rich.table import Table

from chaos.havoc import VICTIMS, Havoc, Plan, wreak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=Plan.kills, help="SIGKILLs; each process gets at least one")
    parser.add_argument("--samples", type=int, default=Plan.samples, help="accepted samples of the build")
    parser.add_argument("--seed", type=int, default=Plan.seed, help="decides who is killed when")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--keep", type=Path, help="folder for the logs of all processes (default: dropped at the end)")
    options = parser.parse_args()
    plan = Plan(samples=options.samples, kills=options.kills, seed=options.seed)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chimera-chaos-")))
        folder.mkdir(parents=True, exist_ok=True)
        run = asyncio.run(wreak(folder, plan, _teller(stack)))
    if options.json:
        print(json.dumps(document(run)))
    else:
        show(run, Console())
    return 1 if run.broken else 0


def _teller(stack: ExitStack) -> Any:
    """Progress on standard error: one line that changes where it is a terminal, else one for each kill."""
    console = Console(stderr=True)
    if console.is_terminal:
        status = stack.enter_context(Status("starting all processes", console=console))
        return lambda run: status.update(line(run))
    told: set[int] = set()

    def tell(run: Havoc) -> None:
        if len(run.kills) not in told:
            told.add(len(run.kills))
            console.print(line(run), highlight=False, soft_wrap=True)

    return tell


def line(run: Havoc) -> str:
    """Where the run stands."""
    done = f"{run.accepted} of {run.plan.samples} accepted · {len(run.kills)} of {run.plan.kills} killed"
    return f"{done} · {run.now} · {run.in_flight} calls in flight · {run.seconds:.0f} s"


def document(run: Havoc) -> dict[str, Any]:
    """The run for programs."""
    bought = run.purchases
    return {
        "type": "chaos",
        "plan": asdict(run.plan),
        "kills": [asdict(kill) for kill in run.kills],
        "kills_by_process": {victim: sum(k.victim == victim for k in run.kills) for victim in VICTIMS},
        "accepted": run.accepted,
        "settled": run.settled,
        "duplicates": run.duplicates,
        "lost": run.lost,
        "calls": bought and bought.distinct,
        "repeats": bought and bought.repeats,
        "open_calls_at_kills": bought and sum(bought.deaths),
        "lost_with_teacher": run.died_with_teacher,
        "calls_spent": run.build.progress.spending.spent.calls,
        "calls_unaccounted": run.build.progress.spending.unaccounted.calls,
        "wall_seconds": round(run.seconds, 1),
        "broken": run.broken,
    }


def show(run: Havoc, console: Console) -> None:
    """The run for people."""
    table = Table(title=f"{len(run.kills)} SIGKILLs during a build of {run.plan.samples} samples, seed {run.plan.seed}")
    columns = ("process", "killed", "calls in flight then", "its own, not kept", "longest return")
    for column in columns:
        table.add_column(column, justify="left" if column == "process" else "right")
    for victim in VICTIMS:
        kills = [kill for kill in run.kills if kill.victim == victim]
        own = [kill.open_calls for kill in kills if kill.open_calls is not None]
        table.add_row(
            victim,
            str(len(kills)),
            str(sum(kill.in_flight for kill in kills)),
            str(sum(own)) if own else "–",
            f"{max((kill.back_seconds for kill in kills), default=0.0):.1f} s",
        )
    console.print(table)
    for name, value in _sums(run):
        console.print(f"{name:>34}  {value}", highlight=False)
    for sentence in run.broken:
        console.print(f"[red]broken:[/red] {sentence}", highlight=False)
    if not run.broken:
        console.print("[green]every promise held[/green]")


def _sums(run: Havoc) -> list[tuple[str, object]]:
    bought = run.purchases
    assert bought is not None
    return [
        ("accepted, of those ordered", f"{run.accepted} of {run.plan.samples}"),
        ("attempts settled", run.settled),
        ("duplicates", run.duplicates),
        ("lost", run.lost),
        ("calls bought", bought.bought),
        ("of them bought again", f"{bought.repeats} (on their way at the deaths: {sum(bought.deaths)})"),
        ("calls lost with the teacher", run.died_with_teacher),
        ("wall time", f"{run.seconds:.0f} s"),
    ]


if __name__ == "__main__":
    sys.exit(main())
