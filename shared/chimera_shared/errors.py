"""The errors that cross boundaries.

ChimeraError
├── InvalidInput         the caller's mistake: names the field, the value and the way out
├── NotFound             no such thing
├── AlreadyExists        the name is taken by something else
├── FailedPrecondition   not in this state
├── Configuration        the operator's mistake: names the setting and the way out
├── Transient            may pass: the engine tries again
│   ├── StoreUnavailable
│   ├── BusUnavailable
│   ├── EndpointUnavailable
│   ├── BudgetSpent      the build cannot pay for another call
│   └── BuildHalted      the build was paused or has ended
└── SampleFailure        a fact about one sample, which settles as unknown
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chimera.sample.v1 import sample_pb2


class ChimeraError(Exception):
    """Root of all errors that a user may see; `str()` is one sentence."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field: its path, such as `subjects[2].weight`, and what is wrong with its value."""

    field: str
    description: str


class InvalidInput(ChimeraError):
    """The caller's mistake. `violations` holds every wrong field, not only the first."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str) -> "InvalidInput":
        """One wrong field."""
        return cls([Violation(field, description)])


class NotFound(ChimeraError):
    """No such thing."""


class AlreadyExists(ChimeraError):
    """The name is taken by something else."""


class FailedPrecondition(ChimeraError):
    """What was asked cannot be done in this state."""


class Configuration(ChimeraError):
    """The operator's mistake: a setting, a file or an environment variable."""


class Transient(ChimeraError):
    """May pass by itself; the engine tries again."""


class StoreUnavailable(Transient):
    """MongoDB cannot be reached or does not answer."""


class BusUnavailable(Transient):
    """Kafka cannot be reached or does not answer."""


class EndpointUnavailable(Transient):
    """A model endpoint that answered this build before does not answer now."""


class BudgetSpent(Transient):
    """What is left of the build's budget does not pay for another call; the build is about to end."""


class BuildHalted(Transient):
    """The build was paused or has ended while something waited or worked for it; what is due is asked for again."""


class SampleFailure(ChimeraError):
    """A fact about one sample: it settles as unknown, with this reason and the calls already paid for."""

    def __init__(self, reason: "sample_pb2.Reason", detail: str, calls: Sequence[sample_pb2.ModelCall] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.calls = tuple(calls)

    def to_proto(self) -> sample_pb2.Failure:
        """The failure as events carry it."""
        return sample_pb2.Failure(reason=self.reason, detail=self.detail, calls=self.calls)
