import asyncio

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.models import Reply
from chimera_shared.errors import SampleFailure
from chimera_verifier.difficulty import Difficulty
from chimera_verifier.domain.decision import difficulty_refusal

YES, NO, UNKNOWN = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN
EASY, HARD, UNDECIDED = (
    sample_pb2.REASON_TOO_EASY,
    sample_pb2.REASON_TOO_HARD,
    sample_pb2.REASON_DIFFICULTY_UNDECIDED,
)
SAMPLE = sample_pb2.Sample(
    ref=sample_pb2.SampleRef(build_id="b1", seed=7),
    problem=sample_pb2.Problem(statement="How much?", reference=sample_pb2.Answer(value="the-reference")),
)


def call(name: str) -> sample_pb2.ModelCall:
    return sample_pb2.ModelCall(call_id=name, usage=sample_pb2.Usage(calls=1))


class Models:
    """Each role answers what it is told to, or fails; `done` says who had answered when one was asked."""

    def __init__(self, **said) -> None:
        self.said, self.questions, self.asked_after, self.done = said, [], {}, []

    async def ask(self, question):
        self.questions.append(question)
        self.asked_after[question.role] = list(self.done)
        await asyncio.sleep(0.005)
        self.done.append(question.role)
        name, _, number = question.role.rstrip("]").partition("[")
        said = self.said.get(name, "right")
        said = said[int(number)] if isinstance(said, list) else said
        if isinstance(said, Exception):
            raise said
        return Reply(said, "", (call(question.role),))


class Referee:
    async def grade(self, scope, seed, statement, reference, response, judges):
        verdicts = {"right": YES, "wrong": NO, "unclear": UNKNOWN}
        return sample_pb2.Grade(verdict=verdicts[response], reason=f"it is {response}")


def order(*, weak=True, strong=True, **difficulty) -> build_pb2.BuildSpec:
    spec = build_pb2.BuildSpec(difficulty=difficulty)
    if weak:
        spec.roles.weak.endpoints.append("small")
    if strong:
        spec.roles.strong.endpoints.append("large")
    return spec


async def measured(models, spec) -> tuple[sample_pb2.Difficulty, object]:
    found = sample_pb2.Difficulty()
    refusal = await Difficulty(models, Referee()).measure(found, SAMPLE, spec)
    return found, refusal and refusal[0]


async def test_without_limits_all_solve_at_once_and_it_is_recorded():
    models = Models(weak=["right", "wrong", "unclear", "wrong"])

    found, refusal = await measured(models, order())

    assert refusal is None
    assert [(v.member, v.grade.verdict) for v in found.weak] == [(0, YES), (1, NO), (2, UNKNOWN), (3, NO)]
    assert [v.grade.verdict for v in found.strong] == [YES] * 4
    assert [c.call_id for v in found.strong for c in v.calls] == [f"strong[{i}]" for i in range(4)]
    assert all(before == [] for before in models.asked_after.values())


async def test_each_solve_has_a_seed_of_its_own_and_sees_the_bare_statement():
    models = Models()

    await measured(models, order(solves=3))

    assert len({q.seed for q in models.questions}) == len(models.questions) == 6
    assert {q.spec.endpoints[0] for q in models.questions if q.role.startswith("weak")} == {"small"}
    assert all(q.messages[1]["content"] == "How much?" for q in models.questions)
    assert "the-reference" not in str([q.messages for q in models.questions])


async def test_what_is_too_easy_is_not_asked_of_the_strong_model():
    models = Models(weak=["right", "right", "wrong", "right"])

    found, refusal = await measured(models, order(max_weak_pass_rate=0.5))

    assert refusal == EASY
    assert (len(found.weak), len(found.strong)) == (4, 0)
    assert {q.role for q in models.questions} == {f"weak[{i}]" for i in range(4)}


async def test_the_strong_model_waits_for_the_weak_one_only_where_that_can_save_it():
    limited, free = Models(weak="wrong"), Models(weak="wrong")

    await measured(limited, order(solves=2, max_weak_pass_rate=0.5))
    await measured(free, order(solves=2, min_strong_pass_rate=0.5))

    assert sorted(limited.asked_after["strong[0]"]) == ["weak[0]", "weak[1]"]
    assert free.asked_after["strong[0]"] == []


@pytest.mark.parametrize("name", ["weak", "strong"])
async def test_one_reference_model_alone_is_measured(name):
    found, refusal = await measured(Models(), order(weak=name == "weak", strong=name == "strong", solves=2))

    assert refusal is None
    assert {n: len(getattr(found, n)) for n in ("weak", "strong")} == {"weak": 0, "strong": 0, name: 2}


async def test_when_the_strong_model_is_out_of_reach_what_was_paid_is_kept():
    failed = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "strong[0]: 401")
    found = sample_pb2.Difficulty()

    with pytest.raises(SampleFailure, match="401") as caught:
        await Difficulty(Models(weak="wrong", strong=[failed, "right"]), Referee()).measure(
            found, SAMPLE, order(solves=2, max_weak_pass_rate=0.5)
        )

    assert [c.call_id for c in caught.value.calls] == ["strong[1]"]
    assert [c.call_id for v in found.weak for c in v.calls] == ["weak[0]", "weak[1]"]


async def test_an_attempt_that_was_cut_off_is_undecided():
    cut = SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, "cut off", [call("w")])

    found, refusal = await measured(Models(weak=[cut, "right"]), order(solves=2, max_weak_pass_rate=0.9))

    assert refusal == EASY
    assert [(v.grade.verdict, v.grade.reason) for v in found.weak] == [(UNKNOWN, "cut off"), (YES, "it is right")]


def votes(*verdicts):
    return [sample_pb2.Vote(grade=sample_pb2.Grade(verdict=v, reason="why")) for v in verdicts]


@pytest.mark.parametrize(
    ("weak", "strong", "gates", "reason"),
    [
        ([YES, YES], [NO, NO], {}, None),
        ([YES, NO], [], {"max_weak_pass_rate": 0.5}, None),
        ([YES, YES, NO], [], {"max_weak_pass_rate": 0.5}, EASY),
        ([YES, UNKNOWN, NO, UNKNOWN], [], {"max_weak_pass_rate": 0.5}, None),
        ([NO, NO, NO], [], {"max_weak_pass_rate": 0.0}, None),
        ([YES, NO, NO], [], {"max_weak_pass_rate": 0.0}, EASY),
        ([YES, YES], [], {"max_weak_pass_rate": 1.0}, None),
        ([UNKNOWN, UNKNOWN], [], {"max_weak_pass_rate": 0.5}, UNDECIDED),
        ([UNKNOWN, UNKNOWN], [YES], {}, None),
        ([], [YES, NO], {"min_strong_pass_rate": 0.5}, None),
        ([], [YES, NO, NO], {"min_strong_pass_rate": 0.5}, HARD),
        ([], [YES, YES, NO], {"min_strong_pass_rate": 2 / 3}, None),
        ([], [NO], {"min_strong_pass_rate": 0.0}, None),
        ([], [UNKNOWN], {"min_strong_pass_rate": 0.5}, UNDECIDED),
        ([YES], [NO], {"max_weak_pass_rate": 0.5, "min_strong_pass_rate": 0.5}, EASY),
        ([NO], [NO], {"max_weak_pass_rate": 0.5, "min_strong_pass_rate": 0.5}, HARD),
    ],
)
def test_limits_are_held_by_the_attempts_that_were_decided(weak, strong, gates, reason):
    found = sample_pb2.Difficulty(weak=votes(*weak), strong=votes(*strong))

    refusal = difficulty_refusal(found, build_pb2.DifficultySpec(**gates))

    assert (refusal and refusal[0]) == reason


def test_a_refusal_says_how_often_it_was_solved():
    easy = difficulty_refusal(
        sample_pb2.Difficulty(weak=votes(YES, YES, UNKNOWN, NO)), build_pb2.DifficultySpec(max_weak_pass_rate=0.25)
    )
    hard = difficulty_refusal(
        sample_pb2.Difficulty(strong=votes(NO)), build_pb2.DifficultySpec(min_strong_pass_rate=0.5)
    )

    assert easy[1] == "the weak model solves it in 67% of 3 attempts, more than 25%"
    assert hard[1] == "the strong model solves it in 0% of 1 attempts, less than 50%"
