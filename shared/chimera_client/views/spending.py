"""What a build spends: in all, a minute, by its end, and of its budget."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.text import count, duration, line, money
from chimera_client.views.pace import Pace, Spend, reserved_of, spent_of, usage_of, worked_seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a budget and how much of it is used. `ahead` is what it will be at the end, None if not known."""

    name: str
    words: Callable[[float], str]
    limit: float
    used: float
    reserved: float = 0.0
    ahead: float | None = None

    @property
    def falls_short(self) -> bool:
        """Whether the build, going on as it does, will not get to its end."""
        return self.ahead is not None and self.ahead > self.limit


def limits(build: build_pb2.Build, pace: Pace, now: float) -> list[Limit]:
    """The build's limits, money first; `now` is in seconds since 1970."""
    budget, spent, reserved = build.spec.budget, spent_of(build.progress), reserved_of(build.progress)
    ahead = pace.at_end if build.state == build_pb2.BUILD_STATE_RUNNING else None
    parts: Sequence[tuple[str, str, int, Callable[[float], str]]] = (
        ("money", "nanousd", budget.cost_nanousd, _money),
        ("tokens", "tokens", budget.tokens, _count),
        ("calls", "calls", budget.calls, _count),
    )
    found = [
        Limit(name, words, limit, getattr(spent, field), getattr(reserved, field), _of(ahead, field))
        for name, field, limit, words in parts
        if limit
    ]
    if budget.HasField("time"):
        used = worked_seconds(build, now)
        left = pace.left_seconds if build.state == build_pb2.BUILD_STATE_RUNNING else None
        found.append(Limit("time", duration, budget.time.seconds, used, ahead=None if left is None else used + left))
    return found


def limit_words(limit: Limit) -> str:
    """`$4.20 of $20.00, $0.31 reserved, about $14.20 by the end`."""
    parts = [f"{limit.words(limit.used)} of {limit.words(limit.limit)}"]
    if limit.reserved:
        parts.append(f"{limit.words(limit.reserved)} reserved")
    if limit.ahead is not None:
        parts.append(f"about {limit.words(limit.ahead)} by the end")
    return ", ".join(parts)


def usage_words(progress: build_pb2.Progress) -> str:
    """Calls, tokens and money so far, and what was not paid again."""
    usage = usage_of(progress)
    words = (
        f"{count(usage.calls)} model calls, {count(usage.input_tokens)} tokens in,"
        f" {count(usage.output_tokens)} tokens out, {money(usage.cost_nanousd)}"
    )
    if lost := progress.spending.unaccounted.calls:
        words += f" and at most {money(progress.spending.unaccounted.cost_nanousd)} for {count(lost)} that broke off"
    if progress.reused.calls:
        words += f"; {count(progress.reused.calls)} answers used again"
    return words


def consumed_words(budget: build_pb2.Budget, usage: sample_pb2.Usage, spending: build_pb2.Spending) -> list[str]:
    """Money, and all else that is limited: `$4.20 of $20.00`, `120 of 500 model calls`; what broke off is in it.

    `usage` is what was counted of answers, which may be ahead of what is told of calls.
    """
    lost, spent = spending.unaccounted, max(spending.spent, usage, key=lambda each: each.calls)
    cost, calls = spent.cost_nanousd + lost.cost_nanousd, spent.calls + lost.calls
    tokens = sum(each.input_tokens + each.output_tokens for each in (spent, lost))
    said = []
    if cost or budget.cost_nanousd:
        said.append(f"{money(cost)} of {money(budget.cost_nanousd)}" if budget.cost_nanousd else money(cost))
    if budget.tokens:
        said.append(f"{count(tokens)} of {count(budget.tokens)} tokens")
    if budget.calls:
        said.append(f"{count(calls)} of {count(budget.calls)} model calls")
    if lost.calls:
        said.append(f"in it at most {money(lost.cost_nanousd)} for {count(lost.calls)} that broke off")
    return said


def burn_words(build: build_pb2.Build, pace: Pace) -> str:
    """What a minute costs and where that leads: `$0.42 a minute, about $14.20 by the end`; empty if it is not known.

    Tokens are told where nothing has a price.
    """
    if build.state != build_pb2.BUILD_STATE_RUNNING or pace.burn_per_minute is None:
        return ""
    priced = spent_of(build.progress).nanousd > 0
    words, field = (_money, "nanousd") if priced else (_count, "tokens")
    unit = "" if priced else " tokens"
    told = [f"{words(getattr(pace.burn_per_minute, field))}{unit} a minute"]
    limited = build.spec.budget.cost_nanousd if priced else build.spec.budget.tokens
    if pace.at_end is not None and not limited:
        told.append(f"about {words(getattr(pace.at_end, field))}{unit} by the end")
    return ", ".join(told)


def shortfall_words(build: build_pb2.Build, found: Sequence[Limit]) -> str:
    """Says how many samples the budget lasts for if it does not last for all; empty if it does."""
    worst = max((limit for limit in found if limit.falls_short), key=_overrun, default=None)
    if worst is None or worst.ahead is None:
        return ""
    accepted, left = build.progress.accepted, build.spec.samples - build.progress.accepted
    lasts = accepted + int(left * max(0.0, worst.limit - worst.used) / max(worst.ahead - worst.used, 1e-9))
    return f"the budget's {worst.name} will last for about {lasts:,} of {build.spec.samples:,} samples"


def held_back(endpoints: Iterable[build_pb2.EndpointStatus]) -> Iterator[str]:
    """Each endpoint that is held back: how much of it is in use, why, and until when."""
    for status in endpoints:
        if status.reason or status.breaker in (build_pb2.BREAKER_STATE_OPEN, build_pb2.BREAKER_STATE_HALF_OPEN):
            yield status_words(status)


def status_words(status: build_pb2.EndpointStatus) -> str:
    """`gpt-5: 12 of 64 in flight, 30 waiting, refused with 429; tried again in 8 s`."""
    words = f"{line(status.endpoint, 40)}: {status.in_flight:,} of {status.limit:,} in flight"
    if status.waiting:
        words += f", {status.waiting:,} waiting"
    if status.reason:
        words += f", {line(status.reason, 160).rstrip('.')}"
    if status.breaker == build_pb2.BREAKER_STATE_HALF_OPEN:
        return f"{words}; one call tries it"
    seconds = max(1, round(status.held_seconds))
    if status.breaker == build_pb2.BREAKER_STATE_OPEN:
        return f"{words}; tried again in {seconds} s"
    return f"{words}; the next call in {seconds} s" if status.held_seconds > 0 else words


def _overrun(limit: Limit) -> float:
    return (limit.ahead or 0.0) / limit.limit


def _of(spend: Spend | None, field: str) -> float | None:
    return None if spend is None else float(getattr(spend, field))


def _money(nanousd: float) -> str:
    return money(round(nanousd))


def _count(number: float) -> str:
    return count(round(number))
