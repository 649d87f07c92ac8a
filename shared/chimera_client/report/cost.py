"""What samples cost, and what of it was spent on those that were not accepted."""

from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import Cost, CostLine
from chimera_client.report.stages import STAGES, WORDS, staged_calls
from chimera_shared.roles import seat

MAX_LINES = 500
"""Stages, roles and endpoints told apart; a build has some dozens, a hostile server any number."""

Place = tuple[str, str, str]
ELSEWHERE: Place = (STAGES[-1], "others", "others")


@dataclass(slots=True)
class _Line:
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    accepted: int = 0
    other: int = 0


class CostCounter:
    """Adds up what calls consumed; answers that another build had paid for cost nothing again."""

    def __init__(self) -> None:
        self._lines: dict[Place, _Line] = {}
        self._accepted = sample_pb2.Usage()
        self._other = sample_pb2.Usage()

    def add(self, sample: sample_pb2.Sample) -> None:
        """Add one settled sample."""
        accepted = sample.outcome == sample_pb2.OUTCOME_ACCEPTED
        total = self._accepted if accepted else self._other
        total.calls += sample.usage.calls
        total.input_tokens += sample.usage.input_tokens
        total.output_tokens += sample.usage.output_tokens
        total.cost_nanousd += sample.usage.cost_nanousd
        for stage, call in staged_calls(sample):
            if not call.paid_by:
                self._line((stage, seat(call.role), call.endpoint), call.usage, accepted=accepted)

    def result(self, progress: build_pb2.Progress, *, all_tried: bool) -> Cost:
        """The cost; without samples that were not accepted theirs is what the build paid for more than the accepted."""
        accepted, build = self._accepted, progress.usage
        spent = max(build.cost_nanousd, accepted.cost_nanousd + self._other.cost_nanousd)
        other = self._other.cost_nanousd if all_tried else spent - accepted.cost_nanousd
        tokens = self._other.output_tokens if all_tried else max(0, build.output_tokens - accepted.output_tokens)
        return Cost(
            total_nanousd=spent,
            accepted_nanousd=accepted.cost_nanousd,
            other_nanousd=other,
            besides_nanousd=spent - accepted.cost_nanousd - other,
            calls=max(build.calls, accepted.calls + self._other.calls),
            input_tokens=max(build.input_tokens, accepted.input_tokens + self._other.input_tokens),
            output_tokens=max(build.output_tokens, accepted.output_tokens + self._other.output_tokens),
            wasted_output_tokens=tokens,
            reused_calls=progress.reused.calls,
            lines=[
                CostLine(
                    stage=WORDS[stage],
                    role=role,
                    endpoint=endpoint,
                    calls=line.calls,
                    input_tokens=line.input_tokens,
                    output_tokens=line.output_tokens,
                    accepted_nanousd=line.accepted,
                    other_nanousd=line.other,
                )
                for (stage, role, endpoint), line in sorted(self._lines.items(), key=_order)
            ],
        )

    def _line(self, place: Place, usage: sample_pb2.Usage, *, accepted: bool) -> None:
        if place not in self._lines and len(self._lines) >= MAX_LINES:
            place = ELSEWHERE
        line = self._lines.setdefault(place, _Line())
        line.calls += usage.calls
        line.input_tokens += usage.input_tokens
        line.output_tokens += usage.output_tokens
        if accepted:
            line.accepted += usage.cost_nanousd
        else:
            line.other += usage.cost_nanousd


def _order(item: tuple[Place, _Line]) -> tuple[int, str, str]:
    stage, role, endpoint = item[0]
    return STAGES.index(stage), role, endpoint
