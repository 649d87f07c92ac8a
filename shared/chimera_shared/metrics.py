"""Every instrument, with its unit and a sentence; nothing else makes one."""

from collections.abc import Callable, Iterable
from typing import Protocol
from weakref import WeakSet

from opentelemetry.metrics import CallbackOptions, Observation

from chimera_shared.telemetry import meter

STAGE_SECONDS = meter.create_histogram(
    "chimera.stage.duration", "s", "Time from the start of work on a message to its outcome's publication, by stage."
)
STAGE_IN_FLIGHT = meter.create_up_down_counter(
    "chimera.stage.in_flight", "{message}", "Messages that a stage is working on."
)
STAGE_OUTCOMES = meter.create_counter(
    "chimera.stage.outcomes",
    "{message}",
    "Messages finished by a stage, by how: done, replayed, failed, skipped, refused.",
)
STAGE_RETRIES = meter.create_counter(
    "chimera.stage.retries", "{retry}", "Work tried again because something passing was in the way, by stage."
)
STAGE_HALTED = meter.create_up_down_counter(
    "chimera.stage.halted",
    "{stage}",
    "Processes in which a stage stands still, because it has as many dead letters as it may have.",
)
CALL_SECONDS = meter.create_histogram(
    "gen_ai.client.operation.duration", "s", "Time from sending a model request to the end of its answer."
)
CALL_TOKENS = meter.create_counter(
    "chimera.model.tokens", "{token}", "Tokens of answered model calls, by endpoint, role and direction."
)
CALL_COST = meter.create_counter("chimera.model.cost", "{nanousd}", "Price of answered model calls, in nano-dollars.")
CALL_FAILURES = meter.create_counter(
    "chimera.model.failures", "{call}", "Model requests without an answer, by endpoint and cause."
)
CALL_REPLAYS = meter.create_counter(
    "chimera.model.replays", "{call}", "Answers taken from the ledger instead of being bought again."
)


class WatchedEndpoint(Protocol):
    """What the instruments read from an endpoint's gate."""

    name: str

    @property
    def limit(self) -> int:
        """Requests at a time."""

    @property
    def waiting(self) -> int:
        """Callers without a place."""

    @property
    def available(self) -> bool:
        """Whether its breaker lets calls through."""


_endpoints: WeakSet[WatchedEndpoint] = WeakSet()


def watch_endpoint(endpoint: WatchedEndpoint) -> None:
    """Read this endpoint's gate at every export, for as long as it lives."""
    _endpoints.add(endpoint)


def _by_endpoint(
    read: Callable[[WatchedEndpoint], int],
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        totals: dict[str, int] = {}
        for endpoint in list(_endpoints):
            totals[endpoint.name] = totals.get(endpoint.name, 0) + read(endpoint)
        return [Observation(total, {"chimera.endpoint": name}) for name, total in totals.items()]

    return observe


ENDPOINT_LIMIT = meter.create_observable_gauge(
    "chimera.endpoint.limit",
    [_by_endpoint(lambda endpoint: endpoint.limit)],
    "{call}",
    "Model requests at a time that an endpoint is thought to take.",
)
ENDPOINT_WAITING = meter.create_observable_gauge(
    "chimera.endpoint.waiting",
    [_by_endpoint(lambda endpoint: endpoint.waiting)],
    "{call}",
    "Model requests that wait for a place at an endpoint.",
)
ENDPOINT_HELD = meter.create_observable_gauge(
    "chimera.endpoint.held",
    [_by_endpoint(lambda endpoint: int(not endpoint.available))],
    "{endpoint}",
    "1 while an endpoint gives nothing but failures and its calls are held back, 0 otherwise.",
)
