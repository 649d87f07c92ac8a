"""What the reward asks of the verifier."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera.verifier.v1 import verifier_service_pb2_grpc
from chimera_trainer.work import reward
from chimera_trainer.work.order import Order


class Verifier(verifier_service_pb2_grpc.VerifierServiceServicer):
    """Away at first, as one that has no word yet of who pays."""

    def __init__(self):
        self.asked = []

    def Grade(self, request, context):
        self.asked.append(request)
        if len(self.asked) == 1:
            context.abort(grpc.StatusCode.UNAVAILABLE, "no word yet of build t1")
        right = request.response == "It is 2."
        return sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT if right else sample_pb2.VERDICT_UNKNOWN)


@pytest.mark.parametrize(("rewards", "payer"), [({"judge": {"endpoints": ["judge"]}}, "t1"), ({}, "")])
def test_a_judge_is_asked_in_the_name_of_the_training(tmp_path, monkeypatch, rewards, payer):
    monkeypatch.setattr(reward, "_BACKOFF_SECONDS", (0.01, 0.01))
    server, verifier = grpc.server(ThreadPoolExecutor(4)), Verifier()
    verifier_service_pb2_grpc.add_VerifierServiceServicer_to_server(verifier, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        spec = training_pb2.TrainingSpec(method=training_pb2.METHOD_GRPO, reinforcement=rewards)
        graded = reward.of(Order(tmp_path, spec, model_pb2.ModelSource(), f"127.0.0.1:{port}", payer))
        answers = [[{"role": "assistant", "content": text}] for text in ("It is 2.", "It is 3.")]
        assert graded(answers, ["1+1?"] * 2, ['{"value": "2"}'] * 2) == [1.0, 0.0]
    finally:
        server.stop(None)
    assert len(verifier.asked) == 3
    judge = rewards.get("judge", {}).get("endpoints", [])
    assert all((asked.paid_by, list(asked.judge.endpoints)) == (payer, judge) for asked in verifier.asked)
