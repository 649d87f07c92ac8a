"""How many slots of a build are open at once: enough to keep its share of its endpoints busy, whatever its size, and no
more than its budget can fill."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import ceil

from chimera.build.v1 import build_pb2
from chimera_shared.roles import endpoints_of
from chimera_taxonomy.domain.quotas import Quota

MIN_WINDOW, MAX_WINDOW = 32, 4096
"""Of a build that runs alone."""
MIN_SHARE = 8
"""Of a build among others: with fewer, a slot that waits for its next attempt would leave a small share idle."""
_WINDOW_PER_CAPACITY = 2
"""Samples under way for each request that the endpoints take at once: while one is answered, the next is at hand."""


def window(build: build_pb2.Build, running: Iterable[build_pb2.Build], capacity: Callable[[str], int]) -> int:
    """How many slots of a build may be open, given the builds that run and what each endpoint takes at once."""
    takes = {endpoint: capacity(endpoint) for endpoint in endpoints_of(build.spec.roles)}
    whole = sum(takes.values())
    alone = min(max(_WINDOW_PER_CAPACITY * whole, MIN_WINDOW), MAX_WINDOW)
    wanted = _wanted([build, *(other for other in running if other.build_id != build.build_id)])
    part = sum(takes[endpoint] * weight(build) / wanted[endpoint] for endpoint in takes) / whole if whole else 1.0
    return max(ceil(part * alone), MIN_SHARE)


def affordable(budget: build_pb2.Budget, quotas: Sequence[Quota]) -> int:
    """How many slots may be open so that what is left of a budget fills all of them, by what filled ones cost so far.

    Until the first one is filled nobody knows what that is. One is always open: it ends the build when it cannot pay.
    """
    accepted = sum(quota.accepted for quota in quotas)
    rooms = []
    for limit in ("calls", "tokens", "cost_nanousd"):
        most, spent = getattr(budget, limit), sum(getattr(quota, limit) for quota in quotas)
        if most and accepted and spent:
            rooms.append((most - spent) * accepted / spent)
        elif most and not accepted:
            rooms.append(MIN_WINDOW)
    return max(int(min(rooms, default=MAX_WINDOW)), 1)


def weight(build: build_pb2.Build) -> float:
    """A build's weight among those that want the same endpoints."""
    return build.spec.weight or 1.0


def _wanted(builds: Iterable[build_pb2.Build]) -> dict[str, float]:
    """The weights of all who want an endpoint, together."""
    total: dict[str, float] = defaultdict(float)
    for build in builds:
        for endpoint in endpoints_of(build.spec.roles):
            total[endpoint] += weight(build)
    return total
