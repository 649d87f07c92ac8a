"""What the dataset cost, and what of it was spent in vain."""

from collections import defaultdict

from chimera_client.report.document import Bar, Bars, Section, Table
from chimera_client.report.model import Cost, CostLine, Report
from chimera_client.report.numbers import counted, share, usd, whole
from chimera_client.report.roles import role_words
from chimera_client.report.sections.trust import cost_of_controls

PRICES = ("For accepted", "For others")


def section(report: Report) -> Section:
    """Cost per accepted sample, by stage, role and endpoint."""
    cost = report.cost
    priced = cost.total_nanousd > 0
    parts = [_stages(cost, priced=priced)] if cost.lines else []
    tables = [_lines(cost, priced=priced)] if cost.lines else []
    return Section("cost", "What it cost", _says(report, priced=priced), [*parts, *tables])


def _says(report: Report, *, priced: bool) -> list[str]:
    cost, samples = report.cost, report.head.samples
    tokens = f"{cost.input_tokens:,} tokens in and {cost.output_tokens:,} out in {counted(cost.calls, 'call')}"
    if not samples:
        return [f"Nothing was accepted for {usd(cost.total_nanousd)}: {tokens}."]
    wasted = share(cost.wasted_output_tokens, cost.output_tokens)
    if priced:
        says = [
            f"Each accepted sample cost {usd(cost.total_nanousd / samples)}, of which"
            f" {share(cost.other_nanousd, cost.total_nanousd)} went into samples that were not accepted."
        ]
    else:
        says = [f"No prices are configured, or the models are free; {wasted} of the tokens written were not kept."]
    says.append(f"In all {tokens}, {whole(cost.output_tokens / samples)} tokens out for each accepted sample.")
    if cost.besides_nanousd:
        says.append(
            f"{usd(cost.besides_nanousd)} belong to no sample: the naming of topics, the measuring of the verifier."
        )
    if report.calibration is not None and priced:
        says.append(cost_of_controls(report.calibration))
    if cost.reused_calls:
        says.append(f"Besides, {counted(cost.reused_calls, 'answer')} of earlier builds were used again at no cost.")
    return says


def _stages(cost: Cost, *, priced: bool) -> Bars:
    """By stage: money if there are prices, else tokens."""
    stages: dict[str, list[CostLine]] = defaultdict(list)
    for line in cost.lines:
        stages[line.stage].append(line)
    bars, rows = [], []
    for stage, lines in stages.items():
        accepted, other = sum(line.accepted_nanousd for line in lines), sum(line.other_nanousd for line in lines)
        tokens = sum(line.output_tokens for line in lines)
        values, note = ([accepted, other], usd(accepted + other)) if priced else ([tokens], whole(tokens))
        bars.append(Bar(stage, values, note))
        calls = sum(line.calls for line in lines)
        rows.append([stage, whole(calls), whole(tokens), *((usd(accepted), usd(other)) if priced else ())])
    return Bars(
        "cost",
        "Cost by stage" if priced else "Tokens written by stage",
        ["for accepted samples", "for others"] if priced else ["tokens"],
        bars,
        Table(["Stage", "Calls", "Tokens out", *(PRICES if priced else ())], rows),
    )


def _lines(cost: Cost, *, priced: bool) -> Table:
    rows = [
        [
            line.stage,
            role_words(line.role),
            line.endpoint,
            whole(line.calls),
            whole(line.input_tokens),
            whole(line.output_tokens),
            *((usd(line.accepted_nanousd), usd(line.other_nanousd)) if priced else ()),
        ]
        for line in cost.lines
    ]
    headers = ["Stage", "Role", "Endpoint", "Calls", "Tokens in", "Tokens out", *(PRICES if priced else ())]
    return Table(headers, rows, "By stage, role and endpoint")
