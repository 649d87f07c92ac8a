"""`README.md`: the dataset card, with the front matter that Hugging Face reads. Pure."""

from importlib.resources import files
from string import Template
from typing import Any

import yaml

from chimera_client.export import provenance
from chimera_client.export.columns import TABLES, Column, Table, flatten
from chimera_client.export.facts import APACHE, OTHER, Facts
from chimera_client.export.rows import answer_type
from chimera_client.markdown import block, code, inline, table
from chimera_client.report.sections.head import verdict
from chimera_client.words import agreement_words

FILE_NAME = "README.md"
TEMPLATE = "card.md.tmpl"
SIZE_CATEGORIES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
LARGEST_CATEGORY = "10M<n<100M"
EXAMPLE_CHARS = 700
MAX_VERDICT_CHARS = 400


def card(facts: Facts) -> str:
    """The text of `README.md`."""
    template = Template(files(__package__).joinpath(TEMPLATE).read_text("utf-8"))
    sections = {
        "front_matter": yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=120),
        "name": inline(facts.name),
        "summary": _summary(facts),
        "health": inline(verdict(facts.report), MAX_VERDICT_CHARS),
        "example": _example(facts),
        "subjects": _subjects(facts),
        "answer_types": _answer_types(facts),
        "lengths": _lengths(facts),
        "columns": "\n\n".join(_columns(config) for config in TABLES),
        "license": _license(facts),
        **provenance.sections(facts),
    }
    return template.substitute(sections)


def front_matter(facts: Facts) -> dict[str, Any]:
    """The card's metadata as Hugging Face defines it."""
    title = f"{facts.name} (partial)" if facts.partial else facts.name
    title += f", version {facts.version}" if facts.version > 1 else ""
    matter: dict[str, Any] = {"pretty_name": title, "license": facts.license}
    if facts.license == OTHER:
        matter["license_name"] = "model-provider-terms"
        matter["license_link"] = "README.md#licence"
    samples = facts.statistics.samples
    return matter | {
        "language": ["en"],
        "task_categories": ["text-generation", "question-answering"],
        "size_categories": [next((name for limit, name in SIZE_CATEGORIES if samples < limit), LARGEST_CATEGORY)],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "tags": ["synthetic", "reasoning", "verified", "chimera", *facts.marks],
        "configs": [
            {"config_name": config.config, "data_files": [{"split": "train", "path": config.pattern}]}
            | ({"default": True} if config.config == "default" else {})
            for config in TABLES
        ],
    }


def _summary(facts: Facts) -> str:
    statistics = facts.statistics
    subjects = _count(len(statistics.subjects), "subject")
    enough = agreement_words(facts.build.spec)
    about = (
        f"**{statistics.samples:,} problems over {subjects}, each with a typed answer, a worked solution and the"
        " evidence for both.** Before a problem was solved, a panel of models answered it without seeing the reference"
        f" answer; it was kept only if {enough} agreed with it. The solution was then checked against the same answer."
        " Every row says which models took part, how they voted and what it cost."
    )
    notes = [provenance.lineage(facts)] if facts.version > 1 else []
    notes += [_partial(facts)] if facts.partial else []
    notes += [provenance.PROCEDURAL_NOTE] if facts.procedural_only else []
    return "\n\n".join([about, *(f"> {note}" for note in notes)])


def _partial(facts: Facts) -> str:
    cause = f" Cause: {inline(facts.build.detail)}." if facts.build.detail else ""
    return (
        f"**This dataset is partial.** {facts.asked:,} samples were asked for and {facts.statistics.samples:,} are"
        f" here: the build ended early because {facts.why_partial}.{cause} Every sample was checked as in a whole"
        " dataset, but the mix of subjects is not the one that was ordered."
    )


def _example(facts: Facts) -> str:
    sample = facts.statistics.example
    if sample is None:
        return "The dataset is empty."
    answer = sample.problem.reference
    unit = f" {inline(answer.unit)}" if answer.unit else ""
    return "\n\n".join(
        [
            f"{inline(sample.ref.subject)} › {inline(sample.ref.field)} › {inline(sample.ref.topic)}",
            block(sample.problem.statement, EXAMPLE_CHARS),
            f"Answer ({answer_type(answer)}): {inline(answer.value)}{unit}. Solution:",
            block(sample.solution.text, EXAMPLE_CHARS),
        ]
    )


def _subjects(facts: Facts) -> str:
    statistics = facts.statistics
    settled = {progress.subject: progress.settled for progress in facts.build.progress.subjects}
    rows = []
    for subject, count in statistics.subjects.items():
        tried = settled.get(subject, 0)
        rows.append([inline(subject), f"{count:,}", _share(count, statistics.samples), _share(count, tried)])
    return table(["Subject", "Samples", "Share", "Accepted of those tried"], rows)


def _answer_types(facts: Facts) -> str:
    statistics = facts.statistics
    rows = [[name, f"{n:,}", _share(n, statistics.samples)] for name, n in statistics.answer_types.most_common()]
    return table(["Answer type", "Samples", "Share"], rows)


def _lengths(facts: Facts) -> str:
    rows = []
    for name, lengths in facts.statistics.lengths.items():
        unit = "tokens" if name == "output tokens" else "characters"
        numbers = (lengths.smallest, lengths.quantile(0.5), lengths.mean, lengths.quantile(0.95), lengths.largest)
        label = "All output of its models" if name == "output tokens" else name.capitalize()
        rows.append([f"{label} ({unit})", *(f"{number:,.0f}" for number in numbers)])
    return table(["Length", "Smallest", "Median", "Mean", "95 %", "Largest"], rows)


def _columns(config: Table) -> str:
    rows = [[f"`{name}`", column.type_name, _cell(column)] for name, column in flatten(config.columns)]
    return f"### `{config.config}`\n\n{config.description}\n\n{table(['Column', 'Type', 'Meaning'], rows)}"


def _cell(column: Column) -> str:
    return column.description.replace("|", "\\|")


def _license(facts: Facts) -> str:
    if facts.license == OTHER:
        models = ", ".join(code(model) for model in facts.statistics.models) or "the models"
        return (
            f"The texts were written by {models}. The terms of these models' providers decide what may be done with"
            " their output, so no licence is claimed here; read them before you use or publish the dataset."
        )
    if facts.license == APACHE and facts.chosen_license is None:
        return "Apache-2.0. All texts come from the programs of the procedural engine."
    return f"{code(facts.license)}, as chosen by whoever exported the dataset."


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}".replace("%", " %") if whole else "–"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
