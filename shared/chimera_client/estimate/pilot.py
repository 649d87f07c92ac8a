"""The pilot of a build: the first slots of each subject, asked exactly as the build will ask them."""

from collections.abc import Sequence
from dataclasses import replace

from chimera.build.v1 import build_pb2
from chimera_client.buildfile import BuildFile
from chimera_client.order import pilot_name
from chimera_shared import identity
from chimera_shared.apportion import targets

DEFAULT_SAMPLES = 24
_MOST_BY_DEFAULT = 100
_LEAST_PER_SUBJECT = 2
"""Of a single sample no spread can be told."""


def pilot_of(file: BuildFile, samples: int | None) -> BuildFile:
    """The order of a pilot of `samples`; None means enough for every subject, within reason.

    Slots are seeded by subject and number, not by the size of the build, so the build asks all of the pilot's questions
    and finds their answers in the ledger.
    """
    wanted = targets(file.spec.samples, [subject.weight or 1.0 for subject in file.spec.subjects])
    if samples is None:
        samples = min(max(DEFAULT_SAMPLES, _LEAST_PER_SUBJECT * len(wanted)), _MOST_BY_DEFAULT)
    counts = allocated(wanted, samples)
    spec = build_pb2.BuildSpec()
    spec.CopyFrom(file.spec)
    spec.name, spec.samples = pilot_name(spec.name), sum(counts)
    del spec.subjects[:]
    for subject, count in zip(file.spec.subjects, counts, strict=True):
        if count:
            spec.subjects.add().CopyFrom(subject)
            spec.subjects[-1].weight = count
    return replace(file, spec=spec, sha256=identity.digest("pilot", file.sha256, samples))


def allocated(wanted: Sequence[int], samples: int) -> list[int]:
    """How many samples of each subject: two at least, the largest subjects first, and the rest in the build's mix."""
    left = min(samples, sum(wanted))
    counts = [0] * len(wanted)
    for i in sorted(range(len(wanted)), key=lambda i: -wanted[i]):
        counts[i] = min(_LEAST_PER_SUBJECT, wanted[i], left)
        left -= counts[i]
    if left:
        more = targets(left, [w - c for w, c in zip(wanted, counts, strict=True)])
        counts = [c + m for c, m in zip(counts, more, strict=True)]
    return counts
