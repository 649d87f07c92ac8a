"""Controls go the way of the samples beside which they are planted, and leave no trace among them."""

from collections import Counter
from random import Random

import pytest

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_shared import identity
from chimera_shared.controls import is_planted
from chimera_shared.errors import NotFound, SampleFailure
from chimera_verifier.controls import Controls, control_failed
from chimera_verifier.domain.kinds import kinds_in_order
from chimera_verifier.grader import Grader
from chimera_verifier.planter import Planter
from chimera_verifier.similarity import Standing

Kind = control_pb2.ControlKind
ANSWER = sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="55")
PAID = sample_pb2.ModelCall(call_id="c", usage=sample_pb2.Usage(calls=1, output_tokens=9))


class NeverTells:
    async def equal(self, reference, candidate, *, relative=0.0, absolute=0.0):
        return None


class Examination:
    """Notes what it is shown and passes it, or fails."""

    def __init__(self, fails=None) -> None:
        self.problems, self.solutions, self.fails = [], [], fails

    async def problem(self, sample, spec, standing):
        self.problems.append((sample_pb2.Sample.FromString(sample.SerializeToString()), standing))
        if self.fails:
            raise self.fails
        sample.validation.votes.append(sample_pb2.Vote(calls=[PAID]))

    async def solution(self, sample, spec):
        self.solutions.append(sample_pb2.Sample.FromString(sample.SerializeToString()))


def build(share=1.0, **more) -> build_pb2.Build:
    return build_pb2.Build(build_id="b1", spec=build_pb2.BuildSpec(controls={"share": share}, **more))


def synthesised(slot=0, build_id="b1", **more) -> events_pb2.SolutionSynthesised:
    return events_pb2.SolutionSynthesised(
        ref=sample_pb2.SampleRef(
            sample_id=identity.sample_id(build_id, "Physics", slot, 0),
            build_id=build_id,
            subject="Physics",
            slot=slot,
            seed=identity.seed(7, "Physics", slot, 0),
        ),
        problem=sample_pb2.Problem(
            statement="What is the sum of the first 10 positive integers?", reference=ANSWER, calls=[PAID]
        ),
        solution=sample_pb2.Solution(text="It is \\boxed{55}.", calls=[PAID]),
        **more,
    )


class Items:
    """A corpus of one gold problem, and one of a benchmark's that has no answer on its first item."""

    async def drawn(self, name, seed):
        if name not in ("gold", "benchmark"):
            raise NotFound(f"no corpus {name}")
        if name == "gold":
            answer = sample_pb2.Answer(value="7", type=sample_pb2.ANSWER_TYPE_NUMBER)
            return corpus_pb2.CorpusItem(item_id="g1", statement="What is 3 + 4?", answer=answer, subject="Arithmetic")
        if seed % 2:
            return corpus_pb2.CorpusItem(item_id="b1", statement="Prove it.")
        return corpus_pb2.CorpusItem(
            item_id="b2", statement="Find the 9th prime number.", answer=sample_pb2.Answer(value="23")
        )


def controls(examination) -> Controls:
    return Controls(Planter(Grader(NeverTells())), examination, Items())


async def checked(kind, examination=None, ordered=None, **more):
    """The control of that kind, beside the first slot that has one."""
    examination = examination or Examination()
    for slot in range(400):
        event = await controls(examination).check(synthesised(slot, **more), ordered or build())
        if event.control.kind == kind:
            return event.control, examination, slot
        examination.problems.clear()
        examination.solutions.clear()
    raise AssertionError(f"no control of kind {kind}")


def test_the_share_is_kept_and_is_the_same_in_every_fork():
    refs = [synthesised(slot).ref for slot in range(4_000)]
    spec = build(0.05).spec
    assert sum(is_planted(ref, spec) for ref in refs) == pytest.approx(200, abs=45)
    assert not any(is_planted(ref, build(0.0).spec) for ref in refs)
    assert all(is_planted(ref, build(1.0).spec) for ref in refs)
    assert [is_planted(ref, spec) for ref in refs] == [
        is_planted(synthesised(slot, build_id="b2").ref, spec) for slot in range(4_000)
    ]


def test_what_nobody_looks_at_is_not_planted():
    spec = build().spec
    assert Kind.CONTROL_KIND_OFF_SUBJECT not in kinds_in_order(spec, Random(1))
    spec.roles.screeners.add(endpoints=["a"])
    assert Kind.CONTROL_KIND_OFF_SUBJECT in kinds_in_order(spec, Random(1))


def test_every_kind_comes_first_as_often_as_it_weighs():
    first = Counter(next(kinds_in_order(build().spec, Random(seed))) for seed in range(3_800))
    assert first[Kind.CONTROL_KIND_WRONG_ANSWER] == pytest.approx(1_000, abs=120)
    assert first[Kind.CONTROL_KIND_PROOF] == pytest.approx(200, abs=60)


async def test_a_control_is_examined_with_a_name_and_a_seed_of_its_own():
    control, examination, slot = await checked(Kind.CONTROL_KIND_WRONG_ANSWER)
    source = synthesised(slot)
    shown, standing = examination.problems[0]
    assert shown.ref.sample_id == control.control_id != source.ref.sample_id
    assert (shown.ref.build_id, shown.ref.slot) == ("b1", slot)
    assert shown.ref.seed != source.ref.seed
    assert standing == Standing(claims=False, apart_from=source.ref.sample_id, beside=source.ref.sample_id)
    assert not shown.HasField("solution")
    assert not shown.problem.calls
    assert examination.solutions[0].solution.text == "It is \\boxed{55}."
    assert (control.source, control.sample.trace_id) == (source.ref.sample_id, source.ref.sample_id)
    assert control.sample.usage == PAID.usage
    assert control.sample.outcome == sample_pb2.OUTCOME_ACCEPTED


async def test_a_wrong_solution_is_only_graded():
    control, examination, _ = await checked(Kind.CONTROL_KIND_WRONG_SOLUTION)
    assert examination.problems == []
    assert examination.solutions[0].solution.text != synthesised().solution.text
    assert control.sample.usage.calls == 0


async def test_a_duplicate_is_compared_with_what_it_was_made_from():
    control, examination, _ = await checked(Kind.CONTROL_KIND_DUPLICATE)
    assert examination.problems[0][1] == Standing(claims=False, beside=control.source)
    assert examination.solutions == []


async def test_a_gold_problem_is_sent_as_it_is():
    ordered = build()
    ordered.spec.controls.gold.append("gold")
    control, examination, _ = await checked(Kind.CONTROL_KIND_GOOD, ordered=ordered)
    shown, _ = examination.problems[0]
    assert (control.source, shown.ref.subject) == ("gold/g1", "Arithmetic")
    assert shown.problem.statement == "What is 3 + 4?"
    assert examination.solutions == []


async def test_a_leak_is_a_benchmarks_item_in_other_words_under_the_samples_subject():
    ordered = build(similarity={"benchmarks": ["benchmark"]})
    control, examination, _ = await checked(Kind.CONTROL_KIND_LEAK, ordered=ordered)
    shown, _ = examination.problems[0]
    assert (control.source, shown.ref.subject) == ("benchmark/b2", "Physics")
    assert shown.problem.statement != "Find the 9th prime number."
    assert shown.problem.reference.type == sample_pb2.ANSWER_TYPE_NUMBER


async def test_where_a_corpus_is_missing_another_kind_is_planted():
    ordered = build(similarity={"benchmarks": ["absent"]})
    kinds = {(await controls(Examination()).check(synthesised(s), ordered)).control.kind for s in range(60)}
    assert Kind.CONTROL_KIND_LEAK not in kinds


async def test_an_item_drawn_beside_two_samples_makes_two_controls():
    ordered = build()
    ordered.spec.controls.gold.append("gold")
    made = [(await controls(Examination()).check(synthesised(s), ordered)).control for s in range(120)]
    gold = [control.control_id for control in made if control.kind == Kind.CONTROL_KIND_GOOD]
    assert len(gold) > 2
    assert len(set(gold)) == len(gold)


async def test_without_a_solution_another_kind_is_planted():
    for slot in range(60):
        event = synthesised(slot)
        event.failure.reason = sample_pb2.REASON_TRUNCATED_ANSWER
        found = await controls(Examination()).check(event, build())
        assert found.control.kind not in (Kind.CONTROL_KIND_UNSPECIFIED, Kind.CONTROL_KIND_WRONG_SOLUTION)


async def test_a_control_that_could_not_be_checked_is_undecided_and_tells_what_was_paid():
    failure = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "gone", [PAID])
    control, _, _ = await checked(Kind.CONTROL_KIND_PROOF, Examination(fails=failure))
    assert control.sample.outcome == sample_pb2.OUTCOME_UNKNOWN
    assert control.sample.usage == PAID.usage


def test_a_control_that_took_too_long_is_of_no_kind():
    failure = sample_pb2.Failure(reason=sample_pb2.REASON_TIME_LIMIT, detail="slow", calls=[PAID])
    control = control_failed(synthesised(), failure).control
    assert (control.kind, control.sample.usage) == (Kind.CONTROL_KIND_UNSPECIFIED, PAID.usage)


async def test_the_difficulty_of_the_source_stands_on_the_control():
    difficulty = sample_pb2.Difficulty(weak=[sample_pb2.Vote(member=0)])
    control, _, _ = await checked(
        Kind.CONTROL_KIND_EQUIVALENT_ANSWER, validation=sample_pb2.Validation(difficulty=difficulty)
    )
    assert control.difficulty == difficulty
