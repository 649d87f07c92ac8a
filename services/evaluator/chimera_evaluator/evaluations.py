"""The life of an evaluation: ordered, asked for, counted, scored."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera_evaluator.answering import NO_ENDPOINT
from chimera_evaluator.domain import spec as rules
from chimera_evaluator.domain.scoring import Sheet, comparisons, scores
from chimera_evaluator.domain.tasks import Items, planned, tasks
from chimera_evaluator.store import ENDED, EvaluatorStore
from chimera_evaluator.verifier import Verifier
from chimera_shared import identity
from chimera_shared.builds import BuildTable
from chimera_shared.checkers import validate_role
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound, Violation
from chimera_shared.stage import Publisher

_MAX_REQUEST_ID_CHARS = 64
_WATCH_SECONDS = 0.3
_QUIET_LOOKS = 3
"""After the last call that a budget paid for, what it answered is graded and counted by then."""
_STATES = {
    evaluation_pb2.EVALUATION_STATE_RUNNING: build_pb2.BUILD_STATE_RUNNING,
    evaluation_pb2.EVALUATION_STATE_SUCCEEDED: build_pb2.BUILD_STATE_SUCCEEDED,
    evaluation_pb2.EVALUATION_STATE_FAILED: build_pb2.BUILD_STATE_FAILED,
    evaluation_pb2.EVALUATION_STATE_CANCELLED: build_pb2.BUILD_STATE_CANCELLED,
}


class Evaluations:
    """Evaluations and their state. Every change is stored first and told after.

    An evaluation is to this service what a build is to the others: its id stands in the table of builds, so that
    calls stop when it is cancelled, and its budget and its ledger are kept as a build's are. It is told as one to the
    verifier too, whose judges are paid from the same budget.
    """

    def __init__(
        self,
        store: EvaluatorStore,
        verifier: Verifier,
        endpoints: Endpoints,
        bus: Publisher,
        builds: BuildTable,
        books: Books,
        clock: Callable[[], datetime],
        overdue_s: float,
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._endpoints = endpoints
        self._bus = bus
        self._builds = builds
        self._books = books
        self._clock = clock
        self._overdue_s = overdue_s
        self._asked: dict[str, tuple[int, float]] = {}
        """By evaluation, how many answers there were when its tasks were last asked for, and when that was."""
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._spent: dict[str, tuple[int, int]] = {}
        """By evaluation whose budget is spent, how many answers there were and for how many looks nothing moved."""

    async def start(
        self, request_id: str, spec: evaluation_pb2.EvaluationSpec, *, anew: bool = False
    ) -> evaluation_pb2.Evaluation:
        """Start an evaluation, or return the one that this request started before.

        It uses the answers of one of the same order that failed, unless all is to be asked `anew`.
        """
        if not 1 <= len(request_id) <= _MAX_REQUEST_ID_CHARS:
            raise InvalidInput.of("request_id", f"must have 1 to {_MAX_REQUEST_ID_CHARS} characters")
        if wrong := [*rules.violations(spec), *self._roles(spec)]:
            raise InvalidInput(wrong)
        evaluation = evaluation_pb2.Evaluation(
            evaluation_id=identity.evaluation_id(request_id),
            spec=rules.with_defaults(spec),
            state=evaluation_pb2.EVALUATION_STATE_RUNNING,
            revision=1,
        )
        if (there := await self._store.find(evaluation.evaluation_id)) is None:
            evaluation.corpora.extend(await self._corpora(evaluation.spec))
            evaluation.planned = await asyncio.to_thread(planned, evaluation.spec, await self._items(evaluation.spec))
            if not 1 <= evaluation.planned <= rules.MAX_TASKS:
                raise InvalidInput.of(
                    "benchmarks", f"ask for {evaluation.planned} answers; it must be from 1 to {rules.MAX_TASKS}"
                )
            if not anew:
                evaluation.continues = rules.continued(spec=evaluation.spec, earlier=await self._store.named(spec.name))
            evaluation.create_time.FromDatetime(self._clock())
            if await self._store.start(evaluation, request_id):
                await self._tell(evaluation)
                return evaluation
            there = await self._store.require(evaluation.evaluation_id)
        if there.spec != evaluation.spec:
            raise AlreadyExists(
                f"request_id {request_id!r} ordered another evaluation, {there.evaluation_id}; choose a new one"
            )
        await self._show_spending([there])
        return there

    async def get(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        """One evaluation, with what it spent; NotFound."""
        evaluation = await self._store.require(evaluation_id)
        await self._show_spending([evaluation])
        return evaluation

    async def page(self, skip: int, limit: int) -> list[evaluation_pb2.Evaluation]:
        """Evaluations, newest first, with what they spent."""
        found = await self._store.page(skip, limit)
        await self._show_spending(found)
        return found

    async def watch(self, evaluation_id: str) -> AsyncIterator[evaluation_pb2.Evaluation]:
        """The evaluation now and after every change, until it has ended."""
        last = None
        while True:
            evaluation = await self.get(evaluation_id)
            if evaluation != last:
                yield evaluation
                last = evaluation
            if evaluation.state in ENDED:
                return
            await asyncio.sleep(_WATCH_SECONDS)

    async def cancel(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        """End an evaluation. FailedPrecondition if it has ended otherwise."""
        while (evaluation := await self._store.require(evaluation_id)).state not in ENDED:
            if await self._end(evaluation, evaluation_pb2.EVALUATION_STATE_CANCELLED):
                return evaluation
        if evaluation.state != evaluation_pb2.EVALUATION_STATE_CANCELLED:
            raise FailedPrecondition(f"evaluation {evaluation_id} has ended before; it cannot be cancelled any more")
        return evaluation

    async def advance(self, event: events_pb2.EvaluationChanged) -> AsyncIterator[Message]:
        """Ask for every task that has no answer; again when nothing has moved for a while, however it was lost."""
        evaluation_id = event.evaluation.evaluation_id
        async with self._locks[evaluation_id]:
            evaluation = await self._store.find(evaluation_id)
            if evaluation is None or evaluation.state in ENDED:
                self._asked.pop(evaluation_id, None)
                self._locks.pop(evaluation_id, None)
                return
            if not self._is_due(evaluation):
                return
            await self._learn(evaluation)
            graded = (await self._store.recount(evaluation_id)).graded
            if graded >= evaluation.planned:
                await self._finish(evaluation_id)
                return
            try:
                items = await self._items(evaluation.spec)
            except (NotFound, InvalidInput) as error:
                await self._fail(evaluation_id, str(error))
                return
            answered = await self._store.answered(evaluation_id)
            for task in tasks(evaluation, items):
                if task.task_id not in answered:
                    yield events_pb2.AnswerRequested(task=task)
            self._asked[evaluation_id] = (graded, time.monotonic())

    async def collect(self, event: events_pb2.AnswerGraded) -> AsyncIterator[Message]:
        """Store and count an answer; the last one ends the evaluation."""
        evaluation_id = event.answer.task.evaluation_id
        await self._store.add(event.answer)
        evaluation = await self._store.find(evaluation_id)
        if evaluation is not None and evaluation.state not in ENDED and evaluation.graded >= evaluation.planned:
            await self._finish(evaluation_id)
        return
        yield

    async def look(self) -> None:
        """Learn of evaluations that other replicas started or ended, and end those whose budget is spent."""
        running = await self._store.active()
        for evaluation in running:
            await self._learn(evaluation)
        there = {evaluation.evaluation_id for evaluation in running}
        for build in self._builds.running():
            if build.build_id.startswith("e") and build.build_id not in there:
                await self._catch_up(build.build_id)
        books = await self._books.find_many([*there])
        self._spent = {name: self._spent.get(name, (0, 0)) for name, book in books.items() if book.refused}
        for evaluation in running:
            if (spent := self._spent.get(evaluation.evaluation_id)) is not None:
                book = books[evaluation.evaluation_id]
                quiet = spent[1] + 1 if book.idle and spent[0] == evaluation.graded else 0
                self._spent[evaluation.evaluation_id] = (evaluation.graded, quiet)
                if quiet >= _QUIET_LOOKS:
                    await self._finish(evaluation.evaluation_id, book.refused)

    async def tell_all(self) -> None:
        """Say every evaluation that runs again; this drives `advance`."""
        for evaluation in await self._store.active():
            await self._tell(evaluation)

    def _is_due(self, evaluation: evaluation_pb2.Evaluation) -> bool:
        """Whether its tasks were not asked for by this process, or nothing has moved since for too long."""
        asked = self._asked.get(evaluation.evaluation_id)
        now = time.monotonic()
        if asked is None:
            return True
        if evaluation.graded != asked[0]:
            self._asked[evaluation.evaluation_id] = (evaluation.graded, now)
            return False
        return now - asked[1] >= self._overdue_s

    async def _finish(self, evaluation_id: str, cut_short: str = "") -> None:
        """Score what was answered, if all of it was or nothing more will be: `cut_short` says why."""
        sheet, graded, unasked = Sheet(), 0, defaultdict[int, list[str]](list)
        async for answer in self._store.answers(evaluation_id):
            sheet.add(answer)
            graded += 1
            if answer.grade.method == NO_ENDPOINT:
                unasked[answer.task.candidate].append(answer.grade.reason)
        evaluation = await self._store.require(evaluation_id)
        if evaluation.state in ENDED or (graded < evaluation.planned and not cut_short):
            return
        counted = await self._store.recount(evaluation_id)
        evaluation.graded = counted.graded
        evaluation.usage.CopyFrom(counted.usage)
        each = evaluation.planned // len(evaluation.spec.candidates)
        silent = {who: reasons for who, reasons in unasked.items() if len(reasons) == each}
        if cut_short:
            evaluation.detail = f"{cut_short}; {graded} of {evaluation.planned} answers were graded"
        elif silent:
            who, reasons = min(silent.items())
            evaluation.detail = f"there is no graded answer of {evaluation.spec.candidates[who].name}: {reasons[0]}"
        found, compared = await asyncio.to_thread(_scored, evaluation.spec, sheet)
        evaluation.scores.extend(found)
        evaluation.comparisons.extend(compared)
        failed, done = evaluation_pb2.EVALUATION_STATE_FAILED, evaluation_pb2.EVALUATION_STATE_SUCCEEDED
        await self._end(evaluation, failed if silent or cut_short else done)

    async def _fail(self, evaluation_id: str, detail: str) -> None:
        evaluation = await self._store.require(evaluation_id)
        if evaluation.state not in ENDED:
            evaluation.detail = detail
            await self._end(evaluation, evaluation_pb2.EVALUATION_STATE_FAILED)

    async def _end(self, evaluation: evaluation_pb2.Evaluation, state: "evaluation_pb2.EvaluationState") -> bool:
        evaluation.state = state
        evaluation.revision += 1
        evaluation.end_time.FromDatetime(self._clock())
        if not await self._store.change(evaluation):
            return False
        await self._learn(evaluation)
        await self._tell(evaluation)
        return True

    async def _tell(self, evaluation: evaluation_pb2.Evaluation) -> None:
        """Say how it stands, first to those that ask models for it: they know it before there is anything to ask."""
        await self._bus.publish(events_pb2.BuildChanged(build=_as_build(evaluation)))
        await self._bus.publish(events_pb2.EvaluationChanged(evaluation=evaluation))

    async def _learn(self, evaluation: evaluation_pb2.Evaluation) -> None:
        """Enter an evaluation into the table of builds."""
        await self._builds.enter(_as_build(evaluation))

    async def _catch_up(self, evaluation_id: str) -> None:
        """Learn of the end of an evaluation, and say it again: a process may have ended between storing and telling."""
        if (evaluation := await self._store.find(evaluation_id)) is not None:
            await self._learn(evaluation)
            await self._tell(evaluation)

    async def _show_spending(self, evaluations: Sequence[evaluation_pb2.Evaluation]) -> None:
        books = await self._books.find_many([evaluation.evaluation_id for evaluation in evaluations])
        for evaluation in evaluations:
            if (book := books.get(evaluation.evaluation_id)) is not None:
                evaluation.spending.CopyFrom(book.spending)
            if evaluation.state == evaluation_pb2.EVALUATION_STATE_SUCCEEDED:
                _as_told(evaluation)

    def _roles(self, spec: evaluation_pb2.EvaluationSpec) -> list[Violation]:
        roles = [(f"candidates[{i}].role", candidate.role) for i, candidate in enumerate(spec.candidates)]
        roles += [(name, getattr(spec, name)) for name in ("judge", "second_judge") if spec.HasField(name)]
        return [wrong for path, role in roles for wrong in validate_role(path, role, self._endpoints)]

    async def _corpora(self, spec: evaluation_pb2.EvaluationSpec) -> list[corpus_pb2.Corpus]:
        found, wrong = [], []
        for i, benchmark in enumerate(spec.benchmarks):
            try:
                found.append(await self._verifier.corpus(benchmark.corpus))
            except NotFound:
                name = benchmark.corpus[:80]
                way_out = f"`chimera corpora import {name} FILE` makes one"
                wrong.append(Violation(f"benchmarks[{i}].corpus", f"no corpus is named {name!r}; {way_out}"))
        if wrong:
            raise InvalidInput(wrong)
        return found

    async def _items(self, spec: evaluation_pb2.EvaluationSpec) -> list[Items]:
        corpora = [await self._verifier.items(benchmark.corpus) for benchmark in spec.benchmarks]
        for i, (benchmark, items) in enumerate(zip(spec.benchmarks, corpora, strict=True)):
            lacking = [item.item_id for item in items[: benchmark.limit or None] if not item.answer.value.strip()]
            if lacking:
                raise InvalidInput.of(
                    f"benchmarks[{i}].corpus",
                    f"{benchmark.corpus!r} has problems without an answer, such as {lacking[0]}; "
                    "import it with its answers",
                )
        return corpora


def _as_told(evaluation: evaluation_pb2.Evaluation) -> None:
    """Of an evaluation that succeeded everything was told, while its books may be a second behind."""
    spending = evaluation.spending
    spending.ClearField("reserved")
    if not evaluation.continues and spending.spent.calls < evaluation.usage.calls:
        spending.spent.CopyFrom(evaluation.usage)


def _as_build(evaluation: evaluation_pb2.Evaluation) -> build_pb2.Build:
    """What an evaluation is to those that ask models for it: a build without subjects."""
    build = build_pb2.Build(
        build_id=evaluation.evaluation_id, state=_STATES[evaluation.state], revision=evaluation.revision
    )
    if evaluation.state not in ENDED:
        build.spec.budget.CopyFrom(evaluation.spec.budget)
        build.spec.ledger_of = evaluation.continues
    return build


def _scored(
    spec: evaluation_pb2.EvaluationSpec, sheet: Sheet
) -> tuple[list[evaluation_pb2.Score], list[evaluation_pb2.Comparison]]:
    return [*scores(spec, sheet)], [*comparisons(spec, sheet)]
