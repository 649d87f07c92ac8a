"""Recalled samples: what is asked anew, what is kept of the old, and what does not count against a sample."""

import pytest

from chimera.events.v1 import events_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import topics, usage
from chimera_shared.errors import SampleFailure
from chimera_shared.testing.samples import make_build, make_call, make_sample
from chimera_verifier.examination import Examination
from chimera_verifier.reverification import Reverification, reverification_failed
from chimera_verifier.screen import Screen
from likenesses import similarity

YES, NO, UNKNOWN = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN
ACCEPTED, REJECTED = sample_pb2.OUTCOME_ACCEPTED, sample_pb2.OUTCOME_REJECTED


class Models:
    """Panel and referee whose verdicts are given; remembers in whose name and with which seed they were asked."""

    def __init__(self, panel=YES, judge=YES, fails=None) -> None:
        self.panel, self.judge, self.fails, self.scopes, self.seeds = panel, judge, fails, set(), []

    async def vote(self, scope, seed, *_):
        self.scopes.add(scope)
        self.seeds.append(seed)
        if self.fails:
            raise self.fails
        call = make_call("ab" * 16, "panel[0]", "fresh", 10, 20)
        return [sample_pb2.Vote(grade={"verdict": self.panel, "reason": "why"}, calls=[call])]

    async def grade(self, scope, *_):
        self.scopes.add(scope)
        return sample_pb2.Grade(verdict=self.judge, reason="why", calls=[make_call("ab" * 16, "judge", "fresh", 1, 2)])


def recalled(recall="r1") -> events_pb2.SampleRecalled:
    build = make_build()
    sample = make_sample(build, "Physics", 0)
    return events_pb2.SampleRecalled(recall=recall_pb2.Recall(recall_id=recall), sample=sample, spec=build.spec)


async def examined(models: Models, event=None) -> sample_pb2.Sample:
    reverification = Reverification(Examination(similarity(), Screen(models), models, models, models))
    told = await reverification.examine(event or recalled(), make_build())
    assert told.recall_id == (event or recalled()).recall.recall_id
    return told.sample


async def test_a_sample_that_passes_again_is_kept_with_its_new_evidence():
    old = recalled().sample
    new = await examined(Models())

    assert (new.ref, new.problem, new.solution) == (old.ref, old.problem, old.solution)
    assert (new.outcome, new.reason, new.detail) == (ACCEPTED, 0, "")
    assert [call.endpoint for vote in new.validation.votes for call in vote.calls] == ["fresh"]
    assert new.usage == usage.total(
        [old.usage, sample_pb2.Usage(calls=2, input_tokens=11, output_tokens=22, cost_nanousd=440)]
    )
    assert new.settle_time.seconds > old.settle_time.seconds


async def test_questions_are_asked_in_the_name_of_the_recall_with_seeds_of_their_own():
    models = Models()
    for recall in ("r1", "r2", "r1"):
        await examined(models, recalled(recall))

    first, second, again = models.seeds
    assert models.scopes == {"r1", "r2"}
    assert first == again != second
    assert recalled().sample.ref.seed not in models.seeds


@pytest.mark.parametrize(
    ("models", "outcome", "detail"),
    [
        (Models(panel=NO), REJECTED, "did not pass again, panel disagrees: 0 of 1 members agree"),
        (Models(panel=UNKNOWN), sample_pb2.OUTCOME_UNKNOWN, "did not pass again, panel undecided: "),
        (Models(judge=NO), REJECTED, "did not pass again, solution incorrect: why"),
        (Models(judge=UNKNOWN), sample_pb2.OUTCOME_UNKNOWN, "did not pass again, solution undecided: why"),
    ],
)
async def test_a_sample_that_does_not_pass_again_is_withdrawn(models, outcome, detail):
    sample = await examined(models)

    assert (sample.outcome, sample.reason) == (outcome, sample_pb2.REASON_RECALLED)
    assert sample.detail.startswith(detail)
    assert sample.validation.votes[0].calls[0].endpoint == "fresh"


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (sample_pb2.REASON_ENDPOINT_FAILED, "panel[0]: spare: it refused with 400"),
        (sample_pb2.REASON_INTERNAL, "no corpus is named 'x'"),
    ],
)
async def test_a_sample_at_which_nobody_looked_has_neither_passed_nor_failed(reason, detail):
    paid = [make_call("ab" * 16, "panel[0]", "fresh", 10, 20)]
    with pytest.raises(SampleFailure) as caught:
        await examined(Models(fails=SampleFailure(reason, detail, paid)))

    sample = reverification_failed(recalled(), caught.value.to_proto()).sample

    assert (sample.outcome, sample.reason, sample.detail) == (sample_pb2.OUTCOME_UNKNOWN, reason, detail)
    assert sample.usage.calls == recalled().sample.usage.calls + 1


async def test_a_recall_that_continues_another_asks_what_that_one_asked():
    models, event = Models(), recalled("r2")
    await examined(models, recalled("r1"))
    event.recall.continues = "r1"
    await examined(models, event)
    assert (models.scopes, models.seeds[0]) == ({"r1", "r2"}, models.seeds[1])


async def test_what_cannot_be_examined_has_not_passed():
    with pytest.raises(SampleFailure):
        await examined(Models(fails=SampleFailure(sample_pb2.REASON_TIME_LIMIT, "too slow")))
    paid = [make_call("ab" * 16, "panel[0]", "fresh", 10, 20)]
    failure = SampleFailure(sample_pb2.REASON_TIME_LIMIT, "reverify did not finish within 1 s", paid).to_proto()

    sample = reverification_failed(recalled(), failure).sample

    assert (sample.outcome, sample.reason) == (sample_pb2.OUTCOME_UNKNOWN, sample_pb2.REASON_RECALLED)
    assert sample.detail == "did not pass again, time limit: reverify did not finish within 1 s"
    assert sample.usage.calls == recalled().sample.usage.calls + 1


def test_a_sample_may_be_recalled_more_than_once():
    facts = {topics.SAMPLE_RECALLED.fact(recalled(recall)) for recall in ("r1", "r2")}
    assert len(facts) == 2
    settled = events_pb2.SampleSettled(sample=recalled().sample)
    assert topics.SAMPLE_SETTLED.fact(settled) == settled.sample.ref.sample_id
