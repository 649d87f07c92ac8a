"""What a service knows of the builds: the newest word about each from the compacted topic."""

import asyncio

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera_shared.errors import Transient

_PATIENCE_SECONDS = 10
ENDED = frozenset({build_pb2.BUILD_STATE_SUCCEEDED, build_pb2.BUILD_STATE_FAILED, build_pb2.BUILD_STATE_CANCELLED})


class BuildTable:
    """Builds by id. Of ended builds only the state stays, so memory follows the builds at work."""

    def __init__(self) -> None:
        self._builds: dict[str, build_pb2.Build] = {}
        self._news = asyncio.Condition()

    async def learn(self, event: events_pb2.BuildChanged) -> None:
        """Take in an event; one that is older than what is known changes nothing."""
        build = event.build
        if build.state in ENDED:
            build = build_pb2.Build(build_id=build.build_id, state=build.state, revision=build.revision)
        async with self._news:
            known = self._builds.get(build.build_id)
            if known is not None and known.revision >= build.revision:
                return
            self._builds[build.build_id] = build
            self._news.notify_all()

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
