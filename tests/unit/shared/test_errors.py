from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import ChimeraError, EndpointUnavailable, InvalidInput, SampleFailure, Transient, Violation


def test_invalid_input_says_every_field_in_one_sentence():
    error = InvalidInput([Violation("name", "is required"), Violation("samples", "must be positive, not 0")])

    assert str(error) == "name: is required; samples: must be positive, not 0"
    assert InvalidInput.of("seed", "is bad").violations == (Violation("seed", "is bad"),)


def test_a_sample_failure_carries_what_was_paid():
    call = sample_pb2.ModelCall(call_id="c1", usage=sample_pb2.Usage(calls=1))
    failure = SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, "cut off", [call]).to_proto()

    assert failure == sample_pb2.Failure(reason=sample_pb2.REASON_TRUNCATED_ANSWER, detail="cut off", calls=[call])


def test_only_what_may_pass_is_transient():
    assert issubclass(EndpointUnavailable, Transient)
    assert not issubclass(SampleFailure, Transient)
    assert issubclass(SampleFailure, ChimeraError)
