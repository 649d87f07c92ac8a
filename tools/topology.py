"""What the services are made of, found by composing them without starting anything."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

from chimera_shared import topics
from chimera_shared.bus.broker import Bus
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.settings import ServiceSettings
from chimera_shared.stage import Stage
from chimera_shared.topics import Topic

SERVICES = ("gateway", "taxonomy", "generator", "verifier", "evaluator", "trainer")
"""The services on the bus, in the order of a sample's way."""

BESIDE_STAGES: dict[str, tuple[Topic[Any], ...]] = {
    "evaluator": (topics.EVALUATION_CHANGED, topics.BUILD_CHANGED),
    "gateway": (topics.BUILD_CHANGED, topics.SAMPLE_RECALLED, topics.DATASET_PUBLISHED),
    "trainer": (topics.TRAINING_CHANGED, topics.BUILD_CHANGED),
}
"""What a service publishes from its gRPC methods and its loops, which no stage declares."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A service's side of a topic. `stage` and its consumer `group` are empty where it is no stage's."""

    service: str
    stage: str
    topic: Topic[Any]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """Every stage by service, and who receives and sends what."""

    stages: dict[str, Sequence[Stage[Any]]]
    receives: Sequence[Edge]
    sends: Sequence[Edge]


def app_of(service: str) -> ModuleType:
    """The module with a service's composition root."""
    return importlib.import_module(f"chimera_{service}.app")


async def discover() -> Topology:
    """Compose every service; drivers connect at their first use, so nothing is connected to."""
    groups = {name: _groups_of(name) for name in SERVICES}
    stages = {name: [stage for _, stage in groups[name]] for name in SERVICES}
    receives = [Edge(name, stage.name, stage.consumes, group) for name in SERVICES for group, stage in groups[name]]
    receives += [Edge(name, "", topics.BUILD_CHANGED) for name in SERVICES]  # every replica's table of builds
    sends = [Edge(name, stage.name, topic) for name in SERVICES for stage in stages[name] for topic in stage.publishes]
    sends += [Edge(name, "", topic) for name, published in BESIDE_STAGES.items() for topic in published]
    return Topology(stages, receives, sends)


def _groups_of(service: str) -> list[tuple[str, Stage[Any]]]:
    """Every stage with the consumer group that it is in."""
    found: list[tuple[str, Stage[Any]]] = []

    def add_quick(_: Bus, name: str, stages: Sequence[Stage[Any]]) -> None:
        found.extend((f"chimera-{service}-{name}", stage) for stage in stages)

    with patch.object(Bus, "add_quick", add_quick):
        app_of(service).create(ServiceSettings(), EndpointPool({}))
    return found
