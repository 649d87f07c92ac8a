"""The stages of the evaluator service."""

from typing import Any

from chimera_evaluator import answering
from chimera_evaluator.answering import Answering
from chimera_evaluator.evaluations import Evaluations
from chimera_evaluator.store import EvaluatorStore
from chimera_shared import topics
from chimera_shared.stage import Decision, Stage


def stages(evaluations: Evaluations, answers: Answering, store: EvaluatorStore) -> list[Stage[Any]]:
    """Every stage of the service."""
    return [
        Stage(
            "pose",
            consumes=topics.EVALUATION_CHANGED,
            publishes=(topics.ANSWER_REQUESTED,),
            reaction=evaluations.advance,
        ),
        Stage(
            "answer",
            consumes=topics.ANSWER_REQUESTED,
            publishes=(topics.ANSWER_GRADED,),
            decision=Decision(answers.answer, answering.failed, store.outcomes),
        ),
        Stage("collect", consumes=topics.ANSWER_GRADED, reaction=evaluations.collect),
    ]
