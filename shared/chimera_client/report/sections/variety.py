"""Whether the statements differ from one another, or are few patterns in many variations."""

from chimera_client.report.document import Bar, Bars, Column, Histogram, Section, Table
from chimera_client.report.model import Count, Diversity, Report
from chimera_client.report.numbers import counted, percent, ratio, share, whole

SHOWN_CHARS = 90


def section(report: Report) -> Section:
    """Lexical diversity and template bias."""
    found = report.diversity
    if not found.statements or not found.top_templates:
        return Section("variety", "Variety of the statements", ["There are no statements: the dataset is empty."])
    parts: list[Histogram | Bars | Table] = [_measures(found), _templates(found)]
    if found.similarity.bins:
        parts.insert(1, _similarity(found))
    parts.append(_openings(found))
    if found.phrases:
        rows = [[entry.name, whole(entry.count), share(entry.count, found.drawn)] for entry in found.phrases]
        parts.append(Table(["Three words in a row", "Statements", "Share"], rows, "Phrases that most statements have"))
    return Section("variety", "Variety of the statements", _says(found), parts)


def _says(found: Diversity) -> list[str]:
    least = "" if found.templates_exact else "at least "
    top = found.top_templates[0].count
    says = [
        f"{least.capitalize()}{share(found.in_repeated_templates, found.statements)} of the statements share their"
        f" template with another one, and the largest template has {share(top, found.statements)} of all; look whether"
        " few patterns make up the dataset."
    ]
    nearest = found.similarity.mean_nearest
    if nearest is not None:
        says.append(
            f"On average a statement shares {percent(nearest)} of its three-word phrases with its nearest neighbour;"
            f" {share(found.similarity.near, found.similarity.compared)} have one that is nearly the same (0.7 or"
            " more)."
        )
    says.append(
        f"A template is a statement with numbers as #, names as @ and single letters as ?. Words are those of"
        f" {counted(found.drawn, 'statement')} drawn evenly, so that datasets of any size compare."
    )
    return says


def _measures(found: Diversity) -> Table:
    one, two, three = found.distinct
    rows = [
        ["Different words, of all (distinct-1)", ratio(one), "low: few words are used again and again"],
        ["Different two words in a row (distinct-2)", ratio(two), "low: the same phrases come again"],
        ["Different three words in a row (distinct-3)", ratio(three), "low: the same sentences come again"],
        [f"Type-token ratio of the first {found.words:,} words", ratio(found.type_token), "low: a small vocabulary"],
        ["Likeness of two statements, on average", ratio(found.similarity.mean_pair), "high: all are alike"],
    ]
    return Table(["Measure", "Value", "How to read it"], rows)


def _similarity(found: Diversity) -> Histogram:
    bins = found.similarity.bins
    rows = [[f"{b.low:.1f} to {b.high:.1f}", whole(b.count), share(b.count, found.similarity.compared)] for b in bins]
    return Histogram(
        "similarity",
        "Likeness to the nearest neighbour",
        "shared three-word phrases (Jaccard), numbers masked",
        [Column(f"{b.low:.1f}", b.count) for b in bins],
        "1.0",
        Table(["Likeness", "Statements", "Share"], rows),
    )


def _templates(found: Diversity) -> Bars:
    return _ranking("templates", "Most frequent templates", "Template", found.top_templates, found.statements)


def _openings(found: Diversity) -> Bars:
    return _ranking("openings", "Most frequent openings", "Opening", found.openings, found.statements)


def _ranking(key: str, title: str, header: str, entries: list[Count], total: int) -> Bars:
    return Bars(
        key,
        title,
        ["statements"],
        [Bar(entry.name, [entry.count], f"{entry.count:,} ({share(entry.count, total)})") for entry in entries],
        Table([header, "Statements"], [[_cut(entry.name), whole(entry.count)] for entry in entries]),
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1].rstrip() + "…"
