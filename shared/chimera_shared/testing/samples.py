"""Builds, datasets and settled samples as the services make them, for tests that read them."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, usage

START_SECONDS = 1_760_000_000
PANEL = (("panel-a", "procedural-precise"), ("panel-b", "procedural-careful"))
MODELS: Mapping[str, str] = {"author": "procedural-author", "solver": "procedural-tutor", **dict(PANEL)}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A problem of one answer type; `{n}`, `{square}` and `{fall}` stand where its instances differ."""

    field: str
    topic: str
    statement: str
    answer: sample_pb2.Answer
    solution: str


PATTERNS: Sequence[Pattern] = (
    Pattern(
        "Number theory",
        "Divisibility",
        "What is the remainder when {n}^2 is divided by 7?",
        sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="{square}"),
        "Reduce {n} modulo 7 and square it.\n\n\\boxed{{{square}}}",
    ),
    Pattern(
        "Mechanics",
        "Free fall",
        "A stone falls from rest for {n} s. How far does it fall? Take $g = 9.81\\,\\mathrm{{m/s^2}}$.",
        sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="{fall}", unit="m", tolerance=0.01),
        "From $s = \\tfrac12 g t^2$ the distance follows.\n\n\\boxed{{{fall}\\,\\mathrm{{m}}}}",
    ),
    Pattern(
        "Algebra",
        "Quadratic equations",
        "Find all real x with x^2 - {n} x = 0.",
        sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_SET, value="\\{{0, {n}\\}}"),
        "Factor: $x (x - {n}) = 0$.\n\n\\boxed{{\\{{0, {n}\\}}}}",
    ),
    Pattern(
        "Linear algebra",
        "Matrix products",
        "Multiply the 2 by 2 identity matrix by {n}.",
        sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_MATRIX, value="[[{n}, 0], [0, {n}]]"),
        "Every entry is multiplied.\n\n\\boxed{{[[{n}, 0], [0, {n}]]}}",
    ),
    Pattern(
        "Logic",
        "Truth tables",
        "Which is a tautology (variant {n})?\nA) p and q\nB) p or not p\nC) p\nD) not p",
        sample_pb2.Answer(
            type=sample_pb2.ANSWER_TYPE_CHOICE, value="B", choices=["p and q", "p or not p", "p", "not p"]
        ),
        "Only the law of the excluded middle holds in every row.\n\n\\boxed{{B}}",
    ),
)


def make_build(
    samples: int = 12, subjects: Sequence[str] = ("Mathematics", "Physics", "Logic"), name: str = "demo"
) -> build_pb2.Build:
    """A build that succeeded, with counts that fit together; `samples` are spread evenly over `subjects`."""
    spec = build_pb2.BuildSpec(
        name=name,
        samples=samples,
        seed=7,
        subjects=[build_pb2.SubjectSpec(name=subject, weight=1.0) for subject in subjects],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=["author"], temperature=1.0),
            panel=[build_pb2.RoleSpec(endpoints=[endpoint]) for endpoint, _ in PANEL],
            solver=build_pb2.RoleSpec(endpoints=["solver"], max_tokens=4096),
        ),
        taxonomy=build_pb2.TaxonomySpec(fields_per_subject=4, topics_per_field=6),
        panel_rule=build_pb2.PANEL_RULE_UNANIMOUS,
        acceptance_floor=0.02,
    )
    build_id = identity.build_id(name)
    return build_pb2.Build(
        build_id=build_id,
        spec=spec,
        state=build_pb2.BUILD_STATE_SUCCEEDED,
        progress=_progress(samples, subjects),
        create_time=Timestamp(seconds=START_SECONDS),
        end_time=Timestamp(seconds=START_SECONDS + 41),
        dataset_id=identity.dataset_id(build_id),
        revision=3,
    )


def make_dataset(build: build_pb2.Build) -> dataset_pb2.Dataset:
    """The dataset that `build` published."""
    return dataset_pb2.Dataset(
        dataset_id=build.dataset_id,
        build_id=build.build_id,
        name=build.spec.name,
        samples=build.spec.samples,
        create_time=build.end_time,
        version=1,
    )


def make_samples(build: build_pb2.Build) -> Iterator[sample_pb2.Sample]:
    """Every accepted sample of `build`, in the order of `DatasetService.ReadDataset`."""
    for progress in build.progress.subjects:
        for slot in range(progress.target):
            lost = progress.settled - progress.accepted if slot == 0 else 0
            yield make_sample(build, progress.subject, slot, attempt=lost)


async def stream(samples: Iterable[sample_pb2.Sample]) -> AsyncIterator[sample_pb2.Sample]:
    """`samples` as a server stream gives them."""
    for sample in samples:
        yield sample


def make_sample(build: build_pb2.Build, subject: str, slot: int, attempt: int = 0) -> sample_pb2.Sample:
    """One accepted sample with two votes, a solution with reasoning, and every call that was paid for it."""
    subjects = [entry.name for entry in build.spec.subjects]
    position = subjects.index(subject)
    n = slot * len(subjects) + position + 2
    pattern = PATTERNS[(slot + position) % len(PATTERNS)]
    numbers = {"n": n, "square": n * n % 7, "fall": f"{9.81 / 2 * n * n:.2f}"}
    answer = sample_pb2.Answer()
    answer.CopyFrom(pattern.answer)
    answer.value = answer.value.format(**numbers)
    sample_id = identity.sample_id(build.build_id, subject, slot, attempt)
    statement = pattern.statement.format(**numbers)
    problem = sample_pb2.Problem(
        statement=statement, reference=answer, calls=[make_call(sample_id, "proposer", "author", 180, 90)]
    )
    votes = [_vote(sample_id, member, answer) for member in range(len(PANEL))]
    solution = sample_pb2.Solution(
        text=pattern.solution.format(**numbers),
        reasoning=f"The problem asks: {statement} Let me go step by step. " + "So the value follows. " * 6,
        calls=[make_call(sample_id, "solver", "solver", 70, 420)],
    )
    calls = [*problem.calls, *(call for vote in votes for call in vote.calls), *solution.calls]
    return sample_pb2.Sample(
        ref=sample_pb2.SampleRef(
            sample_id=sample_id,
            build_id=build.build_id,
            subject=subject,
            field=pattern.field,
            topic=pattern.topic,
            slot=slot,
            attempt=attempt,
            seed=identity.seed(build.spec.seed, subject, slot, attempt),
        ),
        problem=problem,
        validation=sample_pb2.Validation(votes=votes, fingerprint=identity.digest("statement", statement)),
        solution=solution,
        grade=_correct(answer.value),
        outcome=sample_pb2.OUTCOME_ACCEPTED,
        usage=usage.of_calls(calls),
        settle_time=Timestamp(seconds=START_SECONDS + slot, nanos=250_000_000),
        trace_id=sample_id,
    )


def add_checks(sample: sample_pb2.Sample) -> None:
    """What two screeners, two judges and two reference models leave on a sample, with their calls in its usage."""
    validation, sample_id, value = sample.validation, sample.ref.sample_id, sample.problem.reference.value
    for screener in range(2):
        calls = [make_call(sample_id, f"screener[{screener}]", "looker", 80, 30)]
        for kind in (1, 2, 3):
            validation.screenings.add(
                screener=screener,
                kind=kind,
                verdict=sample_pb2.VERDICT_CORRECT if screener == 0 or kind < 3 else sample_pb2.VERDICT_UNKNOWN,
                reason=f"screener {screener} on question {kind}",
                calls=calls if kind == 1 else [],
            )
    for vote, weight in zip(validation.votes, (2.0, 0.5), strict=True):
        vote.weight = weight
    lost = {"weak": sample_pb2.VERDICT_INCORRECT, "strong": sample_pb2.VERDICT_UNKNOWN}
    for by, right in (("weak", 1), ("strong", 3)):
        for number in range(4):
            vote = getattr(validation.difficulty, by).add(
                member=number, calls=[make_call(sample_id, f"{by}[{number}]", f"{by}-model", 70, 200)]
            )
            vote.grade.CopyFrom(_correct(value))
            if number >= right:
                vote.grade.verdict = lost[by]
    sample.grade.method = "judge"
    for number, judge in enumerate(("judge", "second_judge")):
        call = make_call(sample_id, judge, f"judge-{number}", 60, 20)
        sample.grade.calls.append(call)
        sample.grade.judgements.add(verdict=sample_pb2.VERDICT_CORRECT, reason=f"{judge} says so", calls=[call])
    calls = [*sample.problem.calls, *sample.solution.calls, *sample.grade.calls]
    sample.usage.CopyFrom(usage.total([usage.of_calls(calls), usage.of_validation(validation)]))


def make_call(sample_id: str, role: str, endpoint: str, input_tokens: int, output_tokens: int) -> sample_pb2.ModelCall:
    """An answered call of `role`; its seed differs from sample to sample, as it does in a build."""
    seed = int(sample_id[:6], 16)
    return sample_pb2.ModelCall(
        call_id=identity.digest("call", sample_id, role),
        role=role,
        endpoint=endpoint,
        model=MODELS.get(endpoint, endpoint),
        prompt_sha256=identity.digest("prompt", role),
        parameters_json=json.dumps({"temperature": 0.7, "max_tokens": 4096, "seed": seed}),
        usage=sample_pb2.Usage(
            calls=1, input_tokens=input_tokens, output_tokens=output_tokens, cost_nanousd=20 * output_tokens
        ),
        time=Timestamp(seconds=START_SECONDS + 1, nanos=500_000_000),
        latency_seconds=0.75,
        finish_reason="stop",
    )


def _vote(sample_id: str, member: int, answer: sample_pb2.Answer) -> sample_pb2.Vote:
    call = make_call(sample_id, f"panel[{member}]", PANEL[member][0], 70, 260)
    return sample_pb2.Vote(member=member, grade=_correct(answer.value), calls=[call])


def _correct(value: str) -> sample_pb2.Grade:
    return sample_pb2.Grade(
        verdict=sample_pb2.VERDICT_CORRECT,
        method="normal_form",
        extracted=value,
        reason="Both answers have the same normal form.",
    )


def _progress(samples: int, subjects: Sequence[str]) -> build_pb2.Progress:
    share, extra = divmod(samples, len(subjects))
    targets = [share + (position < extra) for position in range(len(subjects))]
    rejected, unknown = 3, 1
    return build_pb2.Progress(
        topics=24 * len(subjects),
        requested=samples + rejected + unknown,
        proposed=samples + rejected,
        validated=samples + 1,
        solved=samples + 1,
        accepted=samples,
        rejected=rejected,
        unknown=unknown,
        reasons={
            "REASON_DUPLICATE": 1,
            "REASON_PANEL_DISAGREES": 1,
            "REASON_SOLUTION_INCORRECT": 1,
            "REASON_MALFORMED_ANSWER": 1,
        },
        subjects=[
            build_pb2.SubjectProgress(
                subject=subject,
                target=target,
                accepted=target,
                settled=target + (rejected + unknown if position == 0 else 0),
            )
            for position, (subject, target) in enumerate(zip(subjects, targets, strict=True))
        ],
        usage=sample_pb2.Usage(
            calls=4 * samples + 11,
            input_tokens=400 * samples + 1100,
            output_tokens=1030 * samples + 2900,
            cost_nanousd=20 * (1030 * samples + 2900),
        ),
    )
