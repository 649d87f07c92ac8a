"""The endpoints of a process, with their gates and connections."""

import asyncio
from typing import Any, Self
from uuid import uuid4

from chimera_shared.endpoints import engine
from chimera_shared.endpoints.client import ChatClient
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.endpoints.limiter import Gate


class EndpointPool:
    """The endpoints of a process with their gates and connections, shared by whoever asks."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.name = uuid4().hex
        """Tells this process's pool from all others."""
        self.client = ChatClient()
        self.gates = {name: Gate(name, endpoint) for name, endpoint in endpoints.items()}
        self._watching: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        self._watching = [
            asyncio.create_task(self._watch(name), name=f"engine of {name}")
            for name, endpoint in self.endpoints.items()
            if endpoint.metrics_url
        ]
        return self

    async def __aexit__(self, *error: Any) -> None:
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self.client.__aexit__(*error)

    def gate(self, name: str) -> Gate:
        """The gate of an endpoint."""
        return self.gates[name]

    async def _watch(self, name: str) -> None:
        endpoint, gate = self.endpoints[name], self.gates[name]
        await engine.watch(endpoint.metrics_url, endpoint.model, lambda: gate.in_flight > 0, gate.engine, name)
