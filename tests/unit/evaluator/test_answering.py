"""An answer is graded in the evaluation's name, and what it cost stays with it whatever becomes of its grade."""

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_evaluator.answering import NO_ENDPOINT, Answering
from chimera_shared.endpoints.models import Reply
from chimera_shared.errors import FailedPrecondition
from chimera_shared.testing.samples import make_call

CALL = make_call("ab" * 16, "candidate[0]", "model", 5, 7)


class Models:
    async def ask(self, question):
        return Reply("It is 4.", "", (CALL,))


class Store:
    async def require(self, evaluation_id):
        role = {"endpoints": ["model"]}
        spec = evaluation_pb2.EvaluationSpec(candidates=[{"name": "c", "role": role}], judge={"endpoints": ["judge"]})
        return evaluation_pb2.Evaluation(evaluation_id=evaluation_id, spec=spec)


class Verifier:
    def __init__(self, fails=None):
        self.asked, self.fails = [], fails

    async def grade(self, request):
        self.asked.append(request)
        if self.fails:
            raise self.fails
        return sample_pb2.Grade(verdict=sample_pb2.VERDICT_CORRECT, method="judge")


async def answered(verifier):
    event = events_pb2.AnswerRequested(task={"task_id": "t", "evaluation_id": "e1", "item": {"statement": "2 + 2?"}})
    return (await Answering(Models(), verifier, Store()).answer(event, build_pb2.Build(build_id="e1"))).answer


async def test_the_evaluation_pays_for_the_judge_of_its_answers():
    verifier = Verifier()
    answer = await answered(verifier)
    assert [(asked.paid_by, list(asked.judge.endpoints)) for asked in verifier.asked] == [("e1", ["judge"])]
    assert (answer.grade.verdict, list(answer.calls)) == (sample_pb2.VERDICT_CORRECT, [CALL])


async def test_an_answer_whose_judge_is_out_of_reach_is_open_and_keeps_its_calls():
    answer = await answered(Verifier(FailedPrecondition("judge: judge: it refuses")))
    assert (answer.grade.verdict, answer.grade.method) == (sample_pb2.VERDICT_UNKNOWN, NO_ENDPOINT)
    assert (answer.grade.reason, list(answer.calls)) == ("judge: judge: it refuses", [CALL])
