"""Whether each model call was bought once, to the call: the teacher's journal against the services' ledgers."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pymongo

from e2e.cluster import Cluster
from e2e.journal import Request

BUYERS = ("taxonomy", "generator", "verifier")
"""The services that ask models, and keep what was answered in a ledger of their own."""


@dataclass(frozen=True)
class Death:
    """A death of one process of a service."""

    service: str
    in_flight: frozenset[str]
    """Requests that had not ended; those of the dead one are given up, those of the living go on."""
    unkept: frozenset[str]
    """Calls that had been answered, but in no ledger was the answer."""


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
    answered_again: tuple[str, ...]
    """Those of them that were answered more than once; the others were given up by a living client."""

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
        for _ in range(3):  # a busy teacher has what the process sent just before it died once it answers later ones
            await self._deployed.stats()
        self._deployed.journal.read()
        requests = list(self._deployed.journal.requests.values())
        kept = set().union(*(await self.kept()).values())
        self._deaths.append(
            Death(
                service,
                frozenset(r.name for r in requests if r.status is None),
                frozenset(r.call for r in requests if r.bought) - kept,
            )
        )

    async def kept(self) -> dict[str, set[str]]:
        """The calls in each service's ledger."""
        return await asyncio.to_thread(self._kept)

    async def purchases(self) -> Purchases:
        """The account as it stands."""
        kept = await self.kept()
        self._deployed.journal.read()
        calls = {c: [r for r in requests if r.bought] for c, requests in self._deployed.journal.calls().items()}
        calls = {call: requests for call, requests in calls.items() if requests}
        open_calls = [self._open_calls(death) & kept.get(death.service, set()) for death in self._deaths]
        excused = Counter(call for each in open_calls for call in each)
        return Purchases(
            bought=sum(map(len, calls.values())),
            distinct=len(calls),
            tokens=sum(_tokens(requests) for requests in calls.values()),
            deaths=tuple(map(len, open_calls)),
            unexplained=tuple(call for call, requests in calls.items() if len(requests) - 1 > excused[call]),
            answered_again=tuple(call for call, requests in calls.items() if _answers(requests) - 1 > excused[call]),
        )

    def _open_calls(self, death: Death) -> set[str]:
        """The calls that the dead process had asked and not kept: it will ask them again."""
        requests = self._deployed.journal.requests
        given_up = {requests[name].call for name in death.in_flight if requests[name].status == "cancelled"}
        return given_up | death.unkept

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


def _answers(requests: list[Request]) -> int:
    return sum(request.status == "200" for request in requests)
