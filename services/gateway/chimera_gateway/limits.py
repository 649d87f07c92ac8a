"""Ends builds that have reached a limit of their budget."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chimera.build.v1 import build_pb2
from chimera_gateway.builds import Builds
from chimera_gateway.exhausted import Exhausted
from chimera_gateway.store import GatewayStore, Record
from chimera_shared.endpoints.book import Book, Books


class Limits:
    """Looks at all builds that have a budget; several replicas may do so at a time."""

    def __init__(
        self,
        store: GatewayStore,
        builds: Builds,
        books: Books,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._builds = builds
        self._books = books
        self._clock = clock
        self._ticks = ticks
        self._exhausted: dict[str, Exhausted] = {}

    async def enforce(self) -> None:
        """End what is to end; to be called every second."""
        records = await self._store.limited()
        books = await self._books.find_many([record.build.build_id for record in records])
        exhausted = {name: book for name, book in books.items() if book.refused}
        self._exhausted = {name: self._exhausted.get(name, Exhausted()) for name in exhausted}
        for record in records:
            build = record.build
            if (over := _over_time(build, self._clock())) is not None:
                await self._builds.stop(build.build_id, build_pb2.STOP_REASON_TIME_LIMIT, over)
            elif (book := exhausted.get(build.build_id)) is not None:
                await self._end_if_still(record, book)

    async def _end_if_still(self, record: Record, book: Book) -> None:
        now, exhausted = self._ticks(), self._exhausted[book.build_id]
        if gone := exhausted.vigil.gone(book, now):
            for name in gone:
                book.retire(name)
            await self._books.swap(book)
        elif exhausted.is_still(book, record.counts, now):
            await self._builds.stop(book.build_id, build_pb2.STOP_REASON_BUDGET_SPENT, book.refused)


def _over_time(build: build_pb2.Build, now: datetime) -> str | None:
    """Why the build's time is over; None if it is not, or if the build is paused and its time stands still."""
    if not build.spec.budget.HasField("time") or build.state != build_pb2.BUILD_STATE_RUNNING:
        return None
    limit = build.spec.budget.time.ToTimedelta()
    if now - build.create_time.ToDatetime(UTC) - build.paused.ToTimedelta() < limit:
        return None
    return f"the time of {_whole_seconds(limit)} that the budget allows is over"


def _whole_seconds(time: timedelta) -> str:
    return str(time - timedelta(microseconds=time.microseconds) if time >= timedelta(seconds=1) else time)
