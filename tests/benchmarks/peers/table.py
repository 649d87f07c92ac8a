"""The figures as tables: for a terminal, and in Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import work
from measure import Outcome

COLUMNS = (
    "tool",
    "heavy tail: active s",
    "fill of first 90 %",
    "processor ms/call",
    "broker and store ms/call",
    "5 % 429: active s",
    "rows right",
    "faults: active s",
    "rows right",
    "accepted wrong",
    "lost",
    "calls",
)


@dataclass(frozen=True)
class Processor:
    """Processor milliseconds that a further call costs."""

    own: float
    """Of the tool: for Chimera its process, for the others with all their child processes."""
    embedded: float | None
    """Of the broker and the store; None for tools that have neither."""


def processor(small: Outcome, large: Outcome, durable: bool) -> Processor | None:
    """The difference of a large and a small run, over the calls between them: what starting costs cancels out."""
    if (small.ended, large.ended) != ("ok", "ok"):
        return None
    calls = large.calls - small.calls
    tree = (large.processor_seconds - small.processor_seconds) * 1000 / calls
    own = (large.own_processor_seconds - small.own_processor_seconds) * 1000 / calls
    return Processor(own, tree - own) if durable else Processor(tree, None)


def line(tool: str, outcomes: dict[str, Outcome], cost: Processor | None) -> tuple[str, ...]:
    """The row of one tool; a dash where it was not measured."""
    tail, refused, faults = (outcomes.get(name) for name in ("tail", "refused", "faults"))
    return (
        tool,
        _seconds(tail),
        f"{tail.fill:.2f}" if tail and tail.fill is not None else "–",
        f"{cost.own:.2f}" if cost else "–",
        f"{cost.embedded:.2f}" if cost and cost.embedded is not None else "–",
        _seconds(refused),
        _right(refused),
        _seconds(faults),
        _right(faults),
        str(faults.accepted_wrong) if faults and faults.ended != "stopped" else "–",
        str(faults.lost) if faults and faults.ended != "stopped" else "–",
        str(faults.calls) if faults else "–",
    )


def ideal(scenarios: dict[str, work.Scenario], rows: int, limit: int) -> tuple[str, ...]:
    """What a client without any delay or processor time would do, where there are no faults."""
    seconds, fill = scenarios["tail"].ideal(rows, limit)
    return ("ideal client, calculated", f"{seconds:.1f}", f"{fill:.2f}", *["–"] * (len(COLUMNS) - 3))


def markdown(lines: Iterable[Sequence[str]]) -> str:
    rows = [COLUMNS, ("---",) * len(COLUMNS), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _seconds(outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    more = {"ok": "", "failed": " (failed)", "stopped": " (stopped)"}[outcome.ended]
    return f"{outcome.active_seconds:.1f}{more}"


def _right(outcome: Outcome | None) -> str:
    return str(outcome.right) if outcome and outcome.ended != "stopped" else "–"
