"""What a service knows of the builds: the newest word about each from the compacted topic."""

import asyncio
from contextlib import suppress
from types import TracebackType

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera_shared.errors import BuildHalted, Transient

_PATIENCE_SECONDS = 10
ENDED = frozenset({build_pb2.BUILD_STATE_SUCCEEDED, build_pb2.BUILD_STATE_FAILED, build_pb2.BUILD_STATE_CANCELLED})


class BuildTable:
    """Builds by id. Of ended builds only the state stays, so memory follows the builds at work."""

    def __init__(self) -> None:
        self._builds: dict[str, build_pb2.Build] = {}
        self._news = asyncio.Condition()
        self._going_on: dict[str, set[GoingOn]] = {}

    async def learn(self, event: events_pb2.BuildChanged) -> None:
        """Take in an event; one that is older than what is known changes nothing."""
        await self.enter(event.build)

    async def enter(self, build: build_pb2.Build) -> None:
        """Enter a build, or what is to be halted and paid for like one, unless something newer is known of it."""
        if build.state in ENDED:
            build = build_pb2.Build(build_id=build.build_id, state=build.state, revision=build.revision)
        async with self._news:
            known = self._builds.get(build.build_id)
            if known is not None and known.revision >= build.revision:
                return
            self._builds[build.build_id] = build
            self._news.notify_all()
        for block in list(self._going_on.get(build.build_id, ())):
            block.look()

    async def get(self, build_id: str) -> build_pb2.Build:
        """The build; waits a little for one that is not known yet, then Transient."""
        if (known := self._builds.get(build_id)) is not None:
            return known
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._news:
                await self._news.wait_for(lambda: build_id in self._builds)
        except TimeoutError:
            raise Transient(f"no word yet of build {build_id}") from None
        return self._builds[build_id]

    async def going(self, build_id: str, patience_s: float) -> build_pb2.Build:
        """As `get`; of a paused build what it is a little later, if word of its resume comes by then."""
        build = await self.get(build_id)
        if build.state == build_pb2.BUILD_STATE_PAUSED:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s), self._news:
                    await self._news.wait_for(lambda: self.state(build_id) != build_pb2.BUILD_STATE_PAUSED)
        return self._builds[build_id]

    def state(self, build_id: str) -> "build_pb2.BuildState":
        """The newest state that is known; UNSPECIFIED if there is no such build, as for questions of no build."""
        known = self._builds.get(build_id)
        return build_pb2.BUILD_STATE_UNSPECIFIED if known is None else known.state

    def spec(self, build_id: str) -> build_pb2.BuildSpec | None:
        """What was ordered; None if the build is not known or has ended."""
        known = self._builds.get(build_id)
        return known.spec if known is not None and known.HasField("spec") else None

    def weight(self, build_id: str) -> float:
        """The build's weight among those that want the same endpoints."""
        known = self._builds.get(build_id)
        return (known.spec.weight if known is not None else 0.0) or 1.0

    def running(self) -> list[build_pb2.Build]:
        """The builds that run, as far as known."""
        return [known for known in self._builds.values() if known.state == build_pb2.BUILD_STATE_RUNNING]

    def going_on(self, build_id: str, *, paid: bool = False) -> "GoingOn":
        """A block that ends in BuildHalted as soon as the build is halted: see `GoingOn`."""
        return GoingOn(self, build_id, paid=paid)

    def require_going(self, build_id: str) -> None:
        """BuildHalted if the build is paused or has ended."""
        with self.going_on(build_id):
            pass

    def _watch(self, block: "GoingOn") -> None:
        self._going_on.setdefault(block.build_id, set()).add(block)

    def _unwatch(self, block: "GoingOn") -> None:
        blocks = self._going_on[block.build_id]
        blocks.discard(block)
        if not blocks:
            del self._going_on[block.build_id]


class GoingOn:
    """A block of one task that is cut off with BuildHalted when its build is halted, like `asyncio.timeout` at its end.

    What only waits is cut off by every halt. What is `paid`, a call under way, is cut off by a cancelled build alone:
    a paused or failed one takes its answer in, since it costs the same.
    """

    __slots__ = ("_before", "_halted", "_inside", "_paid", "_table", "_task", "build_id")

    def __init__(self, table: BuildTable, build_id: str, *, paid: bool) -> None:
        self.build_id = build_id
        self._table = table
        self._paid = paid
        self._halted = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "builds are worked on in tasks"
        if self._is_over():
            raise BuildHalted(f"build {self.build_id} does not run")
        self._task, self._before = task, task.cancelling()
        self._table._watch(self)
        self._inside = True

    def look(self) -> None:
        """The build has changed."""
        if self._is_over():
            # From the loop: cancelled by itself, a task that leaves the block without waiting is so at its next wait.
            asyncio.get_running_loop().call_soon(self._cut_off)

    def _cut_off(self) -> None:
        if self._inside and not self._halted:
            self._halted = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._table._unwatch(self)
        self._inside = False
        if self._halted and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise BuildHalted(f"build {self.build_id} does not run") from error

    def _is_over(self) -> bool:
        state = self._table.state(self.build_id)
        if self._paid:
            return state == build_pb2.BUILD_STATE_CANCELLED
        return state not in (build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_UNSPECIFIED)
