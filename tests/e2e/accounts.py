"""Whether each model call was bought once, to the call: the teacher's journal against the services' ledgers."""

import asyncio
from dataclasses import dataclass

import pymongo

from e2e.cluster import Cluster
from e2e.journal import Request

BUYERS = ("taxonomy", "generator", "verifier")
"""The services that ask models, and keep what was answered in a ledger of their own."""


@dataclass(frozen=True)
class Death:
    """A death of one service. `open_calls` had been asked, and nobody had kept their answer."""

    service: str
    open_calls: frozenset[str]


@dataclass(frozen=True)
class Purchases:
    """What was bought up to now."""

    bought: int
    """Requests answered, or given up by their client."""
    distinct: int
    """Calls among them."""
    tokens: int
    """What the distinct calls consumed, each once."""
    deaths: tuple[int, ...]
    """Calls that each death found on their way, in the order of the deaths."""
    unexplained: tuple[str, ...]
    """Calls bought once more than deaths of their service found them on their way."""

    @property
    def repeats(self) -> int:
        return self.bought - self.distinct


class Accounts:
    """Follows the purchases of one build."""

    def __init__(self, deployed: Cluster, build_id: str) -> None:
        self._deployed = deployed
        self._build_id = build_id
        self._deaths: list[Death] = []

    async def note_death(self, service: str) -> None:
        """Call it while the service is dead: what it had asked and not kept is what it will ask again."""
        kept = set().union(*(await self.kept()).values())
        self._deployed.journal.read()
        asked = {r.call for r in self._deployed.journal.requests.values() if r.bought or r.status is None}
        self._deaths.append(Death(service, frozenset(asked - kept)))

    async def kept(self) -> dict[str, set[str]]:
        """The calls in each service's ledger."""
        return await asyncio.to_thread(self._kept)

    async def purchases(self) -> Purchases:
        """The account as it stands."""
        kept = await self.kept()
        self._deployed.journal.read()
        calls = {c: [r for r in requests if r.bought] for c, requests in self._deployed.journal.calls().items()}
        calls = {call: requests for call, requests in calls.items() if requests}
        return Purchases(
            bought=sum(map(len, calls.values())),
            distinct=len(calls),
            tokens=sum(_tokens(requests) for requests in calls.values()),
            deaths=tuple(len(death.open_calls & kept.get(death.service, set())) for death in self._deaths),
            unexplained=tuple(c for c, requests in calls.items() if len(requests) - 1 > self._excused(c, kept)),
        )

    def _excused(self, call: str, kept: dict[str, set[str]]) -> int:
        """How many deaths of the service that asked it found this call on its way."""
        return sum(call in death.open_calls and call in kept.get(death.service, set()) for death in self._deaths)

    def _kept(self) -> dict[str, set[str]]:
        prefix = f"{self._build_id}/"
        with pymongo.MongoClient[dict[str, object]](self._deployed.store.uri) as client:
            return {
                service: {
                    key.removeprefix(prefix)
                    for each in client[f"chimera_{service}"]["calls"].find({"build_id": self._build_id}, {"_id": 1})
                    if (key := str(each["_id"])).startswith(prefix)
                }
                for service in BUYERS
            }


def _tokens(requests: list[Request]) -> int:
    return max(request.tokens for request in requests)
