"""The release report: what the problems are like that were seen before."""

from chimera_client.report.document import Bar, Bars, Section, Table
from chimera_client.report.model import Matched, Release, Report
from chimera_client.report.numbers import counted, ratio, share, whole

SHOWN = 50
SHOWN_OF_OWN = 10
"""Variants within a build are many, and all alike to read."""

OWN = "this build"
ALL = "report/matches.jsonl"


def section(report: Report) -> Section:
    """Every match with a benchmark, an earlier dataset or the build itself."""
    found = report.release
    parts: list[Bars | Table] = []
    if found.counts:
        parts.append(_counts(found, report.head.build_id))
        rows = [_row(matched) for matched in _shown(found)]
        headers = ["Sample", "Outcome", "Relation", "Seen in", "Item", "Method", "Score", "The other problem begins"]
        parts.append(Table(headers, rows, "Leaks first, then other corpora, then this build"))
    return Section("release", "Duplicates and leaks", _says(report), parts)


def warnings(report: Report) -> list[str]:
    """What is in the dataset and ought not to be."""
    found = report.release
    said = []
    if found.leaks:
        said.append(
            f"Of the samples in this dataset {found.leaks:,} gave away an item of a benchmark: see Duplicates and leaks"
            " before you report results on it."
        )
    variants = sum(c.kept for c in found.counts if c.relation == "variant" and c.corpus in found.benchmarks)
    if variants:
        said.append(
            f"In {counted(variants, 'case')} a problem is an item of a benchmark with other numbers or names and was"
            " not refused for it."
        )
    return said


def _says(report: Report) -> list[str]:
    found = report.release
    kept, refused = sum(c.kept for c in found.counts), sum(c.refused for c in found.counts)
    if found.total:
        samples = report.head.samples
        says = [
            f"{found.inside:,} of {counted(samples, 'sample')} in the dataset ({share(found.inside, samples)}) are like"
            " a problem seen before; look for leaks among them, and whether few problems in many variants make it up.",
            f"In {counted(found.total, 'case')} a problem was like one seen before: {refused:,} led to a refusal,"
            f" {kept:,} did not.",
        ]
    else:
        says = ["No problem was found to be like one seen before."]
    if found.benchmarks:
        says.append(f"Benchmarks compared with: {', '.join(found.benchmarks)}.")
    else:
        says.append(
            "No benchmark was compared with, so leaks are not excluded: name corpora under"
            " `similarity: {benchmarks: …}` in the build file."
        )
    if found.datasets:
        says.append(f"Earlier datasets compared with: {', '.join(found.datasets)}.")
    if not report.funnel.counted:
        says.append("Samples that were not accepted were not read for this report, so their matches are missing.")
    shown = len(_shown(found))
    if found.total > shown:
        says.append(f"{shown} of {found.total:,} are shown here; all are in {ALL}.")
    return says


def _shown(found: Release) -> list[Matched]:
    others = [matched for matched in found.listed if not matched.own]
    own = [matched for matched in found.listed if matched.own]
    return [*others[:SHOWN], *own[:SHOWN_OF_OWN]]


def _counts(found: Release, build_id: str) -> Bars:
    bars, rows = [], []
    for entry in found.counts:
        corpus = OWN if entry.corpus == build_id else entry.corpus
        note = f"{entry.kept + entry.refused:,} by {entry.method}"
        bars.append(Bar(f"{entry.relation}: {corpus}", [entry.kept, entry.refused], note))
        rows.append([corpus, entry.relation, entry.method, whole(entry.kept), whole(entry.refused)])
    return Bars(
        "matches",
        "Matches by relation and corpus",
        ["not refused for it", "refused for it"],
        bars,
        Table(["Corpus", "Relation", "Method", "Not refused", "Refused"], rows),
    )


def _row(matched: Matched) -> list[str]:
    outcome = "refused for it" if matched.refused else matched.outcome
    return [
        matched.sample_id,
        outcome,
        matched.relation,
        OWN if matched.own else matched.corpus,
        matched.item,
        matched.method,
        ratio(matched.score),
        matched.excerpt,
    ]
