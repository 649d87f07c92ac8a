"""The endpoints of a process, with their limits and connections."""

from typing import Any, Self

from chimera.build.v1 import build_pb2
from chimera_shared.endpoints.client import ChatClient
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.endpoints.limiter import Limiter


class EndpointPool:
    """The endpoints of a process with their limits and connections, shared by whoever asks."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.client = ChatClient()
        self._limiters = {name: Limiter(e.max_in_flight) for name, e in endpoints.items()}

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.__aexit__(*error)

    def limiter(self, name: str) -> Limiter:
        """The limiter of an endpoint."""
        return self._limiters[name]

    def capacity(self, roles: build_pb2.Roles) -> int:
        """Requests that the endpoints of these roles take at once, from this process."""
        named = [roles.proposer, *roles.panel, roles.solver, roles.judge]
        names = {name for role in named for name in role.endpoints}
        return sum(self.endpoints[name].max_in_flight for name in names if name in self.endpoints)
