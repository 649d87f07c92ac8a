"""The funnel: what became of everything that was tried."""

from chimera_client.report.document import Bar, Bars, Section, Table
from chimera_client.report.model import Loss, Report
from chimera_client.report.numbers import counted, share, whole
from chimera_client.words import reason_words


def section(report: Report) -> Section:
    """The funnel by stage, and the losses by reason."""
    funnel = report.funnel
    tried = funnel.steps[0].samples
    steps = Bars(
        "funnel",
        "Samples that passed each stage",
        ["samples"],
        [Bar(step.name, [step.samples], f"{step.samples:,} ({share(step.samples, tried)})") for step in funnel.steps],
        Table(
            ["Stage", "Samples", "Of tried"],
            [[step.name, whole(step.samples), share(step.samples, tried)] for step in funnel.steps],
        ),
    )
    parts = [steps, _losses(funnel.losses, tried)] if funnel.losses else [steps]
    return Section("funnel", "From tried to accepted", _says(report), parts)


def _says(report: Report) -> list[str]:
    funnel = report.funnel
    lost = sum(loss.samples for loss in funnel.losses)
    if not lost:
        return ["Every sample that was tried was accepted: check that the verifier refuses anything at all."]
    first = funnel.losses[0]
    says = [
        f"Of {counted(funnel.steps[0].samples, 'sample')} tried {lost:,} were not accepted; the most frequent reason,"
        f" {first.samples:,} times: {reason_words(first.reason)}."
    ]
    if funnel.counted:
        unknown = sum(loss.samples for loss in funnel.losses if loss.outcome == "unknown")
        says.append(
            f"{lost - unknown:,} were found wanting; {unknown:,} could not be judged, which says nothing about them."
        )
    else:
        says.append("By the build's own counts: the samples that were not accepted were not read for this report.")
    return says


def _losses(losses: list[Loss], tried: int) -> Bars:
    def of(loss: Loss, outcome: str) -> int:
        return loss.samples if loss.outcome == outcome else 0

    counted_apart = any(loss.outcome for loss in losses)
    series = ["rejected", "could not be judged"] if counted_apart else ["not accepted"]
    bars = [
        Bar(
            reason_words(loss.reason),
            [of(loss, "rejected"), of(loss, "unknown")] if counted_apart else [loss.samples],
            f"{loss.samples:,} at {loss.stage.lower()}",
        )
        for loss in losses
    ]
    rows = [
        [
            reason_words(loss.reason),
            loss.stage,
            loss.outcome or "not accepted",
            whole(loss.samples),
            share(loss.samples, tried),
        ]
        for loss in losses
    ]
    return Bars(
        "losses",
        "Why samples were not accepted",
        series,
        bars,
        Table(["Reason", "Stage", "Outcome", "Samples", "Of tried"], rows),
    )
