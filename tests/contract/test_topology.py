"""Topics, events and stages fit together: whatever is sent has a listener, and nothing waits for what nobody sends."""

import ast
import re
from pathlib import Path

import pytest

from chimera.events.v1 import events_pb2
from chimera_shared import topics
from topology import BESIDE_STAGES, SERVICES, Topology, discover

NAME = re.compile(r"chimera\.[a-z]+\.[a-z]+(ed|en)\.v1")
FOR_OTHERS = {topics.DATASET_PUBLISHED, topics.TRAINING_CHANGED}
"""Told for whoever uses datasets and models; no service of this release listens."""


@pytest.fixture
async def topology() -> Topology:
    return await discover()


def test_every_event_has_one_topic_and_every_topic_an_event():
    described = {message.full_name for message in events_pb2.DESCRIPTOR.message_types_by_name.values()}
    assert sorted(topic.event_type for topic in topics.ALL) == sorted(described)


def test_topics_are_named_after_what_happened():
    names = [topic.name for topic in topics.ALL]
    assert [name for name in names if not NAME.fullmatch(name)] == []
    assert len(set(names)) == len(names)
    for topic in topics.ALL:
        noun, participle = topic.name.split(".")[1:3]
        assert topic.message.DESCRIPTOR.name == f"{noun.capitalize()}{participle.capitalize()}"
        assert topic.description.endswith(".")


def test_events_of_samples_and_answers_are_keyed_by_them_and_spread():
    spread = {topic for topic in topics.ALL if topic.partitions > 1}
    named = {topic for topic in topics.ALL if topic.key(_labelled(topic.message())) == "the sample"}
    named |= {topics.ANSWER_REQUESTED, topics.ANSWER_GRADED}  # keyed by the task
    assert spread == named
    assert len(spread) >= 5


def _labelled(event):
    """The event with a word in `sample_id`, wherever its reference to a sample is."""
    holder = event.sample if hasattr(event, "sample") else event
    for name in ("ref", "beside"):
        if hasattr(holder, name):
            getattr(holder, name).sample_id = "the sample"
    return event


async def test_stages_know_only_listed_topics(topology):
    for stages in topology.stages.values():
        for stage in stages:
            assert {stage.consumes, *stage.publishes} <= set(topics.ALL)
            assert (stage.decision is None) != (stage.reaction is None), f"{stage.name} has both or neither"


async def test_stages_of_a_service_have_names_of_their_own(topology):
    for stages in topology.stages.values():
        names = [stage.name for stage in stages]
        assert len(set(names)) == len(names)


async def test_every_topic_has_a_publisher_and_a_listener(topology):
    assert {edge.topic for edge in topology.sends} == set(topics.ALL)
    assert {edge.topic for edge in topology.receives} == set(topics.ALL) - FOR_OTHERS


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_makes_the_events_it_declares(topology, root, service):
    package = root / "services" / service / f"chimera_{service}"
    declared = {edge.topic.message.DESCRIPTOR.name for edge in topology.sends if edge.service == service}
    assert _events_made(package) == declared


def test_what_is_published_beside_stages_is_listed_once():
    assert set(BESIDE_STAGES) <= set(SERVICES)


def _events_made(package: Path) -> set[str]:
    """Names of the events that the code of a package constructs: calls of `events_pb2.Name(...)`."""
    made = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "events_pb2":
                    made.add(node.func.attr)
    return made
