"""`recalls start` and `recalls watch` step by step: say what it is about, ask, order, follow, explain."""

import asyncio
import shlex
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from rich.live import Live
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.budget import parse_budget
from chimera_client.cli.displays import LINE_SECONDS
from chimera_client.cli.exits import Code
from chimera_client.cli.output import console, emit, note
from chimera_client.cli.services import read_endpoints
from chimera_client.cli.session import Place, Session, opened
from chimera_client.plain import to_plain
from chimera_client.replacements import replacements
from chimera_client.views.recall import recall_line, render_end, render_preview
from chimera_shared.errors import InvalidInput, Transient, Violation

_REFRESH_SECONDS = 0.5
_OPTIONS = {"budget.usd": "--max-cost", "budget.cost_nanousd": "--max-cost", "budget.calls": "--max-calls"}


class Recalling:
    """One run of a command that follows a recall."""

    def __init__(self, place: Place, endpoints: Path | None, *, as_json: bool) -> None:
        self._place = place
        self._file = endpoints
        self._own = None if place.elsewhere else read_endpoints(endpoints)
        self._as_json = as_json

    async def start(
        self,
        dataset_id: str,
        evidence: sample_pb2.EvidenceFilter,
        told: Sequence[str],
        reason: str,
        budget: build_pb2.Budget,
        *,
        yes: bool,
    ) -> Code:
        """Order a recall, once it is agreed to, and follow it."""
        if not yes and not sys.stdin.isatty():
            raise InvalidInput.of("--yes", "is needed where nobody can be asked; look first with `samples list`")
        async with opened(self._place, self._own) as session:
            client = session.client
            dataset = (await client.datasets.history(dataset_id))[-1]
            build = await client.builds.get(dataset.build_id)
            others = replacements(build.spec.roles, told, "--replace")
            try:
                preview = await client.recalls.preview(dataset_id, evidence, reason, others, budget)
            except InvalidInput as error:
                raise _in_options(error.violations) from None
            if self._as_json:
                emit({"type": "preview", "recall": to_plain(preview)})
            else:
                console(stderr=True).print(render_preview(preview, dataset, build))
            if not yes and not await _agreed():
                note("nothing was started")
                return Code.OK
            recall = await client.recalls.start(dataset_id, evidence, reason, others, budget=budget)
            return await self._follow(session, recall.recall_id, build)

    async def watch(self, recall_id: str) -> Code:
        """Follow a recall that was ordered before."""
        async with opened(self._place, self._own) as session:
            recall = await session.client.recalls.get(recall_id)
            return await self._follow(session, recall_id, await session.client.builds.get(recall.build_id))

    async def _follow(self, session: Session, recall_id: str, build: build_pb2.Build) -> Code:
        work = asyncio.create_task(self._shown(session.client.recalls.watch(recall_id)))
        ended = await session.interrupts.first(work)
        if ended is None:
            goes_on = "goes on" if self._place.elsewhere else "stops with the services here and then goes on"
            note(f"recall {recall_id} {goes_on}; follow it with: {self._words('recalls', 'watch', recall_id)}")
            return Code.INTERRUPTED
        if self._as_json:
            emit({"type": "result", "recall": to_plain(ended)})
        else:
            console().print(render_end(ended, self._steps(ended, build)))
        return Code.OK if ended.state == recall_pb2.RECALL_STATE_SUCCEEDED else Code.FAILED

    async def _shown(self, watch: AsyncIterator[recall_pb2.Recall]) -> recall_pb2.Recall:
        """Show the recall as it changes, and return it as it ended."""
        display = _Display(as_json=self._as_json)
        ticking = asyncio.create_task(display.tick())
        last: recall_pb2.Recall | None = None
        try:
            async for last in watch:
                display.show(last)
        finally:
            ticking.cancel()
            display.close()
        if last is None:
            raise Transient("the gateway said nothing of the recall: try again")
        return last

    def _steps(self, recall: recall_pb2.Recall, build: build_pb2.Build) -> list[tuple[str, str]]:
        version = recall.new_dataset_id.rpartition("-")[2]
        folder = str(Path("datasets") / f"{build.spec.name}-v{version}")
        exported = ("datasets", recall.new_dataset_id) if self._place.elsewhere else ("builds", build.build_id)
        own = () if self._place.elsewhere else ("--version", version)
        steps = [("Export it", self._words(exported[0], "export", exported[1], *own, "-o", folder))]
        if recall.withdrawn:
            listing = shlex.join(["chimera", "samples", "list", "--build", build.build_id, "--reason", "recalled"])
            steps.append(("What was withdrawn", f"{listing} (while `chimera up` runs)"))
        return steps

    def _words(self, *words: str) -> str:
        file = [] if self._file is None or words[0] != "recalls" else ["--endpoints", str(self._file)]
        return shlex.join(["chimera", *words, *file, *self._place.words])


class _Display:
    """JSON documents, a line that is drawn anew on a terminal, or a line every few seconds."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()
        self._last: recall_pb2.Recall | None = None
        on_terminal = not as_json and console(stderr=True).is_terminal
        self._live = Live(console=console(stderr=True), auto_refresh=False) if on_terminal else None
        if self._live is not None:
            self._live.start()

    def show(self, recall: recall_pb2.Recall) -> None:
        """Take in a recall."""
        first, self._last = self._last is None, recall
        if self._as_json:
            emit({"type": "progress", "recall": to_plain(recall)})
        elif self._live is not None or first:
            self._say()

    async def tick(self) -> None:
        """Say how far it is, every so often."""
        while True:
            await asyncio.sleep(LINE_SECONDS if self._live is None else _REFRESH_SECONDS)
            if not self._as_json:
                self._say()

    def close(self) -> None:
        """The last line stays."""
        if self._live is not None:
            self._live.stop()
        elif not self._as_json:
            self._say()

    def _say(self) -> None:
        if self._last is None:
            return
        said = recall_line(self._last, time.monotonic() - self._began)
        if self._live is None:
            note(said)
        else:
            self._live.update(Text(said), refresh=True)


def budget_of(max_cost: float | None, max_calls: int | None) -> build_pb2.Budget:
    """The limits of a recall; InvalidInput in the words of the options."""
    told = {"usd": max_cost, "calls": max_calls}
    found, wrong = parse_budget({name: value for name, value in told.items() if value is not None})
    if wrong:
        raise _in_options(wrong)
    return found


def _in_options(wrong: Sequence[Violation]) -> InvalidInput:
    return InvalidInput([Violation(_OPTIONS.get(each.field, each.field), each.description) for each in wrong])


async def _agreed() -> bool:
    """Ask on the terminal; ctrl-C meanwhile is an answer too, and no thread waits for a line that never comes."""
    print("Start? [y/N]: ", end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sys.stdin, lambda: None if answered.done() else answered.set_result(None))
    try:
        await answered
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
