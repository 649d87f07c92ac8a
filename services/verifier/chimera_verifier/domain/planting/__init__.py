"""Makes problems whose right verdict is known out of problems whose answer is.

Everything is drawn from the random source that is passed in, so the same source and seed plant the same control.
"""

from dataclasses import dataclass

from chimera.sample.v1 import sample_pb2


@dataclass(frozen=True, slots=True)
class Answered:
    """Another answer, and in one sentence what was done to the one before."""

    answer: sample_pb2.Answer
    change: str


@dataclass(frozen=True, slots=True)
class Stated:
    """Another statement, and in one sentence what was done to the one before."""

    statement: str
    change: str


def with_value(answer: sample_pb2.Answer, value: str, change: str, unit: str | None = None) -> Answered:
    """The answer with another value, and another unit if one is given."""
    other = sample_pb2.Answer()
    other.CopyFrom(answer)
    other.value = value
    if unit is not None:
        other.unit = unit
    return Answered(other, change)


def shown(text: str) -> str:
    """The text as a change names it: one line, and no longer than it helps."""
    line = " ".join(text.split())
    return repr(line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…")


_SHOWN_CHARS = 60
