"""The asynchronous client of a gateway and of a verifier."""

import os
from types import TracebackType
from typing import Self

from chimera_client.builds import Builds
from chimera_client.connection import GATEWAY, VERIFIER, Connection
from chimera_client.datasets import Datasets
from chimera_client.dead_letters import DeadLetters
from chimera_client.samples import Samples
from chimera_client.verifier import Verifier
from chimera_shared.errors import InvalidInput


class AsyncClient:
    """Talks to the gateway at `target`, to CHIMERA_GATEWAY, or to `127.0.0.1:50051`.

    What is asked of a verifier goes to the one at `verifier`, to CHIMERA_VERIFIER, or, if no gateway is named either,
    to `127.0.0.1:50052`. Failed calls raise the errors of `chimera_shared.errors`; ServerUnreachable (a Transient) if
    nobody answers.
    """

    def __init__(self, target: str | None = None, verifier: str | None = None) -> None:
        self._connection = Connection(target)
        self._verifying = _verifying(self._connection, verifier)
        self.builds = Builds(self._connection)
        self.samples = Samples(self._connection)
        self.datasets = Datasets(self._connection, self.builds, self.samples)
        self.dead_letters = DeadLetters(self._connection)

    @property
    def verifier(self) -> Verifier:
        """Grades answers and checks problems; InvalidInput if no verifier is named."""
        return Verifier(self._verifier_connection())

    def _verifier_connection(self) -> Connection:
        if self._verifying is None:
            raise InvalidInput.of(
                VERIFIER.noun,
                f"the gateway is named and the verifier is not; name its HOST:PORT by {VERIFIER.variable} or"
                f" {VERIFIER.option}",
            )
        return self._verifying

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
        """Close the connections."""
        await self._connection.close()
        if self._verifying is not None:
            await self._verifying.close()


def _verifying(gateway: Connection, target: str | None) -> Connection | None:
    """A gateway elsewhere has its verifier elsewhere too, and nothing but its operator knows where."""
    named = target or os.environ.get(VERIFIER.variable)
    return Connection(named, VERIFIER) if named or gateway.target == GATEWAY.default else None
