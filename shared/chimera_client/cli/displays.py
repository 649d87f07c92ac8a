"""Where the progress of a build goes: a live panel, plain lines or JSON."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera_client.cli.output import console, emit, note
from chimera_client.plain import to_plain
from chimera_client.views.pace import PaceMeter
from chimera_client.views.progress import progress_line, render_progress

LINE_SECONDS = 5.0
_JSON_SECONDS = 1.0
_REFRESH_PER_SECOND = 4


class Display(Protocol):
    """Shows a build as it changes; `tick` is called every so often without news."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, build: build_pb2.Build) -> None: ...  # noqa: D102
    def tick(self) -> None: ...  # noqa: D102


def make_display(as_json: bool, *, wrapped: bool) -> Display:
    """JSON if asked for, a panel on a terminal, else lines. `wrapped` JSON tells progress apart from results."""
    if as_json:
        return JsonDisplay(wrapped=wrapped)
    return LiveDisplay() if console(stderr=True).is_terminal else LineDisplay()


class _Quiet:
    """A display that needs nothing opened or closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class LiveDisplay:
    """A panel that is drawn anew four times a second, on standard error."""

    def __init__(self) -> None:
        self._meter = PaceMeter()
        self._build: build_pb2.Build | None = None
        self._live = Live(
            get_renderable=self._render, console=console(stderr=True), refresh_per_second=_REFRESH_PER_SECOND
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, build: build_pb2.Build) -> None:
        """Take in a build; the next drawing shows it."""
        self._meter.observe(time.monotonic(), build)
        self._build = build

    def tick(self) -> None:
        """The panel draws itself."""

    def _render(self) -> RenderableType:
        build = self._build
        if build is None:
            return Text("waiting for the first word of the build")
        return render_progress(build, self._meter.pace(time.monotonic(), build.spec.samples), time.time())


class LineDisplay(_Quiet):
    """A line every five seconds and at every change of state, on standard error."""

    def __init__(self) -> None:
        self._meter = PaceMeter()
        self._build: build_pb2.Build | None = None

    def show(self, build: build_pb2.Build) -> None:
        """Take in a build; a change of its state is said at once."""
        changed = self._build is None or self._build.state != build.state
        self._meter.observe(time.monotonic(), build)
        self._build = build
        if changed:
            self.tick()

    def tick(self) -> None:
        """Say how far the build is."""
        if (build := self._build) is not None:
            pace = self._meter.pace(time.monotonic(), build.spec.samples)
            note(progress_line(build, pace, time.time()))


class JsonDisplay(_Quiet):
    """A document at most once a second and at every change of state, on standard output."""

    def __init__(self, *, wrapped: bool) -> None:
        self._wrapped = wrapped
        self._state: int | None = None
        self._said = float("-inf")

    def show(self, build: build_pb2.Build) -> None:
        """Write the build, unless another was written just now."""
        if build.state == self._state and time.monotonic() - self._said < _JSON_SECONDS:
            return
        self._state, self._said = build.state, time.monotonic()
        emit({"type": "progress", "build": to_plain(build)} if self._wrapped else build)

    def tick(self) -> None:
        """Nothing new, nothing to write."""
