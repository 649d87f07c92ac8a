"""How hard a problem is: how often two reference models, a weak one and a strong one, solve it blind."""

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.checkers import DEFAULT_SOLVES
from chimera_shared.endpoints.models import Models
from chimera_verifier.attempts import Attempts, Solver, Task
from chimera_verifier.domain.decision import Refusal, difficulty_refusal
from chimera_verifier.referee import Referee, judges_of


class Difficulty:
    """Measures how hard problems are."""

    def __init__(self, models: Models, referee: Referee) -> None:
        self._attempts = Attempts(models, referee)

    async def measure(
        self, found: sample_pb2.Difficulty, sample: sample_pb2.Sample, spec: build_pb2.BuildSpec
    ) -> Refusal | None:
        """Why a problem is too easy or too hard for its build; what was measured is left in `found`.

        All solves run at the same time, but where the weak model may refuse a problem the strong one waits for it.
        SampleFailure if an endpoint is out of reach for good; calls of an earlier round stand in `found`.
        """
        ref, problem = sample.ref, sample.problem
        task = Task(ref.build_id, ref.seed, problem.statement, problem.reference, judges_of(spec.roles))
        named = [name for name in ("weak", "strong") if spec.roles.HasField(name)]
        in_turn = spec.difficulty.HasField("max_weak_pass_rate")
        for names in [[name] for name in named] if in_turn else [named]:
            solvers = [
                Solver(name, number, getattr(spec.roles, name))
                for name in names
                for number in range(spec.difficulty.solves or DEFAULT_SOLVES)
            ]
            for solver, vote in zip(solvers, await self._attempts.all(task, solvers), strict=True):
                getattr(found, solver.name).append(vote)
            if refusal := difficulty_refusal(found, spec.difficulty):
                return refusal
        return None
