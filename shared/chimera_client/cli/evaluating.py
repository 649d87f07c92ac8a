"""`evaluations run` step by step: check, start or connect, order, follow, report."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client import named_corpora
from chimera_client.cli.bars import Bar, followed
from chimera_client.cli.evaluations import DEFAULT_OUTPUT_PARENT
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.session import Place, opened
from chimera_client.client import AsyncClient
from chimera_client.evaluationfile import EvaluationFile, read_evaluation_file
from chimera_client.evaluationreport import files
from chimera_client.plain import to_plain
from chimera_client.views.evaluation import progress_words, render_evaluation
from chimera_shared import identity
from chimera_shared.errors import NotFound

_SUCCEEDED = evaluation_pb2.EVALUATION_STATE_SUCCEEDED
_OVER = frozenset({evaluation_pb2.EVALUATION_STATE_FAILED, evaluation_pb2.EVALUATION_STATE_CANCELLED})


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """One run of the command."""

    path: Path
    output: Path | None
    place: Place
    new: bool
    as_json: bool

    async def run(self) -> Code:
        """Everything from the order to the folder."""
        file = read_evaluation_file(self.path)
        directory = self.output or DEFAULT_OUTPUT_PARENT / file.spec.name
        files.require_room(directory)
        async with opened(self.place, file.endpoints) as session:
            if file.corpora:  # of all others the evaluator says whether they are there
                await named_corpora.provide(session.client, named_corpora.of_evaluation(file.spec), file.corpora, note)
            evaluation = await ordered(session.client, file, new=self.new)
            watch = session.client.evaluations.watch(evaluation.evaluation_id)
            work = asyncio.create_task(follow(watch, self.as_json))
            ended = await session.interrupts.first(work)
            if ended is None:
                note(f"nothing answered is lost; go on with: chimera evaluations run {self.path}")
                return Code.INTERRUPTED
            answers = session.client.evaluations.answers(ended.evaluation_id)
            await files.write(ended, answers, directory)
        if self.as_json:
            emit({"type": "result", "directory": str(directory), "evaluation": to_plain(ended)})
        else:
            console().print(render_evaluation(ended))
            console().print(f"The report is {directory / 'report.html'}")
        return Code.OK if ended.state == _SUCCEEDED else Code.FAILED


async def found(client: AsyncClient, file: EvaluationFile) -> evaluation_pb2.Evaluation | None:
    """The evaluation that this file ordered before, if there is one that has not failed."""
    for generation in itertools.count(1):
        try:
            evaluation = await client.evaluations.get(identity.evaluation_id(file.request_id(generation)))
        except NotFound:
            return None
        if evaluation.state not in _OVER:
            return evaluation
    raise AssertionError("unreachable")


async def ordered(client: AsyncClient, file: EvaluationFile, *, new: bool) -> evaluation_pb2.Evaluation:
    """This file's evaluation, which may be there already; a new one takes the place of one that failed."""
    for generation in itertools.count(1):
        evaluation = await client.evaluations.start(file.spec, file.request_id(generation), anew=new)
        if evaluation.state not in ({*_OVER, _SUCCEEDED} if new else _OVER):
            break
    if evaluation.graded:
        note(f"this file's evaluation is there already: {progress_words(evaluation)}")
    elif evaluation.continues:
        note(f"what evaluation {evaluation.continues} paid for is used again; --new asks everything anew")
    return evaluation


async def follow(watch: AsyncIterator[evaluation_pb2.Evaluation], as_json: bool) -> evaluation_pb2.Evaluation:
    """Show an evaluation until it has ended; the last word of it."""
    return await followed("evaluation", watch, _bar, progress_words, as_json=as_json)


def _bar(evaluation: evaluation_pb2.Evaluation) -> Bar:
    return Bar("answers graded", evaluation.graded, evaluation.planned)
