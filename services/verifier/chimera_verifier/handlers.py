"""The stages of the verifier service."""

from typing import Any

from chimera_shared import topics
from chimera_shared.stage import Decision, Stage
from chimera_verifier.checks import Checks, problem_failed, solution_failed
from chimera_verifier.controls import Controls, control_failed
from chimera_verifier.reverification import Reverification, reverification_failed
from chimera_verifier.store import VerifierStore


def stages(checks: Checks, controls: Controls, again: Reverification, store: VerifierStore) -> list[Stage[Any]]:
    """Every stage of the service."""
    return [
        Stage(
            "validate",
            consumes=topics.PROBLEM_PROPOSED,
            publishes=(topics.PROBLEM_VALIDATED, topics.SAMPLE_SETTLED),
            decision=Decision(checks.problem, problem_failed, store.validations),
        ),
        Stage(
            "grade",
            consumes=topics.SOLUTION_SYNTHESISED,
            publishes=(topics.SAMPLE_SETTLED,),
            decision=Decision(checks.solution, solution_failed, store.settlements),
        ),
        Stage(
            "control",
            consumes=topics.SOLUTION_SYNTHESISED,
            publishes=(topics.CONTROL_CHECKED,),
            decision=Decision(controls.check, control_failed, store.controls, controls.are_planted),
        ),
        Stage(
            "reverify",
            consumes=topics.SAMPLE_RECALLED,
            publishes=(topics.SAMPLE_REVERIFIED,),
            decision=Decision(again.examine, reverification_failed, store.reverifications),
        ),
    ]
