"""What is shown of a build beside its counts: spending to the call, and how its endpoints do."""

import time
from collections.abc import Callable, Sequence

from chimera.build.v1 import build_pb2
from chimera_shared.builds import ENDED
from chimera_shared.endpoints.book import Book, Books
from chimera_shared.endpoints.reports import EndpointReports
from chimera_shared.roles import endpoints_of

_FRESH_SECONDS = 1.0
"""Each watcher of a build looks every 0.3 s; what they see may be so old."""


class Live:
    """Looks at the books of budgets and at the reports of endpoints, each at most once a second."""

    def __init__(self, books: Books, reports: EndpointReports, clock: Callable[[], float] = time.monotonic) -> None:
        self._books = books
        self._reports = reports
        self._clock = clock
        self._seen: dict[str, tuple[float, Book]] = {}
        self._statuses: dict[str, build_pb2.EndpointStatus] = {}
        self._statuses_at: float | None = None

    async def shown(self, build: build_pb2.Build) -> build_pb2.Build:
        """The build with its spending and the state of its endpoints."""
        await self._spent([build])
        if build.state in ENDED:
            return build
        build.progress.endpoints.extend(await self.statuses(build.spec.roles))
        return build

    async def statuses(self, roles: build_pb2.Roles) -> Sequence[build_pb2.EndpointStatus]:
        """The state of the endpoints of these roles."""
        statuses = await self._all_statuses()
        return [statuses[name] for name in endpoints_of(roles) if name in statuses]

    async def listed(self, builds: list[build_pb2.Build]) -> list[build_pb2.Build]:
        """The builds with their spending."""
        await self._spent(builds)
        return builds

    async def spending(self, name: str) -> build_pb2.Spending | None:
        """What was consumed in the name of a build or a recall; None if nothing was yet."""
        book = (await self._of([name]))[name]
        return book.spending if book.version else None

    async def _spent(self, builds: Sequence[build_pb2.Build]) -> None:
        books = await self._of([build.build_id for build in builds])
        for build in builds:
            if (book := books[build.build_id]).version:
                build.progress.spending.CopyFrom(book.spending)
            if build.state == build_pb2.BUILD_STATE_SUCCEEDED:
                _as_told(build.progress)

    async def _of(self, names: Sequence[str]) -> dict[str, Book]:
        now = self._clock()
        seen = {name: each for name, each in self._seen.items() if now - each[0] < _FRESH_SECONDS}
        if missing := [name for name in names if name not in seen]:
            found = await self._books.find_many(missing)
            seen |= {name: (now, found.get(name, Book(name))) for name in missing}
        self._seen = seen  # others may have looked meanwhile, and dropped what is used here
        return {name: seen[name][1] for name in names}

    async def _all_statuses(self) -> dict[str, build_pb2.EndpointStatus]:
        now = self._clock()
        if self._statuses_at is None or now - self._statuses_at >= _FRESH_SECONDS:
            self._statuses, self._statuses_at = await self._reports.statuses(), now
        return self._statuses


def _as_told(progress: build_pb2.Progress) -> None:
    """Of a build that succeeded everything was told, while its books may be a second behind."""
    spending = progress.spending
    spending.ClearField("reserved")
    if spending.spent.calls < progress.usage.calls:
        spending.spent.CopyFrom(progress.usage)
