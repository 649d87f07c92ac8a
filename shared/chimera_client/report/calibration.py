"""How often the verifier erred on problems that were planted for it."""

from collections.abc import Mapping

from chimera.sample.v1 import control_pb2
from chimera_client.calibration import Calibration as Counted
from chimera_client.calibration import Errors
from chimera_client.report.model import Calibration, Group
from chimera_client.report.rates import rate
from chimera_client.words import control_kind_words


class ControlCounter:
    """Counts control problems."""

    def __init__(self) -> None:
        self._counted = Counted()

    def add(self, control: control_pb2.Control) -> None:
        """Count one control."""
        self._counted.add(control)

    def result(self) -> Calibration | None:
        """The verifier's errors; None if it was not measured."""
        counted = self._counted
        everything = counted.all
        checked = everything.mistakes.checked + everything.right.checked
        if not checked:
            return None
        return Calibration(
            controls=checked,
            cost_nanousd=counted.usage.cost_nanousd,
            all=_group("all", everything),
            caught_for_cause=rate(everything.caught_for_cause),
            kinds=[_group(control_kind_words(kind), counted.kinds[kind]) for kind in sorted(counted.kinds)],
            subjects=_groups(counted.subjects),
            answer_types=_groups(counted.answer_types),
            difficulties=_groups(counted.difficulties),
        )


def _groups(groups: Mapping[str, Errors]) -> list[Group]:
    return [_group(name, groups[name]) for name in sorted(groups)]


def _group(name: str, errors: Errors) -> Group:
    return Group(
        name=name,
        planted=errors.mistakes.checked,
        right=errors.right.checked,
        undecided=errors.mistakes.undecided + errors.right.undecided,
        false_accepts=rate(errors.false_accepts),
        false_rejects=rate(errors.false_rejects),
    )
