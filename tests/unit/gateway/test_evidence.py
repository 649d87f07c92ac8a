"""Looking samples up by the calls that they rest on."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.evidence import calls_of, lookup_of
from chimera_shared.errors import InvalidInput
from chimera_shared.testing.samples import make_build, make_call, make_sample


def test_no_filter_looks_for_nothing():
    assert lookup_of(sample_pb2.EvidenceFilter()) == {}


def test_a_role_without_a_number_means_all_of_them():
    assert lookup_of(sample_pb2.EvidenceFilter(role="panel")) == {"role": {"$regex": r"^panel(\[|$)"}}
    assert lookup_of(sample_pb2.EvidenceFilter(role="panel[0]")) == {"role": "panel[0]"}
    assert lookup_of(sample_pb2.EvidenceFilter(role=".*")) == {"role": {"$regex": r"^\.\*(\[|$)"}}


def test_all_fields_are_looked_for_in_one_call():
    wanted = sample_pb2.EvidenceFilter(
        model="m", endpoint="e", prompt_sha256="abc123", after=Timestamp(seconds=10), before=Timestamp(seconds=20)
    )
    times = {"$gte": datetime.fromtimestamp(10, UTC), "$lt": datetime.fromtimestamp(20, UTC)}
    assert lookup_of(wanted) == {"model": "m", "endpoint": "e", "prompt_sha256": {"$regex": "^abc123"}, "time": times}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"prompt_sha256": "ABC123"}, "evidence.prompt_sha256"),
        ({"prompt_sha256": "^.*"}, "hexadecimal"),
        ({"model": "m" * 201}, "evidence.model"),
        ({"after": Timestamp(seconds=20), "before": Timestamp(seconds=20)}, "evidence.before: must be later"),
        ({"after": Timestamp(seconds=1 << 60)}, "evidence.after: must be a time"),
    ],
)
def test_a_wrong_filter_is_refused(wrong, told):
    with pytest.raises(InvalidInput) as error:
        lookup_of(sample_pb2.EvidenceFilter(**wrong))
    assert told in str(error.value)


def test_the_calls_of_a_sample_are_those_of_every_step():
    sample = make_sample(make_build(), "Physics", 0)
    sample.validation.votes[0].grade.calls.append(make_call("ab" * 16, "judge", "referee", 1, 1))
    sample.validation.difficulty.weak.add().calls.append(make_call("ab" * 16, "weak", "small", 1, 1))
    sample.grade.calls.append(make_call("ab" * 16, "judge", "referee", 1, 1))

    assert sorted(call.role for call in calls_of(sample)) == [
        *("judge", "judge", "panel[0]", "panel[1]", "proposer", "solver", "weak"),
    ]
