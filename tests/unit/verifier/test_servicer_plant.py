"""Planting by gRPC: what is asked for, what can be made, and what is refused."""

import pytest

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera.verifier.v1 import verifier_service_pb2 as pb
from chimera_shared.errors import InvalidInput
from chimera_verifier.grader import Grader
from chimera_verifier.planter import Planter
from chimera_verifier.servicer import VerifierServicer

Kind = control_pb2.ControlKind


class NeverTells:
    async def equal(self, reference, candidate, *, relative=0.0, absolute=0.0):
        return None


def servicer() -> VerifierServicer:
    return VerifierServicer(None, None, None, Planter(Grader(NeverTells())), {}, None)


def source(**answer) -> sample_pb2.Sample:
    return sample_pb2.Sample(problem={"statement": "What is 3 times 14, in decimal?", "reference": answer})


async def test_an_answer_without_a_type_is_given_one_and_each_kind_comes_in_its_turn():
    kinds = [Kind.CONTROL_KIND_WRONG_ANSWER, Kind.CONTROL_KIND_GOOD, Kind.CONTROL_KIND_WRONG_SOLUTION]
    found = (await servicer().Plant(pb.PlantRequest(source=source(value="42"), kinds=kinds, seed=5), None)).controls
    assert [control.kind for control in found] == kinds[:2], "without a solution none can be wrong"
    assert {c.sample.problem.reference.type for c in found} == {sample_pb2.ANSWER_TYPE_NUMBER}
    assert found[0].sample.problem.reference.value != "42"
    assert all(control.change for control in found)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.PlantRequest(source=source(value="42")), "kinds"),
        (pb.PlantRequest(source=source(value="42"), kinds=[Kind.CONTROL_KIND_UNSPECIFIED]), "kinds"),
        (pb.PlantRequest(source=source(value=" "), kinds=[Kind.CONTROL_KIND_GOOD]), "source.problem.reference.value"),
        (
            pb.PlantRequest(
                source={"problem": {"statement": "x" * 20_001, "reference": {"value": "1"}}},
                kinds=[Kind.CONTROL_KIND_GOOD],
            ),
            "source.problem.statement",
        ),
    ],
)
async def test_what_is_missing_or_too_long_is_named(request_, field):
    with pytest.raises(InvalidInput) as refused:
        await servicer().Plant(request_, None)
    assert field in {violation.field for violation in refused.value.violations}
