"""Whether to believe the verdicts: the verifier's own errors, and how far its models agree."""

from chimera_client.report.document import Bar, Bars, Section, Table
from chimera_client.report.model import Agreement, Calibration, Group, Rate, Report
from chimera_client.report.numbers import counted, percent, ratio, share, usd, whole

FEW = 30
"""Fewer planted mistakes leave an interval too wide to believe in."""


def calibration(report: Report) -> Section:
    """The verifier's false accepts and false rejects on planted problems."""
    found = report.calibration
    title = "How often the verifier errs"
    if found is None:
        return Section(
            "calibration",
            title,
            [
                "Not measured: no problem whose right verdict is known beforehand was sent through the verifier, so its"
                " error is unknown.",
                "A build plants such controls by `controls: {share: 0.05}` in its file.",
            ],
        )
    parts = [_groups("calibration", "By what was planted", "Planted", found.kinds)]
    tables = [
        _group_table(name, groups)
        for name, groups in (
            ("Subject", found.subjects),
            ("Answer type", found.answer_types),
            ("Difficulty", found.difficulties),
        )
        if len(groups) > 1
    ]
    return Section("calibration", title, _calibration_says(found), [*parts, *tables])


def _errs(what: str, did: str, rate: Rate) -> str:
    """`Of planted mistakes it accepted 0/12, at most 24.2 % at 95 %`."""
    if not rate.of:
        return f"Of {what} it decided about none"
    low = f"{percent(rate.low)} to" if rate.hits else "at most"
    return f"Of {what} it {did} {rate.hits:,}/{rate.of:,}, {low} {percent(rate.high)} at 95 %"


def _calibration_says(found: Calibration) -> list[str]:
    wrong, right = found.all.false_accepts, found.all.false_rejects
    says = [
        f"{_errs('planted mistakes', 'accepted', wrong)}; {_errs('what is right', 'refused', right).lower()}.",
        "An interval at 95 % holds the true rate in 95 of 100 such measurements: judge by its upper end.",
    ]
    if wrong.of < FEW:
        says.append(f"Only {counted(wrong.of, 'planted mistake')} were decided: the interval is wide for that reason.")
    cause = found.caught_for_cause
    if cause.of:
        says.append(
            f"Of the mistakes that it refused, {share(cause.hits, cause.of)} were refused for what was planted."
        )
    undecided = found.all.undecided
    says.append(f"{undecided:,} of {counted(found.controls, 'control')} it could not decide; these are in no rate.")
    return says


def _groups(key: str, title: str, header: str, groups: list[Group]) -> Bars:
    bars = []
    for group in groups:
        rate = group.false_accepts if group.planted else group.false_rejects
        right = rate.of - rate.hits
        bars.append(Bar(group.name, [right, rate.hits, group.undecided], f"{right:,} of {rate.of + group.undecided:,}"))
    return Bars(
        key,
        f"{title}: verdicts on controls",
        ["right verdict", "wrong verdict", "undecided"],
        bars,
        _group_table(header, groups, title=""),
    )


def _group_table(header: str, groups: list[Group], title: str | None = None) -> Table:
    rows = [
        [
            group.name,
            whole(group.planted + group.right),
            _rate_cell(group.false_accepts),
            _rate_cell(group.false_rejects),
            whole(group.undecided),
        ]
        for group in groups
    ]
    headers = [header, "Controls", "False accepts", "False rejects", "Undecided"]
    return Table(headers, rows, f"By {header.lower()}" if title is None else title)


def _rate_cell(rate: Rate) -> str:
    return f"{rate.hits:,}/{rate.of:,} (≤ {percent(rate.high)})" if rate.of else "–"


def agreement(report: Report) -> Section:
    """Votes of the panel's members, and of judges."""
    found = report.agreement
    title = "How far the models agree"
    if not found.voted:
        return Section("agreement", title, ["No sample came to the panel."])
    parts = [_members(found)]
    tables = [_pairs(found)] if found.pairs else []
    return Section("agreement", title, _agreement_says(report), [*parts, *tables])


def _agreement_says(report: Report) -> list[str]:
    found = report.agreement
    agree, rated = sum(p.agree.hits for p in found.pairs), sum(p.agree.of for p in found.pairs)
    beyond = (
        f"Krippendorff's alpha is {ratio(found.alpha)} (1 is perfect agreement, 0 is chance)"
        if found.alpha is not None
        else "their votes never differ"
    )
    says = [
        f"Two members of the panel that both decided agree in {share(agree, rated)} of the cases; {beyond}."
        f" {counted(found.voted, 'sample')} came to a vote."
    ]
    if not report.funnel.counted:
        says.append("Only accepted samples were read for this report, on which the members agree by construction.")
    if found.alpha is not None:
        says.append(
            "Members that seldom differ and a low alpha go together where nearly every answer is right, so neither"
            " number is enough alone."
        )
    judges = found.judges_differ
    says.append(
        f"Two judges were asked about {counted(judges.of, 'answer')} and differed in {judges.hits:,}."
        if judges.of
        else "No answer was judged by two judges."
    )
    return says


def _members(found: Agreement) -> Bars:
    bars, rows = [], []
    for member in found.members:
        name = f"{member.member + 1}: {', '.join(member.models)}"
        total = member.agree + member.differ + member.unknown
        bars.append(Bar(name, [member.agree, member.differ, member.unknown], f"{share(member.agree, total)} agree"))
        rows.append([name, whole(member.agree), whole(member.differ), whole(member.unknown)])
    return Bars(
        "members",
        "Votes against the reference answer",
        ["agrees", "differs", "unknown"],
        bars,
        Table(["Member", "Agrees", "Differs", "Unknown"], rows),
    )


def _pairs(found: Agreement) -> Table:
    rows = [
        [
            f"{pair.one + 1} and {pair.other + 1}",
            ratio(pair.kappa),
            share(pair.agree.hits, pair.agree.of),
            f"{percent(pair.agree.low)} to {percent(pair.agree.high)}" if pair.agree.of else "–",
            whole(pair.agree.of),
        ]
        for pair in found.pairs
    ]
    headers = ["Members", "Cohen's kappa", "Agree", "Interval at 95 %", "Samples"]
    return Table(headers, rows, "Members by pairs")


def cost_of_controls(found: Calibration) -> str:
    """What the measurement cost."""
    return f"Measuring the verifier on {counted(found.controls, 'control')} cost {usd(found.cost_nanousd)}."
