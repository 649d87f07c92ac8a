"""What the card and the manifest say about the samples, gathered while they stream, in memory that does not grow."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from chimera.sample.v1 import sample_pb2
from chimera_client.export.rows import all_calls, answer_type
from chimera_client.lengths import Lengths
from chimera_shared.roles import seat

KEPT_VARIANTS = 32
"""Distinct prompts, parameters or models listed for one role; a build has a handful, a hostile server any number."""

OTHERS = "others"


@dataclass(slots=True)
class RoleStatistics:
    """What one role was played by and asked."""

    calls: int = 0
    models: Counter[str] = field(default_factory=Counter)
    endpoints: Counter[str] = field(default_factory=Counter)
    prompts: Counter[str] = field(default_factory=Counter)
    parameters: Counter[str] = field(default_factory=Counter)

    def add(self, call: sample_pb2.ModelCall) -> None:
        """Count one call."""
        self.calls += 1
        _count(self.models, call.model)
        _count(self.endpoints, call.endpoint)
        _count(self.prompts, call.prompt_sha256)
        _count(self.parameters, without_seed(call.parameters_json))


@dataclass(slots=True)
class Statistics:
    """Everything counted about the samples of a dataset."""

    samples: int = 0
    subjects: Counter[str] = field(default_factory=Counter)
    answer_types: Counter[str] = field(default_factory=Counter)
    first_attempts: int = 0
    full_agreement: int = 0
    vote_methods: Counter[str] = field(default_factory=Counter)
    solution_methods: Counter[str] = field(default_factory=Counter)
    lengths: Mapping[str, Lengths] = field(
        default_factory=lambda: {name: Lengths() for name in ("problem", "reasoning", "solution", "output tokens")}
    )
    usage: sample_pb2.Usage = field(default_factory=sample_pb2.Usage)
    roles: dict[str, RoleStatistics] = field(default_factory=dict)
    example: sample_pb2.Sample | None = None

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one sample."""
        self.samples += 1
        self.example = self.example or sample
        self.subjects[sample.ref.subject] += 1
        self.answer_types[answer_type(sample.problem.reference)] += 1
        self.first_attempts += sample.ref.attempt == 0
        self._add_verdicts(sample)
        self._add_sizes(sample)
        for call in all_calls(sample):
            role = seat(call.role)
            known = role in self.roles or len(self.roles) < KEPT_VARIANTS
            self.roles.setdefault(role if known else OTHERS, RoleStatistics()).add(call)

    @property
    def models(self) -> list[str]:
        """The names of all models that took part, in order."""
        return sorted({model for role in self.roles.values() for model in role.models})

    def _add_verdicts(self, sample: sample_pb2.Sample) -> None:
        votes = sample.validation.votes
        self.full_agreement += bool(votes) and all(v.grade.verdict == sample_pb2.VERDICT_CORRECT for v in votes)
        for vote in votes:
            _count(self.vote_methods, vote.grade.method)
        _count(self.solution_methods, sample.grade.method)

    def _add_sizes(self, sample: sample_pb2.Sample) -> None:
        solution, usage = sample.solution, sample.usage
        self.lengths["problem"].add(len(sample.problem.statement))
        self.lengths["reasoning"].add(len(solution.reasoning))
        self.lengths["solution"].add(len(solution.text))
        self.lengths["output tokens"].add(usage.output_tokens)
        self.usage.calls += usage.calls
        self.usage.input_tokens += usage.input_tokens
        self.usage.output_tokens += usage.output_tokens
        self.usage.cost_nanousd += usage.cost_nanousd


def without_seed(parameters_json: str) -> str:
    """Sampling parameters in a canonical form, without the seed, which differs from call to call."""
    try:
        parameters = json.loads(parameters_json or "{}")
    except ValueError:
        return "unreadable"
    if not isinstance(parameters, dict):
        return "unreadable"
    parameters.pop("seed", None)
    return json.dumps(parameters, sort_keys=True)


def _count(counter: Counter[str], key: str) -> None:
    counter[key if key in counter or len(counter) < KEPT_VARIANTS else OTHERS] += 1
