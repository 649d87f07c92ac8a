"""Recalls, and what became of each sample that they select, in MongoDB. Every query about them is here."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.mongo import (
    ById,
    Database,
    Document,
    FirstWins,
    ensure_indexes,
    from_document,
    guarded,
    to_document,
)
from chimera_shared.together import all_of

DUE, KEPT, WITHDRAWN, UNVERIFIED = "due", "kept", "withdrawn", "unverified"
_USAGE = ("calls", "input_tokens", "output_tokens", "cost_nanousd")


@dataclass(frozen=True, slots=True)
class Order:
    """A recall as it is stored. `revision` grows with every change."""

    recall: recall_pb2.Recall
    revision: int = 1
    selected: bool = False
    """Its samples are chosen."""
    closing: bool = False
    """All are verified again, and the new version is being made: too late to cancel it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A sample that is to be verified again, and how often that was said."""

    sample_id: str
    said: int


class RecallStore:
    """What the service knows of recalls."""

    def __init__(self, database: Database[Document]) -> None:
        self._recalls = database["recalls"]
        self._recalled = database["recalled"]
        self._reverified = database["reverified"]
        self._insert_recall = FirstWins(self._recalls).insert
        self._insert_recalled = FirstWins(self._recalled).insert
        self._find_recalled = ById(self._recalled).find
        self._insert_reverified = FirstWins(self._reverified).insert

    async def prepare(self) -> None:
        """Create the indexes; that of `running` lets one recall of a build run at a time."""
        with guarded():
            await ensure_indexes(self._recalls, ["running"], sparse=True, unique=True)
            await ensure_indexes(self._recalls, ["active"], sparse=True)
            await ensure_indexes(self._recalled, ["recall_id", "state", "say_at"])
            await ensure_indexes(self._reverified, ["recall_id", "place"])

    async def start(self, order: Order) -> bool:
        """Store a new recall; False if its id is taken or another one of its build runs."""
        recall = order.recall
        return await self._insert_recall(
            {
                "_id": recall.recall_id,
                **_stored(order),
                "running": recall.build_id,
                "active": True,
                "create_time": recall.create_time.ToDatetime(UTC),
            }
        )

    async def find(self, recall: str) -> Order | None:
        """One recall."""
        with guarded():
            found = await self._recalls.find_one({"_id": recall})
        return None if found is None else _order(found)

    async def running(self, build: str) -> Order | None:
        """The recall of a build that runs."""
        with guarded():
            found = await self._recalls.find_one({"running": build})
        return None if found is None else _order(found)

    async def of_build(self, build: str) -> list[recall_pb2.Recall]:
        """All recalls of a build, newest first."""
        with guarded():
            found = await self._recalls.find({"recall.build_id": build}).sort("create_time", -1).to_list(None)
        return [_order(document).recall for document in found]

    async def recalls(self, skip: int, limit: int) -> list[recall_pb2.Recall]:
        """Recalls, newest first."""
        with guarded():
            found = (
                await self._recalls.find({})
                .sort([("create_time", -1), ("_id", 1)])
                .skip(skip)
                .limit(limit)
                .to_list(None)
            )
        return [_order(document).recall for document in found]

    async def active(self, ended_after: datetime) -> list[Order]:
        """Recalls that have not ended, or ended a short while ago."""
        with guarded():
            found = await self._recalls.find({"active": True}).to_list(None)
            late = [d["_id"] for d in found if (end := d.get("end_time")) is not None and end < ended_after]
            if late:
                await self._recalls.update_many({"_id": {"$in": late}}, {"$unset": {"active": ""}})
        return [_order(document) for document in found if document["_id"] not in late]

    async def change(self, order: Order) -> bool:
        """Store what a recall has become; False if it has changed since it was read. `revision` is the new one."""
        update: Document = {"$set": _stored(order)}
        if order.recall.HasField("end_time"):
            update["$set"]["end_time"] = order.recall.end_time.ToDatetime(UTC)
            update["$unset"] = {"running": ""}
        with guarded():
            query = {"_id": order.recall.recall_id, "revision": order.revision - 1}
            won = await self._recalls.update_one(query, update)
        return bool(won.modified_count)

    # Its samples

    async def select(self, recall: str, samples: Iterable[tuple[str, str]], now: datetime) -> None:
        """Note samples, by id and place, that are to be verified again; those that are noted stay as they are."""
        await all_of(
            *(
                self._insert_recalled(
                    {
                        "_id": f"{recall}/{sample}",
                        "recall_id": recall,
                        "sample_id": sample,
                        "place": place,
                        "state": DUE,
                        "said": 0,
                        "say_at": now,
                    }
                )
                for sample, place in samples
            )
        )

    async def unsaid(self, recall: str, limit: int) -> list[Due]:
        """Samples of which it was not said yet that they are to be verified again."""
        return await self._due({"recall_id": recall, "state": DUE, "said": 0}, limit)

    async def overdue(self, recall: str, now: datetime, limit: int) -> list[Due]:
        """Samples of which it was said, and which there is no news of; the most overdue first."""
        query = {"recall_id": recall, "state": DUE, "said": {"$gt": 0}, "say_at": {"$lte": now}}
        return await self._due(query, limit)

    async def _due(self, query: Document, limit: int) -> list[Due]:
        with guarded():
            found = await self._recalled.find(query).sort("say_at", 1).limit(limit).to_list(None)
        return [Due(document["sample_id"], document["said"]) for document in found]

    async def under_way(self, recall: str) -> int:
        """How many samples it was said of that they are to be verified again, and were not yet."""
        with guarded():
            return int(await self._recalled.count_documents({"recall_id": recall, "state": DUE, "said": {"$gt": 0}}))

    async def note_said(self, recall: str, samples: Iterable[str], said: int, say_at: datetime) -> None:
        """It was said of samples so often that they are due; it is said again then, unless there is news of them."""
        with guarded():
            query = {"_id": {"$in": [f"{recall}/{sample}" for sample in samples]}}
            await self._recalled.update_many(query, {"$set": {"said": said, "say_at": say_at}})

    async def take(self, recall: str, sample: sample_pb2.Sample, usage: sample_pb2.Usage) -> bool:
        """Store what became of a sample and what that consumed; the first news of it stays. False if it was not due.

        The evidence comes first: whoever sees that nothing is due any more finds it.
        """
        key = f"{recall}/{sample.ref.sample_id}"
        found = await self._find_recalled(key)
        if found is None or found["state"] != DUE:
            return False
        document = {"_id": key, "recall_id": recall, "place": found["place"], "sample": to_document(sample)}
        await self._insert_reverified(document)
        found_so: Document = {name: getattr(usage, name) for name in _USAGE}
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            found_so["state"] = KEPT
        elif sample.reason == sample_pb2.REASON_RECALLED:
            found_so["state"] = WITHDRAWN
        else:
            found_so |= {"state": UNVERIFIED, "detail": sample.detail}
        with guarded():
            await self._recalled.update_one({"_id": key, "state": DUE}, {"$set": found_so})
        return True

    async def counts(self, recall: str) -> dict[str, int]:
        """How many of its samples are in each state, and what they consumed together."""
        totals = {name: {"$sum": f"${name}"} for name in _USAGE}
        stages: list[Document] = [
            {"$match": {"recall_id": recall}},
            {"$group": {"_id": "$state", "samples": {"$sum": 1}, **totals}},
        ]
        counts = dict.fromkeys((DUE, KEPT, WITHDRAWN, UNVERIFIED, *_USAGE), 0)
        with guarded():
            async for group in self._recalled.aggregate(stages):
                counts[group["_id"]] = group["samples"]
                for name in _USAGE:
                    counts[name] += group[name]
        return counts

    async def why_unverified(self, recall: str) -> str:
        """Why the first of its samples that could not be verified could not be."""
        with guarded():
            query = {"recall_id": recall, "state": UNVERIFIED}
            found = await self._recalled.find(query).sort("_id", 1).limit(1).to_list(None)
        return str(found[0]["detail"]) if found else ""

    async def results(self, recall: str) -> AsyncIterator[sample_pb2.Sample]:
        """Its samples as they were found anew, by subject and slot."""
        with guarded():
            async for document in self._reverified.find({"recall_id": recall}).sort("place", 1):
                yield from_document(sample_pb2.Sample(), document["sample"])


def _stored(order: Order) -> Document:
    return {
        "recall": to_document(order.recall),
        "revision": order.revision,
        "selected": order.selected,
        "closing": order.closing,
    }


def _order(document: Document) -> Order:
    recall = from_document(recall_pb2.Recall(), document["recall"])
    return Order(recall, document["revision"], document["selected"], document["closing"])
