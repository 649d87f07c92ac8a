"""What came from what, by ids that can be looked up, and how long it took."""

from importlib.metadata import version

from chimera_client.loop.outcome import Outcome, Round, Trained
from chimera_client.report.document import Bar, Bars, Section, Table
from chimera_client.report.numbers import counted
from chimera_client.text import duration
from chimera_client.words import method_words, source_words

MAX_STEPS = 100


def section(outcome: Outcome) -> Section:
    """Ids of everything, and every model with what it was made from."""
    rows = [["Loop", "", outcome.loop_id], ["Trace", "", outcome.trace_id]]
    if outcome.exam is not None:
        rows.append(["Exam", f"build, seed {outcome.exam.spec.seed}", outcome.exam.build_id])
    for each in outcome.rounds:
        rows += _round(each, f"Round {each.number}: " if len(outcome.rounds) > 1 else "")
    models = [_model(each, one) for each in outcome.rounds for one in each.trained]
    headers = ["Model", "Step", "Seed", "Made from", "Dataset", "Training", "Code", "Manifest (SHA-256)"]
    says = [
        f"Everything below can be looked up by its id. The base is {outcome.base}; this report was written by version"
        f" {version('chimera')}.",
        "A model's manifest lists the SHA-256 of each of its files: the same hash means the same weights.",
    ]
    tables = [Table(["What", "Which", "Id"], rows), *([Table(headers, models, "Models")] if models else [])]
    return Section("lineage", "What came from what", says, tables)


def times(outcome: Outcome) -> Section | None:
    """The wall time of each step of this run; None if nothing was left to do."""
    steps = list(outcome.seconds.items())[:MAX_STEPS]
    if not steps:
        return None
    bars = [Bar(step, [seconds], duration(seconds)) for step, seconds in steps]
    table = Table(["Step", "Time"], [[step, duration(seconds)] for step, seconds in steps])
    says = [
        f"{duration(sum(outcome.seconds.values()))} for {counted(len(outcome.seconds), 'step')} in the run that wrote"
        " this report.",
        "Steps that an earlier run had done are not among them.",
    ]
    return Section("times", "How long it took", says, [Bars("times", "Time by step", ["time"], bars, table)])


def _round(each: Round, of: str) -> list[list[str]]:
    dataset = f"version {each.dataset.version or 1}, {counted(each.dataset.samples, 'sample')}"
    asked = f"seed {each.evaluation.spec.seed}, {counted(each.evaluation.graded, 'answer')}"
    return [
        [f"{of}Build", f"seed {each.build.spec.seed}", each.build.build_id],
        [f"{of}Dataset", dataset, each.dataset.dataset_id],
        [f"{of}Evaluation", asked, each.evaluation.evaluation_id],
    ]


def _model(each: Round, one: Trained) -> list[str]:
    model, method = one.model, method_words(one.training.spec.method)
    return [
        one.training.model,
        one.step if one.step == method else f"{one.step} ({method})",
        str(one.seed),
        source_words(one.training.spec.base),
        f"{each.dataset.dataset_id}, version {each.dataset.version or 1}",
        one.training.training_id,
        model.code_version if model else "–",
        model.sha256 if model else "–",
    ]
