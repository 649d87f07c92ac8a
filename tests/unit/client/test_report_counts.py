"""Each counter of the report by itself."""

import json
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.report.calibration import ControlCounter
from chimera_client.report.difficulty import BANDS, DifficultyCounter, band
from chimera_client.report.diversity import distinct, mask, similarity
from chimera_client.report.draw import Draw
from chimera_client.report.frequent import Frequent
from chimera_client.report.gather import Gatherer
from chimera_client.report.language import UNDETERMINED, language
from chimera_client.report.release import LISTED, ReleaseCounter
from chimera_client.report.sections import document
from chimera_shared.testing.samples import make_build, make_dataset, make_samples

CORRECT, INCORRECT, UNKNOWN = (
    sample_pb2.VERDICT_CORRECT,
    sample_pb2.VERDICT_INCORRECT,
    sample_pb2.VERDICT_UNKNOWN,
)


def some_samples(number):
    return list(make_samples(make_build(number)))


@given(st.lists(st.sampled_from("abcdefghijkl"), max_size=300), st.integers(2, 8))
def test_frequent_texts_are_at_most_one_in_width_too_low(texts, width):
    frequent = Frequent(width)
    for text in texts:
        frequent.add(text)
    truth = Counter(texts)
    found = dict(frequent.top(1000))
    assert all(count <= truth[text] for text, count in found.items())
    assert all(truth[text] - found.get(text, 0) <= len(texts) / width for text in truth)
    if frequent.exact:
        assert found == truth
        assert frequent.repeated == sum(count for count in truth.values() if count > 1)


def test_what_comes_once_is_forgotten_and_what_is_frequent_stays():
    frequent = Frequent(100)
    for n in range(10_000):
        frequent.add(f"once {n}")
        if n % 10 == 0:
            frequent.add("often")
    assert frequent.distinct < 400
    assert not frequent.exact
    assert frequent.top(1)[0][0] == "often"
    assert frequent.top(1)[0][1] >= 1_000 - frequent.total / 100


def test_a_draw_does_not_depend_on_the_order():
    samples = some_samples(60)
    drawn = []
    for seed in range(3):
        random.Random(seed).shuffle(samples)
        draw = Draw(10)
        for sample in samples:
            draw.add(sample)
        drawn.append(draw.statements())
    assert drawn[0] == drawn[1] == drawn[2]
    assert len(drawn[0]) == 10


def test_a_draw_is_even():
    draw = Draw(200)
    samples = some_samples(1_000)
    for sample in samples:
        draw.add(sample)
    first_half = {sample.problem.statement for sample in samples[:500]}
    assert 70 < sum(statement in first_half for statement in draw.statements()) < 130


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Find 3 + 4.", "Find 17 + 2.5."),
        ("Order the numbers 1, 2, 3.", "Order the numbers 9, 8, 7, 6, 5."),
        ("A train of Alice Smith leaves at 5.", "A train of Robert leaves at 7."),
        ("Solve x^2 = 4 for x.", "Solve y^2 = 9 for y."),
    ],
)
def test_statements_of_one_pattern_have_one_template(one, other):
    assert mask(one) == mask(other)


def test_different_statements_have_different_templates():
    assert mask("A train leaves at 5.") != mask("A bus leaves at 5.")
    assert mask("A cache holds 5 items.").startswith("A cache")


def test_distinct_ngrams_are_counted_over_all_texts():
    texts = [["a", "b", "a"], ["a", "b"]]
    assert distinct(texts, 1) == 0.4
    assert distinct(texts, 2) == pytest.approx(2 / 3, abs=1e-4)
    assert distinct([["a"]], 2) is None


def test_likeness_finds_the_nearest_neighbour():
    words = ["the", "cat", "sat", "on", "the", "mat", "today"]
    found = similarity([words, [*words[:-1], "now"], ["quite", "another", "sentence", "is", "written", "here"]])
    assert found.compared == 3
    assert found.bins[0].count == 1
    assert found.mean_nearest == pytest.approx((4 / 6 + 4 / 6 + 0) / 3, abs=1e-3)
    assert similarity([words, words]).near == 2
    assert similarity([words]).mean_nearest is None
    assert similarity([["one"], ["one"]]).near == 2


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("How many ways are there to arrange five books on a shelf?", "en"),
        ("Wie viele Möglichkeiten gibt es, fünf Bücher in ein Regal zu stellen?", "de"),
        ("Сколькими способами можно расставить пять книг на полке?", "ru"),
        ("把五本书排列在书架上，一共有多少种不同的方法？", "zh"),
        ("$x^2 + 3x + 2 = 0$", UNDETERMINED),
        ("", UNDETERMINED),
    ],
)
def test_languages_are_told_apart(statement, code):
    assert language(statement) == code


@given(st.integers(1, 40).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_pass_rates_fall_into_the_band_that_names_them(rate):
    right, decided = rate
    name = band(right, decided)
    assert name in BANDS
    assert (name == "never") == (right == 0)
    assert (name == "always") == (right == decided)
    if name.startswith("up to"):
        top = Fraction(name.removeprefix("up to "))
        assert top - Fraction(1, 4) < Fraction(right, decided) <= top


def test_difficulty_is_told_where_it_was_measured():
    counter = DifficultyCounter()
    for sample, verdicts in zip(
        some_samples(3), ([CORRECT, INCORRECT], [CORRECT, UNKNOWN], [UNKNOWN, UNKNOWN]), strict=True
    ):
        for verdict in verdicts:
            sample.validation.difficulty.weak.add().grade.verdict = verdict
        counter.add(sample)
    (weak,) = counter.result()
    assert (weak.model, weak.measured, weak.undecided, weak.solved, weak.solves) == ("weak", 2, 1, 2, 3)
    assert {entry.name: entry.count for entry in weak.bands if entry.count} == {"up to 1/2": 1, "always": 1}


def control(kind, reason):
    sample = some_samples(1)[0]
    if reason:
        sample.outcome, sample.reason = sample_pb2.OUTCOME_REJECTED, reason
    return control_pb2.Control(kind=kind, sample=sample)


def test_the_verdict_names_the_verifiers_errors():
    build = make_build(3)
    gatherer = Gatherer(str)
    for sample in make_samples(build):
        gatherer.add(sample)
    for _ in range(12):
        gatherer.add_control(control(control_pb2.CONTROL_KIND_WRONG_ANSWER, sample_pb2.REASON_PANEL_DISAGREES))
    report = gatherer.report(build, make_dataset(build), all_tried=True)
    assert document(report).verdict == ("3 accepted of 3 proposed; verifier false-accept 0/12 planted, ≤ 24 % at 95 %.")


def test_controls_are_told_by_kind():
    counter = ControlCounter()
    assert counter.result() is None
    counter.add(control(control_pb2.CONTROL_KIND_WRONG_ANSWER, None))
    counter.add(control(control_pb2.CONTROL_KIND_GOOD, sample_pb2.REASON_PANEL_DISAGREES))
    found = counter.result()
    assert (found.all.false_accepts.hits, found.all.false_accepts.of) == (1, 1)
    assert (found.all.false_rejects.hits, found.all.false_rejects.of) == (1, 1)
    assert {group.name for group in found.kinds} == {"wrong answer", "good"}


def matched(sample, corpus, relation, score, refused=False):
    sample.validation.matches.add(
        corpus=corpus, item="7", relation=relation, method="embedding", score=score, refused=refused, excerpt="A ship"
    )
    return sample


def test_every_match_is_written_and_leaks_in_the_dataset_come_first():
    build = make_build(6)
    build.spec.similarity.benchmarks.append("bench")
    lines = []
    counter = ReleaseCounter(lines.append)
    samples = list(make_samples(build))
    matched(samples[0], build.build_id, sample_pb2.RELATION_VARIANT, 0.99)
    matched(samples[1], "bench", sample_pb2.RELATION_LEAK, 0.8)
    refused = matched(samples[2], "bench", sample_pb2.RELATION_LEAK, 0.95, refused=True)
    refused.outcome, refused.reason = sample_pb2.OUTCOME_REJECTED, sample_pb2.REASON_LEAK
    for sample in samples:
        counter.add(sample)
    found = counter.result(build)
    assert [json.loads(line)["relation"] for line in lines] == ["variant", "leak", "leak"]
    assert all(line.endswith("\n") and line.isascii() for line in lines)
    assert [(m.sample_id, m.refused) for m in found.listed] == [
        (samples[1].ref.sample_id, False),
        (samples[2].ref.sample_id, True),
        (samples[0].ref.sample_id, False),
    ]
    assert [(c.corpus, c.kept, c.refused) for c in found.counts if c.corpus == "bench"] == [("bench", 1, 1)]
    assert found.benchmarks == ["bench"]
    assert (found.inside, found.leaks) == (2, 1)


def test_variants_within_the_build_do_not_crowd_out_other_corpora():
    counter = ReleaseCounter(str)
    build = make_build(1)
    (sample,) = make_samples(build)
    refused = sample_pb2.Sample()
    refused.CopyFrom(sample)
    refused.outcome = sample_pb2.OUTCOME_REJECTED
    counter.add(matched(refused, "earlier", sample_pb2.RELATION_DUPLICATE, 0.5, refused=True))
    for _ in range(2 * LISTED):
        matched(sample, build.build_id, sample_pb2.RELATION_VARIANT, 0.9)
    counter.add(sample)
    assert counter.result(build).listed[0].corpus == "earlier"


def test_leaks_and_variants_of_benchmarks_in_the_dataset_are_warned_of():
    build = make_build(3)
    build.spec.similarity.benchmarks.append("bench")
    leak, variant, own = make_samples(build)
    matched(leak, "bench", sample_pb2.RELATION_LEAK, 0.9)
    matched(variant, "bench", sample_pb2.RELATION_VARIANT, 0.9)
    matched(own, build.build_id, sample_pb2.RELATION_VARIANT, 0.9)
    gatherer = Gatherer(str)
    for sample in (leak, variant, own):
        gatherer.add(sample)
    warnings = " ".join(document(gatherer.report(build, make_dataset(build), all_tried=True)).warnings)
    assert "Of the samples in this dataset 1 gave away an item of a benchmark" in warnings
    assert "In 1 case a problem is an item of a benchmark with other numbers or names" in warnings


def test_matches_without_end_are_counted_and_not_kept():
    lines = []
    counter = ReleaseCounter(lines.append)
    sample = some_samples(1)[0]
    for n in range(3_000):
        del sample.validation.matches[:]
        counter.add(matched(sample, f"corpus {n}", sample_pb2.RELATION_DUPLICATE, n / 3_000))
    found = counter.result(make_build(1))
    assert found.total == len(lines) == 3_000
    assert len(found.listed) == LISTED
    assert found.listed[0].score == max(matched.score for matched in found.listed)
    assert sum(entry.kept for entry in found.counts) == 3_000
    assert len(found.counts) <= 2_001
