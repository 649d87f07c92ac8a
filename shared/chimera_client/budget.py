"""A build's budget as people write it: `{usd: 20, tokens: 5_000_000, calls: 10000, time: 3h}`."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor

from chimera.build.v1 import build_pb2
from chimera_client.fields import scalar, shown, unknown_field
from chimera_shared.errors import Violation

FIELD = "budget"
_NANOUSD_PER_USD = 1_000_000_000
_MAX_USD = 1_000_000_000
_UNIT_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?\s*")
_MAX_DAYS = 3_650
_AS_TIME = "must be a time such as 90m, 3h, 2d or 1h30m, or a number of seconds"


def parse_budget(raw: Any) -> tuple[build_pb2.Budget, list[Violation]]:
    """The budget in a mapping, and everything that is wrong with it."""
    budget, violations = build_pb2.Budget(), []
    if not isinstance(raw, Mapping):
        wrong = f"must be a mapping such as {{usd: 20, time: 3h}}, not {shown(raw)}"
        return budget, [Violation(FIELD, wrong)]
    for key, value in raw.items():
        try:
            if key not in _SETTERS:
                raise ValueError(unknown_field(key, _SETTERS))
            if value is None:
                raise ValueError("has no value; give it one or remove the line")
            _SETTERS[key](budget, value)
        except ValueError as error:
            violations.append(Violation(f"{FIELD}.{key}", str(error)))
    return budget, violations


def take_budget(raw: Mapping[str, Any], into: build_pb2.Budget) -> list[Violation]:
    """Put the budget of a file into an order, if it has one; everything that is wrong with it."""
    if FIELD not in raw:
        return []
    found, violations = parse_budget(raw[FIELD])
    into.CopyFrom(found)
    return violations


def budget_fields(budget: build_pb2.Budget) -> dict[str, Any]:
    """The inverse: what a build file says of a budget."""
    fields: dict[str, Any] = {}
    if budget.cost_nanousd:
        usd = budget.cost_nanousd / _NANOUSD_PER_USD
        fields["usd"] = int(usd) if usd == int(usd) else usd
    for name in ("tokens", "calls"):
        if limit := getattr(budget, name):
            fields[name] = limit
    if budget.HasField("time"):
        fields["time"] = span_words(budget.time.seconds)
    return fields


def in_file(field: str) -> str:
    """The path of a field of an order as a build file has it."""
    return f"{FIELD}.usd" if field == f"{FIELD}.cost_nanousd" else field


def has_limit(budget: build_pb2.Budget) -> bool:
    """Whether anything is limited."""
    return bool(budget.cost_nanousd or budget.tokens or budget.calls or budget.HasField("time"))


def parse_span(value: Any) -> int:
    """Seconds of `90m`, `3h`, `2d`, `1h30m` or a number; ValueError says what it must be."""
    if isinstance(value, str) and value.strip() and (found := _SPAN.fullmatch(value.lower())):
        seconds = sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNIT_SECONDS.values(), strict=True))
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        seconds = math.ceil(value)
    else:
        raise ValueError(f"{_AS_TIME}, not {shown(value)}")
    if not 0 < seconds <= _MAX_DAYS * 86_400:
        raise ValueError(f"must be above 0 and at most {_MAX_DAYS} days, not {shown(value)}")
    return seconds


def span_words(seconds: int) -> str:
    """A time as `parse_span` reads it: `3h`, `1h30m`."""
    words, rest = "", seconds
    for unit, size in _UNIT_SECONDS.items():
        whole, rest = divmod(rest, size)
        words += f"{whole}{unit}" if whole else ""
    return words or "0s"


def _set_usd(budget: build_pb2.Budget, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of US dollars such as 20, not {shown(value)}")
    if not 0 < value <= _MAX_USD:
        raise ValueError(f"must be above 0 and at most {_MAX_USD:,}, not {shown(value)}; leave it out for no limit")
    if not (nanousd := round(value * _NANOUSD_PER_USD)):
        raise ValueError(f"must be at least a thousand-millionth of a dollar, not {shown(value)}")
    budget.cost_nanousd = nanousd


def _whole(name: str) -> Callable[[build_pb2.Budget, Any], None]:
    field = cast(FieldDescriptor, build_pb2.Budget.DESCRIPTOR.fields_by_name[name])

    def set_field(budget: build_pb2.Budget, value: Any) -> None:
        number = scalar(field, value)
        if number <= 0:
            raise ValueError(f"must be above 0, not {shown(value)}; leave it out for no limit")
        setattr(budget, name, number)

    return set_field


def _set_time(budget: build_pb2.Budget, value: Any) -> None:
    budget.time.seconds = parse_span(value)


_SETTERS: Mapping[Any, Callable[[build_pb2.Budget, Any], None]] = {
    "usd": _set_usd,
    "tokens": _whole("tokens"),
    "calls": _whole("calls"),
    "time": _set_time,
}
