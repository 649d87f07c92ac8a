"""Trainings, their leases and what they measured, in MongoDB. Every query of the service is here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC

from chimera.training.v1 import training_pb2
from chimera_shared.errors import NotFound
from chimera_shared.mongo import Database, Document, FirstWins, ensure_indexes, from_document, guarded, to_document
from chimera_shared.telemetry import inject_trace

ENDED = frozenset(
    {
        training_pb2.TRAINING_STATE_SUCCEEDED,
        training_pb2.TRAINING_STATE_FAILED,
        training_pb2.TRAINING_STATE_CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who runs a training, and until when in seconds since 1970 nobody else may."""

    holder: str
    until: float


class TrainerStore:
    """What the service knows.

    How far a training is changes many times a minute and is kept beside its state, which changes by its revision alone.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._trainings = database["trainings"]
        self._points = database["points"]
        self._insert = FirstWins(self._trainings).insert

    async def prepare(self) -> None:
        """Create the indexes."""
        with guarded():
            await ensure_indexes(self._trainings, ["active"], ["untold"], sparse=True)
            await ensure_indexes(self._points, ["training_id", "step"])

    async def start(self, training: training_pb2.Training, request_id: str) -> bool:
        """Store a new training, and the trace in which it was ordered; False if its id is taken."""
        trace: dict[str, str] = {}
        inject_trace(trace)
        return await self._insert(
            {
                "_id": training.training_id,
                "request_id": request_id,
                "trace": trace,
                "training": to_document(training),
                "revision": training.revision,
                "active": True,
                "untold": True,
                "holder": "",
                "until": 0.0,
                "create_time": training.create_time.ToDatetime(UTC),
            }
        )

    async def find(self, training_id: str) -> training_pb2.Training | None:
        """One training, as far as it is."""
        with guarded():
            found = await self._trainings.find_one({"_id": training_id})
        return None if found is None else _training(found)

    async def require(self, training_id: str) -> training_pb2.Training:
        """One training; NotFound."""
        if (found := await self.find(training_id)) is None:
            raise NotFound(f"no training is named {training_id[:80]!r}; `chimera trainings list` shows those that are")
        return found

    async def trace(self, training_id: str) -> dict[str, str]:
        """The headers of the trace in which a training was ordered."""
        with guarded():
            found = await self._trainings.find_one({"_id": training_id}, {"trace": 1})
        return {} if found is None else dict(found.get("trace", {}))

    async def page(self, skip: int, limit: int) -> list[training_pb2.Training]:
        """Trainings, newest first."""
        order = [("create_time", -1), ("_id", 1)]
        with guarded():
            found = await self._trainings.find({}).sort(order).skip(skip).limit(limit).to_list(None)
        return [_training(document) for document in found]

    async def active(self) -> list[training_pb2.Training]:
        """Trainings that have not ended."""
        with guarded():
            found = await self._trainings.find({"active": True}).to_list(None)
        return [_training(document) for document in found]

    async def free(self, now: float) -> list[str]:
        """Trainings that have not ended and that nobody holds at this time, in the order in which they came."""
        query = {"active": True, "until": {"$lt": now}}
        with guarded():
            found = await self._trainings.find(query, {"_id": 1}).sort([("create_time", 1), ("_id", 1)]).to_list(None)
        return [str(document["_id"]) for document in found]

    async def claim(self, training_id: str, lease: Lease, now: float) -> bool:
        """Take a lease that nobody holds; False if another was quicker."""
        return await self._set_lease({"_id": training_id, "active": True, "until": {"$lt": now}}, lease)

    async def renew(self, training_id: str, lease: Lease) -> bool:
        """Hold a lease for longer; False if it was lost, or if the training has ended."""
        return await self._set_lease({"_id": training_id, "active": True, "holder": lease.holder}, lease)

    async def release(self, training_id: str, holder: str) -> None:
        """Give a lease back, if it is still held."""
        await self._set_lease({"_id": training_id, "holder": holder}, Lease("", 0.0))

    async def change(self, changed: training_pb2.Training) -> bool:
        """Store a training's new state; False if it has changed since it was read. `revision` is the new one."""
        update: Document = {
            "$set": {"training": to_document(changed), "revision": changed.revision, "untold": True, **_far(changed)}
        }
        if changed.state in ENDED:
            update["$unset"] = {"active": ""}
        with guarded():
            won = await self._trainings.update_one(
                {"_id": changed.training_id, "revision": changed.revision - 1}, update
            )
        return bool(won.matched_count)

    async def progress(self, training: training_pb2.Training) -> None:
        """Store how far a training is."""
        with guarded():
            await self._trainings.update_one({"_id": training.training_id, "active": True}, {"$set": _far(training)})

    async def told(self, training: training_pb2.Training) -> None:
        """Note that this state was published."""
        query = {"_id": training.training_id, "revision": training.revision}
        with guarded():
            await self._trainings.update_one(query, {"$unset": {"untold": ""}})

    async def untold(self) -> list[training_pb2.Training]:
        """Trainings whose newest state may not have been published."""
        with guarded():
            found = await self._trainings.find({"untold": True}).to_list(None)
        return [_training(document) for document in found]

    async def add(self, training_id: str, point: training_pb2.Point) -> None:
        """Store what was measured at a step, in the place of what a worker that died had measured there."""
        document = {"training_id": training_id, "step": point.step, "point": to_document(point)}
        with guarded():
            await self._points.replace_one({"_id": f"{training_id}/{point.step:012d}"}, document, upsert=True)

    async def points(self, training_id: str) -> AsyncIterator[training_pb2.Point]:
        """What was measured, by step."""
        with guarded():
            async for document in self._points.find({"training_id": training_id}).sort("step", 1):
                yield from_document(training_pb2.Point(), document["point"])

    async def _set_lease(self, query: Document, lease: Lease) -> bool:
        with guarded():
            won = await self._trainings.update_one(query, {"$set": {"holder": lease.holder, "until": lease.until}})
        return bool(won.matched_count)


_FAR = ("step", "steps", "tokens", "left_out", "restarts", "last")


def _far(training: training_pb2.Training) -> Document:
    far = training_pb2.Training()
    far.CopyFrom(training)
    for field in training.DESCRIPTOR.fields:
        if field.name not in _FAR:
            far.ClearField(field.name)
    return {"far": to_document(far)}


def _training(document: Document) -> training_pb2.Training:
    training = from_document(training_pb2.Training(), document["training"])
    for name in _FAR:
        training.ClearField(name)
    training.MergeFrom(from_document(training_pb2.Training(), document.get("far", {})))
    return training
