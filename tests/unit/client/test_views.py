import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration import Calibration, calibration_of
from chimera_client.text import clean, count, duration, line, money
from chimera_client.views.calibration import controls_table, errors_line, render_calibration
from chimera_client.views.pace import Pace, PaceMeter, Spend, spent_of, worked_seconds
from chimera_client.views.progress import progress_line, render_progress
from chimera_client.views.sample import render_sample
from chimera_client.views.summary import Ways, render_failure, render_result
from chimera_client.views.tables import builds_table, samples_table
from chimera_client.words import reason_words, stop_advice, stop_words
from chimera_shared.testing.samples import START_SECONDS, add_checks, make_build, make_samples

WAYS = Ways("chimera build run f.yaml", "chimera builds fork b1 f.yaml", "chimera builds export b1")
USD = 10**9
NOW = START_SECONDS + 41.0
CLOSED, OPEN, HALF_OPEN = (
    build_pb2.BREAKER_STATE_CLOSED,
    build_pb2.BREAKER_STATE_OPEN,
    build_pb2.BREAKER_STATE_HALF_OPEN,
)
HOSTILE = "[bold red]x[/]\x1b[2J\u202e\x9b31m\x07:smile:"


def text(renderable, width=80):
    console = Console(width=width, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    console.print(renderable)
    return console.file.getvalue()


def under_way():
    build = make_build(100, ["Mathematics", "Physics", "Logic"])
    build.ClearField("end_time")
    build.state = build_pb2.BUILD_STATE_RUNNING
    for subject, accepted in zip(build.progress.subjects, (3, 20, 33), strict=True):
        subject.accepted = accepted
    build.progress.accepted, build.progress.in_flight = 56, 1234
    build.progress.usage.cost_nanousd = 1_234_567_890
    return build


def test_the_panel_says_everything_a_watcher_asks():
    shown = text(render_progress(under_way(), Pace(102.4, 77), NOW))
    lines = shown.splitlines()
    assert all(len(found) == 80 for found in lines)
    for part in ("demo running", "Mathematics", "3 of 34", "56 of 100", "1,234", "$1.23"):
        assert part in shown
    heads = next(found for found in lines if "topics" in found)
    numbers = lines[lines.index(heads) + 1].strip("│ ").split()
    assert heads.strip("│ ").split()[:-2] == [
        *("topics", "proposed", "validated", "solved", "accepted", "rejected", "unknown")
    ]
    assert numbers == ["72", "103", "101", "101", "56", "3", "1", "1,234"]
    assert "1 an independent model found another answer" in shown
    assert "0:41 elapsed, 102 accepted a minute, about 1:17 left" in shown


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_panel_keeps_to_its_width_with_many_subjects(width):
    shown = text(render_progress(make_build(400, [f"Subject {i}" for i in range(40)]), Pace()), width)
    assert {len(found) for found in shown.splitlines()} == {width}
    assert "28 more su" in shown
    assert len(shown.splitlines()) < 40


def test_a_build_without_any_progress_is_shown():
    shown = text(render_progress(build_pb2.Build(state=build_pb2.BUILD_STATE_RUNNING), Pace()))
    assert "time left not known yet" in shown


def test_the_line_says_it_in_short():
    assert progress_line(under_way(), Pace(102.4, 77), NOW).startswith(
        "0:41 demo running: 56 of 100 accepted, 72 topics"
    )
    assert progress_line(under_way(), Pace(102.4, 77), NOW).endswith("about 1:17 left")


def test_what_a_build_leaves_unsettled_is_no_longer_in_flight():
    build = under_way()
    build.state = build_pb2.BUILD_STATE_CANCELLED
    assert "unsettled" in text(render_progress(build, Pace(), NOW))
    assert "1,234 unsettled" in progress_line(build, Pace(), NOW)


def test_time_in_which_a_build_was_paused_is_not_told_as_worked():
    build = under_way()
    build.state, build.paused.seconds = build_pb2.BUILD_STATE_PAUSED, 20
    build.pause_time.seconds = START_SECONDS + 33
    assert "0:13 elapsed" in text(render_progress(build, Pace(), NOW + 3600))
    build.state = build_pb2.BUILD_STATE_FAILED
    build.ClearField("pause_time")
    build.end_time.seconds = START_SECONDS + 41
    assert "proposed in 0:21" in text(render_failure(build, WAYS))


def other_subject(control):
    other = control_pb2.Control.FromString(control.SerializeToString())
    other.sample.ref.subject = "Logic"
    return other


def test_the_verifiers_errors_are_one_sentence():
    accepted, rejected = sample_pb2.OUTCOME_ACCEPTED, sample_pb2.OUTCOME_REJECTED
    wrong, right = control_pb2.CONTROL_KIND_WRONG_ANSWER, control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER
    ends = [(wrong, rejected)] * 12 + [(right, accepted)] * 3 + [(right, rejected)] + [(wrong, 3)]
    controls = [control_pb2.Control(kind=kind, sample={"outcome": outcome}) for kind, outcome in ends]
    assert errors_line(calibration_of(controls)) == (
        "Measured on planted controls, the verifier accepted 0 of 12 planted mistakes (at most 24 %), "
        "refused 1 of 4 right answers (5 to 70 %) and could not decide about 1 control."
    )


def test_hostile_text_stays_text_everywhere():
    build = make_build(4, [HOSTILE])
    build.spec.name = build.build_id = build.detail = HOSTILE
    build.progress.reasons[HOSTILE] = 3
    sample = next(make_samples(make_build()))
    sample.problem.statement = sample.solution.text = sample.solution.reasoning = sample.detail = HOSTILE
    sample.problem.reference.value = sample.ref.subject = sample.trace_id = HOSTILE
    sample.validation.votes[0].grade.extracted = sample.validation.votes[0].grade.reason = HOSTILE
    sample.validation.votes[0].calls[0].model = sample.validation.votes[0].calls[0].prompt_sha256 = HOSTILE
    control = control_pb2.Control(kind=control_pb2.CONTROL_KIND_GOOD, change=HOSTILE, sample=sample)
    for shown in (
        text(controls_table([control]), 160),
        text(render_calibration(calibration_of([control, other_subject(control)])), 160),
        text(render_progress(build, Pace()), 160),
        text(render_failure(build, WAYS), 160),
        text(render_result(build, Path("d"), "again", "fork", HOSTILE, Calibration(), procedural=False), 160),
        text(render_sample(sample, reasoning=True), 160),
        text(builds_table([build]), 160),
        text(samples_table([sample]), 160),
        progress_line(build, Pace()),
    ):
        assert "[bold red]" in shown
        assert not [c for c in shown if not c.isprintable() and c != "\n"]


def test_a_sample_tells_who_voted_how_and_when():
    sample = next(make_samples(make_build()))
    shown = text(render_sample(sample), 120)
    for vote in sample.validation.votes:
        call = vote.calls[0]
        for part in (call.endpoint, call.model, call.prompt_sha256[:12], vote.grade.method, vote.grade.extracted):
            assert part in shown
    assert str(sample.ref.slot) in shown
    assert sample.trace_id in shown
    assert "Chain of thought" not in shown


def test_a_sample_tells_who_screened_judged_and_measured_it():
    sample = next(make_samples(make_build()))
    add_checks(sample)
    shown = text(render_sample(sample), 140)
    assert "screener 1 on question 3" in shown
    assert "self contained" in shown
    assert "panel-a (procedural-precise), weight 2:" in shown
    assert re.search(r"weak, weak-model +1 of 4 decided, 4 made +25 %", shown)
    assert re.search(r"strong, strong-model +3 of 3 decided, 4 made +100 %", shown)
    assert "judge 1, judge-0: correct, judge says so" in shown
    assert "judge 2, judge-1: correct, second_judge says so" in shown
    for role in ("screener[1]", "weak[3]", "strong[0]", "second_judge"):
        assert role in shown


def test_a_judge_of_a_vote_is_told_beside_it():
    sample = next(make_samples(make_build()))
    sample.validation.votes[1].grade.judgements.add(verdict=sample_pb2.VERDICT_INCORRECT, reason="not the same")
    assert "judge 1, (no answer): incorrect, not the same" in text(render_sample(sample), 140)


def test_a_sample_that_never_got_a_problem_is_shown():
    sample = sample_pb2.Sample(outcome=sample_pb2.OUTCOME_UNKNOWN, reason=sample_pb2.REASON_ENDPOINT_FAILED, detail="x")
    shown = text(render_sample(sample))
    assert "a model endpoint failed: x" in shown
    assert "Problem" not in shown


def test_values_of_a_newer_server_are_shown_as_numbers():
    sample = sample_pb2.Sample(outcome=77, reason=88)
    assert "number 77" in text(render_sample(sample))
    assert "reason 88" in text(render_sample(sample))


def test_every_reason_has_words_of_its_own():
    names = [name for name, number in sample_pb2.Reason.items() if number]
    words = [reason_words(name) for name in names]
    assert len(set(words)) == len(names)
    assert not [
        w for w, n in zip(words, names, strict=True) if w == n.removeprefix("REASON_").lower().replace("_", " ")
    ]


def seen(accepted, nanousd=0, tokens=0, calls=0):
    build = build_pb2.Build(state=build_pb2.BUILD_STATE_RUNNING)
    build.progress.accepted = accepted
    build.progress.spending.spent.MergeFrom(sample_pb2.Usage(calls=calls, input_tokens=tokens, cost_nanousd=nanousd))
    return build


def test_what_a_build_will_have_spent_follows_from_its_last_minute():
    meter = PaceMeter()
    meter.observe(0.0, seen(10, nanousd=9 * USD, tokens=1_000, calls=40))
    meter.observe(30.0, seen(20, nanousd=10 * USD, tokens=3_000, calls=80))
    pace = meter.pace(30.0, 50)
    assert pace.burn_per_minute == Spend(2 * USD, 4_000, 80)
    assert pace.at_end == Spend(13 * USD, 9_000, 200)
    meter.observe(31.0, seen(20, nanousd=11 * USD, calls=81))
    assert meter.pace(31.0, 50).at_end.nanousd == pytest.approx(17 * USD)


def test_samples_under_way_do_not_make_the_build_seem_dearer():
    build = seen(20, nanousd=10 * USD)
    build.progress.proposed, build.progress.validated = 80, 50
    meter = PaceMeter()
    meter.observe(0.0, seen(0))
    meter.observe(30.0, build)
    assert meter.pace(30.0, 100).at_end.nanousd == pytest.approx(20 * USD), "half of the work is done"


def test_a_projection_waits_for_enough_samples():
    meter = PaceMeter()
    meter.observe(0.0, seen(0))
    meter.observe(30.0, seen(2, nanousd=USD))
    assert meter.pace(30.0, 50).at_end is None
    assert meter.pace(30.0, 50).burn_per_minute.nanousd == 2 * USD


def test_calls_that_broke_off_count_as_spent():
    build = seen(1, nanousd=USD, calls=1)
    build.progress.spending.unaccounted.MergeFrom(sample_pb2.Usage(calls=1, cost_nanousd=2 * USD))
    assert spent_of(build.progress) == Spend(3 * USD, 0, 2)
    assert "at most $2.00 for 1 that broke off" in text(render_progress(build, Pace()), 120)


def test_time_while_paused_is_not_worked():
    build = build_pb2.Build()
    build.create_time.FromSeconds(1_000)
    build.paused.FromSeconds(100)
    assert worked_seconds(build, 1_500) == 400
    build.pause_time.FromSeconds(1_300)
    assert worked_seconds(build, 1_500) == 200
    build.end_time.FromSeconds(1_250)
    assert worked_seconds(build, 1_500) == 150


def limited():
    build = under_way()
    build.ClearField("end_time")
    build.create_time.FromSeconds(1_000)
    build.spec.budget.MergeFrom(build_pb2.Budget(cost_nanousd=20 * USD, tokens=5_000_000))
    build.spec.budget.time.FromSeconds(3_600)
    spending = build.progress.spending
    spending.spent.MergeFrom(
        sample_pb2.Usage(calls=10**6, input_tokens=400_000, output_tokens=600_000, cost_nanousd=4_200_000_000)
    )
    spending.reserved.MergeFrom(sample_pb2.Usage(calls=3, output_tokens=90_000, cost_nanousd=310_000_000))
    return build


def test_the_panel_shows_each_limit_with_what_is_used_reserved_and_ahead():
    pace = Pace(102.4, 77, Spend(0.42 * USD, 100, 1), Spend(14.2 * USD, 3_400_000, 1))
    shown = text(render_progress(limited(), pace, 1_600.0), 120)
    for part in (
        "$4.20 of $20.00, $0.31 reserved, about $14.20 by the end",
        "1.00 M of 5.00 M, 90,000 reserved, about 3.40 M by the end",
        "10:00 of 1:00:00, about 11:17 by the end",
        "$0.42 a minute",
    ):
        assert part in shown
    assert "will last for" not in shown
    assert "$4.20 of $20.00" in progress_line(limited(), pace, 1_600.0)


def test_a_budget_that_will_not_do_says_for_how_many_samples_it_lasts():
    pace = Pace(102.4, 77, Spend(), Spend(35.8 * USD, 0, 0))
    words = "the budget's money will last for about 78 of 100 samples"
    assert words in text(render_progress(limited(), pace, 1_600.0), 120)
    assert words in progress_line(limited(), pace, 1_600.0)


def test_without_a_budget_the_panel_says_where_the_spending_leads():
    pace = Pace(102.4, 77, Spend(0.42 * USD), Spend(14.2 * USD))
    assert "$0.42 a minute, about $14.20 by the end" in text(render_progress(under_way(), pace), 120)


def test_endpoints_that_are_held_back_say_why():
    build = under_way()
    build.progress.endpoints.add(endpoint="fine", limit=64, in_flight=64, waiting=9, breaker=CLOSED)
    build.progress.endpoints.add(
        endpoint="gpt-5", limit=64, in_flight=12, waiting=30, breaker=OPEN, reason="refused with 429", held_seconds=8.2
    )
    build.progress.endpoints.add(endpoint="slow", limit=2, in_flight=1, breaker=HALF_OPEN, reason="timed out")
    build.progress.endpoints.add(endpoint="rated", limit=8, breaker=CLOSED, reason="reached", held_seconds=3)
    shown = text(render_progress(build, Pace()), 120)
    assert "gpt-5: 12 of 64 in flight, 30 waiting, refused with 429; tried again in 8 s" in shown
    assert "rated: 0 of 8 in flight, reached; the next call in 3 s" in shown
    assert "slow: 1 of 2 in flight, timed out; one call tries it" in shown
    assert "fine" not in shown
    assert "gpt-5: 12 of 64" in progress_line(build, Pace())
    build.state = build_pb2.BUILD_STATE_SUCCEEDED
    assert "gpt-5" not in progress_line(build, Pace())


def test_a_spent_budget_says_how_to_go_on_and_what_there_is():
    build = limited()
    build.state, build.stop_reason = build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT
    build.dataset_id, build.detail = "d1", "no call is left for $0.02"
    shown = " ".join(text(render_failure(build, WAYS), 160).split())
    for part in (
        "ended with 56 of 100 samples: its budget is spent",
        "raise `budget` in the build file, or lower `max_tokens`",
        "then chimera build run f.yaml",
        "chimera builds fork b1 f.yaml",
        "chimera builds export b1",
        "partial dataset",
        "$4.20 of a budget of $20.00",
    ):
        assert part in shown
    build.dataset_id = ""
    assert "export" not in text(render_failure(build, WAYS), 160)


def test_every_stop_reason_has_words():
    reasons = [number for number in build_pb2.StopReason.values() if number]
    assert len({stop_words(number) for number in reasons}) == len(reasons)
    assert all(stop_advice(number) for number in reasons)


def test_the_list_of_builds_says_what_each_spent():
    shown = text(builds_table([limited(), seen(1, tokens=5_000, calls=1)]), 160)
    assert "$4.20 of $20.00" in shown
    assert "5,000 tokens" in shown


def test_the_pace_is_that_of_the_last_minute():
    meter = PaceMeter()
    assert meter.pace(0, 10) == Pace()
    for second in range(100):
        meter.observe(float(second), seen(0))
    for second in range(100, 221):
        meter.observe(float(second), seen(second - 100))
    pace = meter.pace(220.0, 240)
    assert pace.per_minute == pytest.approx(60)
    assert pace.left_seconds == pytest.approx(120)


def test_a_pace_is_not_guessed_too_early():
    meter = PaceMeter()
    meter.observe(0.0, seen(0))
    meter.observe(0.5, seen(9))
    assert meter.pace(0.5, 100).left_seconds is None


@pytest.mark.parametrize(
    ("nanousd", "words"),
    [(0, "$0.00"), (10, "<$0.0001"), (4_200_000, "$0.0042"), (1_234_567_890, "$1.23"), (1_234 * 10**9, "$1,234.00")],
)
def test_money(nanousd, words):
    assert money(nanousd) == words


def test_numbers_times_and_lines():
    assert [count(n) for n in (0, 12_345, 1_234_567, 2 * 10**9)] == ["0", "12,345", "1.23 M", "2.00 G"]
    assert [duration(s) for s in (0, 41, 725, 10_800)] == ["0:00", "0:41", "12:05", "3:00:00"]
    assert line("a\n b\tc") == "a b c"
    assert line("x" * 300, 10) == "x" * 9 + "…"
    assert clean("a\x00\nb") == "a\N{REPLACEMENT CHARACTER}\nb"
