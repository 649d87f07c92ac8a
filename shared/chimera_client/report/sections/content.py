"""What is in the dataset: subjects, topics, answer types, lengths."""

from chimera_client.report.document import Bar, Bars, Column, Histogram, Section, Table
from chimera_client.report.model import Count, Coverage, Distribution, PassRates, Report, TopicCount
from chimera_client.report.numbers import counted, ratio, share, whole


def coverage(report: Report) -> Section:
    """Subjects as asked for and as got, and topics."""
    found = report.coverage
    parts = [_subjects(found), _topics(found)]
    tables = []
    if found.largest:
        tables.append(_topic_table("Topics with most samples", found.largest))
    if found.untouched:
        tables.append(_topic_table("Topics that were tried and have no sample", found.untouched))
    return Section("coverage", "What it is about", _says(found), [*parts, *tables])


def _says(found: Coverage) -> list[str]:
    short = [subject for subject in found.subjects if subject.accepted != subject.asked]
    if short:
        worst = max(short, key=lambda subject: abs(subject.asked - subject.accepted))
        mix = (
            f"The mix is not the one that was asked for: {worst.subject} has {worst.accepted:,} of"
            f" {counted(worst.asked, 'sample')}."
        )
    else:
        mix = "Every subject has exactly the samples that were asked for."
    known = f" of {found.topics_known:,} in the taxonomy" if found.topics_known else ""
    even = f"; their evenness is {ratio(found.evenness)} (1: all topics have equally many)" if found.evenness else ""
    return [mix, f"{counted(found.topics, 'topic')}{known} have an accepted sample{even}."]


def _subjects(found: Coverage) -> Bars:
    total = sum(s.accepted for s in found.subjects)
    return Bars(
        "subjects",
        "Samples by subject",
        ["accepted"],
        [Bar(s.subject, [s.accepted], f"{s.accepted:,} of {s.asked:,}", mark=s.asked) for s in found.subjects],
        Table(
            ["Subject", "Asked", "Got", "Got share", "Of tried"],
            [
                [s.subject, whole(s.asked), whole(s.accepted), share(s.accepted, total), share(s.accepted, s.tried)]
                for s in found.subjects
            ],
        ),
        mark="asked for",
    )


def _topics(found: Coverage) -> Bars:
    return Bars(
        "topics",
        "Topics by subject",
        ["with a sample", "tried without one"],
        [
            Bar(s.subject, [s.topics, s.topics_tried - s.topics], f"{s.topics:,} of {s.topics_tried:,}")
            for s in found.subjects
        ],
        Table(
            ["Subject", "Topics", "Tried", "Samples a topic"],
            [
                [s.subject, whole(s.topics), whole(s.topics_tried), ratio(s.accepted / s.topics if s.topics else None)]
                for s in found.subjects
            ],
        ),
    )


def _topic_table(title: str, topics: list[TopicCount]) -> Table:
    rows = [[t.topic, t.field, t.subject, whole(t.accepted), whole(t.tried)] for t in topics]
    return Table(["Topic", "Field", "Subject", "Accepted", "Tried"], rows, title)


def answers(report: Report) -> Section:
    """Answer types."""
    types = report.answer_types
    if not types:
        return Section("answers", "Answers", ["There are no answers: the dataset is empty."])
    total = sum(kind.count for kind in types)
    says = f"{share(types[0].count, total)} of the answers are of the type {types[0].name}; {len(types)} types occur."
    return Section("answers", "Answers", [says], [counts("answers", "Answers by type", "Type", types)])


def counts(key: str, title: str, header: str, found: list[Count]) -> Bars:
    """Bars for counts of names."""
    total = sum(entry.count for entry in found)
    return Bars(
        key,
        title,
        ["samples"],
        [Bar(entry.name, [entry.count], f"{entry.count:,} ({share(entry.count, total)})") for entry in found],
        Table(
            [header, "Samples", "Share"],
            [[entry.name, whole(entry.count), share(entry.count, total)] for entry in found],
        ),
    )


def lengths(report: Report) -> Section:
    """How long statements, solutions and reasoning are."""
    found = report.lengths
    if not found:
        return Section("lengths", "Lengths", ["There is nothing to measure: the dataset is empty."])
    medians = {sizes.name: sizes.median for sizes in found if sizes.unit == "characters"}
    says = [
        f"Half of the statements have at most {counted(medians.get('Statement', 0), 'character')}, half of the"
        f" solutions at most {medians.get('Solution', 0):,}; look for a pile at either end, which is text that was cut"
        " off or left empty."
    ]
    if "Reasoning" not in medians:
        says.append("No solver gave its reasoning apart from its solution.")
    says.append(
        "Tokens are those that the solver's endpoint counted, reasoning included; words and signs are counted here."
    )
    return Section("lengths", "Lengths", says, [histogram(sizes) for sizes in found])


def histogram(sizes: Distribution) -> Histogram:
    """A distribution of sizes as a plot beside its summary."""
    name = f"{sizes.name}, in {sizes.unit}"
    summary = [
        ["Smallest", whole(sizes.smallest)],
        ["Median", whole(sizes.median)],
        ["Mean", whole(sizes.mean)],
        ["95 % are at most", whole(sizes.p95)],
        ["Largest", whole(sizes.largest)],
        ["Samples", whole(sizes.count)],
    ]
    return Histogram(
        "length-" + "-".join(f"{sizes.name} {sizes.unit}".lower().split()),
        name,
        sizes.unit,
        [Column(whole(b.low), b.count, rest=b.high is None) for b in sizes.bins],
        whole(next((b.high for b in reversed(sizes.bins) if b.high is not None), 0)),
        Table([sizes.unit.capitalize(), "Value"], summary),
    )


def language(report: Report) -> Section:
    """Languages of the statements."""
    found = report.languages
    if not found:
        return Section("language", "Language", ["There is nothing to tell: the dataset is empty."])
    drawn = sum(entry.count for entry in found)
    first = found[0]
    says = f"{share(first.count, drawn)} of {counted(drawn, 'statement')} drawn evenly are in {_name(first.name)}."
    aside = "A statement that is mostly formulas is undetermined. A language that no one asked for is worth a look."
    named = [Count(name=_name(entry.name), count=entry.count) for entry in found[:LANGUAGES]]
    bars = counts("language", "Statements by language", "Language", named)
    return Section("language", "Language", [says, aside], [bars])


LANGUAGES = 15

NAMES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "la": "Latin",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


def _name(code: str) -> str:
    return NAMES.get(code, code)


def difficulty(report: Report) -> Section:
    """Pass rates of the weak and the strong reference model."""
    title = "Difficulty"
    if not report.difficulty:
        return Section(
            "difficulty",
            title,
            [
                "Not measured: how hard the problems are is unknown.",
                "Name a `weak` and a `strong` model under `roles` in the build file; each then solves every problem"
                " several times, blind.",
            ],
        )
    words = [
        f"the {rates.model} model solves {share(rates.solved, rates.solves)} of its blind attempts"
        for rates in report.difficulty
    ]
    sentence = " and ".join(words)
    says = [
        f"{sentence[0].upper()}{sentence[1:]}; problems that the weak model always solves teach little, those that the"
        " strong one never solves may be wrong."
    ]
    return Section("difficulty", title, says, [_pass_rates(rates) for rates in report.difficulty])


def _pass_rates(rates: PassRates) -> Bars:
    rows = [Count(name=entry.name, count=entry.count) for entry in rates.bands]
    if rates.undecided:
        rows.append(Count(name="undecided", count=rates.undecided))
    title = f"How often the {rates.model} model solves a problem"
    return counts(f"difficulty-{rates.model}", title, "Solved", rows)
