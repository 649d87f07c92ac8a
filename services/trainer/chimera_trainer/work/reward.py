"""The reward: the platform's one grader, over gRPC."""

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2, verifier_service_pb2_grpc
from chimera_trainer.work.order import GaveUp, Order

log = logging.getLogger(__name__)
_AT_ONCE = 32
_GRADE_SECONDS = 600.0
_BACKOFF_SECONDS = (0.5, 10.0)
_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
Reward = Callable[..., list[float]]


def of(order: Order) -> Reward:
    """A reward as TRL calls it: 1 for what the grader finds right, 0 for what is wrong or cannot be decided."""
    channel = grpc.insecure_channel(order.verifier, options=[("grpc.enable_http_proxy", 0)])
    stub = verifier_service_pb2_grpc.VerifierServiceStub(channel)
    pool = ThreadPoolExecutor(_AT_ONCE)

    def graded(
        completions: list[list[dict[str, str]]], statement: list[str], reference: list[str], **_: Any
    ) -> list[float]:
        return list(pool.map(one, completions, statement, reference))

    def one(completion: list[dict[str, str]], statement: str, reference: str) -> float:
        request = verifier_service_pb2.GradeRequest(
            statement=statement,
            reference=ParseDict(json.loads(reference), sample_pb2.Answer()),
            response=completion[0]["content"],
            paid_by=order.paid_by,
        )
        if order.spec.reinforcement.HasField("judge"):
            request.judge.CopyFrom(order.spec.reinforcement.judge)
        return float(_grade(stub, request).verdict == sample_pb2.VERDICT_CORRECT)

    return graded


def _grade(
    stub: verifier_service_pb2_grpc.VerifierServiceStub, request: verifier_service_pb2.GradeRequest
) -> sample_pb2.Grade:
    """A grade; a verifier that is away is waited for, as a lost one would be a wrong reward."""
    delay = _BACKOFF_SECONDS[0]
    while True:
        try:
            grade: sample_pb2.Grade = stub.Grade(request, timeout=_GRADE_SECONDS)
            return grade
        except grpc.RpcError as error:
            if error.code() not in _PASSING:
                raise GaveUp(f"the verifier refuses to grade: {error.details()}"[:500]) from None
            log.warning("the verifier does not answer (%s); trying again", error.code().name)
        time.sleep(delay)
        delay = min(2 * delay, _BACKOFF_SECONDS[1])
