import re
from datetime import datetime

import pytest

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.events.v1 import events_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera.training.v1 import training_pb2
from chimera_shared import identity, topics
from chimera_shared.bus.codec import CONTENT_TYPE, Undecodable, decode, encode, sample_trace

BUILD = identity.build_id("order")
REF = sample_pb2.SampleRef(sample_id=identity.sample_id(BUILD, "Physics", 0, 0), build_id=BUILD, subject="Physics")
TASK = evaluation_pb2.Task(task_id=identity.digest("task")[:32], evaluation_id="e1")
EVENTS = [
    events_pb2.BuildChanged(build=build_pb2.Build(build_id=BUILD, revision=4)),
    events_pb2.TopicsExpanded(build_id=BUILD, subject="Physik für Anfänger", topics=3),
    events_pb2.QuotaMissed(build_id=BUILD, detail="no endpoint"),
    events_pb2.ProblemRequested(ref=REF),
    events_pb2.ProblemProposed(ref=REF, problem=sample_pb2.Problem(statement="∫ $x$ dx\0")),
    events_pb2.ProblemValidated(ref=REF),
    events_pb2.SolutionSynthesised(ref=REF),
    events_pb2.SampleSettled(sample=sample_pb2.Sample(ref=REF)),
    events_pb2.ControlChecked(control=control_pb2.Control(control_id="c" * 32), beside=REF),
    events_pb2.DatasetPublished(dataset=dataset_pb2.Dataset(dataset_id="d1", build_id=BUILD)),
    events_pb2.SampleRecalled(recall=recall_pb2.Recall(recall_id="r1"), sample=sample_pb2.Sample(ref=REF)),
    events_pb2.SampleReverified(recall_id="r1", sample=sample_pb2.Sample(ref=REF)),
    events_pb2.EvaluationChanged(evaluation=evaluation_pb2.Evaluation(evaluation_id="e1", revision=2)),
    events_pb2.AnswerRequested(task=TASK),
    events_pb2.AnswerGraded(answer=evaluation_pb2.Answer(task=TASK)),
    events_pb2.TrainingChanged(training=training_pb2.Training(training_id="t1", revision=2)),
]


def test_every_topic_has_an_event_here():
    assert {e.DESCRIPTOR.full_name for e in EVENTS} == set(topics.BY_EVENT_TYPE)
    assert len(topics.BY_EVENT_TYPE) == len(topics.ALL) == len({t.name for t in topics.ALL})


@pytest.mark.parametrize("topic", topics.ALL, ids=lambda t: t.name)
def test_topics_are_named_after_what_happened(topic):
    assert re.fullmatch(r"chimera\.[a-z]+\.[a-z]+\.v1", topic.name)
    assert int(topic.config()["max.message.bytes"]) == topics.MAX_MESSAGE_BYTES
    assert ("compact" in topic.config().values()) == (topic is topics.BUILD_CHANGED)
    assert ("retention.ms" in topic.config()) != topic.compacted


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.DESCRIPTOR.name)
def test_events_come_back_as_they_went(event):
    sent = encode(event, "tester")

    assert decode(sent.topic, sent.value, sent.headers) == event
    assert sent.key == sent.topic.key(event).encode()


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.DESCRIPTOR.name)
def test_headers_are_cloud_events_in_binary_mode(event):
    headers = encode(event, "tester").headers

    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == event.DESCRIPTOR.full_name
    assert headers["ce_source"] == "/chimera/tester"
    assert headers["content-type"] == CONTENT_TYPE
    assert headers["ce_time"].endswith("Z")
    assert datetime.fromisoformat(headers["ce_time"]).tzinfo is not None
    assert headers["ce_id"]


def test_one_fact_has_one_id_and_another_fact_another():
    def build(revision):
        return events_pb2.BuildChanged(build=build_pb2.Build(build_id=BUILD, revision=revision))

    ids = [encode(e, "tester").headers["ce_id"] for e in [build(1), build(1), build(2), *EVENTS[1:]]]

    assert ids[0] == ids[1]
    assert len(set(ids)) == len(ids) - 1


@pytest.mark.parametrize(
    ("value", "changes", "cause"),
    [
        (None, {}, "names no build or no sample"),
        (b"", {}, "names no build or no sample"),
        (b"\xff\xff\xff", {}, "the value is not a chimera.events.v1.ProblemRequested"),
        (b"not protobuf", {}, "the value is not a chimera.events.v1.ProblemRequested"),
        (EVENTS[3].SerializeToString(), {"ce_type": "chimera.events.v1.Other"}, "ce_type is 'chimera.events.v1.Other'"),
        (EVENTS[3].SerializeToString(), {"ce_type": None}, "ce_type is missing"),
        (EVENTS[3].SerializeToString(), {"content-type": "application/json"}, "content-type is 'application/json'"),
        (EVENTS[3].SerializeToString(), {"content-type": None}, "content-type is missing"),
        (events_pb2.ProblemRequested(ref={"sample_id": "a"}).SerializeToString(), {}, "names no build or no sample"),
        (events_pb2.ProblemRequested(ref={"build_id": "a"}).SerializeToString(), {}, "names no build or no sample"),
    ],
)
def test_what_is_not_the_event_is_undecodable_with_its_cause(value, changes, cause):
    headers = {**encode(EVENTS[3], "tester").headers, **changes}
    headers = {name: text for name, text in headers.items() if text is not None}

    with pytest.raises(Undecodable, match=re.escape(cause)):
        decode(topics.PROBLEM_REQUESTED, value, headers)


def test_a_sample_names_its_own_trace():
    version, trace, span, flags = (sample_trace(REF.sample_id) or "").split("-")

    assert (version, trace, flags) == ("00", REF.sample_id, "01")
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert sample_trace(REF.sample_id) == sample_trace(REF.sample_id)


@pytest.mark.parametrize("subject", ["", "Physics", "Quantum physics", "Data structures"])
def test_only_a_sample_names_a_trace_however_long_the_key(subject):
    """The key of a subject with 15 letters is as long as a sample's id."""
    event = events_pb2.TopicsExpanded(build_id=BUILD, subject=subject)

    assert sample_trace(topics.TOPICS_EXPANDED.key(event)) is None
