"""Who played which role in the accepted samples."""

from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import Role
from chimera_client.report.stages import staged_calls
from chimera_shared.roles import seat

MAX_NAMES = 32
"""Roles, models and endpoints told apart; a build has a handful, a hostile server any number."""

OTHERS = "others"
ORDER = ("proposer", "screener", "panel", "weak", "strong", "solver", "judge", "second_judge")


class RoleCounter:
    """Counts calls by role, with the names of models and endpoints."""

    def __init__(self) -> None:
        self._calls: dict[str, int] = {}
        self._models: dict[str, set[str]] = {}
        self._endpoints: dict[str, set[str]] = {}

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one accepted sample."""
        for _, call in staged_calls(sample):
            role = seat(call.role)
            role = role if role in self._calls or len(self._calls) < MAX_NAMES else OTHERS
            self._calls[role] = self._calls.get(role, 0) + 1
            _keep(self._models.setdefault(role, set()), call.model)
            _keep(self._endpoints.setdefault(role, set()), call.endpoint)

    def result(self) -> list[Role]:
        """The roles in the order of their work."""
        return [
            Role(
                role=role,
                models=sorted(self._models[role]),
                endpoints=sorted(self._endpoints[role]),
                calls=self._calls[role],
            )
            for role in sorted(self._calls, key=_order)
        ]


def role_words(role: str) -> str:
    """A role for readers: `panel[0]` is the first member of the panel."""
    name, bracket, position = role.partition("[")
    digits = position.rstrip("]")
    if bracket and digits.isascii() and digits.isdigit():
        return f"{name} {int(digits[:6]) + 1}"
    return role


def _keep(names: set[str], name: str) -> None:
    names.add(name if name in names or len(names) < MAX_NAMES else OTHERS)


def _order(role: str) -> tuple[int, int, str]:
    name = role.partition("[")[0]
    return ORDER.index(name) if name in ORDER else len(ORDER), len(role), role
