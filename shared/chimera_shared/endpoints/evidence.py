"""What is kept of an answered call, and what is counted."""

from collections.abc import Sequence
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.endpoints.client import DECLINED, Completion
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.ledger import call_id
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.roles import seat


def evidence_of(
    question: Question, name: str, endpoint: Endpoint, body: dict[str, Any], completion: Completion
) -> sample_pb2.ModelCall:
    """What stands on a sample about a call; the answer itself stays in the ledger."""
    parameters = {k: v for k, v in body.items() if k not in ("model", "messages", "response_format")}
    answered = Timestamp()
    answered.GetCurrentTime()
    return sample_pb2.ModelCall(
        call_id=call_id(body),
        role=question.role,
        endpoint=name,
        model=body["model"],
        prompt_sha256=question.prompt_sha256,
        parameters_json=orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS).decode(),
        usage=sample_pb2.Usage(
            calls=1,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            cost_nanousd=endpoint.price.nanousd(completion.input_tokens, completion.output_tokens),
        ),
        time=answered,
        latency_seconds=completion.latency_seconds,
        finish_reason=completion.finish_reason,
    )


def count(call: sample_pb2.ModelCall) -> None:
    """Count an answered call."""
    labels = {"chimera.endpoint": call.endpoint, "chimera.role": seat(call.role)}
    metrics.CALL_SECONDS.record(call.latency_seconds, {**labels, "gen_ai.request.model": call.model})
    metrics.CALL_TOKENS.add(call.usage.input_tokens, {**labels, "gen_ai.token.type": "input"})
    metrics.CALL_TOKENS.add(call.usage.output_tokens, {**labels, "gen_ai.token.type": "output"})
    metrics.CALL_COST.add(call.usage.cost_nanousd, labels)


def require_whole(completion: Completion, calls: Sequence[sample_pb2.ModelCall]) -> None:
    """A cut or declined answer is a failure, not an answer."""
    endpoint = calls[-1].endpoint
    if completion.finish_reason == "length":
        detail = f"{endpoint} was cut off at its token limit; raise max_tokens"
        raise SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, detail, calls)
    if completion.finish_reason == DECLINED:
        raise SampleFailure(sample_pb2.REASON_REFUSED_BY_MODEL, f"{endpoint} declined to answer", calls)
