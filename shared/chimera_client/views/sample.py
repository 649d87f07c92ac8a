"""One sample with all its evidence."""

from collections.abc import Collection

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chimera.sample.v1 import sample_pb2
from chimera_client.export.rows import all_calls
from chimera_client.text import clean, count, line, money
from chimera_client.words import (
    answer_type_words,
    outcome_words,
    reason_name,
    reason_words,
    screen_words,
    verdict_words,
)
from chimera_shared.votes import decided, pass_rate

MAX_TEXT_CHARS = 20_000
"""Long chains of thought stay readable; `--json` gives the whole."""
_HASH_CHARS = 12
_VERDICT_STYLES = {sample_pb2.VERDICT_CORRECT: "green", sample_pb2.VERDICT_INCORRECT: "red"}
_OUTCOME_STYLES = {sample_pb2.OUTCOME_ACCEPTED: "green", sample_pb2.OUTCOME_REJECTED: "red"}


def render_sample(sample: sample_pb2.Sample, *, reasoning: bool = False) -> RenderableType:
    """Problem, answer, solution, all that was said of them, lineage. The chain of thought only if asked for."""
    parts: list[RenderableType] = [_head(sample)]
    if sample.HasField("problem"):
        parts += [_text("Problem", sample.problem.statement), _answer(sample.problem.reference)]
    if sample.validation.screenings:
        parts += [Text(), _screenings(sample.validation)]
    if sample.validation.votes:
        parts += [Text(), _votes(sample), Text()]
    if sample.validation.HasField("difficulty"):
        parts += [_difficulty(sample.validation.difficulty), Text()]
    if sample.HasField("solution"):
        if reasoning:
            parts.append(_text("Chain of thought", sample.solution.reasoning or "(none was given)"))
        parts.append(_text("Solution", sample.solution.text))
    if sample.HasField("grade"):
        parts += [_grade(sample.grade), *_judgements(sample.grade)]
    parts += [Text(), _calls(sample), Text(), _lineage(sample)]
    return Group(*parts)


def answer_text(answer: sample_pb2.Answer) -> str:
    """The answer with its unit, on one line."""
    return line(f"{answer.value} {answer.unit}", 80)


def _head(sample: sample_pb2.Sample) -> Text:
    style = _OUTCOME_STYLES.get(sample.outcome, "yellow")
    head = Text.assemble((outcome_words(sample.outcome), f"bold {style}"), f"  {line(sample.ref.sample_id, 64)}")
    if sample.reason:
        head.append(f"\n{reason_words(reason_name(sample.reason)) or f'reason {sample.reason}'}")
        head.append(f": {line(sample.detail, 400)}" if sample.detail else "")
    return head


def _text(title: str, text: str) -> Panel:
    text = clean(text)
    if len(text) > MAX_TEXT_CHARS:
        text = f"{text[:MAX_TEXT_CHARS]}\n… ({len(text) - MAX_TEXT_CHARS:,} more characters; --json has them)"
    return Panel(Text(text), title=Text(title), title_align="left", border_style="dim")


def _answer(answer: sample_pb2.Answer) -> Text:
    parts = [f"Answer ({answer_type_words(answer.type)}): {line(answer.value, 400)}"]
    if answer.unit:
        parts.append(f"unit {line(answer.unit, 40)}")
    if answer.tolerance:
        parts.append(f"right within {answer.tolerance:g} of its size")
    if answer.choices:
        parts.append(f"{len(answer.choices)} choices")
    return Text(", ".join(parts))


def _votes(sample: sample_pb2.Sample) -> Table:
    table = _grid("Blind votes", "Verdict", "What was voted")
    for vote in sample.validation.votes:
        call = vote.calls[-1] if vote.calls else None
        price = money(sum(c.usage.cost_nanousd for c in [*vote.calls, *vote.grade.calls]))
        weight = f", weight {vote.weight:g}" if vote.weight else ""
        answer = line(vote.grade.extracted, 200) or "no answer"
        said = Text(f"member {vote.member}, {_who(call)}{weight}: {answer}\n")
        said.append(
            f"by {line(vote.grade.method, 40) or 'nothing'}: {line(vote.grade.reason, 300) or 'no reason given'}\n"
        )
        for judgement in _judgements(vote.grade):
            said.append_text(judgement).append("\n")
        if call is not None:
            prompt = line(call.prompt_sha256[:_HASH_CHARS], _HASH_CHARS)
            said.append(f"prompt {prompt}, {_when(call)}, {price}", style="dim")
        table.add_row(_verdict(vote.grade.verdict), said)
    return table


def _screenings(validation: sample_pb2.Validation) -> Table:
    """One row a question, with what each screener said to it."""
    calls = {screening.screener: screening.calls[-1] for screening in validation.screenings if screening.calls}
    table = _grid("Screening", "Verdict", "Question", "What was said")
    for screening in validation.screenings:
        who = f"screener {screening.screener}, {_who(calls.get(screening.screener))}"
        said = Text(f"{line(screening.reason, 300) or 'no reason given'}\n").append(who, style="dim")
        table.add_row(_verdict(screening.verdict), Text(screen_words(screening.kind)), said)
    return table


def _difficulty(difficulty: sample_pb2.Difficulty) -> Table:
    table = _grid("Difficulty", "Model", "Solved", "Pass rate", right=["Solved", "Pass rate"])
    for name, votes in (("weak", difficulty.weak), ("strong", difficulty.strong)):
        if not votes:
            continue
        model = _who(next((call for vote in votes for call in vote.calls), None))
        right = sum(vote.grade.verdict == sample_pb2.VERDICT_CORRECT for vote in votes)
        rate = pass_rate(votes)
        solved = f"{right} of {decided(votes)} decided, {len(votes)} made"
        share = "none decided" if rate is None else f"{rate:.0%}".replace("%", " %")
        table.add_row(Text(f"{name}, {model}"), Text(solved), Text(share))
    return table


def _judgements(grade: sample_pb2.Grade) -> list[Text]:
    """What each judge said, a line each."""
    return [
        Text.assemble(
            f"judge {number}, {_who(judgement.calls[-1] if judgement.calls else None)}: ",
            _verdict(judgement.verdict),
            f", {line(judgement.reason, 300) or 'no reason given'}",
        )
        for number, judgement in enumerate(grade.judgements, start=1)
    ]


def _verdict(verdict: "sample_pb2.Verdict") -> Text:
    return Text(verdict_words(verdict), style=_VERDICT_STYLES.get(verdict, "yellow"))


def _grid(title: str, *columns: str, right: Collection[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name in right else "left", header_style="dim")
    return table


def _grade(grade: sample_pb2.Grade) -> Text:
    return Text.assemble(
        "Solution graded ",
        _verdict(grade.verdict),
        f" by {line(grade.method, 40) or 'nothing'}: it ends in {line(grade.extracted, 200) or 'no answer'}",
        f" ({line(grade.reason, 300)})" if grade.reason else "",
    )


def _calls(sample: sample_pb2.Sample) -> Table:
    numbers = ("In", "Out", "Seconds", "Price")
    table = _grid("Model calls", "Role", "Model", "Prompt", *numbers, right=numbers)
    for call in all_calls(sample):
        table.add_row(
            Text(line(call.role, 20)),
            Text(_who(call)),
            Text(line(call.prompt_sha256[:_HASH_CHARS], _HASH_CHARS)),
            Text(count(call.usage.input_tokens)),
            Text(count(call.usage.output_tokens)),
            Text(f"{call.latency_seconds:.2f}"),
            Text(_price(call)),
        )
    return table


def _price(call: sample_pb2.ModelCall) -> str:
    price = money(call.usage.cost_nanousd)
    return f"{price} by {line(call.paid_by, 40)}" if call.paid_by else price


def _lineage(sample: sample_pb2.Sample) -> Table:
    ref = sample.ref
    rows = [
        ("Build", ref.build_id),
        ("Subject", ref.subject),
        ("Field", ref.field),
        ("Topic", ref.topic),
        ("Slot", f"{ref.slot}, attempt {ref.attempt}, seed {ref.seed}"),
        ("Fingerprint", sample.validation.fingerprint),
        ("Settled", sample.settle_time.ToJsonString() if sample.HasField("settle_time") else ""),
        ("All calls", f"{sample.usage.calls}, {money(sample.usage.cost_nanousd)}"),
        ("Trace", sample.trace_id),
    ]
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value:
            table.add_row(Text(label, style="dim"), Text(line(value, 200)))
    return table


def _who(call: sample_pb2.ModelCall | None) -> str:
    if call is None:
        return "(no answer)"
    name, model = line(call.endpoint, 40), line(call.model, 60)
    return name if name == model else f"{name} ({model})"


def _when(call: sample_pb2.ModelCall | None) -> str:
    return call.time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S") if call is not None and call.HasField("time") else ""
