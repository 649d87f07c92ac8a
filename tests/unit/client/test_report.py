"""The health report: what it counts, that it is whole, and that it is the same each time."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_client.export import Besides, export_dataset, verify_manifest
from chimera_client.lengths import Lengths
from chimera_client.report.files import texts
from chimera_client.report.gather import Gatherer
from chimera_client.report.model import Report
from chimera_shared.testing.samples import make_build, make_call, make_dataset, make_sample, make_samples, stream


def lost(build, slot, reason, outcome=sample_pb2.OUTCOME_REJECTED, keep=("problem", "validation")):
    """A sample that was not accepted and has only the parts of `keep`."""
    sample = make_sample(build, "Mathematics", slot, attempt=7)
    for part in {"problem", "validation", "solution", "grade"} - set(keep):
        sample.ClearField(part)
    sample.outcome, sample.reason = outcome, reason
    return sample


def besides(others, controls=()):
    return Besides(stream(others), stream(controls))


def report_of(build, samples, others=None, dataset=None, controls=(), lines=None):
    gatherer = Gatherer(lines.append if lines is not None else str)
    for sample in [*samples, *(others or [])]:
        gatherer.add(sample)
    for control in controls:
        gatherer.add_control(control)
    return gatherer.report(build, dataset or make_dataset(build), all_tried=others is not None)


def text_of(report, name="report.html"):
    return dict(texts(report))[name]


UNKNOWN = sample_pb2.OUTCOME_UNKNOWN


def test_the_funnel_says_where_each_sample_ended():
    build = make_build(12)
    others = [
        lost(build, 0, sample_pb2.REASON_MALFORMED_ANSWER, UNKNOWN, keep=()),
        lost(build, 1, sample_pb2.REASON_DUPLICATE, keep=("problem",)),
        lost(build, 2, sample_pb2.REASON_DUPLICATE, keep=("problem",)),
        lost(build, 3, sample_pb2.REASON_ENDPOINT_FAILED, UNKNOWN, keep=("problem",)),
        lost(build, 4, sample_pb2.REASON_PANEL_DISAGREES),
        lost(build, 5, sample_pb2.REASON_TRUNCATED_ANSWER, UNKNOWN),
        lost(build, 6, sample_pb2.REASON_SOLUTION_INCORRECT, keep=("problem", "validation", "solution")),
    ]
    funnel = report_of(build, make_samples(build), others).funnel
    assert {step.name: step.samples for step in funnel.steps} == {
        "Tried": 19, "Proposed": 18, "Screened": 16, "Validated": 14, "Solved": 13, "Accepted": 12,
    }  # fmt: skip
    assert [(loss.stage, loss.reason, loss.outcome, loss.samples) for loss in funnel.losses[:1]] == [
        ("Screening", "REASON_DUPLICATE", "rejected", 2)
    ]
    assert sum(loss.samples for loss in funnel.losses if loss.outcome == "unknown") == 3


def test_without_the_other_samples_the_build_counts_are_told():
    build = make_build(12)
    report = report_of(build, make_samples(build))
    assert not report.funnel.counted
    assert {step.name: step.samples for step in report.funnel.steps}["Tried"] == 16
    assert "were not read for this report" in text_of(report)


def test_cost_tells_what_was_spent_in_vain():
    build = make_build(4, ["Mathematics"])
    others = [lost(build, 9, sample_pb2.REASON_PANEL_DISAGREES)]
    others[0].usage.cost_nanousd = 7_000_000
    build.progress.usage.cost_nanousd = 200_000_000
    cost = report_of(build, make_samples(build), others).cost
    accepted = sum(sample.usage.cost_nanousd for sample in make_samples(build))
    assert cost.accepted_nanousd == accepted
    assert cost.other_nanousd == 7_000_000
    assert cost.total_nanousd == 200_000_000
    assert cost.besides_nanousd == 200_000_000 - 7_000_000 - accepted
    by_role = {line.role: line for line in cost.lines}
    assert by_role["proposer"].calls == 5
    assert by_role["solver"].calls == 4
    assert by_role["panel[0]"].other_nanousd == 20 * 260


def test_answers_that_were_paid_before_cost_nothing_again():
    build = make_build(2, ["Mathematics"])
    samples = list(make_samples(build))
    for call in samples[0].solution.calls:
        call.paid_by = "b0123456789abcde"
    by_role = {line.role: line for line in report_of(build, samples).cost.lines}
    assert by_role["solver"].calls == 1


def test_coverage_compares_what_was_asked_with_what_came():
    build = make_build(12)
    samples = [sample for sample in make_samples(build) if sample.ref.subject != "Logic"]
    coverage = report_of(build, samples, []).coverage
    assert {s.subject: (s.asked, s.accepted) for s in coverage.subjects} == {
        "Mathematics": (4, 4), "Physics": (4, 4), "Logic": (4, 0),
    }  # fmt: skip
    assert coverage.topics == len({(s.ref.subject, s.ref.topic) for s in samples})
    assert 0.9 < coverage.evenness <= 1


def test_a_partial_dataset_says_so_at_the_top():
    build = make_build(12)
    build.state, build.stop_reason = build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT
    dataset = make_dataset(build)
    dataset.partial, dataset.samples = True, 5
    report = report_of(build, list(make_samples(build))[:5], [], dataset)
    for name in ("report.html", "report.md"):
        assert "Health report: demo (partial)" in text_of(report, name)
        assert "12 samples were asked for and 5 are here, because its budget is spent" in text_of(report, name)


def test_an_empty_dataset_has_a_report():
    build = make_build(12)
    build.progress.Clear()
    report = report_of(build, [], [])
    assert "nothing to train on" in text_of(report)
    assert len(dict(texts(report))) > 3


def test_a_report_is_drawn_again_from_its_numbers_alone():
    build = make_build(30)
    report = report_of(build, make_samples(build), [lost(build, 40, sample_pb2.REASON_DUPLICATE, keep=("problem",))])
    written = dict(texts(report))
    assert dict(texts(Report.model_validate_json(written["report.json"]))) == written


async def test_the_same_dataset_gives_the_same_bytes(tmp_path):
    build = make_build(30)
    others = [lost(build, slot, sample_pb2.REASON_DUPLICATE, keep=("problem",)) for slot in range(40, 44)]
    for name, order in (("first", others), ("second", others[::-1])):
        await export_dataset(
            build, make_dataset(build), stream(make_samples(build)), None, tmp_path / name, besides=besides(order)
        )
    paths = [path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("report*") if path.is_file()]
    paths += [Path("report") / path.name for path in (tmp_path / "first" / "report").iterdir()]
    assert len(paths) > 8
    for path in paths:
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "second" / path).read_bytes()


async def test_the_manifest_covers_the_report_and_the_card_links_it(tmp_path):
    build = make_build(12)
    await export_dataset(
        build, make_dataset(build), stream(make_samples(build)), None, tmp_path / "out", besides=besides([])
    )
    listed = {entry["path"] for entry in json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]}
    assert {"report.html", "report.md", "report.json", "report/funnel.svg"} <= listed
    card = (tmp_path / "out" / "README.md").read_text()
    assert "12 accepted of 12 proposed" in card
    assert "](report.md)" in card
    (tmp_path / "out" / "report" / "funnel.svg").write_text("<svg/>")
    assert verify_manifest(tmp_path / "out")[0].startswith("report/funnel.svg: has")


async def test_an_accepted_sample_among_the_others_is_refused(tmp_path):
    build = make_build(12)
    samples = list(make_samples(build))
    with pytest.raises(Exception, match="was accepted, and was sent as one that was not"):
        await export_dataset(
            build, make_dataset(build), stream(samples), None, tmp_path / "out", besides=besides(samples[:1])
        )
    assert not (tmp_path / "out").exists()


async def test_a_version_before_a_recall_counts_what_was_withdrawn_later_once(gateway, tmp_path):
    build = gateway.add(make_build())
    sample = next(iter(make_samples(build)))
    gateway.former[sample.ref.sample_id, 1] = sample
    withdrawn = gateway.samples[sample.ref.sample_id]
    withdrawn.outcome, withdrawn.reason = sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_RECALLED
    async with AsyncClient(gateway.target) as client:
        report = await client.datasets.report(build.dataset_id, tmp_path / "first")
        assert report.funnel.steps[0].samples == report.head.samples == 12
        gateway.former.clear()
        gateway.datasets[build.dataset_id].version = 2
        gateway.datasets[build.dataset_id].samples = 12
        again = await client.datasets.report(build.dataset_id, tmp_path / "second")
    assert again.funnel.steps[0].samples == 13
    assert [(loss.stage, loss.samples) for loss in again.funnel.losses] == [("Recall", 1)]


def test_names_without_end_are_bounded():
    build = make_build(1, ["Mathematics"])
    sample = next(iter(make_samples(build)))
    gatherer = Gatherer(str)
    for n in range(3_000):
        sample.ref.topic = f"topic {n}"
        del sample.solution.calls[:]
        sample.solution.calls.append(make_call(sample.ref.sample_id, f"role {n}", f"endpoint {n}", 1, 1))
        gatherer.add(sample)
    report = gatherer.report(build, make_dataset(build), all_tried=True)
    assert len(report.head.roles) <= 33
    assert len(report.cost.lines) <= 501
    assert sum(line.calls for line in report.cost.lines) == 4 * 3_000


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=200), st.integers(1, 30))
def test_histograms_hold_every_size_once(sizes, bins):
    lengths = Lengths()
    for size in sizes:
        lengths.add(size)
    found = lengths.histogram(bins)
    assert sum(column.count for column in found) == len(sizes)
    assert len(found) <= bins + 3
    assert all(left.high == right.low for left, right in pairwise(found))
    assert found[0].low <= min(sizes)
