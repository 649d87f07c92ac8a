"""Dead letters at a gateway."""

from collections.abc import AsyncIterator, Sequence

from chimera.deadletter.v1 import dead_letter_pb2, dead_letter_service_pb2, dead_letter_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_shared.rpc.channel import DEADLINE_SECONDS

_BATCH = 100
_REPLAY_SECONDS = 120.0
"""For a batch of letters, each up to 20 MB."""


class DeadLetters:
    """Reads messages that a stage could not work on, sends them again, and discards them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = dead_letter_service_pb2_grpc.DeadLetterServiceStub(connection.channel)

    async def list(self, stage: str = "") -> AsyncIterator[dead_letter_pb2.DeadLetter]:
        """The open ones, oldest message first, without values and headers, page by page."""
        request = dead_letter_service_pb2.ListDeadLettersRequest(stage=stage)
        async for page in self._connection.pages(self._stub.ListDeadLetters, request):
            for letter in page.dead_letters:
                yield letter

    async def stages(self) -> Sequence[dead_letter_pb2.StageLetters]:
        """How many letters each stage has, of those that have any; at its bound a stage stands still."""
        request = dead_letter_service_pb2.ListDeadLettersRequest(page_size=1)
        page = await self._connection.answer(self._stub.ListDeadLetters(request, timeout=DEADLINE_SECONDS))
        return list(page.stages)

    async def get(self, dead_letter_id: str) -> dead_letter_pb2.DeadLetter:
        """One letter as it came; NotFound if there is none."""
        request = dead_letter_service_pb2.GetDeadLetterRequest(dead_letter_id=dead_letter_id)
        return await self._connection.answer(self._stub.GetDeadLetter(request, timeout=DEADLINE_SECONDS))

    async def replay(self, *dead_letter_ids: str) -> Sequence[str]:
        """Send letters to their topics again, each as it came; one that is refused again becomes another letter."""
        replayed: list[str] = []
        for start in range(0, len(dead_letter_ids), _BATCH):
            names = dead_letter_ids[start : start + _BATCH]
            request = dead_letter_service_pb2.ReplayDeadLettersRequest(dead_letter_ids=names)
            answer = await self._connection.answer(self._stub.ReplayDeadLetters(request, timeout=_REPLAY_SECONDS))
            replayed += answer.dead_letter_ids
        return replayed

    async def replay_stage(self, stage: str) -> Sequence[str]:
        """Send all letters of a stage again that it has at the beginning."""
        return await self.replay(*[letter.dead_letter_id async for letter in self.list(stage)])

    async def discard(self, *dead_letter_ids: str) -> Sequence[str]:
        """Set letters aside that are of no use; each can be read and replayed for another seven days."""
        discarded: list[str] = []
        for start in range(0, len(dead_letter_ids), _BATCH):
            names = dead_letter_ids[start : start + _BATCH]
            request = dead_letter_service_pb2.DiscardDeadLettersRequest(dead_letter_ids=names)
            answer = await self._connection.answer(self._stub.DiscardDeadLetters(request, timeout=DEADLINE_SECONDS))
            discarded += answer.dead_letter_ids
        return discarded

    async def discard_stage(self, stage: str) -> Sequence[str]:
        """Set all letters of a stage aside that it has at the beginning."""
        return await self.discard(*[letter.dead_letter_id async for letter in self.list(stage)])
