"""`trainings run` step by step: read, start or connect, order, follow."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from chimera.training.v1 import training_pb2
from chimera_client.cli.bars import Bar, followed
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.session import Place, Session, opened
from chimera_client.plain import to_plain
from chimera_client.trainingfile import TrainingFile, read_training_file
from chimera_client.views.training import measured_words, progress_words, render_training, sparkline

_SUCCEEDED = training_pb2.TRAINING_STATE_SUCCEEDED
OVER = frozenset({training_pb2.TRAINING_STATE_FAILED, training_pb2.TRAINING_STATE_CANCELLED})
_CURVE_CHARS = 20


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One run of the command."""

    path: Path
    dataset: str | None
    place: Place
    new: bool
    as_json: bool

    async def run(self) -> Code:
        """Everything from the order to the model."""
        file = read_training_file(self.path, self.dataset)
        async with opened(self.place, None) as session:
            training = await self._order(session, file)
            work = asyncio.create_task(follow(session.client.trainings.watch(training.training_id), self.as_json))
            ended = await session.interrupts.first(work)
            if ended is None:
                note(f"training {training.training_id} is not lost; go on with: chimera trainings run {self.path}")
                return Code.INTERRUPTED
            points = [point async for point in session.client.trainings.points(ended.training_id)]
        return ended_code(ended, self.as_json, points)

    async def _order(self, session: Session, file: TrainingFile) -> training_pb2.Training:
        """This file's training, which may be there already; a new one takes the place of one that failed."""
        for generation in itertools.count(1):
            training = await session.client.trainings.start(file.spec, file.request_id(generation))
            if training.state not in ({*OVER, _SUCCEEDED} if self.new else OVER):
                break
        if training.step:
            note(f"this file's training is there already: {progress_words(training)}")
        return training


async def follow(watch: AsyncIterator[training_pb2.Training], as_json: bool) -> training_pb2.Training:
    """Show a training until it has ended; the last word of it."""
    losses: list[float] = []

    def bar(training: training_pb2.Training) -> Bar:
        values = training.last.values
        losses.extend([values[name] for name in ("reward", "loss") if name in values][:1])
        words = " ".join([sparkline(losses, _CURVE_CHARS), *measured_words(training)])
        return Bar(words or "waiting for a worker", training.step, training.steps or None)

    return await followed("training", watch, bar, progress_words, as_json=as_json)


def ended_code(training: training_pb2.Training, as_json: bool, points: list[training_pb2.Point] | None = None) -> Code:
    """Show how a training ended, as an exit code too."""
    if as_json:
        emit({"type": "result", "training": to_plain(training)})
    else:
        console().print(render_training(training, points or []))
    return Code.OK if training.state == _SUCCEEDED else Code.FAILED
