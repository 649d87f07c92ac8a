"""One accepted sample as one row of each table. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chimera.sample.v1 import sample_pb2
from chimera_shared.usage import calls_of_validation
from chimera_shared.votes import decided, pass_rate

Row = dict[str, Any]

NANOUSD_PER_USD = 1e9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def all_calls(sample: sample_pb2.Sample) -> list[sample_pb2.ModelCall]:
    """Every call of the sample, in the order of the stages."""
    validation = calls_of_validation(sample.validation)
    return [*sample.problem.calls, *validation, *sample.solution.calls, *sample.grade.calls]


def answer_type(answer: sample_pb2.Answer) -> str:
    """The type's short name, such as `number`."""
    return sample_pb2.AnswerType.Name(answer.type).removeprefix("ANSWER_TYPE_").lower()


def verdict(check: sample_pb2.Grade | sample_pb2.Screening | sample_pb2.Judgement) -> str:
    """The verdict's short name, such as `correct`; a check that was never made is `unknown`."""
    if check.verdict == sample_pb2.VERDICT_UNSPECIFIED:
        return "unknown"
    return sample_pb2.Verdict.Name(check.verdict).removeprefix("VERDICT_").lower()


def panel_agreement(sample: sample_pb2.Sample) -> float | None:
    """Share of the votes that agree with the reference; None without votes."""
    votes = sample.validation.votes
    if not votes:
        return None
    return sum(vote.grade.verdict == sample_pb2.VERDICT_CORRECT for vote in votes) / len(votes)


def default_row(sample: sample_pb2.Sample) -> Row:
    """The row with all evidence."""
    ref, usage = sample.ref, sample.usage
    return {
        "sample_id": ref.sample_id,
        "subject": ref.subject,
        "field": ref.field,
        "topic": ref.topic,
        "problem": sample.problem.statement,
        **_answer(sample.problem.reference),
        "solution": sample.solution.text,
        "reasoning": sample.solution.reasoning,
        "votes": [_vote(vote) for vote in sample.validation.votes],
        "panel_agreement": panel_agreement(sample),
        "matches": [_match(match) for match in sample.validation.matches],
        "screenings": _screenings(sample.validation),
        "judgements": [
            _judgement(of, number, judgement)
            for of, grade in _grades(sample)
            for number, judgement in enumerate(grade.judgements)
        ],
        "solves": [_solve(by, vote) for by, votes in _solves(sample.validation) for vote in votes],
        **_pass_rates(sample.validation),
        **{f"{by}_decided": decided(votes) if votes else None for by, votes in _solves(sample.validation)},
        "solution_verdict": verdict(sample.grade),
        "solution_method": sample.grade.method,
        "models": _models(sample),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_nanousd / NANOUSD_PER_USD,
        "calls": [_call(call) for call in all_calls(sample)],
        "trace_id": sample.trace_id,
        "settled_at": _time(sample.settle_time),
        "slot": ref.slot,
        "attempt": ref.attempt,
        "seed": ref.seed,
    }


def sft_row(sample: sample_pb2.Sample) -> Row:
    """The row for supervised fine-tuning: reasoning in think tags, then the solution."""
    solution = sample.solution
    content = f"<think>\n{solution.reasoning}\n</think>\n\n{solution.text}" if solution.reasoning else solution.text
    return {
        "sample_id": sample.ref.sample_id,
        "messages": [
            {"role": "user", "content": sample.problem.statement},
            {"role": "assistant", "content": content},
        ],
    }


def rl_row(sample: sample_pb2.Sample) -> Row:
    """The row for reinforcement learning: the prompt and what a right answer is."""
    return {
        "sample_id": sample.ref.sample_id,
        "subject": sample.ref.subject,
        "prompt": [{"role": "user", "content": sample.problem.statement}],
        **_answer(sample.problem.reference),
        **_pass_rates(sample.validation),
    }


def _answer(answer: sample_pb2.Answer) -> Row:
    return {
        "answer": answer.value,
        "answer_type": answer_type(answer),
        "answer_unit": answer.unit,
        "answer_tolerance": answer.tolerance,
        "answer_choices": list(answer.choices),
    }


def _vote(vote: sample_pb2.Vote) -> Row:
    return {"member": vote.member, **_attempt(vote), "weight": vote.weight or 1.0}


def _solve(by: str, vote: sample_pb2.Vote) -> Row:
    return {"by": by, "number": vote.member, **_attempt(vote)}


def _attempt(vote: sample_pb2.Vote) -> Row:
    return {
        **_asked(vote.calls),
        "verdict": verdict(vote.grade),
        "method": vote.grade.method,
        "answer": vote.grade.extracted,
        "reason": vote.grade.reason,
    }


def _match(match: sample_pb2.Match) -> Row:
    return {
        "relation": sample_pb2.Relation.Name(match.relation).removeprefix("RELATION_").lower(),
        "corpus": match.corpus,
        "item": match.item,
        "method": match.method,
        "score": match.score,
        "excerpt": match.excerpt,
    }


def _screenings(validation: sample_pb2.Validation) -> list[Row]:
    calls = {screening.screener: screening.calls for screening in validation.screenings if screening.calls}
    return [
        {
            "screener": screening.screener,
            **_asked(calls.get(screening.screener, ())),
            "question": sample_pb2.ScreenKind.Name(screening.kind).removeprefix("SCREEN_KIND_").lower(),
            "verdict": verdict(screening),
            "reason": screening.reason,
        }
        for screening in validation.screenings
    ]


def _judgement(of: str, number: int, judgement: sample_pb2.Judgement) -> Row:
    said = {"verdict": verdict(judgement), "reason": judgement.reason}
    return {"of": of, "judge": number, **_asked(judgement.calls), **said}


def _grades(sample: sample_pb2.Sample) -> Iterator[tuple[str, sample_pb2.Grade]]:
    for name, votes in (("panel", sample.validation.votes), *_solves(sample.validation)):
        for vote in votes:
            yield f"{name}[{vote.member}]", vote.grade
    yield "solution", sample.grade


def _solves(validation: sample_pb2.Validation) -> Sequence[tuple[str, Sequence[sample_pb2.Vote]]]:
    return ("weak", validation.difficulty.weak), ("strong", validation.difficulty.strong)


def _pass_rates(validation: sample_pb2.Validation) -> Row:
    return {f"{by}_pass_rate": pass_rate(votes) for by, votes in _solves(validation)}


def _asked(calls: Sequence[sample_pb2.ModelCall]) -> Row:
    last = calls[-1] if calls else None
    return {"endpoint": last.endpoint if last else None, "model": last.model if last else None}


def _models(sample: sample_pb2.Sample) -> Row:
    return {
        "proposer": sample.problem.calls[-1].model if sample.problem.calls else None,
        "panel": [vote.calls[-1].model if vote.calls else None for vote in sample.validation.votes],
        "solver": sample.solution.calls[-1].model if sample.solution.calls else None,
    }


def _call(call: sample_pb2.ModelCall) -> Row:
    return {
        "role": call.role,
        "endpoint": call.endpoint,
        "model": call.model,
        "prompt_sha256": call.prompt_sha256,
        "parameters_json": call.parameters_json,
        "input_tokens": call.usage.input_tokens,
        "output_tokens": call.usage.output_tokens,
        "cost_usd": call.usage.cost_nanousd / NANOUSD_PER_USD,
        "latency_seconds": call.latency_seconds,
        "finish_reason": call.finish_reason,
        "call_id": call.call_id,
        "time": _time(call.time),
    }


def _time(stamp: Timestamp) -> datetime | None:
    if not stamp.seconds:
        return None
    return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
