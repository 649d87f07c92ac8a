"""Evaluations and their answers in MongoDB. Every query of the service is here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC

from google.protobuf.json_format import MessageToDict

from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import NotFound
from chimera_shared.mongo import Database, Document, FirstWins, ensure_indexes, from_document, guarded, to_document
from chimera_shared.outcomes import OutcomeStore
from chimera_shared.usage import of_calls, total

_LINGER_SECONDS = 0.05
ENDED = frozenset(
    {
        evaluation_pb2.EVALUATION_STATE_SUCCEEDED,
        evaluation_pb2.EVALUATION_STATE_FAILED,
        evaluation_pb2.EVALUATION_STATE_CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the answers of an evaluation come to."""

    graded: int
    usage: sample_pb2.Usage


class EvaluatorStore:
    """What the service knows."""

    def __init__(self, database: Database[Document]) -> None:
        self._evaluations = database["evaluations"]
        self._answers = database["answers"]
        self.outcomes = OutcomeStore(database["outcomes"], events_pb2.AnswerGraded)
        self._insert_evaluation = FirstWins(self._evaluations).insert
        self._insert_answer = FirstWins(self._answers, _LINGER_SECONDS).insert

    async def prepare(self) -> None:
        """Create the indexes."""
        with guarded():
            await ensure_indexes(self._evaluations, ["active"], sparse=True)
            await ensure_indexes(self._answers, ["evaluation_id", "_id"])

    async def start(self, evaluation: evaluation_pb2.Evaluation, request_id: str) -> bool:
        """Store a new evaluation; False if its id is taken."""
        return await self._insert_evaluation(
            {
                "_id": evaluation.evaluation_id,
                "request_id": request_id,
                "evaluation": to_document(evaluation),
                "revision": evaluation.revision,
                "graded": 0,
                "active": True,
                "create_time": evaluation.create_time.ToDatetime(UTC),
            }
        )

    async def find(self, evaluation_id: str) -> evaluation_pb2.Evaluation | None:
        """One evaluation, as far as it is counted."""
        with guarded():
            found = await self._evaluations.find_one({"_id": evaluation_id})
        return None if found is None else _evaluation(found)

    async def require(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        """One evaluation; NotFound."""
        if (found := await self.find(evaluation_id)) is None:
            raise NotFound(
                f"no evaluation is named {evaluation_id[:80]!r}; `chimera evaluations list` shows those that are"
            )
        return found

    async def page(self, skip: int, limit: int) -> list[evaluation_pb2.Evaluation]:
        """Evaluations, newest first."""
        order = [("create_time", -1), ("_id", 1)]
        with guarded():
            found = await self._evaluations.find({}).sort(order).skip(skip).limit(limit).to_list(None)
        return [_evaluation(document) for document in found]

    async def named(self, name: str) -> list[evaluation_pb2.Evaluation]:
        """Evaluations of a name, newest first."""
        with guarded():
            found = await self._evaluations.find({"evaluation.spec.name": name}).sort("create_time", -1).to_list(None)
        return [_evaluation(document) for document in found]

    async def active(self) -> list[evaluation_pb2.Evaluation]:
        """Evaluations that have not ended."""
        with guarded():
            found = await self._evaluations.find({"active": True}).to_list(None)
        return [_evaluation(document) for document in found]

    async def change(self, changed: evaluation_pb2.Evaluation) -> bool:
        """Store an evaluation's new state; False if it has changed since it was read. `revision` is the new one."""
        document = {"evaluation": to_document(changed), "revision": changed.revision, "graded": changed.graded}
        update: Document = {"$set": document}
        if changed.state in ENDED:
            update["$unset"] = {"active": ""}
        with guarded():
            won = await self._evaluations.update_one(
                {"_id": changed.evaluation_id, "revision": changed.revision - 1}, update
            )
        return bool(won.modified_count)

    async def add(self, answer: evaluation_pb2.Answer) -> None:
        """Store a graded answer and count it, unless it was stored before."""
        evaluation_id = answer.task.evaluation_id
        document = {"_id": answer.task.task_id, "evaluation_id": evaluation_id, "answer": to_document(answer)}
        if not await self._insert_answer(document):
            return
        used = MessageToDict(usage_of(answer), preserving_proto_field_name=True)
        counts = {f"usage.{name}": int(value) for name, value in used.items()}
        with guarded():
            await self._evaluations.update_one({"_id": evaluation_id}, {"$inc": {"graded": 1, **counts}})

    async def recount(self, evaluation_id: str) -> Counted:
        """The counts as the answers have them: a process may have ended between storing one and counting it."""
        graded, usages = 0, []
        async for answer in self.answers(evaluation_id):
            graded += 1
            usages.append(usage_of(answer))
        counted = Counted(graded, total(usages))
        used = MessageToDict(counted.usage, preserving_proto_field_name=True)
        with guarded():
            await self._evaluations.update_one(
                {"_id": evaluation_id, "active": True},
                {"$set": {"graded": graded, "usage": {name: int(value) for name, value in used.items()}}},
            )
        return counted

    async def answers(self, evaluation_id: str) -> AsyncIterator[evaluation_pb2.Answer]:
        """The graded answers of an evaluation, by task."""
        with guarded():
            found = self._answers.find({"evaluation_id": evaluation_id}).sort("_id", 1)
            async for document in found:
                yield from_document(evaluation_pb2.Answer(), document["answer"])

    async def answered(self, evaluation_id: str) -> set[str]:
        """The tasks of an evaluation that have an answer."""
        with guarded():
            found = self._answers.find({"evaluation_id": evaluation_id}, {"_id": 1})
            return {str(document["_id"]) async for document in found}


def usage_of(answer: evaluation_pb2.Answer) -> sample_pb2.Usage:
    """What an answer cost, judges included."""
    return of_calls([*answer.calls, *answer.grade.calls])


def _evaluation(document: Document) -> evaluation_pb2.Evaluation:
    evaluation = from_document(evaluation_pb2.Evaluation(), document["evaluation"])
    if evaluation.state not in ENDED:
        evaluation.graded = min(document["graded"], evaluation.planned)
        evaluation.usage.CopyFrom(from_document(sample_pb2.Usage(), document.get("usage", {})))
    return evaluation
