"""The verifier's errors as they were measured."""

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera.sample.v1 import control_pb2
from chimera_client.calibration import LEVEL, Agreement, Calibration, Errors, Rate
from chimera_client.text import counted, line
from chimera_client.views.tables import titled_table
from chimera_client.words import control_kind_words, outcome_words, reason_name, reason_words


def rate_words(rate: Rate, noun: str = "") -> str:
    """`0 of 12 mistakes (at most 24 %)`, `3 of 40 mistakes (3 to 20 %)`, or that nothing was decided."""
    of = f" {noun}" if noun else ""
    if rate.value is None:
        return f"none{of} decided"
    low, high = round(100 * rate.low), round(100 * rate.high)
    interval = f"at most {high} %" if rate.hits == 0 else f"{low} to {high} %"
    return f"{rate.hits:,} of {rate.of:,}{of} ({interval})"


def errors_line(found: Calibration) -> str:
    """One sentence on how often the verifier erred."""
    parts = []
    if found.all.mistakes.decided:
        parts.append(f"accepted {rate_words(found.all.false_accepts, 'planted mistakes')}")
    if found.all.right.decided:
        parts.append(f"refused {rate_words(found.all.false_rejects, 'right answers')}")
    if (undecided := found.all.undecided).hits:
        parts.append(f"could not decide about {counted(undecided.hits, 'control')}")
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"Measured on planted controls, the verifier {listed}."


def render_calibration(found: Calibration) -> RenderableType:
    """Everything that was measured, for a terminal."""
    kinds = {control_kind_words(kind): errors for kind, errors in sorted(found.kinds.items())}
    tables: list[RenderableType] = [_errors_table("What was planted", kinds)]
    for title, groups in (
        ("Subject", found.subjects),
        ("Answer type", found.answer_types),
        ("Difficulty", found.difficulties),
    ):
        if len(groups) > 1:
            tables += [Text(), _errors_table(title, dict(sorted(groups.items())))]
    says = [
        errors_line(found),
        f"Intervals are at {LEVEL:.0%}; rates are over what was decided.",
        *_agreement_words(found.agreement),
    ]
    return Group(*tables, Text(), *map(Text, says))


def controls_table(controls: Iterable[control_pb2.Control]) -> Table:
    """One line a control."""
    table = titled_table("Control", "Planted", "Subject", "Verdict", "What was done")
    for control in controls:
        sample = control.sample
        verdict = outcome_words(sample.outcome)
        if name := reason_name(sample.reason):
            verdict += f": {reason_words(name)}"
        words = (control.control_id, control_kind_words(control.kind), sample.ref.subject, verdict, control.change)
        table.add_row(*(Text(line(word, 120)) for word in words))
    return table


def _errors_table(title: str, groups: Mapping[str, Errors]) -> Table:
    table = titled_table(title, "Mistakes accepted", "Refused for another cause", "Right ones refused", "Undecided")
    for name, errors in groups.items():
        mistakes, right = errors.mistakes, errors.right
        row = (
            name,
            rate_words(errors.false_accepts) if mistakes.checked else "",
            f"{mistakes.otherwise:,} of {mistakes.refused:,}" if mistakes.refused else "",
            rate_words(errors.false_rejects) if right.checked else "",
            f"{errors.undecided.hits:,} of {errors.undecided.of:,}",
        )
        table.add_row(*(Text(line(word, 60)) for word in row))
    return table


def _agreement_words(found: Agreement) -> list[str]:
    says = []
    if found.samples:
        alpha = "not defined, since no votes differ" if found.alpha is None else f"{found.alpha:.2f}"
        says.append(f"Panel on {counted(found.samples, 'control')}: Krippendorff's alpha is {alpha}.")
    for (one, other), rate in found.observed.items():
        kappa = found.kappas[one, other]
        beyond = "" if kappa is None else f"; Cohen's kappa is {kappa:.2f}"
        says.append(f"Members {one} and {other} agree on {rate_words(rate)}{beyond}.")
    if found.judges_differ.of:
        says.append(f"Judges differ on {rate_words(found.judges_differ)}.")
    return says
