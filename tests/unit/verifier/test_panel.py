import asyncio

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.models import Reply
from chimera_shared.errors import EndpointUnavailable, SampleFailure
from chimera_verifier.panel import Panel

REFERENCE = sample_pb2.Answer(
    type=sample_pb2.ANSWER_TYPE_CHOICE, value="the-reference", unit="kg", choices=["the-reference", "another"]
)
MEMBERS = [build_pb2.RoleSpec(endpoints=[name]) for name in ("a", "b", "c")]
JUDGE = build_pb2.RoleSpec(endpoints=["j"])


def call(name: str) -> sample_pb2.ModelCall:
    return sample_pb2.ModelCall(call_id=name, usage=sample_pb2.Usage(calls=1))


class Models:
    """Each member answers with its endpoint's name, unless it is told to fail."""

    def __init__(self, **fails) -> None:
        self.fails, self.questions, self.together, self._in_flight = fails, [], 0, 0

    async def ask(self, question):
        name = question.spec.endpoints[0]
        self.questions.append(question)
        self._in_flight += 1
        self.together = max(self.together, self._in_flight)
        await asyncio.sleep(0.01)
        self._in_flight -= 1
        if name in self.fails:
            raise self.fails[name]
        return Reply(f"answer of {name}", "", (call(name),))


class Referee:
    """Remembers what it graded."""

    def __init__(self, fails=None) -> None:
        self.graded, self.fails = [], fails

    async def grade(self, *given):
        self.graded.append(given)
        if self.fails:
            raise self.fails
        return sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, extracted=given[4])


async def vote(models, referee, members=MEMBERS):
    return await Panel(models, referee).vote("b1", 7, "What is ${x}?", REFERENCE, members, [JUDGE])


async def test_members_answer_at_the_same_time_and_each_has_one_vote():
    models, referee = Models(), Referee()

    votes = await vote(models, referee)

    assert models.together == 3
    assert [(v.member, v.grade.extracted, v.calls[0].call_id) for v in votes] == [
        (0, "answer of a", "a"),
        (1, "answer of b", "b"),
        (2, "answer of c", "c"),
    ]
    assert {(g[0], g[2], g[5][0].endpoints[0]) for g in referee.graded} == {("b1", "What is ${x}?", "j")}


async def test_members_see_the_bare_statement_and_never_the_reference():
    models = Models()

    await vote(models, Referee())

    for question in models.questions:
        assert question.messages[1] == {"role": "user", "content": "What is ${x}?"}
        assert "the-reference" not in str(question.messages)
        assert "another" not in str(question.messages)
        assert "kg" not in question.messages[1]["content"]
    assert {q.role for q in models.questions} == {"panel[0]", "panel[1]", "panel[2]"}
    assert len({q.seed for q in models.questions}) == 3


async def test_a_member_without_an_answer_abstains_with_its_calls():
    cut = SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, "b was cut off", [call("b")])

    votes = await vote(Models(b=cut), Referee())

    assert [v.grade.verdict for v in votes] == [1, sample_pb2.VERDICT_UNKNOWN, 1]
    assert votes[1].grade.reason == "b was cut off"
    assert [c.call_id for c in votes[1].calls] == ["b"]


async def test_votes_carry_the_weights_of_their_members():
    cut = SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, "b was cut off", [call("b")])
    members = [build_pb2.RoleSpec(endpoints=[name], weight=weight) for name, weight in (("a", 2.5), ("b", 0.5))]

    votes = await vote(Models(b=cut), Referee(), members)

    assert [v.weight for v in votes] == [2.5, 0.5]


async def test_when_an_endpoint_fails_nobody_voted_and_what_was_paid_is_kept():
    failed = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "panel[1]: b: 401")

    with pytest.raises(SampleFailure, match=r"panel\[1\]: b: 401") as caught:
        await vote(Models(b=failed), Referee())

    assert caught.value.reason == sample_pb2.REASON_ENDPOINT_FAILED
    assert {c.call_id for c in caught.value.calls} == {"a", "c"}


async def test_when_the_judge_fails_the_members_calls_are_kept():
    failed = SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "judge: j: 401", [call("j")])

    with pytest.raises(SampleFailure) as caught:
        await vote(Models(), Referee(failed), MEMBERS[:2])

    assert sorted(c.call_id for c in caught.value.calls) == ["a", "b", "j", "j"]


async def test_what_may_pass_is_told_after_all_have_ended():
    models = Models(a=EndpointUnavailable("503"))

    with pytest.raises(EndpointUnavailable):
        await vote(models, Referee())

    assert models._in_flight == 0
