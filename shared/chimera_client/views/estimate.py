"""An estimate as a table, and what to do with it."""

from collections.abc import Callable

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chimera_client.estimate.method import LEVEL, Range
from chimera_client.estimate.whole import Estimate
from chimera_client.text import count, counted, duration, line, money

_LIMIT_WORDS: dict[str, Callable[[float], str]] = {
    "money": lambda value: money(round(value)),
    "tokens": lambda value: f"{count(round(value))} tokens",
    "calls": lambda value: f"{count(round(value))} calls",
    "time": lambda value: duration(value),
}


def render_estimate(found: Estimate, run: str) -> RenderableType:
    """The panel of an estimate; `run` is the command that builds the whole."""
    lost = found.settled - found.accepted
    head = Text.assemble((f"{counted(found.samples, 'sample')} over {counted(found.subjects, 'subject')}", "bold"))
    head.append(
        f", from a pilot of {found.accepted:,} ({lost:,} more were not accepted):"
        if lost
        else f", from a pilot of {found.accepted:,}:"
    )
    lines: list[RenderableType] = [head, Text(), _table(found)]
    if words := budget_words(found):
        lines += [Text(), Text(words, style="bold")]
    if found.notes:
        lines += [Text(), *(Text(f"Note: {note}.", style="yellow") for note in found.notes)]
    lines += [Text(), Text(_kept(found), style="dim")]
    title = Text(f" {line(found.pilot.spec.name, 40)}  {line(found.pilot.build_id, 40)} ")
    panel = Panel(Group(*lines), title=title, title_align="left", border_style="cyan", box=box.ROUNDED)
    return Group(panel, Text(f"Build it: {run}"))  # without a border a long command can be copied


def budget_words(found: Estimate) -> str:
    """What the budget pays for: `the budget of $20.00 pays for about 4,100 of 9,000 samples (3,600 to 4,700)`."""
    if (lasting := found.lasting) is None:
        return ""
    limit = _LIMIT_WORDS[lasting.name](lasting.limit)
    low, about, high = (int(value) for value in (lasting.samples.low, lasting.samples.about, lasting.samples.high))
    if low >= found.samples:
        return f"The budget of {limit} pays for all of it."
    between = f" ({low:,} to {high:,})" if low != high else ""
    if about >= found.samples:
        return f"The budget of {limit} probably pays for all of it, but maybe for only {low:,} samples."
    return f"The budget of {limit} pays for about {about:,} of {found.samples:,} samples{between}."


def _kept(found: Estimate) -> str:
    paid = f"{counted(found.paid.calls, 'answer')}"
    cost = f", paid with {money(found.paid.cost_nanousd)}," if found.paid.cost_nanousd else ""
    return f"The pilot's {paid}{cost} will be used by that build: nothing is paid for twice."


def _table(found: Estimate) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("about", justify="right", header_style="dim", no_wrap=True)
    table.add_column(f"{LEVEL:.0%} interval".replace("%", " %"), header_style="dim", no_wrap=True)
    if not found.cost.about:
        table.add_row("Cost", "not known", Text("no endpoint has a price", style="dim"))
    else:
        _row(table, "Cost", found.cost, lambda value: money(round(value)))
        _row(table, "  of that still to pay", found.to_pay, lambda value: money(round(value)))
    _row(table, "Tokens in", found.input_tokens, _count)
    _row(table, "Tokens out", found.output_tokens, _count)
    _row(table, "Model calls", found.calls, _count)
    if found.seconds is None:
        table.add_row("Time", "not known", Text("the gateway tells no limits of its endpoints", style="dim"))
    else:
        by = f"Time, by {line(found.slowest, 30)}"
        _row(table, by, found.seconds, duration)
    _row(table, "Accepted of those tried", found.acceptance, lambda value: f"{value:.0%}".replace("%", " %"))
    return table


def _row(table: Table, name: str, found: Range, words: Callable[[float], str]) -> None:
    interval = "exactly" if found.exact else f"{words(found.low)} to {words(found.high)}"
    table.add_row(Text(name), Text(words(found.about)), Text(interval))


def _count(value: float) -> str:
    return count(round(value))
