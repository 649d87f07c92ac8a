"""Numbered logs in memory, with the manners of those in MongoDB."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any


class MemoryLogs:
    """As `chimera_shared.mongo.Logs`. Each call gives way once, as a round trip does."""

    def __init__(self) -> None:
        self.logs: dict[str, list[dict[str, Any]]] = defaultdict(list)

    async def append(self, scope: str, first: int, documents: Sequence[dict[str, Any]]) -> int:
        """Store documents from a number on, up to the first that is taken; how many."""
        await asyncio.sleep(0)
        log = self.logs[scope]
        assert first <= len(log), "a number was left out"
        if first < len(log):
            return 0
        log.extend(dict(document) for document in documents)
        return len(documents)

    async def read(self, scope: str, first: int, *fields: str) -> AsyncIterator[dict[str, Any]]:
        """The documents from a number on."""
        await asyncio.sleep(0)
        for document in self.logs[scope][first:]:
            yield {name: document[name] for name in fields or document}

    async def find(self, scope: str, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The documents with these numbers."""
        await asyncio.sleep(0)
        log = self.logs[scope]
        return {number: log[number] for number in numbers if number < len(log)}

    async def drop(self, scope: str) -> None:
        """Forget a scope."""
        await asyncio.sleep(0)
        self.logs.pop(scope, None)
