"""Topics, quotas and slots in MongoDB. Every query of the service is here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chimera.sample.v1 import sample_pb2
from chimera_shared.mongo import Database, Document, FirstWins, ensure_indexes, from_document, guarded, to_document
from chimera_taxonomy.domain.quotas import Quota
from chimera_taxonomy.expansion import Expansion, Topic

_COUNTS = (
    "opened", "accepted", "settled", "endpoint_failures", "failing", "calls", "tokens", "cost_nanousd"
)  # fmt: skip
_LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a subject's quota, and the attempt at filling it that is under way or filled it."""

    subject: str
    index: int
    attempt: int
    accepted: bool


class TaxonomyStore:
    """What the service knows of builds. A slot is open while it has a field `open` with its build's id."""

    def __init__(self, database: Database[Document]) -> None:
        self._topics = database["topics"]
        self._quotas = database["quotas"]
        self._slots = database["slots"]
        self._insert_slot = FirstWins(self._slots).insert

    async def prepare(self) -> None:
        """Create the indexes."""
        with guarded():
            await ensure_indexes(self._topics, ["build_id"])
            await ensure_indexes(self._quotas, ["build_id"])
            await ensure_indexes(self._slots, ["open", "due"], sparse=True)

    async def expansion(self, build: str, subject: str) -> Expansion | None:
        """The topics of a subject, if it was expanded."""
        with guarded():
            found = await self._topics.find_one({"_id": f"{build}/{subject}"})
        return None if found is None else _expansion(found)

    async def keep_expansion(self, build: str, subject: str, position: int, expansion: Expansion) -> None:
        """Store the topics of a subject, unless they are there."""
        document = {
            "build_id": build,
            "subject": subject,
            "position": position,
            "topics": [{"field": t.field, "name": t.name} for t in expansion.topics],
            "usage": to_document(expansion.usage),
        }
        with guarded():
            await self._topics.update_one({"_id": f"{build}/{subject}"}, {"$setOnInsert": document}, upsert=True)

    async def expansions(self, build: str) -> list[tuple[str, Expansion]]:
        """All subjects that were expanded, in the order of the spec."""
        with guarded():
            found = await self._topics.find({"build_id": build}).to_list(None)
        return [(d["subject"], _expansion(d)) for d in sorted(found, key=lambda d: d["position"])]

    async def open_quota(self, build: str, position: int, quota: Quota) -> None:
        """Store a subject's quota, unless it is there."""
        document = {
            "build_id": build,
            "position": position,
            "subject": quota.subject,
            "target": quota.target,
        } | dict.fromkeys(_COUNTS, 0)
        with guarded():
            await self._quotas.update_one({"_id": f"{build}/{quota.subject}"}, {"$setOnInsert": document}, upsert=True)

    async def quotas(self, build: str) -> list[Quota]:
        """The quotas of a build in the order of its subjects; of subjects expanded so far."""
        with guarded():
            found = await self._quotas.find({"build_id": build}).to_list(None)
        return [
            Quota(
                d["subject"],
                d["target"],
                **{n: d.get(n, 0) for n in _COUNTS},
                **{n: d.get(n, "") for n in ("last_detail", "endpoint_detail")},
            )
            for d in sorted(found, key=lambda d: d["position"])
        ]

    async def take_slots(self, build: str, quota: Quota, count: int, due: datetime) -> list[Slot]:
        """Open the quota's next `count` slots; none if somebody else took some meanwhile.

        Slots are stored before they are counted as opened: what is counted is there, whenever a process ends. A slot
        that was stored and not counted is open like any other, and is found there by whoever opens it next.
        """
        indexes = range(quota.opened, quota.opened + count)
        await asyncio.gather(*(self._put_slot(build, quota.subject, index, due) for index in indexes))
        with guarded():
            won = await self._quotas.update_one(
                {"_id": f"{build}/{quota.subject}", "opened": quota.opened}, {"$inc": {"opened": count}}
            )
        return [Slot(quota.subject, index, 0, accepted=False) for index in indexes] if won.modified_count else []

    async def _put_slot(self, build: str, subject: str, index: int, due: datetime) -> None:
        key = _slot_key(build, subject, index)
        slot = {"build_id": build, "subject": subject, "index": index, "attempt": 0}
        await self._insert_slot({"_id": key, **slot, "open": build, "due": due, "asked": 1})

    async def open_count(self, build: str) -> int:
        """How many slots are open."""
        with guarded():
            return int(await self._slots.count_documents({"open": build}))

    async def accept(self, build: str, subject: str, index: int, attempt: int) -> bool:
        """Close a slot with the attempt that filled it; False if it was closed before."""
        with guarded():
            won = await self._slots.update_one(
                {"_id": _slot_key(build, subject, index), "open": build},
                {"$unset": {"open": "", "due": ""}, "$set": {"attempt": attempt}},
                hint="_id_",
            )
        return bool(won.modified_count)

    async def retry(self, build: str, subject: str, index: int, attempt: int, due: datetime) -> bool:
        """Move a slot from `attempt` to the next one; False if it has moved before."""
        with guarded():
            won = await self._slots.update_one(
                {"_id": _slot_key(build, subject, index), "open": build, "attempt": attempt},
                {"$set": {"attempt": attempt + 1, "due": due, "asked": 1}},
                hint="_id_",
            )
        return bool(won.modified_count)

    async def slot(self, build: str, subject: str, index: int) -> Slot | None:
        """One slot."""
        with guarded():
            found = await self._slots.find_one({"_id": _slot_key(build, subject, index)})
        return None if found is None else _slot(found)

    async def count(self, build: str, subject: str, samples: Sequence[sample_pb2.Sample]) -> None:
        """Count settled samples of a subject."""
        failed = [s for s in samples if s.reason == sample_pb2.REASON_ENDPOINT_FAILED]
        counts = {
            "settled": len(samples),
            "accepted": sum(s.outcome == sample_pb2.OUTCOME_ACCEPTED for s in samples),
            "endpoint_failures": len(failed),
            "calls": sum(s.usage.calls for s in samples),
            "tokens": sum(s.usage.input_tokens + s.usage.output_tokens for s in samples),
            "cost_nanousd": sum(s.usage.cost_nanousd for s in samples),
        }
        details = {"last_detail": [s for s in samples if s.detail], "endpoint_detail": failed}
        said: Document = {name: which[-1].detail[:500] for name, which in details.items() if which}
        if counts["accepted"]:
            said["failing"] = 0
        else:
            counts["failing"] = len(failed)
        update = {"$inc": counts} | ({"$set": said} if said else {})
        with guarded():
            await self._quotas.update_one({"_id": f"{build}/{subject}"}, update)

    async def overdue(self, build: str, now: datetime, after: timedelta) -> list[Slot]:
        """Open slots without news for too long; each is given twice the time it had before."""
        with guarded():
            found = await self._slots.find({"open": build, "due": {"$lt": now}}).to_list(None)
            for document in found:
                wait = _wait(after, document["asked"])
                await self._slots.update_one(
                    {"_id": document["_id"], "attempt": document["attempt"]},
                    {"$set": {"due": now + wait}, "$inc": {"asked": 1}},
                )
        return [_slot(document) for document in found]

    async def renew(self, build: str, due: datetime) -> None:
        """Give all slots under way a first time to move, however often they were asked for before."""
        with guarded():
            await self._slots.update_many({"open": build}, {"$set": {"due": due, "asked": 1}})

    async def open_slots(self, build: str) -> list[Slot]:
        """All slots under way."""
        with guarded():
            found = await self._slots.find({"open": build}).to_list(None)
        return [_slot(document) for document in found]

    async def slots(self, build: str, subject: str, indexes: Sequence[int]) -> list[Slot]:
        """Those of these slots that were opened."""
        with guarded():
            keys = [_slot_key(build, subject, index) for index in indexes]
            found = await self._slots.find({"_id": {"$in": keys}}).to_list(None)
        return [_slot(document) for document in found]

    async def complete_again(self, build: str, now: datetime, after: timedelta) -> bool:
        """Whether a build whose slots are all filled has waited too long for its end; asked ever less often."""
        key = f"{build}/"
        with guarded():
            found = await self._quotas.find_one({"_id": key})
            if found is None:
                await self._quotas.insert_one({"_id": key, "due": now + after, "asked": 1})
                return False
            if found["due"] > now:
                return False
            wait = _wait(after, found["asked"])
            await self._quotas.update_one({"_id": key}, {"$set": {"due": now + wait}, "$inc": {"asked": 1}})
        return True


def utc_now() -> datetime:
    """Now, with its zone, as MongoDB gives it back."""
    return datetime.now(UTC)


def _wait(after: timedelta, asked: int) -> timedelta:
    """Twice as long each time, up to a bound; the exponent too is bounded, or the product would overflow."""
    return min(after * (1 << min(asked, 10)), _LONGEST_WAIT)


def _expansion(document: Document) -> Expansion:
    topics = tuple(Topic(t["field"], t["name"]) for t in document["topics"])
    return Expansion(topics, from_document(sample_pb2.Usage(), document["usage"]))


def _slot_key(build: str, subject: str, index: int) -> str:
    return f"{build}/{subject}/{index}"


def _slot(document: Document) -> Slot:
    return Slot(document["subject"], document["index"], document["attempt"], accepted="open" not in document)
