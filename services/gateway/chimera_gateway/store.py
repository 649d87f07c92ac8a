"""Builds, tallies of progress, settled samples and datasets in MongoDB. Every query of the service is here."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_gateway.domain.evidence import Lookup, calls_of
from chimera_gateway.domain.groups import Folded, Ranges, holds, joined
from chimera_gateway.domain.tally import Counts, Mark, added
from chimera_gateway.domain.versions import as_of, superseded
from chimera_shared.batches import Batches
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

_LINGER_SECONDS = 0.1
"""Nobody waits for a count or a settled sample to be stored; together they cost one write instead of many."""
_MAX_MARKS = 2_048
"""Counted together: they are small, and the more there are, the more share a write of their group's document."""
_JOINED_AT_ONCE = 1_000
"""Slots that are held one by one, of millions."""
_DOT = "/"
"""Stands for the dot of a count's path in a document, where dots would nest."""


Slots = Mapping[str, Ranges]
"""Slots by their subject's place in the spec. They are filled about in order, so the ranges stay few."""


@dataclass(frozen=True, slots=True)
class Record:
    """A build without its progress, and its counts."""

    build: build_pb2.Build
    request_id: str
    closing: bool = False
    """It has ended, and what it leaves is not closed yet."""
    counts: Counts = field(default_factory=dict)
    base: Counts = field(default_factory=dict)
    """What the folded groups add to the counts."""
    folded: Folded = field(default_factory=dict)
    folds: int = 0
    """How often groups were folded: the revision of `base` and `folded`."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was told so far of a group of slots; without a subject, of the build's expansions."""

    key: str
    subject: str
    group: int
    counts: Counts


class GatewayStore:
    """What the service knows."""

    def __init__(self, database: Database[Document], linger_s: float = _LINGER_SECONDS) -> None:
        self._builds = database["builds"]
        self._tallies = database["tallies"]
        self._samples = database["samples"]
        self._controls = database["controls"]
        self._datasets = database["datasets"]
        self._insert_build = FirstWins(self._builds).insert
        self._insert_tally = FirstWins(self._tallies).insert
        self._told = Batches(self._tell_many, linger_s, _MAX_MARKS)
        self._insert_sample = FirstWins(self._samples, linger_s).insert
        self._insert_control = FirstWins(self._controls, linger_s).insert
        self._find_sample = ById(self._samples).find
        self._insert_dataset = FirstWins(self._datasets).insert

    async def prepare(self) -> None:
        """Create the indexes."""
        with guarded():
            await ensure_indexes(self._builds, ["active"], sparse=True)
            await ensure_indexes(self._tallies, ["build_id"])
            await ensure_indexes(self._samples, ["build_id", "outcome", "reason", "place"], ["build_id", "_id"])
            await ensure_indexes(self._samples, ["build_id", "evidence.model", "_id"])
            await ensure_indexes(self._controls, ["build_id", "_id"])
            await ensure_indexes(self._datasets, ["dataset.build_id"])

    # Builds

    async def submit(self, record: Record) -> bool:
        """Store a new build; False if its id is taken."""
        document = {
            "_id": record.build.build_id,
            "request_id": record.request_id,
            "build": to_document(record.build),
            "revision": record.build.revision,
            "counts": {},
            "base": {},
            "folded": {},
            "folds": 0,
            "active": True,
            "limited": any(getattr(record.build.spec.budget, name) for name in ("cost_nanousd", "tokens", "calls"))
            or record.build.spec.budget.HasField("time"),
            "create_time": record.build.create_time.ToDatetime(UTC),
        }
        return await self._insert_build(document)

    async def build(self, build: str) -> Record | None:
        """One build."""
        with guarded():
            found = await self._builds.find_one({"_id": build})
        return None if found is None else _record(found)

    async def builds(self, skip: int, limit: int) -> list[Record]:
        """Builds, newest first."""
        with guarded():
            found = (
                await self._builds.find({})
                .sort([("create_time", -1), ("_id", 1)])
                .skip(skip)
                .limit(limit)
                .to_list(None)
            )
        return [_record(document) for document in found]

    async def active(self, ended_after: datetime) -> list[Record]:
        """Builds that have not ended, or ended a short while ago."""
        with guarded():
            found = await self._builds.find({"active": True}).to_list(None)
            late = [d["_id"] for d in found if _has_ended_before(d, ended_after)]
            if late:
                await self._builds.update_many({"_id": {"$in": late}}, {"$unset": {"active": ""}})
        return [_record(document) for document in found if document["_id"] not in late]

    async def limited(self) -> list[Record]:
        """Builds that have not ended and have a budget, without what is large in their specs."""
        query = {"active": True, "limited": True}
        with guarded():
            found = await self._builds.find(query, {"build.spec.subjects": 0, "base": 0, "folded": 0}).to_list(None)
        return [_record(document) for document in found if not document.get("end_time")]

    async def change(self, changed: build_pb2.Build) -> bool:
        """Store a build's new state; False if it has changed since it was read. `revision` is the new one."""
        update: Document = {}
        if changed.HasField("end_time"):
            update = {"end_time": changed.end_time.ToDatetime(UTC), "closing": True}
        return await self._swap(changed, {"$set": update})

    async def close(self, ended: build_pb2.Build, counts: Counts) -> bool:
        """Store what an ended build leaves, for good; False if somebody else did. `revision` is the new one."""
        return await self._swap(ended, {"$set": {"counts": _flat(counts)}, "$unset": {"closing": ""}})

    async def _swap(self, changed: build_pb2.Build, update: Document) -> bool:
        update["$set"] |= {"build": to_document(changed), "revision": changed.revision}
        with guarded():
            won = await self._builds.update_one({"_id": changed.build_id, "revision": changed.revision - 1}, update)
        return bool(won.modified_count)

    # Progress

    async def tell(self, mark: Mark) -> None:
        """Count an event, unless it was counted before."""
        await self._told.ask(mark)

    async def _tell_many(self, marks: list[Mark]) -> list[None]:
        by_tally: dict[str, dict[str, Mark]] = defaultdict(dict)
        for mark in marks:
            by_tally[mark.tally][mark.name] = mark
        await asyncio.gather(*(self._count(key, named) for key, named in by_tally.items()))
        return [None] * len(marks)

    async def _count(self, key: str, marks: dict[str, Mark]) -> None:
        """Note the names of events and add their counts, in one write of one document that has none of them yet."""
        while marks:
            counts: Counts = {}
            for mark in marks.values():
                added(counts, mark.counts)
            changes = {f"counts.{name}": value for name, value in _flat(counts).items()}
            with guarded():
                won = await self._tallies.update_one(
                    {"_id": key, "told": {"$nin": [*marks]}},
                    {"$push": {"told": {"$each": [*marks]}}, **({"$inc": changes} if changes else {})},
                )
                if won.matched_count:
                    return
                found = await self._tallies.find_one({"_id": key}, {"told": 1})
            if found is not None:
                marks = {name: mark for name, mark in marks.items() if name not in found["told"]}
                continue
            first = next(iter(marks.values()))
            place = {"build_id": first.build_id, "subject": first.subject, "group": first.group}
            await self._insert_tally({"_id": key, **place, "told": [], "counts": {}})

    async def tallies(self, build: str) -> list[Tally]:
        """The groups of a build that are not folded: as many as the window of open slots touches."""
        with guarded():
            found = await self._tallies.find({"build_id": build}, {"told": 0}).to_list(None)
        return [Tally(d["_id"], d["subject"], d["group"], _unflat(d["counts"])) for d in found]

    async def fold(self, record: Record, counts: Counts, folded: Folded) -> bool:
        """Add groups to the base of a build; False if others were added since it was read."""
        changes = {f"base.{name}": value for name, value in _flat(counts).items()}
        changes["folds"] = 1
        with guarded():
            won = await self._builds.update_one(
                {"_id": record.build.build_id, "folds": record.folds},
                {"$inc": changes, "$set": {f"folded.{position}": ranges for position, ranges in folded.items()}},
            )
        return bool(won.modified_count)

    async def drop_tallies(self, keys: Collection[str]) -> None:
        """Drop the tallies of folded groups."""
        with guarded():
            await self._tallies.delete_many({"_id": {"$in": [*keys]}})

    async def forget_tallies(self, build: str) -> None:
        """Drop all tallies of an ended build, whose counts are final."""
        with guarded():
            await self._tallies.delete_many({"build_id": build})

    async def keep_counts(self, build: str, counts: Counts) -> None:
        """Store the counts of a build as they stand, unless it has ended."""
        with guarded():
            await self._builds.update_one({"_id": build, "end_time": None}, {"$set": {"counts": _flat(counts)}})

    # Samples

    async def settle(self, sample: sample_pb2.Sample, position: int) -> bool:
        """Store a settled sample; False if it was stored before."""
        document = {
            "_id": sample.ref.sample_id,
            "build_id": sample.ref.build_id,
            "outcome": sample.outcome,
            "reason": sample.reason,
            "subject": sample.ref.subject,
            "place": f"{position:04}/{sample.ref.slot:09}/{sample.ref.attempt:04}",
            "evidence": _evidence(sample),
            "sample": to_document(sample),
        }
        return await self._insert_sample(document)

    async def sample(self, sample: str, version: int = 0) -> sample_pb2.Sample | None:
        """One settled sample, as it is or as it was in a version of its dataset."""
        found = await self._find_sample(sample)
        if found is None:
            return None
        return from_document(sample_pb2.Sample(), as_of(found, version) if version else found["sample"])

    async def samples(
        self, build: str, wanted: dict[str, object], lookup: Lookup, after: str, limit: int, version: int = 0
    ) -> list[sample_pb2.Sample]:
        """Samples of a build in the order of their ids, after a given one; as they are or as they were in a version."""
        if version:
            return await self._samples_as_of(build, wanted, after, limit, version)
        query: Document = {"build_id": build, **wanted, **_resting_on(lookup)}
        if after:
            query["_id"] = {"$gt": after}
        with guarded():
            found = await self._samples.find(query).sort("_id", 1).limit(limit).to_list(None)
        return [from_document(sample_pb2.Sample(), document["sample"]) for document in found]

    async def _samples_as_of(
        self, build: str, wanted: dict[str, object], after: str, limit: int, version: int
    ) -> list[sample_pb2.Sample]:
        """What has changed since is looked at one by one: it may have been what is wanted, and may be so no more."""
        found: list[sample_pb2.Sample] = []
        changed = {name: value for name, value in wanted.items() if name == "subject"} | {"former": {"$exists": True}}
        query: Document = {"build_id": build, "_id": {"$gt": after}, "$or": [wanted, changed] if wanted else [{}]}
        with guarded():
            async for document in self._samples.find(query).sort("_id", 1):
                sample = from_document(sample_pb2.Sample(), as_of(document, version))
                if all(getattr(sample, name) == value for name, value in wanted.items() if name != "subject"):
                    found.append(sample)
                if len(found) == limit:
                    break
        return found

    async def keep_control(self, control: control_pb2.Control) -> bool:
        """Store a control problem; False if it was stored before."""
        document = {"_id": control.control_id, "build_id": control.build_id, "control": to_document(control)}
        return await self._insert_control(document)

    async def controls(self, build: str, after: str, limit: int) -> list[control_pb2.Control]:
        """Control problems of a build in the order of their ids, after a given one."""
        with guarded():
            query = {"build_id": build, "_id": {"$gt": after}}
            found = await self._controls.find(query).sort("_id", 1).limit(limit).to_list(None)
        return [from_document(control_pb2.Control(), document["control"]) for document in found]

    async def accepted_slots(self, build: str) -> Slots:
        """The slots of a build that have an accepted sample."""
        ranges: dict[int, Ranges] = defaultdict(list)
        slots: dict[int, list[int]] = defaultdict(list)
        with guarded():
            query = {"build_id": build, "outcome": sample_pb2.OUTCOME_ACCEPTED}
            async for document in self._samples.find(query, {"place": 1}):
                position, slot = _position_and_slot(document)
                slots[position].append(slot)
                if len(slots[position]) == _JOINED_AT_ONCE:
                    ranges[position] = joined(ranges[position], slots.pop(position))
        places = ranges.keys() | slots.keys()
        return {str(place): joined(ranges[place], slots.get(place, ())) for place in places}

    # Datasets

    async def publish(self, dataset: dataset_pb2.Dataset, slots: Slots | None = None) -> None:
        """Store a dataset, unless it is there. `slots` are those of a partial one, which no later sample joins."""
        document = {"_id": dataset.dataset_id, "dataset": to_document(dataset), "create_time": datetime.now(UTC)}
        await self._insert_dataset(document if slots is None else document | {"slots": slots})

    async def slots(self, dataset: str) -> Slots | None:
        """The slots of a partial dataset; None of a whole one."""
        with guarded():
            found = await self._datasets.find_one({"_id": dataset}, {"slots": 1})
        return (found or {}).get("slots")

    async def members(self, dataset: dataset_pb2.Dataset) -> AsyncIterator[sample_pb2.Sample]:
        """The samples of a dataset as they were in its version, by subject and slot.

        One that was withdrawn later is none of the accepted any more; of none does its place change.
        """
        slots = await self.slots(dataset.dataset_id)
        with guarded():
            async for document in self._samples.find(_ever_accepted(dataset.build_id)).sort("place", 1):
                if slots is not None and not _is_in(slots, document):
                    continue
                sample = from_document(sample_pb2.Sample(), as_of(document, dataset.version or 1))
                if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
                    yield sample

    async def resting_on(self, dataset: dataset_pb2.Dataset, lookup: Lookup) -> AsyncIterator[tuple[str, str]]:
        """Ids and places of the samples that the newest version of a dataset has and that rest on such a call."""
        slots = await self.slots(dataset.dataset_id)
        query = {"build_id": dataset.build_id, "outcome": sample_pb2.OUTCOME_ACCEPTED, **_resting_on(lookup)}
        with guarded():
            async for document in self._samples.find(query, {"place": 1}):
                if slots is None or _is_in(slots, document):
                    yield document["_id"], document["place"]

    async def revise(self, sample: sample_pb2.Sample, version: int) -> None:
        """Store what was found about a sample anew, from this version of its dataset on. Safe to repeat."""
        found = await self._find_sample(sample.ref.sample_id)
        if found is None or found.get("version") == version:
            return
        now = {
            "outcome": sample.outcome,
            "reason": sample.reason,
            "evidence": _evidence(sample),
            "sample": to_document(sample),
            "version": version,
        }
        with guarded():
            await self._samples.update_one(
                {"_id": sample.ref.sample_id, "version": {"$ne": version}},
                {"$set": now, "$push": {"former": superseded(found, version)}},
            )

    async def versions(self, build: str) -> list[dataset_pb2.Dataset]:
        """Every version of a build's dataset, the first one first."""
        with guarded():
            found = await self._datasets.find({"dataset.build_id": build}).to_list(None)
        datasets = [from_document(dataset_pb2.Dataset(), document["dataset"]) for document in found]
        return sorted(datasets, key=lambda dataset: dataset.version)

    async def dataset(self, dataset: str) -> dataset_pb2.Dataset | None:
        """One dataset."""
        with guarded():
            found = await self._datasets.find_one({"_id": dataset})
        return None if found is None else from_document(dataset_pb2.Dataset(), found["dataset"])

    async def datasets(self, build: str, skip: int, limit: int) -> list[dataset_pb2.Dataset]:
        """Datasets, newest first; of one build or, without one, of all."""
        with guarded():
            found = (
                await self._datasets.find({"dataset.build_id": build} if build else {})
                .sort([("create_time", -1), ("_id", 1)])
                .skip(skip)
                .limit(limit)
                .to_list(None)
            )
        return [from_document(dataset_pb2.Dataset(), document["dataset"]) for document in found]


def _record(document: Document) -> Record:
    build = from_document(build_pb2.Build(), document["build"])
    return Record(
        build,
        document["request_id"],
        document.get("closing", False),
        _unflat(document["counts"]),
        _unflat(document.get("base", {})),
        document.get("folded", {}),
        document.get("folds", 0),
    )


def _evidence(sample: sample_pb2.Sample) -> list[Document]:
    """What samples are found by: who answered which call of theirs, and when."""
    return [
        {
            "role": call.role,
            "model": call.model,
            "endpoint": call.endpoint,
            "prompt_sha256": call.prompt_sha256,
            "time": call.time.ToDatetime(UTC),
        }
        for call in calls_of(sample)
    ]


def _resting_on(lookup: Lookup) -> Document:
    """Samples with one call of which all of this holds."""
    return {"evidence": {"$elemMatch": lookup}} if lookup else {}


def _ever_accepted(build: str) -> Document:
    """Samples that are in the dataset, or were. The index has them by place within each of these outcomes."""
    outcomes = [sample_pb2.OUTCOME_ACCEPTED, sample_pb2.OUTCOME_REJECTED, sample_pb2.OUTCOME_UNKNOWN]
    reasons = [sample_pb2.REASON_UNSPECIFIED, sample_pb2.REASON_RECALLED]
    return {"build_id": build, "outcome": {"$in": outcomes}, "reason": {"$in": reasons}}


def _has_ended_before(document: Document, time: datetime) -> bool:
    end = document.get("end_time")
    return end is not None and end < time and not document.get("closing")


def _position_and_slot(sample: Document) -> tuple[int, int]:
    position, slot, _ = sample["place"].split("/")
    return int(position), int(slot)


def _is_in(slots: Slots, sample: Document) -> bool:
    position, slot = _position_and_slot(sample)
    return holds(slots.get(str(position), ()), slot)


def _flat(counts: Counts) -> Counts:
    return {name.replace(".", _DOT): value for name, value in counts.items()}


def _unflat(counts: Counts) -> Counts:
    return {name.replace(_DOT, "."): value for name, value in counts.items()}
