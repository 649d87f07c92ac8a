"""The call ledger: every answer is stored under the hash of what shaped it before it is used.

A message that is delivered again finds its answers here instead of buying them again. So does a build that was ordered
with `ledger_of`: it reads and writes the ledger of the build that it names, and each answer says who paid for it. A
build that is named has no `ledger_of` of its own (the gateway sees to that), so that all forks of a build share one
ledger, and finding an answer takes one read however many forks there were.
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
_TOKEN_LIMITS = ("max_completion_tokens", "max_tokens")
"""A limit shapes only answers that it cuts off. All else in a request shapes every answer; its address is not in it."""
_CUT_OFF = "length"
_STORE_RETRY_SECONDS = 0.5


def call_id(body: dict[str, Any]) -> str:
    """SHA-256 of everything in a request that shapes its answer."""
    shaping = {name: value for name, value in body.items() if name not in _TOKEN_LIMITS}
    return sha256(orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Ledger:
    """Answers of one service's calls, by ledger and call id."""

    def __init__(self, calls: Collection[Document]) -> None:
        self._calls = calls
        self._insert = FirstWins(calls).insert
        self._find = ById(calls).find
        self._answered: set[str] = set()

    async def find(
        self, build: str, ledger_of: str, call: str, max_tokens: int
    ) -> tuple[Completion, sample_pb2.ModelCall] | None:
        """The stored answer, unless it was cut off at a lower limit than `max_tokens`; `paid_by` if others paid."""
        found = await self._find(f"{ledger_of or build}/{call}")
        if found is None or (found["completion"]["finish_reason"] == _CUT_OFF and found["max_tokens"] < max_tokens):
            return None
        evidence = from_document(sample_pb2.ModelCall(), found["call"])
        if found["build_id"] != build:
            evidence.paid_by = found["build_id"]
        return Completion(**found["completion"]), evidence

    async def keep(
        self,
        build: str,
        ledger_of: str,
        messages: object,
        max_tokens: int,
        completion: Completion,
        call: sample_pb2.ModelCall,
    ) -> None:
        """Store an answer that was paid for; waits for a store that is away, since the answer would be lost."""
        document = {
            "_id": f"{ledger_of or build}/{call.call_id}",
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
        """The answer under a higher limit takes the place of one that was cut off, which stays as evidence."""
        key = document["_id"]
        shorter = {"_id": key, "completion.finish_reason": _CUT_OFF, "max_tokens": {"$lt": document["max_tokens"]}}
        with guarded():
            if (cut_off := await self._calls.find_one(shorter)) is None:
                return
            await self._insert({**cut_off, "_id": f"{key}@{cut_off['max_tokens']}"})
            await self._calls.replace_one(shorter, document)
