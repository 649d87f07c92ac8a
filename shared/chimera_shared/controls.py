"""Beside which samples the verifier plants a control: whoever counts must expect as many as whoever plants."""

from collections.abc import Iterator

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.errors import Violation

DEFAULT_SHARE = 0.05
_RANGE = 1 << identity.SEED_BITS


def is_planted(ref: sample_pb2.SampleRef, spec: build_pb2.BuildSpec) -> bool:
    """Whether a sample whose problem passes its checks has a control beside it; the same in every fork of a build."""
    return identity.seed(ref.seed, "control") < spec.controls.share * _RANGE


def control_id(build: str, source: str, kind: int) -> str:
    """32 hexadecimal digits: the id of what is planted of that kind from that source."""
    return identity.digest("control", build, source, kind)[:32]


def fill_in_controls(spec: build_pb2.BuildSpec) -> None:
    """Give the share that will be used, if it was left out."""
    if not spec.controls.HasField("share"):
        spec.controls.share = DEFAULT_SHARE


def validate_controls(spec: build_pb2.BuildSpec) -> Iterator[Violation]:
    """What is wrong with how the verifier is to be measured."""
    if not 0 <= (share := spec.controls.share) <= 1:
        yield Violation("controls.share", f"must be from 0 to 1, not {share:g}; 0 plants nothing")
