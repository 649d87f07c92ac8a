"""How many samples each subject gets, whose slots are opened next, and when a quota is out of reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

from chimera.build.v1 import build_pb2

MIN_SETTLED = 50
"""Of fewer settled samples a share says little; at a true acceptance of 10 %, none of 50 has a chance of 0.5 %."""
ENDPOINT_FAILURES = 5
"""So many samples lost to failing endpoints, with none accepted and fewer lost to all else, are no accident."""
FAILING, FAILING_PER_SUBJECT = 50, 5
"""So many lost to failing endpoints since the last one was accepted mean that a key or a model has gone."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One subject's part of a build, and how far it is.

    `endpoint_failures` are samples lost to failing endpoints, `failing` those since the last accepted one.
    """

    subject: str
    target: int
    opened: int = 0
    accepted: int = 0
    settled: int = 0
    endpoint_failures: int = 0
    failing: int = 0
    last_detail: str = ""
    endpoint_detail: str = ""
    calls: int = 0
    tokens: int = 0
    cost_nanousd: int = 0
    """What its settled samples consumed."""

    @property
    def remaining(self) -> int:
        """Slots that were never opened."""
        return self.target - self.opened


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a build cannot be completed."""

    subject: str
    reason: "build_pb2.StopReason"
    detail: str


def allotted(quotas: Sequence[Quota], count: int) -> list[tuple[Quota, int]]:
    """How many of `count` new slots each quota gets; the one furthest behind is next, so that all end together."""
    shares = [0] * len(quotas)
    behind = [(-q.remaining / q.target, -q.target, i) for i, q in enumerate(quotas) if q.remaining > 0]
    heapify(behind)
    for _ in range(min(count, sum(q.remaining for q in quotas))):
        _, size, i = behind[0]
        shares[i] += 1
        heapreplace(behind, ((quotas[i].remaining - shares[i]) / size, size, i))
    return [(q, share) for q, share in zip(quotas, shares, strict=True) if share]


def missed(quotas: Sequence[Quota], floor: float) -> Miss | None:
    """Why the quotas cannot be filled, if they cannot."""
    failures = sum(q.endpoint_failures for q in quotas)
    enough = min(ENDPOINT_FAILURES, sum(q.target for q in quotas))
    never_worked = failures >= max(enough, 1) and not any(q.accepted for q in quotas)
    gone = sum(q.failing for q in quotas) >= FAILING + FAILING_PER_SUBJECT * len(quotas)
    if gone or (never_worked and 2 * failures > sum(q.settled for q in quotas)):
        detail = next(q.endpoint_detail for q in quotas if q.endpoint_failures)
        return Miss("", build_pb2.STOP_REASON_ENDPOINTS_FAILING, detail)
    for q in quotas:
        if q.settled >= MIN_SETTLED and q.accepted < floor * q.settled:
            share = f"{q.accepted} of {q.settled} samples were accepted, below the floor of {floor:.1%}"
            detail = f"{q.subject}: {share}; the last one was not because {q.last_detail}"
            return Miss(q.subject, build_pb2.STOP_REASON_ACCEPTANCE_BELOW_FLOOR, detail)
    return None
