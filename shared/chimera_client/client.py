"""The asynchronous client of a gateway."""

from types import TracebackType
from typing import Self

from chimera_client.builds import Builds
from chimera_client.connection import Connection
from chimera_client.datasets import Datasets
from chimera_client.dead_letters import DeadLetters
from chimera_client.samples import Samples


class AsyncClient:
    """Talks to the gateway at `target`, to CHIMERA_GATEWAY, or to `127.0.0.1:50051`.

    Failed calls raise the errors of `chimera_shared.errors`; GatewayUnreachable (a Transient) if nobody answers.
    """

    def __init__(self, target: str | None = None) -> None:
        self._connection = Connection(target)
        self.builds = Builds(self._connection)
        self.samples = Samples(self._connection)
        self.datasets = Datasets(self._connection, self.builds)
        self.dead_letters = DeadLetters(self._connection)

    @property
    def target(self) -> str:
        """The gateway's address."""
        return self._connection.target

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
