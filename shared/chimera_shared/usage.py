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
    """What these calls cost their build together; what another build had paid for is not in it."""
    return total(call.usage for call in calls if not call.paid_by)


def reused(calls: Iterable[sample_pb2.ModelCall]) -> sample_pb2.Usage:
    """What those of these calls consumed for which another build had paid."""
    return total(call.usage for call in calls if call.paid_by)


def calls_of_validation(validation: sample_pb2.Validation) -> list[sample_pb2.ModelCall]:
    """Every call that a validation rests on, those of judges included."""
    looks = [call for match in validation.matches for call in match.calls]
    looks += [call for screening in validation.screenings for call in screening.calls]
    votes = (*validation.votes, *validation.difficulty.weak, *validation.difficulty.strong)
    return looks + [call for vote in votes for call in (*vote.calls, *vote.grade.calls)]


def of_validation(validation: sample_pb2.Validation) -> sample_pb2.Usage:
    """What a validation cost its build."""
    return of_calls(calls_of_validation(validation))
