"""The stages of the generator service."""

from typing import Any

from chimera_generator import proposer, solver
from chimera_generator.proposer import Proposer
from chimera_generator.solver import Solver
from chimera_generator.store import GeneratorStore
from chimera_shared import topics
from chimera_shared.stage import Decision, Stage


def stages(propose: Proposer, solve: Solver, store: GeneratorStore) -> list[Stage[Any]]:
    """Every stage of the service."""
    return [
        Stage(
            "propose",
            consumes=topics.PROBLEM_REQUESTED,
            publishes=(topics.PROBLEM_PROPOSED,),
            decision=Decision(propose.propose, proposer.failed, store.problems),
        ),
        Stage(
            "solve",
            consumes=topics.PROBLEM_VALIDATED,
            publishes=(topics.SOLUTION_SYNTHESISED,),
            decision=Decision(solve.solve, solver.failed, store.solutions),
        ),
    ]
