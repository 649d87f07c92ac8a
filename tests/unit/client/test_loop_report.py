"""The report of a loop: what it says of a gain, with how much certainty, and that names in it stay names."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from xml.etree.ElementTree import fromstring

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_client.loop.outcome import Outcome, Round, TopicScore, Trained
from chimera_client.loop.report import files
from chimera_client.loop.report.document import document
from chimera_client.loop.report.gains import last_gains, surety, verdict
from chimera_client.loop.report.plain import plain
from chimera_client.report.curves import axis
from chimera_client.report.document import Curves
from chimera_client.views.loop import render_loop
from chimera_shared.testing.samples import make_build, make_dataset

GOOD = {0: (0.710, 0.587), 1: (0.702, 0.579), 2: (0.755, 0.632)}
"""By seed: pass@1 after training and the difference from a base of 12.3 %."""

PUBLIC = ("aime25", "gpqa-diamond")
NASTY = '</title><script>alert(1)</script><img src=x onerror="alert(2)"> [x](javascript:alert(3)) \u202e\x1b[31m | `c` '


def trained(step, seed, number=1, method=training_pb2.METHOD_SFT, model="loop-sft@1"):
    training = training_pb2.Training(
        training_id=f"t{number}{seed}{step}", model=model, step=30, steps=30, tokens=90_000
    )
    training.spec.method, training.spec.seed = method, seed
    training.spec.base.registered = "tiny@1"
    training.spec.optimiser.epochs, training.spec.optimiser.batch_size = 3, 32
    training.spec.optimiser.learning_rate = 1e-3
    training.create_time.FromSeconds(1_000)
    training.end_time.FromSeconds(1_041)
    names = ("reward", "completion_length") if method != training_pb2.METHOD_SFT else ("loss", "held_out_loss")
    points = []
    for n in range(1, 31):
        loss = 2.5 / n + 0.01 * seed
        point = training_pb2.Point(step=n)
        point.values[names[0]] = loss if names[0] == "loss" else 1 - loss / 3
        point.values[names[1]] = loss + 0.1
        point.values["tokens_per_second"] = 2_000.0 + n
        points.append(point)
    name, version = model.split("@")
    made = model_pb2.Model(name=name, version=int(version), sha256="ab" * 32, bytes=4_200_000, code_version="0.9.0")
    candidate = f"{step}-{seed}" if number == 1 else f"{step}-{seed}-r{number}"
    return Trained(step, seed, candidate, training, tuple(points), made)


def evaluation(candidates, benchmarks=("loop-exam",), samples=1, perturbed=False):
    """`candidates`: by name, pass@1, the difference from the base, and half of its interval."""
    found = evaluation_pb2.Evaluation(evaluation_id="e1", state=evaluation_pb2.EVALUATION_STATE_SUCCEEDED, graded=800)
    found.spec.baseline, found.spec.confidence, found.spec.seed = "base", 0.95, 5
    ways = [evaluation_pb2.PERTURBATION_UNSPECIFIED]
    if perturbed:
        found.spec.perturbations.append(evaluation_pb2.PERTURBATION_RENAMED)
        ways.append(evaluation_pb2.PERTURBATION_RENAMED)
    for name in ("base", *candidates):
        found.spec.candidates.add(name=name)
    for benchmark in benchmarks:
        found.spec.benchmarks.add(corpus=benchmark, samples=samples)
        for how in ways:
            for name, (value, difference, half) in {"base": (0.123, 0, 0), **candidates}.items():
                score = found.scores.add(candidate=name, benchmark=benchmark, problems=200, perturbation=how)
                score.correct = round(200 * value)
                score.incorrect = 200 - score.correct
                for k in (1, 2, 4)[: samples.bit_length()]:
                    at = min(1.0, value * k**0.3)
                    score.pass_at.add(k=k, value=at, low=max(0, at - 0.06), high=min(1, at + 0.06))
                if name != "base":
                    found.comparisons.add(
                        candidate=name,
                        baseline="base",
                        benchmark=benchmark,
                        perturbation=how,
                        problems=200,
                        difference=difference,
                        low=difference - half,
                        high=difference + half,
                        p_value=0.0002 if abs(difference) > half else 0.31,
                    )
    return found


def topics(names=("Addition", "Long division", "Remainders", "Unit conversion")):
    return tuple(
        TopicScore(f"Subject {n % 2}", name, 50, 0.1 + 0.02 * n, 0.9 - 0.2 * n, 0.5 + n) for n, name in enumerate(names)
    )


def build(name="loop", exam="loop-exam"):
    made = make_build(120, name=name)
    if exam:
        made.spec.similarity.benchmarks.append(exam)
    made.progress.reasons["REASON_LEAK"], made.progress.reasons["REASON_DUPLICATE"] = 3, 14
    made.progress.usage.cost_nanousd = 42_000_000
    made.progress.controls = 9
    return made


def one_round(values=GOOD, half=0.066, exam=True, benchmarks=("loop-exam",), samples=1, perturbed=False):
    order = build(exam="loop-exam" if exam else "")
    runs = tuple(trained("sft", seed) for seed in values)
    candidates = {f"sft-{seed}": (*value, half) for seed, value in values.items()}
    measured = evaluation(candidates, benchmarks, samples, perturbed)
    only = Round(1, order, make_dataset(order), runs, measured, topics() if exam else ())
    seconds = {"build": 41.0, "train sft-0": 63.5, "evaluate": 102.0}
    taken = make_build(60, name="loop-exam") if exam else None
    return Outcome("l0123456789abcdef", "0af7651916cd43dd8448eb211c80319c", "sums", "tiny@1", taken, (only,), seconds)


def two_rounds():
    first = one_round()
    runs = [trained("sft", seed) for seed in GOOD]
    runs += [trained("rl", seed, method=training_pb2.METHOD_CISPO, model="loop-rl@1") for seed in GOOD]
    values = {f"{step}-{seed}": (*GOOD[seed], 0.06) for step in ("sft", "rl") for seed in GOOD}
    one = Round(1, build(), make_dataset(build()), tuple(runs), evaluation(values), topics())
    later = tuple(trained("sft", seed, number=2, model="loop-sft@2") for seed in GOOD)
    better = {f"sft-{seed}-r2": (GOOD[seed][0] + 0.1, GOOD[seed][1] + 0.1, 0.05) for seed in GOOD}
    two = Round(2, build("loop-2"), make_dataset(build()), later, evaluation(better), topics())
    return Outcome(first.loop_id, first.trace_id, "sums", "tiny@1", first.exam, (one, two), {})


def hostile():
    runs = (trained("sft", 0),)
    run = Trained(NASTY, 0, NASTY, runs[0].training, runs[0].points, runs[0].model)
    run.training.spec.base.registered = run.training.model = NASTY
    run.training.training_id = run.model.sha256 = run.model.code_version = NASTY
    order = build(name=NASTY)
    order.build_id = NASTY
    dataset = dataset_pb2.Dataset(dataset_id=NASTY, name=NASTY, samples=3, partial=True)
    measured = evaluation({NASTY: (0.7, 0.5, 0.1)}, (NASTY,), samples=4, perturbed=True)
    measured.evaluation_id = NASTY
    only = Round(1, order, dataset, (run,), measured, topics((NASTY, NASTY * 1_000)))
    return Outcome(NASTY, NASTY, NASTY, NASTY, order, (only,), {NASTY: 3.0})


EVERY = {
    "one round": one_round,
    "two rounds": two_rounds,
    "public benchmarks": lambda: one_round(
        exam=False, benchmarks=("aime25", "gpqa-diamond"), samples=4, perturbed=True
    ),
    "no gain": lambda: one_round({0: (0.13, 0.007), 1: (0.11, -0.013)}),
    "hostile": hostile,
}


def test_partial_data_is_said_to_be_partial_everywhere(tmp_path):
    outcome = one_round()
    (only,), exam = outcome.rounds, outcome.exam
    only.dataset.partial, only.dataset.samples = True, 17
    exam.state = only.build.state = build_pb2.BUILD_STATE_FAILED
    exam.stop_reason = build_pb2.STOP_REASON_TIME_LIMIT
    only.build.stop_reason, only.build.spec.samples = build_pb2.STOP_REASON_BUDGET_SPENT, 24
    exam.progress.accepted = 41
    said = [
        "The exam is partial: 60 samples were asked for and 41 are there, because its time is over.",
        "The training data is partial: 24 samples were asked for and 17 are there, because its budget is spent.",
    ]
    drawn, shown = document(outcome, tmp_path), Console(width=400, record=True, file=StringIO())
    shown.print(render_loop(outcome, tmp_path))
    screen = shown.export_text()
    assert plain(outcome)["warnings"] == drawn.warnings
    for sentence in said:
        assert [warning for warning in drawn.warnings if warning.startswith(sentence)], drawn.warnings
        assert sentence in screen
    assert [tile.detail for tile in drawn.tiles if tile.label == "Trained on"] == [
        "accepted by the verifier; 24 were asked for"
    ]
    assert not [warning for warning in document(one_round(), tmp_path).warnings if "partial" in warning]


def test_a_gain_that_is_clear_in_every_seed_is_said_with_its_numbers(tmp_path):
    outcome = one_round()
    assert verdict(outcome) == (
        "tiny@1 solves 12.3 % of loop-exam and, on average over 3 seeds, 72.2 % after training: +59.9 points."
        " The gain is clear in each of 3 seeds."
    )
    says = document(outcome, tmp_path).sections[0].says
    assert says[1] == (
        "sft-0 (seed 0) on loop-exam: base 12.3 % → tuned 71.0 %: +58.7 points (52.1 to 65.3), p < 0.001."
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({0: (0.7, 0.5)}, "The gain is clear: 0 is outside of its interval."),
        ({0: (0.1, -0.5)}, "The loss is clear: 0 is outside of its interval."),
        ({0: (0.1, 0.01)}, "This may be chance: 0 is inside of its interval."),
        ({4: (0.7, 0.5), 7: (0.1, 0.01)}, "The gain is clear in 1 of 2 seeds; with seed 7 it may be chance."),
        ({0: (0.1, 0.01), 1: (0.1, -0.01)}, "No gain is clear in any of 2 seeds: this may be chance."),
        ({0: (0.1, -0.5), 1: (0.7, 0.5)}, "Of 2 seeds, the model is clearly worse in 1 and clearly better in 1."),
    ],
)
def test_every_seed_counts_by_itself(values, said):
    assert surety(last_gains(one_round(values))["loop-exam"]) == said


def test_only_models_that_nothing_was_trained_on_from_decide():
    found = last_gains(two_rounds())["loop-exam"]
    assert [gain.trained.candidate for gain in found] == ["sft-0-r2", "sft-1-r2", "sft-2-r2"]
    chain = two_rounds()
    first = Outcome(chain.loop_id, chain.trace_id, "", "", None, chain.rounds[:1], {})
    assert [gain.trained.step for gain in last_gains(first)["loop-exam"]] == ["rl", "rl", "rl"]


def test_data_that_was_not_compared_with_a_benchmark_is_warned_of(tmp_path):
    warnings = document(EVERY["public benchmarks"](), tmp_path).warnings
    assert all(any(f"compared with {name}" in warning for warning in warnings) for name in PUBLIC)
    assert not document(one_round(), tmp_path).warnings


def test_a_chain_is_told_apart_by_step(tmp_path):
    chain = two_rounds()
    first = Outcome(chain.loop_id, chain.trace_id, "", "", None, chain.rounds[:1], {})
    says = document(first, tmp_path).sections[0].says
    assert "Mean difference from the base on loop-exam: after sft +59.9 points, after rl +59.9 points." in says


def test_the_base_is_drawn_once_and_every_trained_model_beside_it(tmp_path):
    chart = document(two_rounds(), tmp_path).sections[0].parts[0]
    assert [bar.label for bar in chart.bars][:2] == ["tiny@1 (base)", "sft-0"]
    assert len(chart.bars) == 1 + 6 + 3
    assert all(bar.span is not None for bar in chart.bars)


def test_curves_are_of_the_reward_where_there_is_one(tmp_path):
    titles = [part.title for part in document(two_rounds(), tmp_path).charts if isinstance(part, Curves)]
    assert titles == [
        "Loss: sft, round 1",
        "Loss on samples held out of the training: sft, round 1",
        "Reward: rl, round 1",
        "Tokens of an answer: rl, round 1",
        "Loss: sft, round 2",
        "Loss on samples held out of the training: sft, round 2",
    ]


def test_reports_beside_it_are_named_if_they_are_there(tmp_path):
    page = files.write(two_rounds(), tmp_path)
    assert "dataset/report.html" not in page.read_text("utf-8")
    for folder in ("dataset", "round-2/dataset", "evaluation"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "report.html").write_text("<!doctype html>", "utf-8")
    files.write(two_rounds(), tmp_path)
    for name in ("report.html", "report.md"):
        text = (tmp_path / name).read_text("utf-8")
        assert all(f"{at}/report.html" in text for at in ("dataset", "round-2/dataset", "evaluation"))
    assert not list(tmp_path.glob(".*"))


def test_the_json_begins_with_what_matters_and_holds_everything(tmp_path):
    outcome = one_round()
    outcome.rounds[0].trained[0].points[0].values["kl"] = float("nan")
    files.write(outcome, tmp_path)
    found = json.loads((tmp_path / "report.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert list(found)[:3] == ["format", "headline", "gains"]
    assert found["headline"]["benchmarks"][0]["clearly_better"] == 3
    assert found["gains"][0]["difference"] == {
        "value": 0.587,
        "low": pytest.approx(0.521),
        "high": pytest.approx(0.653),
    }
    assert found["rounds"][0]["trained"][0]["points"][0]["values"]["kl"] is None
    assert found["rounds"][0]["topics"][3]["weight"] == 3.5


def test_a_loop_that_measured_nothing_claims_nothing(tmp_path):
    outcome = one_round()
    cancelled = evaluation_pb2.Evaluation(state=evaluation_pb2.EVALUATION_STATE_CANCELLED)
    for rounds in ((), (replace(outcome.rounds[0], evaluation=cancelled, topics=()),)):
        files.write(replace(outcome, rounds=rounds), tmp_path)
        text = (tmp_path / "report.md").read_text("utf-8")
        assert "nothing can be said about a gain" in text
        assert ("did not succeed, it is cancelled" in text) == bool(rounds)


class Page(HTMLParser):
    """Keeps the tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.names, self.links = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]


@pytest.mark.parametrize("name", EVERY)
def test_every_form_is_whole_and_names_stay_names(tmp_path, name):
    files.write(EVERY[name](), tmp_path)
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert not page.tags & {"script", "img"}
    assert not page.names & {"onerror", "src"}
    assert all(link.startswith("#") for link in page.links)
    text = (tmp_path / "report.md").read_text("utf-8")
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or []]
    assert not [token for token in [*tokens, *inner] if token.type in {"html_block", "html_inline", "link_open"}]
    pictures = {token.attrs["src"] for token in inner if token.type == "image"}
    assert pictures == {f"report/{path.name}" for path in (tmp_path / "report").iterdir()}
    for path in (tmp_path / "report").iterdir():
        fromstring(path.read_text("utf-8"))
    assert not set("\u202e\x1b") & set(text + (tmp_path / "report.html").read_text("utf-8"))


@pytest.mark.parametrize("name", EVERY)
def test_the_end_of_the_command_says_what_was_gained_and_where_it_is_weak(tmp_path, name):
    outcome = EVERY[name]()
    console = Console(width=200, record=True)
    console.print(render_loop(outcome, tmp_path))
    said = console.export_text()
    assert "\u202e" not in said
    gain = next(iter(last_gains(outcome).values()))[0]
    assert gain.words() in said
    assert ("Weakest topics" in said) == bool(outcome.rounds[-1].topics)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.2, 2.4], [0, 1, 2, 3]),
        ([0.0, 1.0], [0, 0.25, 0.5, 0.75, 1]),
        ([-1.5, 3.0], [-2, 0, 2, 4]),
        ([5.0, 5.0], [4, 6]),
        ([0.0, 0.0], [0, 0.25]),
    ],
)
def test_an_axis_is_round_and_encloses_its_values(values, ticks):
    found = axis(values)
    assert found[0] <= min(values)
    assert found[-1] >= max(values)
    assert found == pytest.approx(ticks)
