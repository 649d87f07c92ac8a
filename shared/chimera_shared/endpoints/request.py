"""What is asked, and the request that asks it."""

from dataclasses import dataclass
from typing import Any

import orjson

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.prompts import Messages

_PRECEDENCE = {"proposer": 0, "panel": 2, "weak": 3, "strong": 3, "solver": 4, "judge": 5, "second_judge": 5}
"""Of the roles by the way of a sample; what looks at problems before the panel does is 1."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: in which role, of whom, in which words."""

    build_id: str
    role: str
    spec: build_pb2.RoleSpec
    messages: Messages
    prompt_sha256: str
    seed: int
    ledger_of: str = ""
    """The build whose ledger is used; empty means its own. Set where it is asked, from what was ordered."""

    @property
    def precedence(self) -> int:
        """Of a build's questions that wait, those that finish what is begun go first.

        So a budget that ends early has bought accepted samples, and not proposals that nobody solves any more.
        """
        return _PRECEDENCE.get(self.role.partition("[")[0], 1)


def body_of(question: Question, endpoint: Endpoint, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The request; the role's sampling parameters go before the endpoint's."""
    spec = question.spec
    body: dict[str, Any] = {"model": spec.model or endpoint.model, "messages": question.messages, "seed": question.seed}
    temperature = spec.temperature if spec.HasField("temperature") else endpoint.temperature
    top_p = spec.top_p if spec.HasField("top_p") else endpoint.top_p
    if temperature is not None:
        body["temperature"] = temperature
    if top_p is not None:
        body["top_p"] = top_p
    if spec.HasField("top_k"):
        body["top_k"] = spec.top_k
    body[endpoint.max_tokens_parameter] = spec.max_tokens if spec.HasField("max_tokens") else endpoint.max_tokens
    if schema is not None:
        body |= _structured(question.messages, endpoint, schema)
    return body


def most_of(body: dict[str, Any], endpoint: Endpoint) -> sample_pb2.Usage:
    """The most that a request can consume: a token is at least a byte of what is sent, and answers have a limit."""
    sent, limit = len(orjson.dumps(body)), body[endpoint.max_tokens_parameter]
    cost = endpoint.price.nanousd(sent, limit)
    return sample_pb2.Usage(calls=1, input_tokens=sent, output_tokens=limit, cost_nanousd=cost)


def tokens_about(most: sample_pb2.Usage) -> int:
    """What a request that can consume `most` will count against a rate, about; corrected by its answer."""
    return most.input_tokens // 4 + most.output_tokens // 8


def _structured(messages: Messages, endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    """How to ask this endpoint for JSON; where it cannot enforce the schema, the words must carry it."""
    if endpoint.structured_output == "json_schema":
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    told = f"{messages[0]['content']}\n\nAnswer with one JSON object of this schema, and nothing else:\n"
    head = {**messages[0], "content": told + orjson.dumps(schema["schema"]).decode()}
    asked: dict[str, Any] = {"messages": [head, *messages[1:]]}
    if endpoint.structured_output == "json_object":
        asked["response_format"] = {"type": "json_object"}
    return asked
