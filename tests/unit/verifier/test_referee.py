import pytest
from pydantic import ValidationError

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.models import Structured
from chimera_shared.errors import EndpointUnavailable, SampleFailure
from chimera_verifier.grader import EXTRACTION, UNDECIDED
from chimera_verifier.referee import JudgementForm, Referee, judges_of

REFERENCE = sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="2 $x", unit="kg")
JUDGE = build_pb2.RoleSpec(endpoints=["j"])
CALL = sample_pb2.ModelCall(call_id="j", usage=sample_pb2.Usage(calls=1))
OPEN = sample_pb2.Grade(verdict=sample_pb2.VERDICT_UNKNOWN, method=UNDECIDED, extracted="two ${kg}", reason="unclear")


class Grader:
    def __init__(self, grade) -> None:
        self._grade = grade

    async def grade(self, reference, response):
        return self._grade


class Models:
    def __init__(self, answer=None) -> None:
        self.answer, self.questions = answer, []

    async def ask_structured(self, question, name, form):
        self.questions.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        assert (name, form) == ("judgement", JudgementForm)
        return Structured(self.answer, (CALL,))


async def grade(rule, models, judges=(JUDGE,)):
    return await Referee(Grader(rule), models).grade("b1", 7, "How much?", REFERENCE, "It is two.", judges)


@pytest.mark.parametrize(
    "decided",
    [
        sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, method="numeric", extracted="2"),
        sample_pb2.Grade(verdict=sample_pb2.VERDICT_INCORRECT, method="normal_form", extracted="3"),
        sample_pb2.Grade(verdict=sample_pb2.VERDICT_INCORRECT, method=EXTRACTION),
        sample_pb2.Grade(verdict=sample_pb2.VERDICT_UNKNOWN, method=EXTRACTION),
    ],
    ids=lambda g: f"{g.method}-{g.verdict}",
)
async def test_what_a_rule_decides_is_asked_of_nobody(decided):
    models = Models()

    assert await grade(decided, models) == decided
    assert models.questions == []


async def test_without_a_judge_it_stays_undecided():
    assert await grade(OPEN, Models(), []) == OPEN


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("equivalent", sample_pb2.VERDICT_CORRECT),
        ("different", sample_pb2.VERDICT_INCORRECT),
        ("undecided", sample_pb2.VERDICT_UNKNOWN),
    ],
)
async def test_a_judge_decides_and_is_evidence(said, verdict):
    models = Models(JudgementForm(verdict=said, reason="r" * 2_000))

    found = await grade(OPEN, models)

    assert (found.verdict, found.method, found.extracted) == (verdict, "judge", "two ${kg}")
    assert len(found.reason) == 500
    assert list(found.calls) == [CALL]


async def test_what_the_judge_is_asked():
    models = Models(JudgementForm(verdict="equivalent", reason=""))

    await grade(OPEN, models)

    [question] = models.questions
    assert (question.build_id, question.role, question.spec) == ("b1", "judge", JUDGE)
    lines = question.messages[1]["content"].splitlines()
    assert [line for line in lines if line] == [
        "Question: How much?",
        "Reference answer: 2 $x kg",
        "Candidate answer: two ${kg}",
    ]


async def test_a_judge_that_gives_no_judgement_decides_nothing():
    failure = SampleFailure(sample_pb2.REASON_MALFORMED_ANSWER, "twice malformed", [CALL])

    found = await grade(OPEN, Models(failure))

    assert (found.verdict, found.method, found.reason) == (sample_pb2.VERDICT_UNKNOWN, "judge", "twice malformed")
    assert list(found.calls) == [CALL]


@pytest.mark.parametrize(
    "error", [SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "401"), EndpointUnavailable("503")], ids=["401", "503"]
)
async def test_a_judge_out_of_reach_is_not_a_verdict(error):
    with pytest.raises(type(error)):
        await grade(OPEN, Models(error))


@pytest.mark.parametrize("raw", ['{"verdict": "correct", "reason": ""}', '{"verdict": "equivalent"}', "{}", "true"])
def test_a_judgement_has_one_of_three_verdicts_and_a_reason(raw):
    with pytest.raises(ValidationError):
        JudgementForm.model_validate_json(raw)


def test_a_build_may_have_no_judge():
    assert judges_of(build_pb2.Roles()) == []
    assert judges_of(build_pb2.Roles(judge=JUDGE)) == [JUDGE]
