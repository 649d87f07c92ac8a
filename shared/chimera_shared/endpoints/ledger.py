"""The call ledger: every answer is stored under the hash of what shaped it before it is used.

A message that is delivered again finds its answers here instead of buying them again.
"""

import asyncio
import logging
import random
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.client import Completion
from chimera_shared.errors import StoreUnavailable
from chimera_shared.mongo import ById, Collection, Document, FirstWins, from_document, guarded, to_document

log = logging.getLogger(__name__)
_SHAPING = ("model", "messages", "seed", "temperature", "top_p", "response_format")
"""Not the token limit: it shapes only answers that it cut off. Not the address: the same model may move."""
_STORE_RETRY_SECONDS = 0.5


def call_id(body: dict[str, Any]) -> str:
    """SHA-256 of everything in a request that shapes its answer."""
    shaping = {name: body[name] for name in _SHAPING if name in body}
    return sha256(orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Ledger:
    """Answers of one service's calls, by build and call id."""

    def __init__(self, calls: Collection[Document]) -> None:
        self._calls = calls
        self._insert = FirstWins(calls).insert
        self._find = ById(calls).find
        self._answered: set[str] = set()

    async def find(self, build: str, call: str, max_tokens: int) -> tuple[Completion, sample_pb2.ModelCall] | None:
        """The stored answer, unless it was cut off at a lower limit than `max_tokens`."""
        found = await self._find(f"{build}/{call}")
        if found is None or (found["completion"]["finish_reason"] == "length" and found["max_tokens"] < max_tokens):
            return None
        return Completion(**found["completion"]), from_document(sample_pb2.ModelCall(), found["call"])

    async def keep(
        self, build: str, messages: object, max_tokens: int, completion: Completion, call: sample_pb2.ModelCall
    ) -> None:
        """Store an answer that was paid for; waits for a store that is away, since the answer would be lost."""
        key = f"{build}/{call.call_id}"
        document = {
            "_id": key,
            "build_id": build,
            "messages": messages,
            "max_tokens": max_tokens,
            "completion": asdict(completion),
            "call": to_document(call),
        }
        await self._insist(document)
        marker = f"{build}/{call.endpoint}"
        if marker not in self._answered:
            await self._insist({"_id": marker, "first_answer": datetime.now(UTC)})
            self._answered.add(marker)

    async def answered(self, build: str, endpoint: str) -> bool:
        """Whether the endpoint ever answered a call of this build."""
        marker = f"{build}/{endpoint}"
        if marker in self._answered:
            return True
        known = await self._find(marker) is not None
        if known:
            self._answered.add(marker)
        return known

    async def _insist(self, document: Document) -> None:
        while True:
            try:
                if not await self._insert(document) and "completion" in document:
                    await self._replace_cut_off(document)
                return
            except StoreUnavailable as error:
                log.warning("the ledger waits for the store: %s", error)
                await asyncio.sleep(_STORE_RETRY_SECONDS * (0.5 + random.random()))  # noqa: S311 jitter

    async def _replace_cut_off(self, document: Document) -> None:
        with guarded():
            await self._calls.replace_one(
                {"_id": document["_id"], "max_tokens": {"$lt": document["max_tokens"]}}, document
            )
