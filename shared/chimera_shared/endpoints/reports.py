"""How endpoints do, as each process tells it and as the gateway adds it up."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from chimera.build.v1 import build_pb2
from chimera_shared.endpoints.breaker import BreakerState
from chimera_shared.endpoints.limiter import Gate, GateReport
from chimera_shared.mongo import Collection, Document, guarded

REPORT_SECONDS = 2.0
_FRESH = timedelta(seconds=10)
"""Of a process that has told nothing for so long nothing is known."""
_KEPT = timedelta(hours=1)
_WORST_LAST = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)
_STATES = {
    BreakerState.CLOSED: build_pb2.BREAKER_STATE_CLOSED,
    BreakerState.HALF_OPEN: build_pb2.BREAKER_STATE_HALF_OPEN,
    BreakerState.OPEN: build_pb2.BREAKER_STATE_OPEN,
}


class EndpointReporter:
    """Tells of one process's gates while they are in use, and once when they no longer are."""

    def __init__(
        self,
        reports: Collection[Document],
        name: str,
        gates: Iterable[Gate],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reports = reports
        self._name = name
        self._gates = list(gates)
        self._clock = clock
        self._told: set[str] = set()

    async def tell(self) -> None:
        """Store how the gates in use do; to be called every `REPORT_SECONDS`."""
        found = [gate.report() for gate in self._gates]
        used = {report.name: _document(report) for report in found if _in_use(report)}
        if not used and not self._told:
            return
        now = self._clock()
        with guarded():
            await self._reports.update_one(
                {"_id": self._name}, {"$set": {"time": now, "endpoints": list(used.values())}}, upsert=True
            )
            if not self._told:
                await self._reports.delete_many({"time": {"$lt": now - _KEPT}})
        self._told = set(used)


class EndpointReports:
    """What all processes told."""

    def __init__(
        self, reports: Collection[Document], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._reports = reports
        self._clock = clock

    async def statuses(self) -> dict[str, build_pb2.EndpointStatus]:
        """The endpoints in use anywhere: sums over the processes, and the worst that one of them meets."""
        with guarded():
            found = await self._reports.find({"time": {"$gte": self._clock() - _FRESH}}).to_list(None)
        by_name: dict[str, list[Document]] = {}
        for document in found:
            for told in document["endpoints"]:
                by_name.setdefault(told["name"], []).append(told)
        return {name: _status(name, told) for name, told in by_name.items()}


def _in_use(report: GateReport) -> bool:
    return bool(report.in_flight or report.waiting or report.breaker is not BreakerState.CLOSED)


def _document(report: GateReport) -> Document:
    held_back = (
        report.breaker is not BreakerState.CLOSED or report.held_for_seconds > 0 or report.limit < report.max_in_flight
    )
    return {
        "name": report.name,
        "limit": report.limit,
        "in_flight": report.in_flight,
        "waiting": report.waiting,
        "breaker": str(report.breaker),
        "held_seconds": report.held_for_seconds,
        "reason": report.reason if held_back else "",
        "failures": report.refused + report.failed,
    }


def _status(name: str, told: list[Document]) -> build_pb2.EndpointStatus:
    worst = max(told, key=lambda each: (_severity(each), each["held_seconds"], bool(each["reason"])))
    return build_pb2.EndpointStatus(
        endpoint=name,
        limit=sum(each["limit"] for each in told),
        in_flight=sum(each["in_flight"] for each in told),
        waiting=sum(each["waiting"] for each in told),
        breaker=_STATES[BreakerState(worst["breaker"])],
        reason=worst["reason"],
        held_seconds=worst["held_seconds"],
        failures=sum(each["failures"] for each in told),
    )


def _severity(told: Document) -> int:
    return _WORST_LAST.index(BreakerState(told["breaker"]))
