"""Shares of votes."""

from collections.abc import Sequence

from chimera.sample.v1 import sample_pb2


def decided(votes: Sequence[sample_pb2.Vote]) -> int:
    """How many votes agree with the reference or differ from it."""
    verdicts = [vote.grade.verdict for vote in votes]
    return verdicts.count(sample_pb2.VERDICT_CORRECT) + verdicts.count(sample_pb2.VERDICT_INCORRECT)


def pass_rate(votes: Sequence[sample_pb2.Vote]) -> float | None:
    """Share of those decided that agree with the reference; None if none was decided."""
    correct = sum(vote.grade.verdict == sample_pb2.VERDICT_CORRECT for vote in votes)
    return correct / number if (number := decided(votes)) else None
