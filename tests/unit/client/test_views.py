import io

import pytest
from rich.console import Console

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.text import clean, count, duration, line, money
from chimera_client.views.pace import Pace, PaceMeter
from chimera_client.views.progress import progress_line, render_progress
from chimera_client.views.sample import render_sample
from chimera_client.views.summary import render_failure, render_result
from chimera_client.views.tables import builds_table, samples_table
from chimera_client.words import reason_words
from chimera_shared.testing.samples import make_build, make_samples

HOSTILE = "[bold red]x[/]\x1b[2J\u202e\x9b31m\x07:smile:"


def text(renderable, width=80):
    console = Console(width=width, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    console.print(renderable)
    return console.file.getvalue()


def under_way():
    build = make_build(100, ["Mathematics", "Physics", "Logic"])
    build.state = build_pb2.BUILD_STATE_RUNNING
    for subject, accepted in zip(build.progress.subjects, (3, 20, 33), strict=True):
        subject.accepted = accepted
    build.progress.accepted, build.progress.in_flight = 56, 1234
    build.progress.usage.cost_nanousd = 1_234_567_890
    return build


def test_the_panel_says_everything_a_watcher_asks():
    shown = text(render_progress(under_way(), Pace(41, 102.4, 77)))
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
    shown = text(render_progress(make_build(400, [f"Subject {i}" for i in range(40)]), Pace(1)), width)
    assert {len(found) for found in shown.splitlines()} == {width}
    assert "28 more su" in shown
    assert len(shown.splitlines()) < 40


def test_a_build_without_any_progress_is_shown():
    shown = text(render_progress(build_pb2.Build(state=build_pb2.BUILD_STATE_RUNNING), Pace(0)))
    assert "time left not known yet" in shown


def test_the_line_says_it_in_short():
    assert progress_line(under_way(), Pace(41, 102.4, 77)).startswith(
        "0:41 demo running: 56 of 100 accepted, 72 topics"
    )
    assert progress_line(under_way(), Pace(41, 102.4, 77)).endswith("about 1:17 left")


def test_hostile_text_stays_text_everywhere():
    build = make_build(4, [HOSTILE])
    build.spec.name = build.build_id = build.detail = HOSTILE
    build.progress.reasons[HOSTILE] = 3
    sample = next(make_samples(make_build()))
    sample.problem.statement = sample.solution.text = sample.solution.reasoning = sample.detail = HOSTILE
    sample.problem.reference.value = sample.ref.subject = sample.trace_id = HOSTILE
    sample.validation.votes[0].grade.extracted = sample.validation.votes[0].grade.reason = HOSTILE
    sample.validation.votes[0].calls[0].model = sample.validation.votes[0].calls[0].prompt_sha256 = HOSTILE
    for shown in (
        text(render_progress(build, Pace(1)), 160),
        text(render_failure(build, "again"), 160),
        text(render_result(build, __import__("pathlib").Path("d"), "again", HOSTILE, procedural=False), 160),
        text(render_sample(sample, reasoning=True), 160),
        text(builds_table([build]), 160),
        text(samples_table([sample]), 160),
        progress_line(build, Pace(1)),
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


def test_the_pace_is_that_of_the_last_minute():
    meter = PaceMeter()
    assert meter.pace(0, 10) == Pace(0)
    for second in range(100):
        meter.observe(float(second), 0)
    for second in range(100, 221):
        meter.observe(float(second), second - 100)
    pace = meter.pace(220.0, 240)
    assert pace.elapsed_seconds == 220
    assert pace.per_minute == pytest.approx(60)
    assert pace.left_seconds == pytest.approx(120)


def test_a_pace_is_not_guessed_too_early():
    meter = PaceMeter()
    meter.observe(0.0, 0)
    meter.observe(0.5, 9)
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
