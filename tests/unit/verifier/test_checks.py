import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import SampleFailure
from chimera_shared.testing.logs import MemoryLogs
from chimera_verifier.checks import Checks, problem_failed, solution_failed
from chimera_verifier.examination import Examination
from likenesses import similarity

YES, NO, UNKNOWN = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN
BUILD = build_pb2.Build(
    build_id="b1", spec=build_pb2.BuildSpec(roles={"panel": [{"endpoints": ["a"]}, {"endpoints": ["b"]}]}, panel_rule=1)
)


def call(name: str) -> sample_pb2.ModelCall:
    return sample_pb2.ModelCall(call_id=name, usage=sample_pb2.Usage(calls=1, output_tokens=5))


def ref(attempt=0) -> sample_pb2.SampleRef:
    return sample_pb2.SampleRef(sample_id=f"{attempt:032}", build_id="b1", subject="Physics", attempt=attempt, seed=3)


PROBLEM = sample_pb2.Problem(
    statement="What is the sum of the first ten positive integers?",
    reference=sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="55"),
    calls=[call("p")],
)


class Screen:
    def __init__(self, *verdicts) -> None:
        self.verdicts = verdicts

    async def look(self, ref, statement, screeners):
        return [
            sample_pb2.Screening(screener=i, kind=sample_pb2.SCREEN_KIND_SUBJECT, verdict=v, calls=[call(f"s{i}")])
            for i, v in enumerate(self.verdicts)
        ]


class Panel:
    def __init__(self, *verdicts, fails=None) -> None:
        self.verdicts, self.fails, self.asked = verdicts, fails, 0

    async def vote(self, scope, seed, statement, reference, members, judges):
        self.asked += 1
        if self.fails:
            raise self.fails
        return [
            sample_pb2.Vote(member=i, grade=sample_pb2.Grade(verdict=v, reason="why"), calls=[call(f"v{i}")])
            for i, v in enumerate(self.verdicts)
        ]


class Difficulty:
    def __init__(self, refusal=None) -> None:
        self.refusal, self.asked = refusal, 0

    async def measure(self, found, sample, spec):
        self.asked += 1
        found.weak.add(calls=[call("w")], grade={"verdict": YES})
        return self.refusal


class Referee:
    def __init__(self, verdict=YES) -> None:
        self.verdict, self.given = verdict, None

    async def grade(self, *given):
        self.given = given
        return sample_pb2.Grade(verdict=self.verdict, reason="why", calls=[call("j")])


def checks(*verdicts, store=None, referee=None, fails=None, screened=(), difficulty=None) -> tuple[Checks, Panel]:
    panel = Panel(*verdicts, fails=fails)
    examination = Examination(
        similarity(store), Screen(*screened), panel, difficulty or Difficulty(), referee or Referee()
    )
    return Checks(examination), panel


def proposed(attempt=0, **changes) -> events_pb2.ProblemProposed:
    problem = sample_pb2.Problem()
    problem.CopyFrom(PROBLEM)
    problem.MergeFrom(sample_pb2.Problem(**changes))
    return events_pb2.ProblemProposed(ref=ref(attempt), problem=problem)


async def test_a_problem_on_which_all_agree_is_validated_with_its_evidence():
    check, _ = checks(YES, YES)

    found = await check.problem(proposed(), BUILD)

    assert isinstance(found, events_pb2.ProblemValidated)
    assert (found.ref, found.problem) == (ref(), PROBLEM)
    assert [v.calls[0].call_id for v in found.validation.votes] == ["v0", "v1"]
    assert len(found.validation.fingerprint) == 64


@pytest.mark.parametrize(
    ("verdicts", "reason", "outcome"),
    [
        ([YES, NO], sample_pb2.REASON_PANEL_DISAGREES, sample_pb2.OUTCOME_REJECTED),
        ([YES, UNKNOWN], sample_pb2.REASON_PANEL_UNDECIDED, sample_pb2.OUTCOME_UNKNOWN),
    ],
)
async def test_a_problem_the_panel_refuses_is_settled_with_its_evidence(verdicts, reason, outcome):
    check, _ = checks(*verdicts)

    found = await check.problem(proposed(), BUILD)

    sample = found.sample
    assert (sample.outcome, sample.reason) == (outcome, reason)
    assert len(sample.validation.votes) == 2
    assert sample.usage.calls == 3
    assert sample.HasField("settle_time")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"statement": "Prove that there are infinitely many prime numbers."}, sample_pb2.REASON_PROOF),
        (
            {"reference": sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_TEXT, value="I don't know")},
            sample_pb2.REASON_UNTYPED_ANSWER,
        ),
        ({"statement": "In the figure above, how long is the side c?"}, sample_pb2.REASON_NOT_SELF_CONTAINED),
    ],
)
async def test_a_problem_of_the_wrong_shape_costs_no_vote_and_claims_nothing(changes, reason):
    store = MemoryLogs()
    check, panel = checks(YES, YES, store=store)

    found = await check.problem(proposed(**changes), BUILD)

    assert (found.sample.outcome, found.sample.reason) == (sample_pb2.OUTCOME_REJECTED, reason)
    assert found.sample.usage.calls == 1
    assert not found.sample.HasField("validation")
    assert panel.asked == 0
    assert not store.logs


@pytest.mark.parametrize(
    ("verdict", "reason", "outcome"),
    [
        (NO, sample_pb2.REASON_OFF_SUBJECT, sample_pb2.OUTCOME_REJECTED),
        (UNKNOWN, sample_pb2.REASON_SCREEN_UNDECIDED, sample_pb2.OUTCOME_UNKNOWN),
    ],
)
async def test_a_problem_that_the_screeners_refuse_costs_no_vote(verdict, reason, outcome):
    check, panel = checks(YES, YES, screened=[verdict])

    found = await check.problem(proposed(), BUILD)

    assert (found.sample.outcome, found.sample.reason) == (outcome, reason)
    assert (panel.asked, found.sample.usage.calls, len(found.sample.validation.screenings)) == (0, 2, 1)


async def test_what_screeners_said_of_a_problem_that_passes_is_its_evidence():
    check, _ = checks(YES, YES, screened=[YES])

    found = await check.problem(proposed(), BUILD)

    assert [s.calls[0].call_id for s in found.validation.screenings] == ["s0"]


async def test_when_the_panel_fails_the_screeners_are_paid_for():
    failed = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "panel[1]: 401", [call("v0")])
    check, _ = checks(fails=failed, screened=[YES])

    with pytest.raises(SampleFailure) as caught:
        await check.problem(proposed(), BUILD)

    assert [c.call_id for c in caught.value.calls] == ["s0", "v0"]


MEASURED = build_pb2.Build(build_id="b1", spec=BUILD.spec)
MEASURED.spec.roles.weak.endpoints.append("small")


async def test_difficulty_is_measured_where_a_build_names_who_measures_it():
    difficulty = Difficulty()
    check, _ = checks(YES, YES, difficulty=difficulty)

    without = await check.problem(proposed(), BUILD)
    found = await check.problem(proposed(), MEASURED)

    assert not without.validation.HasField("difficulty")
    assert [v.calls[0].call_id for v in found.validation.difficulty.weak] == ["w"]
    assert difficulty.asked == 1


async def test_how_hard_a_problem_is_that_the_panel_refuses_is_asked_of_nobody():
    difficulty = Difficulty()
    check, _ = checks(YES, NO, difficulty=difficulty)

    await check.problem(proposed(), MEASURED)

    assert difficulty.asked == 0


async def test_a_problem_that_is_too_easy_is_settled_with_what_was_measured():
    check, _ = checks(YES, YES, difficulty=Difficulty((sample_pb2.REASON_TOO_EASY, "solved in 4 of 4")))

    sample = (await check.problem(proposed(), MEASURED)).sample

    assert (sample.outcome, sample.reason, sample.detail) == (
        sample_pb2.OUTCOME_REJECTED,
        sample_pb2.REASON_TOO_EASY,
        "solved in 4 of 4",
    )
    assert (sample.usage.calls, len(sample.validation.votes), len(sample.validation.difficulty.weak)) == (4, 2, 1)


async def test_the_same_problem_again_is_a_duplicate_and_costs_no_vote():
    store = MemoryLogs()
    await checks(YES, YES, store=store)[0].problem(proposed(), BUILD)
    check, panel = checks(YES, YES, store=store)

    again = await check.problem(proposed(1, statement="what is  the SUM of the first ten positive integers"), BUILD)

    assert (again.sample.reason, panel.asked) == (sample_pb2.REASON_DUPLICATE, 0)
    assert ref().sample_id in again.sample.detail


async def test_the_same_sample_again_is_no_duplicate_of_itself():
    store = MemoryLogs()
    for _ in range(2):
        found = await checks(YES, YES, store=store)[0].problem(proposed(), BUILD)

    assert isinstance(found, events_pb2.ProblemValidated)


async def test_another_number_is_another_problem():
    store = MemoryLogs()
    await checks(YES, YES, store=store)[0].problem(proposed(), BUILD)

    other = proposed(1, statement=PROBLEM.statement.replace("ten", "eleven"))
    found = await checks(YES, YES, store=store)[0].problem(other, BUILD)

    assert isinstance(found, events_pb2.ProblemValidated)


async def test_a_problem_that_was_not_proposed_is_settled_as_it_failed():
    failure = sample_pb2.Failure(reason=sample_pb2.REASON_MALFORMED_ANSWER, detail="not JSON", calls=[call("p")] * 2)
    check, panel = checks(YES)

    found = await check.problem(events_pb2.ProblemProposed(ref=ref(), failure=failure), BUILD)

    sample = found.sample
    assert (sample.outcome, sample.reason, sample.detail) == (
        sample_pb2.OUTCOME_UNKNOWN,
        sample_pb2.REASON_MALFORMED_ANSWER,
        "not JSON",
    )
    assert (sample.usage.calls, panel.asked, sample.HasField("problem")) == (2, 0, False)


def synthesised(**changes) -> events_pb2.SolutionSynthesised:
    validation = sample_pb2.Validation(votes=[sample_pb2.Vote(calls=[call("v")])], fingerprint="f")
    return events_pb2.SolutionSynthesised(ref=ref(), problem=PROBLEM, validation=validation, **changes)


SOLUTION = sample_pb2.Solution(text="\\boxed{55}", reasoning="\\boxed{54}", calls=[call("s")])


@pytest.mark.parametrize(
    ("verdict", "outcome", "reason"),
    [
        (YES, sample_pb2.OUTCOME_ACCEPTED, 0),
        (NO, sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_SOLUTION_INCORRECT),
        (UNKNOWN, sample_pb2.OUTCOME_UNKNOWN, sample_pb2.REASON_SOLUTION_UNDECIDED),
    ],
)
async def test_a_solution_is_graded_against_the_reference(verdict, outcome, reason):
    referee = Referee(verdict)
    event = synthesised(solution=SOLUTION)

    sample = (await checks(referee=referee)[0].solution(event, BUILD)).sample

    assert referee.given[2:] == (PROBLEM.statement, PROBLEM.reference, SOLUTION.text, [])
    assert (sample.outcome, sample.reason) == (outcome, reason)
    assert (sample.problem, sample.validation, sample.solution) == (PROBLEM, event.validation, SOLUTION)
    assert sample.grade.verdict == verdict
    assert sample.usage.calls == 4


async def test_a_problem_that_was_not_solved_is_settled_with_its_evidence():
    failure = sample_pb2.Failure(reason=sample_pb2.REASON_TRUNCATED_ANSWER, detail="cut off", calls=[call("s")])

    sample = (await checks()[0].solution(synthesised(failure=failure), BUILD)).sample

    assert (sample.outcome, sample.reason) == (sample_pb2.OUTCOME_UNKNOWN, sample_pb2.REASON_TRUNCATED_ANSWER)
    assert (sample.usage.calls, sample.HasField("solution")) == (3, False)


async def test_failures_of_the_checks_themselves_are_facts_about_the_sample():
    failed = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "panel[1]: 401", [call("v0")])
    check, _ = checks(fails=failed)
    with pytest.raises(SampleFailure):
        await check.problem(proposed(), BUILD)

    before = problem_failed(proposed(), failed.to_proto()).sample
    after = solution_failed(synthesised(solution=SOLUTION), failed.to_proto()).sample

    assert (before.outcome, before.problem, before.usage.calls) == (sample_pb2.OUTCOME_UNKNOWN, PROBLEM, 2)
    assert (after.outcome, after.solution, after.usage.calls) == (sample_pb2.OUTCOME_UNKNOWN, SOLUTION, 4)
