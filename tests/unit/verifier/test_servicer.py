"""What the verifier's calls refuse before anybody is asked."""

import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2 as pb
from chimera_shared import builds
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import config
from chimera_shared.errors import InvalidInput, Transient
from chimera_verifier.servicer import VerifierServicer

ENDPOINTS = config.parse({name: {"base_url": "http://127.0.0.1:1/v1", "model": name} for name in ("a", "b")})
REFERENCE = sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="2")
A, B = {"endpoints": ["a"]}, {"endpoints": ["b"]}


class Panel:
    async def vote(self, *given):
        return []


class Referee:
    async def grade(self, *given):
        return sample_pb2.Grade(method=given[0], reason=str([list(judge.endpoints) for judge in given[5]]))


BUILDS = BuildTable()
SERVICER = VerifierServicer(Referee(), Panel(), None, None, ENDPOINTS, BUILDS)


@pytest.mark.parametrize(
    ("judges", "field", "said"),
    [
        ({"judge": {}}, "judge", "at least one endpoint"),
        ({"judge": {"endpoints": ["nobody"]}}, "judge", "no endpoint is named 'nobody'"),
        ({"second_judge": A}, "second_judge", "name `judge` too"),
        ({"judge": A, "second_judge": A}, "second_judge", "'a' is of the family 'a', as is judge;"),
    ],
)
async def test_judges_must_be_known_and_of_different_models(judges, field, said):
    grade = pb.GradeRequest(reference=REFERENCE, response="2", **judges)
    verify = pb.VerifyRequest(statement="1 + 1?", reference=REFERENCE, panel=[A, B], **judges)
    for call, request in ((SERVICER.Grade, grade), (SERVICER.Verify, verify)):
        with pytest.raises(InvalidInput) as caught:
            await call(request, None)
        [violation] = caught.value.violations
        assert violation.field == field
        assert said in violation.description


async def test_a_grade_may_have_no_judge_or_two():
    def request(**judges):
        return pb.GradeRequest(reference=REFERENCE, response="2", **judges)

    assert (await SERVICER.Grade(request(), None)).reason == "[]"
    assert (await SERVICER.Grade(request(judge=B, second_judge=A), None)).reason == "[['b'], ['a']]"


async def test_judges_are_asked_in_the_name_of_who_pays_and_not_before_that_is_known(monkeypatch):
    monkeypatch.setattr(builds, "_PATIENCE_SECONDS", 0.05)
    request = pb.GradeRequest(reference=REFERENCE, response="2", judge=A, paid_by="e1")
    with pytest.raises(Transient, match="no word yet of build e1"):
        await SERVICER.Grade(request, None)
    await BUILDS.enter(build_pb2.Build(build_id="e1", state=build_pb2.BUILD_STATE_RUNNING, revision=1))
    assert (await SERVICER.Grade(request, None)).method == "e1"
    request.paid_by = ""
    assert (await SERVICER.Grade(request, None)).method == "grade"


async def test_a_reference_needs_a_value_and_no_type():
    with pytest.raises(InvalidInput) as caught:
        await SERVICER.Grade(pb.GradeRequest(reference={"type": 1}, response="2"), None)
    assert [violation.field for violation in caught.value.violations] == ["reference.value"]
    assert await SERVICER.Grade(pb.GradeRequest(reference={"value": "2"}, response="2"), None)
