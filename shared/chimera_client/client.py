"""The asynchronous client of a gateway, a verifier, an evaluator and a trainer."""

import os
from types import TracebackType
from typing import Self

from chimera_client.builds import Builds
from chimera_client.connection import EVALUATOR, GATEWAY, TRAINER, VERIFIER, Connection, Server
from chimera_client.corpora import Corpora
from chimera_client.datasets import Datasets
from chimera_client.dead_letters import DeadLetters
from chimera_client.evaluations import Evaluations
from chimera_client.models import Models
from chimera_client.recalls import Recalls
from chimera_client.samples import Samples
from chimera_client.trainings import Trainings
from chimera_client.verifier import Verifier
from chimera_shared.errors import InvalidInput


class AsyncClient:
    """Talks to the gateway at `target`, to CHIMERA_GATEWAY, or to `127.0.0.1:50051`.

    What is asked of a verifier goes to the one at `verifier`, to CHIMERA_VERIFIER, or, if no gateway is named either,
    to `127.0.0.1:50052`; what is asked of an evaluator or a trainer likewise, the last being `127.0.0.1:50053` and
    `127.0.0.1:50054`. Failed calls raise the errors of `chimera_shared.errors`; ServerUnreachable (a Transient) if
    nobody answers.
    """

    def __init__(
        self,
        target: str | None = None,
        verifier: str | None = None,
        evaluator: str | None = None,
        trainer: str | None = None,
    ) -> None:
        self._connection = Connection(target)
        named = ((VERIFIER, verifier), (EVALUATOR, evaluator), (TRAINER, trainer))
        self._beside = {server: _beside(self._connection, server, name) for server, name in named}
        self.builds = Builds(self._connection)
        self.samples = Samples(self._connection)
        self.datasets = Datasets(self._connection, self.builds, self.samples)
        self.recalls = Recalls(self._connection)
        self.dead_letters = DeadLetters(self._connection)

    @property
    def verifier(self) -> Verifier:
        """Grades answers and checks problems; InvalidInput if no verifier is named."""
        return Verifier(self._connection_to(VERIFIER))

    @property
    def corpora(self) -> Corpora:
        """Imports, reads and searches corpora; InvalidInput if no verifier is named."""
        return Corpora(self._connection_to(VERIFIER))

    @property
    def evaluations(self) -> Evaluations:
        """Starts, watches and reads evaluations; InvalidInput if no evaluator is named."""
        return Evaluations(self._connection_to(EVALUATOR))

    @property
    def trainings(self) -> Trainings:
        """Starts, watches and reads trainings; InvalidInput if no trainer is named."""
        return Trainings(self._connection_to(TRAINER))

    @property
    def models(self) -> Models:
        """Reads the registry of models; InvalidInput if no trainer is named."""
        return Models(self._connection_to(TRAINER))

    def _connection_to(self, server: Server) -> Connection:
        if (connection := self._beside[server]) is None:
            raise InvalidInput.of(
                server.noun,
                f"the gateway is named and the {server.noun} is not; name its HOST:PORT by {server.variable} or"
                f" {server.option}",
            )
        return connection

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
        for connection in (self._connection, *self._beside.values()):
            if connection is not None:
                await connection.close()


def _beside(gateway: Connection, server: Server, target: str | None) -> Connection | None:
    """A gateway elsewhere has the other servers elsewhere too, and nothing but its operator knows where."""
    named = target or os.environ.get(server.variable)
    return Connection(named, server) if named or gateway.target == GATEWAY.default else None
