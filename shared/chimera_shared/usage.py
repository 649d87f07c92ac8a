"""Sums of what calls consumed."""

from collections.abc import Iterable

from chimera.sample.v1 import sample_pb2


def total(usages: Iterable[sample_pb2.Usage]) -> sample_pb2.Usage:
    """The sum, field by field."""
    found = sample_pb2.Usage()
    for usage in usages:
        found.calls += usage.calls
        found.input_tokens += usage.input_tokens
        found.output_tokens += usage.output_tokens
        found.cost_nanousd += usage.cost_nanousd
    return found


def of_calls(calls: Iterable[sample_pb2.ModelCall]) -> sample_pb2.Usage:
    """What these calls consumed together."""
    return total(call.usage for call in calls)


def of_validation(validation: sample_pb2.Validation) -> sample_pb2.Usage:
    """What a panel and its judge consumed."""
    return total(of_calls([*vote.calls, *vote.grade.calls]) for vote in validation.votes)
