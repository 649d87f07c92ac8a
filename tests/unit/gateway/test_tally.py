"""The counts of a build, over every way that a sample can go, as the verifier settles it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_gateway.domain.groups import SLOTS_PER_GROUP
from chimera_gateway.domain.tally import added, complete, mark_of, mark_of_end, progress, settled_counts
from chimera_shared import identity, usage
from chimera_verifier.checks import problem_failed, solution_failed
from chimera_verifier.domain.decision import panel_refusal, settled, solution_refusal


def paid(n: int) -> sample_pb2.ModelCall:
    return sample_pb2.ModelCall(
        usage=sample_pb2.Usage(calls=1, input_tokens=n, output_tokens=3 * n + 1, cost_nanousd=n * n)
    )


CALLS = st.lists(st.integers(0, 10**6).map(paid), max_size=2)
VERDICTS = st.sampled_from([sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN])
GRADES = st.builds(sample_pb2.Grade, verdict=VERDICTS, reason=st.just("because"), calls=CALLS)
VOTES = st.lists(st.builds(sample_pb2.Vote, grade=GRADES, calls=CALLS), min_size=2, max_size=4)
FAILURES = st.builds(
    sample_pb2.Failure,
    reason=st.sampled_from(
        [sample_pb2.REASON_MALFORMED_ANSWER, sample_pb2.REASON_TIME_LIMIT, sample_pb2.REASON_ENDPOINT_FAILED]
    ),
    detail=st.just("because"),
    calls=CALLS,
)


REFUSALS = st.sampled_from(
    [
        sample_pb2.REASON_DUPLICATE,
        sample_pb2.REASON_ILL_POSED,
        sample_pb2.REASON_TOO_EASY,
        sample_pb2.REASON_SCREEN_UNDECIDED,
    ]
)


def accepted_way(slot: int, attempt: int):
    """The events of a sample that passes everything."""
    sample_id = identity.sample_id("b1", "Physics", slot, attempt)
    ref = sample_pb2.SampleRef(sample_id=sample_id, build_id="b1", subject="Physics", slot=slot, attempt=attempt)
    right = sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, calls=[paid(1)])
    problem = sample_pb2.Problem(statement="1+1?", calls=[paid(2)])
    validation = sample_pb2.Validation(votes=[sample_pb2.Vote(grade=right, calls=[paid(3)])] * 2)
    solution = sample_pb2.Solution(text="2", calls=[paid(4)])
    carried = {"ref": ref, "problem": problem, "validation": validation}
    return [
        events_pb2.ProblemRequested(ref=ref),
        events_pb2.ProblemProposed(ref=ref, problem=problem),
        events_pb2.ProblemValidated(**carried),
        events_pb2.SolutionSynthesised(**carried, solution=solution),
        settled(sample_pb2.Sample(**carried, solution=solution, grade=right), None),
    ]


@st.composite
def ways(draw, slot=0, attempt=0):
    """The events of one sample from request to end, whatever that is."""
    sample_id = identity.sample_id("b1", "Physics", slot, attempt)
    ref = sample_pb2.SampleRef(sample_id=sample_id, build_id="b1", subject="Physics", slot=slot, attempt=attempt)
    events = [events_pb2.ProblemRequested(ref=ref)]
    if draw(st.booleans()):
        failure = draw(FAILURES)
        proposed = events_pb2.ProblemProposed(ref=ref, failure=failure)
        sample = sample_pb2.Sample(ref=ref)
        return [*events, proposed, settled(sample, (failure.reason, failure.detail), failure.calls)]
    problem = sample_pb2.Problem(statement="1+1?", calls=draw(CALLS))
    proposed = events_pb2.ProblemProposed(ref=ref, problem=problem)
    events.append(proposed)
    sample = sample_pb2.Sample(ref=ref, problem=problem)
    way = draw(st.sampled_from(["refused", "broken", "panel"]))
    if way == "refused":
        sample.validation.CopyFrom(sample_pb2.Validation(fingerprint="f", screenings=[{"calls": draw(CALLS)}]))
        return [*events, settled(sample, (draw(REFUSALS), "seen"))]
    if way == "broken":
        return [*events, problem_failed(proposed, draw(FAILURES))]
    sample.validation.CopyFrom(sample_pb2.Validation(votes=draw(VOTES)))
    if refusal := panel_refusal(sample.validation.votes, draw(st.sampled_from([1, 2, 3])), 0.6):
        return [*events, settled(sample, refusal)]
    events.append(events_pb2.ProblemValidated(ref=ref, problem=problem, validation=sample.validation))
    synthesised = events_pb2.SolutionSynthesised(ref=ref, problem=problem, validation=sample.validation)
    if draw(st.booleans()):
        failure = draw(FAILURES)
        synthesised.failure.CopyFrom(failure)
        return [*events, synthesised, settled(sample, (failure.reason, failure.detail), failure.calls)]
    synthesised.solution.CopyFrom(sample_pb2.Solution(text="2", calls=draw(CALLS)))
    events.append(synthesised)
    if draw(st.booleans()):
        return [*events, solution_failed(synthesised, draw(FAILURES))]
    sample.solution.CopyFrom(synthesised.solution)
    sample.grade.CopyFrom(draw(GRADES))
    return [*events, settled(sample, solution_refusal(sample.grade))]


def counts_of(event) -> dict[str, int]:
    if isinstance(event, events_pb2.SampleSettled):
        return settled_counts(event.sample, 0, planted=event.sample.ref.slot == 0)
    return mark_of(event).counts


def usage_of(counts: dict[str, int]) -> sample_pb2.Usage:
    return sample_pb2.Usage(**{n.removeprefix("usage."): v for n, v in counts.items() if n.startswith("usage.")})


@given(ways())
def test_every_call_of_a_sample_is_counted_once(events):
    counts = {}
    for event in events:
        added(counts, counts_of(event))

    assert usage_of(counts) == events[-1].sample.usage
    assert all(value >= 0 for value in counts.values())


@given(ways())
def test_all_calls_that_events_tell_of_stand_on_the_sample(events):
    sample = events[-1].sample
    told = usage.of_calls([*sample.problem.calls, *sample.solution.calls, *sample.grade.calls])

    assert sample.usage.calls >= told.calls + usage.of_validation(sample.validation).calls
    assert sample.trace_id == sample.ref.sample_id


@st.composite
def builds(draw):
    """A whole build: slots, each with attempts of any kind up to one that is accepted."""
    events = []
    for slot in range(draw(st.integers(1, 2))):
        attempts = [draw(ways(slot=slot, attempt=i)) for i in range(draw(st.integers(0, 1)))]
        if not attempts or attempts[0][-1].sample.outcome != sample_pb2.OUTCOME_ACCEPTED:
            attempts.append(accepted_way(slot, len(attempts)))
        events += [event for attempt in attempts for event in attempt]
    return [*events, *map(control_beside, filter(is_beside_a_control, events))]


def is_beside_a_control(event) -> bool:
    return isinstance(event, events_pb2.SolutionSynthesised) and event.ref.slot == 0


def control_beside(event) -> events_pb2.ControlChecked:
    sample = sample_pb2.Sample(
        validation=sample_pb2.Validation(votes=[sample_pb2.Vote(calls=[paid(7)])]),
        grade=sample_pb2.Grade(calls=[paid(8)]),
    )
    sample = settled(sample, (sample_pb2.REASON_PANEL_DISAGREES, "as planted")).sample
    control = control_pb2.Control(kind=control_pb2.CONTROL_KIND_WRONG_ANSWER, sample=sample)
    return events_pb2.ControlChecked(control=control, beside=event.ref)


@settings(max_examples=60)
@given(builds(), st.randoms(use_true_random=False))
def test_a_build_is_complete_only_when_all_is_told(events, draw):
    """What comes after the end is not counted any more: what a build cost must be known by then."""
    slots = len({e.sample.ref.slot for e in events if isinstance(e, events_pb2.SampleSettled)})
    draw.shuffle(events)
    counts, was_complete, spent = {}, [], []
    for event in events:
        added(counts, counts_of(event))
        was_complete.append(complete(counts, slots))
        spent.append(usage_of(counts))

    assert was_complete[-1]
    for so_far, done in zip(spent, was_complete, strict=True):
        assert not done or so_far == spent[-1]


@settings(max_examples=60)
@given(builds(), st.randoms(use_true_random=False))
def test_a_build_is_complete_only_when_all_attempts_are_in(events, draw):
    ends = [e for e in events if isinstance(e, events_pb2.SampleSettled)]
    slots = len({e.sample.ref.slot for e in ends})
    rest = {}
    for event in events:
        if not isinstance(event, events_pb2.SampleSettled):
            added(rest, counts_of(event))
    draw.shuffle(ends)

    for end in ends:
        assert not complete(rest, slots)
        added(rest, counts_of(end))

    assert complete(rest, slots)
    assert not complete(rest, slots + 1)
    assert not complete(rest, slots - 1)


@settings(max_examples=60)
@given(builds())
def test_progress_shows_what_happened(events):
    ends = [e.sample for e in events if isinstance(e, events_pb2.SampleSettled)]
    spec = build_pb2.BuildSpec(subjects=[{"name": "Physics"}])
    counts = {}
    for event in [*events, events_pb2.TopicsExpanded(build_id="b1", subject="Physics", topics=4)]:
        added(counts, counts_of(event))

    shown = progress(counts, spec, [5])

    outcomes = [s.outcome for s in ends]
    assert shown.topics == 4
    assert shown.accepted == outcomes.count(sample_pb2.OUTCOME_ACCEPTED)
    assert shown.rejected == outcomes.count(sample_pb2.OUTCOME_REJECTED)
    assert shown.unknown == outcomes.count(sample_pb2.OUTCOME_UNKNOWN)
    assert shown.requested == len(ends)
    assert shown.in_flight == 0
    assert sum(shown.reasons.values()) == shown.rejected + shown.unknown
    assert shown.requested >= shown.proposed >= shown.validated >= shown.solved >= shown.accepted
    assert [(s.subject, s.target, s.accepted, s.settled) for s in shown.subjects] == [
        ("Physics", 5, shown.accepted, len(ends))
    ]
    controls = [e.control.sample for e in events if isinstance(e, events_pb2.ControlChecked)]
    assert shown.controls == len(controls)
    assert shown.usage == usage.total(s.usage for s in [*ends, *controls])


def test_a_build_waits_for_the_control_beside_a_sample():
    events = accepted_way(0, 0)
    counts = {}
    for event in events:
        added(counts, counts_of(event))
    assert not complete(counts, 1)
    added(counts, counts_of(control_beside(events[3])))
    assert complete(counts, 1)


def test_a_control_of_no_kind_is_told_and_counts_for_nothing():
    control = control_beside(accepted_way(0, 0)[3])
    control.control.kind = control_pb2.CONTROL_KIND_UNSPECIFIED
    assert {name: n for name, n in mark_of(control).counts.items() if "." not in name} == {"told": 1}


def test_an_event_has_one_mark_however_often_it_is_told():
    event = events_pb2.TopicsExpanded(build_id="b1", subject="Physics", topics=3, usage=sample_pb2.Usage(calls=2))

    assert mark_of(event) == mark_of(event)
    assert mark_of(event).counts == {"topics": 3, "usage.calls": 2}


@given(ways())
def test_the_marks_of_a_sample_are_distinct(events):
    marks = [mark_of(e) for e in events if not isinstance(e, events_pb2.SampleSettled)]

    marks.append(mark_of_end(events[-1].sample, 0))
    assert len({m.name for m in marks}) == len(marks)
    assert {(m.build_id, m.tally) for m in marks} == {("b1", "b1/Physics/0")}


def test_slots_are_counted_in_groups():
    def tally(slot: int, attempt: int) -> str:
        return mark_of(accepted_way(slot, attempt)[0]).tally

    assert tally(0, 0) == tally(SLOTS_PER_GROUP - 1, 3) == "b1/Physics/0"
    assert tally(SLOTS_PER_GROUP, 0) == "b1/Physics/1"


def test_what_is_not_counted_is_our_mistake():
    with pytest.raises(AssertionError, match="BuildChanged is not counted"):
        mark_of(events_pb2.BuildChanged())
