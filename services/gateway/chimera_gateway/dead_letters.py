"""The service's gRPC calls about dead letters."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.deadletter.v1 import dead_letter_pb2, dead_letter_service_pb2, dead_letter_service_pb2_grpc
from chimera_shared.dead_letters import Letterbox
from chimera_shared.errors import InvalidInput, NotFound
from chimera_shared.paging import Page

MAX_NAMED = 1_000
"""By one call, so that it ends within its deadline."""
_REPLAYED_AT_ONCE = 8
"""A letter is up to 20 MB, and as many are held in memory."""


class RawBus(Protocol):
    """Where letters are sent again."""

    async def send_raw(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> None:
        """Send bytes as they are and wait for the acknowledgement."""


class DeadLetterServicer(dead_letter_service_pb2_grpc.DeadLetterServiceServicer):
    """Reads dead letters, sends them again, and discards them."""

    def __init__(self, letters: Letterbox, bus: RawBus) -> None:
        self._letters = letters
        self._bus = bus
        self._turns = asyncio.Semaphore(_REPLAYED_AT_ONCE)

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        dead_letter_service_pb2_grpc.add_DeadLetterServiceServicer_to_server(self, server)
        return dead_letter_service_pb2.DESCRIPTOR.services_by_name["DeadLetterService"]

    async def ListDeadLetters(
        self, request: dead_letter_service_pb2.ListDeadLettersRequest, context: object
    ) -> dead_letter_service_pb2.ListDeadLettersResponse:
        """List open letters, and how many each stage has."""
        page = Page.of(request)
        letters = await self._letters.list(request.stage, page.token, page.size + 1)
        more = len(letters) > page.size
        letters = letters[: page.size]
        return dead_letter_service_pb2.ListDeadLettersResponse(
            dead_letters=letters,
            next_page_token=letters[-1].dead_letter_id if more else "",
            stages=await self._letters.stages(),
        )

    async def GetDeadLetter(
        self, request: dead_letter_service_pb2.GetDeadLetterRequest, context: object
    ) -> dead_letter_pb2.DeadLetter:
        """Return one letter with its value."""
        return await self._letter(request.dead_letter_id)

    async def ReplayDeadLetters(
        self, request: dead_letter_service_pb2.ReplayDeadLettersRequest, context: object
    ) -> dead_letter_service_pb2.ReplayDeadLettersResponse:
        """Send letters again; those that cannot be sent hinder no other, and stay."""
        names = await self._named(request)
        await self._letters.forget()
        ended = await asyncio.gather(*(self._replay(name) for name in names), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return dead_letter_service_pb2.ReplayDeadLettersResponse(dead_letter_ids=names)

    async def DiscardDeadLetters(
        self, request: dead_letter_service_pb2.DiscardDeadLettersRequest, context: object
    ) -> dead_letter_service_pb2.DiscardDeadLettersResponse:
        """Set letters aside, so that there is room for others."""
        names = await self._named(request)
        await self._letters.forget()
        for name in names:
            if not await self._letters.discarded(name):
                raise _no_letter(name)
        return dead_letter_service_pb2.DiscardDeadLettersResponse(dead_letter_ids=names)

    async def _named(
        self,
        request: dead_letter_service_pb2.ReplayDeadLettersRequest | dead_letter_service_pb2.DiscardDeadLettersRequest,
    ) -> list[str]:
        if bool(request.dead_letter_ids) == bool(request.stage):
            raise InvalidInput.of("dead_letter_ids", "give either ids or a stage")
        if len(request.dead_letter_ids) > MAX_NAMED:
            raise InvalidInput.of("dead_letter_ids", f"at most {MAX_NAMED:,} at a time")
        if request.dead_letter_ids:
            return list(dict.fromkeys(request.dead_letter_ids))
        return [letter.dead_letter_id for letter in await self._letters.list(request.stage, "", MAX_NAMED)]

    async def _replay(self, name: str) -> None:
        # Noted after it was sent: between the two a crash has it sent twice rather than never.
        async with self._turns:
            letter = await self._letter(name)
            await self._bus.send_raw(
                letter.topic,
                letter.key if letter.HasField("key") else None,
                letter.value if letter.HasField("value") else None,
                [(header.name, header.value if header.HasField("value") else None) for header in letter.headers],
            )
            await self._letters.replayed(name)

    async def _letter(self, name: str) -> dead_letter_pb2.DeadLetter:
        if (letter := await self._letters.get(name)) is None:
            raise _no_letter(name)
        return letter


def _no_letter(name: str) -> NotFound:
    return NotFound(f"no dead letter is named {name[:80]!r}; `chimera dead-letters list` shows those there are")
