"""`loop run` step by step: build, train, serve, evaluate, and again; each step is found again if it was done before."""

import asyncio
import itertools
import shlex
import time
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_client import named_corpora, order
from chimera_client.buildfile import BuildFile
from chimera_client.cli import evaluating, training
from chimera_client.cli.exits import Code
from chimera_client.cli.loopbuilds import LoopBuilds, Stopped
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.run import export
from chimera_client.cli.services import ModelServer, student_server
from chimera_client.cli.session import Place, Session, opened
from chimera_client.evaluationreport import files as evaluation_files
from chimera_client.loop.file import STUDENT, LoopFile, Step, read_loop_file
from chimera_client.loop.folder import LoopFolder
from chimera_client.loop.orders import Orders, items_of
from chimera_client.loop.outcome import Outcome, Round, Trained
from chimera_client.loop.report import files
from chimera_client.loop.report.plain import plain
from chimera_client.loop.topics import Marks, Topic
from chimera_client.target import OutputTarget
from chimera_client.views.loop import render_loop
from chimera_shared import identity
from chimera_shared.errors import ChimeraError, InvalidInput, NotFound
from chimera_shared.telemetry import joined

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoopRun:
    """One run of the command."""

    path: Path
    output: Path | None
    place: Place
    rounds: int | None
    partial: bool
    new: bool
    force: bool
    as_json: bool

    async def run(self) -> Code:
        """Everything from the first order to the report."""
        file = read_loop_file(self.path, self.rounds, partial=self.partial)
        folder = LoopFolder(self.output or Path("loops") / file.name, file.loop_id, file.name)
        folder.require_room(force=self.force)
        if file.serve is not None and self.place.elsewhere:
            raise InvalidInput.of(
                "serve",
                "serves models here, where the servers that are named do not ask; name an endpoint by `student`",
            )
        async with AsyncExitStack() as stack:
            server = student_server(self.place.data_dir, file.serve) if file.serve is not None else None
            endpoints = {**file.endpoints, **({STUDENT: server.endpoint} if server is not None else {})}
            order.require_sound(BuildFile(file.build.spec, endpoints, ""), own_services=not self.place.elsewhere)
            session = await stack.enter_async_context(opened(self.place, endpoints))
            orders = Orders(file, await _generation(session, file, new=self.new))
            seconds: dict[str, float] = {}
            builds = LoopBuilds(session, file.partial, seconds, self._again, self.as_json)
            work = _Loop(session, file, orders, folder, stack, server, builds, seconds, self.as_json)
            try:
                await _provided(session, file)
                folder.claim(force=self.force)
                outcome = await work.run()
            except (Stopped, asyncio.CancelledError):
                note(f"nothing done is lost; go on with: {self._again}")
                return Code.INTERRUPTED
        files.write(outcome, folder.directory)
        if self.as_json:
            emit({"type": "result", "directory": str(folder.directory), "report": plain(outcome)})
        else:
            console().print(render_loop(outcome, folder.directory))
        return Code.OK

    @property
    def _again(self) -> str:
        """The command that goes on with this run."""
        words = ["--rounds", str(self.rounds)] if self.rounds is not None else []
        words += ["--partial"] if self.partial else []
        words += ["-o", str(self.output)] if self.output is not None else []
        return shlex.join(["chimera", "loop", "run", str(self.path), *words, *self.place.words])


async def _generation(session: Session, file: LoopFile, *, new: bool) -> int:
    """The newest run of this file, or the one after it."""
    for generation in itertools.count(1):
        orders = Orders(file, generation)
        first = orders.exam() or orders.data(1, "", (), (), ())
        try:
            await session.client.builds.get(identity.build_id(first.request_id()))
        except NotFound:
            return generation if new else max(1, generation - 1)
    raise AssertionError("unreachable")


async def _provided(session: Session, file: LoopFile) -> None:
    """Have everything there that the loop names, so that nothing is found missing after hours. InvalidInput if not."""
    for named, corpora in (
        (named_corpora.of_build(file.build.spec), file.build.corpora),
        (named_corpora.of_evaluation(file.evaluation.spec), file.evaluation.corpora),
    ):
        await named_corpora.provide(session.client, named, corpora, note)
    if file.base.registered:
        name, _, version = file.base.registered.partition("@")
        try:
            await session.client.models.get(name, int(version))
        except NotFound as error:
            raise InvalidInput.of("base", str(error)) from None


@dataclass
class _Loop:
    session: Session
    file: LoopFile
    orders: Orders
    folder: LoopFolder
    stack: AsyncExitStack
    """Of what runs to the end of the loop."""
    server: ModelServer | None
    builds: LoopBuilds
    seconds: dict[str, float]
    as_json: bool
    serving: bool = False

    async def run(self) -> Outcome:
        exam, corpus = await self._exam()
        rounds: list[Round] = []
        for number in range(1, self.file.rounds + 1):
            rounds.append(await self._round(number, corpus, rounds))
        base = self.file.base
        return Outcome(
            self.orders.loop_id,
            self.orders.trace_id,
            self.file.name,
            base.registered or base.hub or Path(base.path).name,
            exam,
            tuple(rounds),
            self.seconds,
        )

    async def _exam(self) -> tuple[build_pb2.Build | None, str]:
        """The exam's build, and the corpus that it is measured by."""
        if (ordered := self.orders.exam()) is None:
            return None, ""
        build = await self._built("build exam", ordered)
        corpus = self.orders.corpus(build.dataset_id, "exam")
        await self._imported(corpus, build.dataset_id)
        return build, corpus

    async def _round(self, number: int, corpus: str, before: Sequence[Round]) -> Round:
        client = self.session.client
        scores = before[-1].topics if before else ()
        earlier, seen = list[str](), set[Topic]()
        for each in before:
            earlier.append(self.orders.corpus(each.dataset.dataset_id, "data"))
            seen |= await self._imported(earlier[-1], each.dataset.dataset_id)
        words = "build" if number == 1 else f"build {number}"
        build = await self._built(words, self.orders.data(number, corpus, scores, seen, earlier))
        dataset = await client.datasets.get(build.dataset_id)
        await self._export(number, build)
        trained = await self._trained(number, build.dataset_id, before)
        last = {each.candidate for each in trained if each.step == self.file.steps[-1].name}
        shown = [*(each for r in before for each in r.trained if each.step == self.file.steps[-1].name), *trained]
        evaluation = await self._evaluated(number, corpus, shown)
        names = [candidate.name for candidate in evaluation.spec.candidates]
        marks = Marks(0, {at for at, name in enumerate(names) if name in last})
        async for answer in client.evaluations.answers(evaluation.evaluation_id):
            marks.add(answer)
        return Round(number, build, dataset, trained, evaluation, marks.scores())

    async def _built(self, words: str, file: BuildFile) -> build_pb2.Build:
        """The build with its dataset. What is ordered after a partial one is not what is ordered after a whole one."""
        build = await self.builds.built(words, self.orders, file)
        if build.state != build_pb2.BUILD_STATE_SUCCEEDED:
            self.orders = self.orders.after_partial(build.dataset_id)
        return build

    async def _imported(self, corpus: str, dataset_id: str) -> set[Topic]:
        """Have a dataset as a corpus that builds are compared with and models are measured by; its topics."""
        client = self.session.client
        items = await items_of(client.datasets.read(dataset_id))
        await client.corpora.import_(corpus, f"dataset {dataset_id}", items)
        return {(item.subject, item.topic) for item in items}

    async def _export(self, number: int, build: build_pb2.Build) -> None:
        target = OutputTarget.inspect(self._part(number, "dataset"))
        if not target.holds_whole(build.build_id):
            await export(self.session.client, build, target, replace(self.file.build, endpoints=self.file.endpoints))

    async def _trained(self, number: int, dataset_id: str, before: Sequence[Round]) -> tuple[Trained, ...]:
        """The chain of trainings for each seed, each from the model before it."""
        trained: list[Trained] = []
        for seed in self.file.seeds:
            base = _last_model(before, seed) or self.file.base
            for step in self.file.steps:
                each = await self._train(number, step, seed, base, dataset_id)
                trained.append(each)
                base = model_pb2.ModelSource(registered=each.training.model)
        return tuple(trained)

    async def _train(self, number: int, step: Step, seed: int, base: model_pb2.ModelSource, dataset_id: str) -> Trained:
        client, candidate = self.session.client, self.orders.candidate(number, step, seed)
        spec, request = self.orders.training(number, step, seed, base, dataset_id)
        words, started = f"train {candidate}", time.monotonic()
        with joined(self.orders.trace_id, words):
            for generation in itertools.count(1):
                current = await client.trainings.start(spec, f"{request}-{generation}")
                if current.state not in training.OVER:
                    break
        if current.state != training_pb2.TRAINING_STATE_SUCCEEDED:
            note(f"{words}: {current.training_id}")
            watch = client.trainings.watch(current.training_id)
            current = await self._first(training.follow(watch, self.as_json))
            self.seconds[words] = time.monotonic() - started
        if current.state != training_pb2.TRAINING_STATE_SUCCEEDED:
            raise ChimeraError(f"training {current.training_id} ended without a model: {current.detail}")
        points = [point async for point in client.trainings.points(current.training_id)]
        name, _, version = current.model.partition("@")
        return Trained(step.name, seed, candidate, current, tuple(points), await client.models.get(name, int(version)))

    async def _evaluated(self, number: int, corpus: str, trained: Sequence[Trained]) -> evaluation_pb2.Evaluation:
        client, file = self.session.client, self.orders.evaluation(number, corpus, trained)
        words, started = "evaluate" if number == 1 else f"evaluate {number}", time.monotonic()
        known = await evaluating.found(client, file)
        if known is None or known.state != evaluation_pb2.EVALUATION_STATE_SUCCEEDED:
            await self._serve()
        with joined(self.orders.trace_id, words):
            current = await evaluating.ordered(client, file, new=False)
        if current.state != evaluation_pb2.EVALUATION_STATE_SUCCEEDED:
            note(f"{words}: {current.planned:,} answers of {len(file.spec.candidates)} models")
            watch = client.evaluations.watch(current.evaluation_id)
            current = await self._first(self._served(evaluating.follow(watch, self.as_json)))
            self.seconds[words] = time.monotonic() - started
        if current.state != evaluation_pb2.EVALUATION_STATE_SUCCEEDED:
            raise ChimeraError(f"evaluation {current.evaluation_id} ended without scores: {current.detail}")
        answers = client.evaluations.answers(current.evaluation_id)
        await evaluation_files.write(current, answers, self._part(number, "evaluation"))
        return current

    async def _serve(self) -> None:
        if self.server is not None and not self.serving:
            note("starting the model server")
            await self.stack.enter_async_context(self.server)
            self.serving = True

    async def _served(self, work: Coroutine[None, None, T]) -> T:
        """The work's result; Configuration if the model server is given up before."""
        if self.server is None:
            return await work
        task, death = asyncio.create_task(work), asyncio.create_task(self.server.watch())
        try:
            await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
            if death.done() and not task.done():
                death.result()
            return await task
        finally:
            for each in (task, death):
                each.cancel()
            await asyncio.gather(task, death, return_exceptions=True)

    def _part(self, number: int, what: str) -> Path:
        """Where a round's results go. A folder without any may have gone to another loop since; InvalidInput if so."""
        self.folder.claim(force=False)
        return self.folder.part(number, what)

    async def _first(self, work: Awaitable[T]) -> T:
        found = await self.session.interrupts.first(asyncio.ensure_future(work))
        if found is None:
            raise Stopped
        return found


def _last_model(before: Sequence[Round], seed: int) -> model_pb2.ModelSource | None:
    """The model of the round before that this seed's chain ended in."""
    found = [each.training.model for each in before[-1].trained if each.seed == seed] if before else []
    return model_pb2.ModelSource(registered=found[-1]) if found else None
