"""Which kinds of control a build plants."""

from collections.abc import Iterator, Mapping
from random import Random

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2

_WEIGHTS: Mapping["control_pb2.ControlKind", int] = {
    control_pb2.CONTROL_KIND_WRONG_ANSWER: 5,
    control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER: 4,
    control_pb2.CONTROL_KIND_GOOD: 4,
    control_pb2.CONTROL_KIND_WRONG_SOLUTION: 3,
    control_pb2.CONTROL_KIND_DUPLICATE: 2,
    control_pb2.CONTROL_KIND_LEAK: 2,
    control_pb2.CONTROL_KIND_ILL_POSED: 2,
    control_pb2.CONTROL_KIND_NOT_SELF_CONTAINED: 1,
    control_pb2.CONTROL_KIND_MULTI_PART: 1,
    control_pb2.CONTROL_KIND_PROOF: 1,
    control_pb2.CONTROL_KIND_OFF_SUBJECT: 1,
}
"""How often each is drawn, relative to the others: most where an error costs most and is hardest to see."""


def kinds_in_order(spec: build_pb2.BuildSpec, random: Random) -> "Iterator[control_pb2.ControlKind]":
    """The kinds that mean something in this build, in a drawn order: the next is for where one cannot be made."""
    means_something = {
        control_pb2.CONTROL_KIND_GOOD: bool(spec.controls.gold),
        control_pb2.CONTROL_KIND_LEAK: bool(spec.similarity.benchmarks),
        control_pb2.CONTROL_KIND_OFF_SUBJECT: bool(spec.roles.screeners),
    }
    left = {kind: weight for kind, weight in _WEIGHTS.items() if means_something.get(kind, True)}
    while left:
        kind = random.choices(list(left), weights=list(left.values()))[0]
        del left[kind]
        yield kind
