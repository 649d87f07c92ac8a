"""Measuring a verifier on gold problems: what is read, what is planted, what is asked."""

import json
from collections import Counter

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration import calibration_of
from chimera_client.calibration.gold import Gold, read_gold
from chimera_client.calibration.plan import planned
from chimera_client.calibration.run import Calibration
from chimera_client.export import export_dataset
from chimera_shared.errors import InvalidInput
from chimera_shared.testing.samples import make_build, make_dataset, make_samples, stream

Kind = control_pb2.ControlKind
SPEC = build_pb2.BuildSpec(roles={"panel": [{"endpoints": ["a"]}, {"endpoints": ["b"]}]})


def lines(tmp_path, *rows):
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
    return path


def gold_of(number, solved=True, source="gold.jsonl"):
    items = []
    for i in range(number):
        item = sample_pb2.Sample(problem=sample_pb2.Problem(statement=f"What is {i} + 1?"))
        item.ref.sample_id = f"{source}/{i}"
        item.problem.reference.value = str(i + 1)
        if solved:
            item.solution.text = "By counting."
        items.append(item)
    return Gold(source, items, "0" * 64)


def test_a_line_needs_a_statement_and_an_answer_alone(tmp_path):
    path = lines(
        tmp_path,
        {"question": "1 + 1?", "gold": 2},
        "",
        {
            "id": "q7",
            "statement": "How far?",
            "answer": "3",
            "answer_type": "number",
            "unit": "m",
            "tolerance": 0.1,
            "subject": "Physics",
            "solution": "Three.",
        },
    )
    plain, full = read_gold(path).items
    assert (plain.ref.sample_id, plain.problem.statement, plain.problem.reference.value) == (
        "gold.jsonl/1",
        "1 + 1?",
        "2",
    )
    assert plain.problem.reference.type == sample_pb2.ANSWER_TYPE_UNSPECIFIED
    assert not plain.HasField("solution")
    assert (full.ref.sample_id, full.ref.subject, full.solution.text) == (
        "gold.jsonl/q7",
        "Physics",
        "Three.",
    )
    assert full.problem.reference == sample_pb2.Answer(
        type=sample_pb2.ANSWER_TYPE_NUMBER, value="3", unit="m", tolerance=0.1
    )


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{", "line 1 of .* is not JSON"),
        ("[" * 100_000, "line 1 of .* is not JSON"),
        ("7", "line 1 of .* is no JSON object"),
        ({"answer": "2"}, "has no `statement`"),
        ({"problem": "2?", "answer": " "}, "has no `answer`"),
        ({"problem": "2?", "answer": ["2"]}, "`answer` must be a text, not a list"),
        ({"problem": "2?", "answer": "2", "answer_type": "colour"}, "no answer type is named 'colour'"),
        ({"problem": "2?", "answer": "2", "tolerance": "much"}, "`tolerance` must be a number"),
        ("", "holds no problems"),
    ],
)
def test_what_is_no_gold_problem_is_named(tmp_path, row, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        read_gold(lines(tmp_path, row))


def test_a_folder_without_a_dataset_is_none(tmp_path):
    with pytest.raises(InvalidInput, match="holds no dataset"):
        read_gold(tmp_path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_gold(tmp_path / "absent")


async def test_a_dataset_is_gold_with_types_solutions_and_subjects(tmp_path):
    build = make_build()
    samples = list(make_samples(build))
    await export_dataset(build, make_dataset(build), stream(samples), None, tmp_path / "d")
    found = {item.ref.sample_id: item for item in read_gold(tmp_path / "d").items}
    for sample in samples:
        item = found[f"d/{sample.ref.sample_id}"]
        assert item.problem == sample_pb2.Problem(
            statement=sample.problem.statement, reference=sample.problem.reference
        )
        assert (item.ref.subject, item.solution.text) == (sample.ref.subject, sample.solution.text)


def test_numbers_of_each_kind_are_known_and_no_problem_is_used_twice_by_one():
    plan = planned(gold_of(40).items, (), SPEC, (), 100, seed=3)
    counts = Counter(wanted.kind for wanted in plan)
    assert counts[Kind.CONTROL_KIND_GOOD] == counts[Kind.CONTROL_KIND_WRONG_ANSWER] == 24
    assert Kind.CONTROL_KIND_OFF_SUBJECT not in counts
    for kind in counts:
        firsts = [wanted.spares[0].ref.sample_id for wanted in plan if wanted.kind == kind]
        assert len(set(firsts)) == len(firsts)
    assert plan == planned(gold_of(40).items, (), SPEC, (), 100, seed=3)
    assert plan != planned(gold_of(40).items, (), SPEC, (), 100, seed=4)


def test_there_are_never_more_of_a_kind_than_problems():
    assert len(planned(gold_of(3).items, (), SPEC, [Kind.CONTROL_KIND_WRONG_ANSWER], 100, seed=0)) == 3


def test_without_solutions_no_wrong_solution_is_planned():
    plan = planned(gold_of(30, solved=False).items, (), SPEC, (), 60, seed=0)
    assert Kind.CONTROL_KIND_WRONG_SOLUTION not in {wanted.kind for wanted in plan}


def test_without_a_benchmark_nothing_is_leaked():
    plan = planned(gold_of(30).items, (), SPEC, (), 60, seed=0)
    assert Kind.CONTROL_KIND_LEAK not in {wanted.kind for wanted in plan}
    assert planned(gold_of(30).items, (), SPEC, [Kind.CONTROL_KIND_LEAK], 60, seed=0) == []


def test_duplicates_are_of_problems_that_are_sent_before():
    plan = planned(gold_of(40).items, (), SPEC, [Kind.CONTROL_KIND_DUPLICATE], 24, seed=1)
    good = {w.spares[0].ref.sample_id for w in plan if w.kind == Kind.CONTROL_KIND_GOOD}
    duplicates = {w.spares[0].ref.sample_id for w in plan if w.kind == Kind.CONTROL_KIND_DUPLICATE}
    assert duplicates
    assert duplicates <= good


class Verifying:
    """Plants what it is asked for, except in problem 0, and accepts what has its statement for the first time."""

    def __init__(self) -> None:
        self.seen, self.scopes = set(), Counter()

    async def plant(self, source, kinds, seed):
        if source.ref.sample_id == "gold.jsonl/0":
            return []
        return [control_pb2.Control(kind=kinds[0], change="It is unchanged.", sample=source)]

    async def check(self, spec, sample, scope):
        self.scopes[scope] += 1
        checked = sample_pb2.Sample.FromString(sample.SerializeToString())
        known = (scope, sample.problem.statement) in self.seen
        self.seen.add((scope, sample.problem.statement))
        checked.outcome = sample_pb2.OUTCOME_REJECTED if known else sample_pb2.OUTCOME_ACCEPTED
        checked.reason = sample_pb2.REASON_DUPLICATE if known else sample_pb2.REASON_UNSPECIFIED
        if not known:
            checked.validation.difficulty.weak.add(member=0).grade.verdict = sample_pb2.VERDICT_CORRECT
        return checked


async def test_a_problem_may_be_in_several_controls_and_only_duplicates_meet_it():
    gold = gold_of(40)
    verifier = Verifying()
    plan = planned(gold.items, gold_of(9, source="benchmark").items, SPEC, (), 100, seed=2)
    controls = [control async for control in Calibration(verifier, SPEC, gold, 2).controls(plan)]
    found = calibration_of(controls)
    assert len({control.control_id for control in controls}) == len(controls) >= len(plan) - 8
    duplicates = found.kinds[Kind.CONTROL_KIND_DUPLICATE]
    assert duplicates.mistakes.for_cause == duplicates.mistakes.checked > 0
    assert found.kinds[Kind.CONTROL_KIND_GOOD].false_rejects.hits == 0
    assert found.kinds[Kind.CONTROL_KIND_WRONG_ANSWER].false_accepts.value == 1
    assert all(len(scope) <= 64 for scope in verifier.scopes)
    assert "gold.jsonl/0" not in {control.source for control in controls}
    leaks = {control.source.partition("/")[0] for control in controls if control.kind == Kind.CONTROL_KIND_LEAK}
    assert leaks == {"benchmark"}
    easy = [control for control in controls if control.kind == Kind.CONTROL_KIND_DUPLICATE]
    assert all(control.difficulty.weak for control in easy), "known from when the problem was sent unchanged"
