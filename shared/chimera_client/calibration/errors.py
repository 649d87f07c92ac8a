"""The verifier's errors, counted over controls.

A rate is over what was decided: a control that the verifier called *unknown* is neither accepted nor refused and is
counted apart, so both rates are what they are among its verdicts, and never better for verdicts withheld.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration.agreement import Agreement
from chimera_client.calibration.expectation import Ending, ending_of, must_pass
from chimera_client.calibration.rate import Rate
from chimera_client.plain import to_plain
from chimera_client.words import answer_type_words, control_kind_words
from chimera_shared import usage


@dataclass(slots=True)
class Tally:
    """How controls ended that must all end the same way."""

    accepted: int = 0
    for_cause: int = 0
    otherwise: int = 0
    undecided: int = 0

    @property
    def refused(self) -> int:
        """Refused, for whatever reason."""
        return self.for_cause + self.otherwise

    @property
    def decided(self) -> int:
        """Accepted or refused."""
        return self.accepted + self.refused

    @property
    def checked(self) -> int:
        """All of them."""
        return self.decided + self.undecided

    def add(self, ending: Ending) -> None:
        """Count one."""
        self.accepted += ending is Ending.ACCEPTED
        self.for_cause += ending is Ending.FOR_CAUSE
        self.otherwise += ending is Ending.OTHERWISE
        self.undecided += ending is Ending.UNDECIDED

    def plain(self) -> dict[str, int]:
        """The counts for JSON."""
        names = ("checked", "accepted", "for_cause", "otherwise", "undecided")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Errors:
    """What the verifier made of mistakes and of what is right."""

    mistakes: Tally = field(default_factory=Tally)
    right: Tally = field(default_factory=Tally)

    @property
    def checked(self) -> int:
        """All controls."""
        return self.mistakes.checked + self.right.checked

    @property
    def false_accepts(self) -> Rate:
        """Of the mistakes that were decided, those accepted."""
        return Rate(self.mistakes.accepted, self.mistakes.decided)

    @property
    def false_rejects(self) -> Rate:
        """Of what is right and was decided, what was refused."""
        return Rate(self.right.refused, self.right.decided)

    @property
    def caught_for_cause(self) -> Rate:
        """Of the mistakes that were refused, those for the reason that names them."""
        return Rate(self.mistakes.for_cause, self.mistakes.refused)

    @property
    def undecided(self) -> Rate:
        """Of all, what the verifier could not decide."""
        return Rate(self.mistakes.undecided + self.right.undecided, self.checked)

    def add(self, control: control_pb2.Control) -> None:
        """Count one."""
        (self.right if must_pass(control.kind) else self.mistakes).add(ending_of(control))

    def plain(self) -> dict[str, Any]:
        """Counts and rates for JSON."""
        rates = ("false_accepts", "false_rejects", "caught_for_cause", "undecided")
        return {
            "mistakes": self.mistakes.plain(),
            "right": self.right.plain(),
            **{name: getattr(self, name).plain() for name in rates},
        }


@dataclass(slots=True)
class Calibration:
    """Errors over all controls, and over those of one kind, subject, answer type or difficulty.

    `all` mixes the kinds as they were planted; what the verifier does with one sort of mistake is in `kinds`.
    """

    all: Errors = field(default_factory=Errors)
    kinds: dict[int, Errors] = field(default_factory=dict)
    subjects: dict[str, Errors] = field(default_factory=dict)
    answer_types: dict[str, Errors] = field(default_factory=dict)
    difficulties: dict[str, Errors] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    usage: sample_pb2.Usage = field(default_factory=sample_pb2.Usage)
    """All that the controls' calls consumed."""

    def add(self, control: control_pb2.Control) -> None:
        """Count one control."""
        sample = control.sample
        self.agreement.add(sample)
        self.usage.CopyFrom(usage.total([self.usage, sample.usage]))
        for group in (
            self.all,
            self.kinds.setdefault(control.kind, Errors()),
            self.subjects.setdefault(sample.ref.subject, Errors()),
            self.answer_types.setdefault(answer_type_words(sample.problem.reference.type), Errors()),
            self.difficulties.setdefault(difficulty_band(control.difficulty), Errors()),
        ):
            group.add(control)

    def plain(self) -> dict[str, Any]:
        """Everything for JSON."""
        return {
            "all": self.all.plain(),
            "kinds": {control_kind_words(kind): self.kinds[kind].plain() for kind in sorted(self.kinds)},
            **{name: _plain(getattr(self, name)) for name in ("subjects", "answer_types", "difficulties")},
            "agreement": self.agreement.plain(),
            "usage": to_plain(self.usage),
        }


def calibration_of(controls: Iterable[control_pb2.Control]) -> Calibration:
    """The verifier's errors over these controls."""
    found = Calibration()
    for control in controls:
        found.add(control)
    return found


def difficulty_band(difficulty: sample_pb2.Difficulty) -> str:
    """`easy`, `medium` or `hard`: the weak model solved the problem that the control was made from in over two thirds
    of its solves that were decided, in fewer, in under one third; `not measured` if none was.
    """
    rate = Rate(
        sum(vote.grade.verdict == sample_pb2.VERDICT_CORRECT for vote in difficulty.weak),
        sum(vote.grade.verdict in _DECIDED for vote in difficulty.weak),
    ).value
    if rate is None:
        return "not measured"
    return "easy" if rate > 2 / 3 else "medium" if rate >= 1 / 3 else "hard"


_DECIDED = (sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT)


def _plain(groups: Mapping[str, Errors]) -> dict[str, Any]:
    return {name: groups[name].plain() for name in sorted(groups)}
