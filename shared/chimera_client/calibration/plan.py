"""Which controls a calibration plants: known numbers of each kind, spread over the gold problems."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration.expectation import must_pass
from chimera_shared.apportion import targets

SHARES: Mapping[int, float] = {
    control_pb2.CONTROL_KIND_GOOD: 6,
    control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER: 3,
    control_pb2.CONTROL_KIND_WRONG_ANSWER: 6,
    control_pb2.CONTROL_KIND_WRONG_SOLUTION: 3,
    control_pb2.CONTROL_KIND_DUPLICATE: 2,
    control_pb2.CONTROL_KIND_LEAK: 2,
    control_pb2.CONTROL_KIND_ILL_POSED: 2,
    control_pb2.CONTROL_KIND_NOT_SELF_CONTAINED: 1,
    control_pb2.CONTROL_KIND_MULTI_PART: 1,
    control_pb2.CONTROL_KIND_PROOF: 1,
    control_pb2.CONTROL_KIND_OFF_SUBJECT: 1,
}
"""Of all controls, relative to one another: about two fifths are right and must pass."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A control to plant."""

    kind: int
    spares: Sequence[sample_pb2.Sample]
    """Gold problems in the order in which they are tried: not every kind can be made of every problem."""


def planned(
    items: Sequence[sample_pb2.Sample],
    benchmarks: Sequence[sample_pb2.Sample],
    spec: build_pb2.BuildSpec,
    kinds: Sequence[int],
    controls: int,
    seed: int,
) -> list[Wanted]:
    """`controls` of the given kinds, or of all that mean something; the right ones first.

    Leaks are made of `benchmarks`. A kind uses a problem once: there are never more of one than problems.
    """
    if control_pb2.CONTROL_KIND_DUPLICATE in kinds:
        kinds = [*kinds, control_pb2.CONTROL_KIND_GOOD]  # of which they are duplicates
    sources = {kind: benchmarks if kind == control_pb2.CONTROL_KIND_LEAK else items for kind in SHARES}
    wanted = [kind for kind in SHARES if kind in kinds or (not kinds and _means_something(kind, spec, sources[kind]))]
    shares = {kind: SHARES[kind] for kind in wanted}
    numbers = targets(controls, list(shares.values()))
    found = []
    for kind, number in zip(shares, numbers, strict=True):
        order = list(sources[kind])
        # A duplicate is planted of a problem that was sent unchanged before.
        drawn_for = control_pb2.CONTROL_KIND_GOOD if kind == control_pb2.CONTROL_KIND_DUPLICATE else kind
        Random(f"{seed}/{drawn_for}").shuffle(order)  # noqa: S311  not for secrets
        found += [Wanted(kind, spares) for spares in _dealt(order, min(number, len(order)))]
    return sorted(found, key=lambda wanted: (not must_pass(wanted.kind), wanted.kind))


def _dealt(order: Sequence[sample_pb2.Sample], number: int) -> Iterator[list[sample_pb2.Sample]]:
    """Hands of problems, dealt in turn, so that no two controls of a kind are made of one."""
    for first in range(number):
        yield list(order[first::number])


def _means_something(kind: int, spec: build_pb2.BuildSpec, sources: Sequence[sample_pb2.Sample]) -> bool:
    if kind == control_pb2.CONTROL_KIND_OFF_SUBJECT:
        return bool(spec.roles.screeners)
    if kind == control_pb2.CONTROL_KIND_WRONG_SOLUTION:
        return any(source.HasField("solution") for source in sources)
    return bool(sources)
