"""Budgets over processes that are killed, cut off and taken for dead, at a store that loses answers."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import budget
from chimera_shared.endpoints.book import NOTHING, Amount, Book, Limit, Vigil, total
from chimera_shared.endpoints.budget import Purse
from chimera_shared.errors import BudgetSpent, BuildHalted, StoreUnavailable
from chimera_shared.worklimit import WorkLimit

BUILD = "b1"
NANOUSD, TOKENS, CALLS = 1_000, 500, 12


class Shelf:
    """All books, as the store keeps them. `fault` says what becomes of the next write."""

    def __init__(self) -> None:
        self.documents: dict[str, dict] = {}
        self.fault = ""
        self.late: list[Book] = []
        self.writes = 0

    def book(self, build: str = BUILD) -> Book:
        return Book.from_document(self.documents[build]) if build in self.documents else Book(build)

    async def find(self, build: str) -> Book:
        await asyncio.sleep(0)
        if self.fault == "away":
            raise StoreUnavailable("away")
        return self.book(build)

    async def held_by(self, name: str) -> list[Book]:
        return [book for build in self.documents if name in (book := await self.find(build)).holders]

    async def swap(self, book: Book) -> bool:
        changed = Book.from_document(book.to_document())
        await asyncio.sleep(0)
        fault, self.fault = self.fault, "away" if self.fault == "away" else ""
        if fault == "late":
            self.late.append(changed)
        won = not fault.startswith(("late", "away", "drop")) and self.apply(changed)
        await asyncio.sleep(0)
        if fault:
            raise StoreUnavailable(fault)
        return won

    def apply(self, book: Book) -> bool:
        if self.book(book.build_id).version != book.version:
            return False
        self.writes += 1
        self.documents[book.build_id] = replace(book, version=book.version + 1).to_document()
        return True


async def table(state=build_pb2.BUILD_STATE_RUNNING, revision=1, **limit) -> BuildTable:
    builds = BuildTable()
    await builds.learn(changed(state, revision, **limit))
    return builds


def changed(state=build_pb2.BUILD_STATE_RUNNING, revision=1, **limit) -> events_pb2.BuildChanged:
    build = build_pb2.Build(build_id=BUILD, state=state, revision=revision, spec=build_pb2.BuildSpec())
    build.spec.budget.CopyFrom(build_pb2.Budget(**limit))
    return events_pb2.BuildChanged(build=build)


def purse(shelf: Shelf, builds: BuildTable, name="p0", clock=lambda: 0.0) -> Purse:
    made = Purse.__new__(Purse)
    Purse.__init__(made, Collection(), name, builds, clock)
    made._books = shelf
    return made


class Collection:
    """Stands where a collection is asked for."""

    def with_options(self, **_) -> "Collection":
        return self


def use(nanousd=0, tokens=0, calls=1) -> sample_pb2.Usage:
    return sample_pb2.Usage(
        calls=calls, input_tokens=tokens // 2, output_tokens=tokens - tokens // 2, cost_nanousd=nanousd
    )


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(budget, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(budget, "_SWAP_BACKOFF_SECONDS", 0.0)


class Process:
    """One run of a process: its purse, its callers and what they were granted."""

    def __init__(self, machine: "Budgets", name: str) -> None:
        self.name = name
        self.purse = purse(machine.shelf, machine.builds, name, lambda: machine.now)
        self.callers: list[asyncio.Task] = []
        self.syncs: list[asyncio.Task] = []
        self.open: list = []

    async def call(self, most) -> None:
        with contextlib.suppress(BudgetSpent):
            reservation = await self.purse.reserve(BUILD, most)
            self.open.append((reservation, Amount.of(most)))

    def kill(self) -> None:
        account = self.purse._accounts.get(BUILD)
        asking = [] if account is None or account.asking is None else [account.asking]
        for task in [*self.callers, *self.syncs, *asking]:
            task.cancel()


class Budgets(RuleBasedStateMachine):
    """Never more than the limit is consumed and under way, whatever happens; without mishaps the book is exact."""

    limit = Limit(NANOUSD, TOKENS, CALLS)

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.shelf, self.now, self.mishap = Shelf(), 0.0, False
        self.builds = self.run(table(cost_nanousd=NANOUSD, tokens=TOKENS, calls=CALLS))
        self.spent = self.lost = self.killed = NOTHING
        self.processes = {name: Process(self, name) for name in ("p0", "p1", "p2")}

    def run(self, work):
        return self.loop.run_until_complete(work)

    @rule(n=st.integers(0, 12))
    def ticks(self, n: int) -> None:
        async def tick() -> None:
            for _ in range(n):
                await asyncio.sleep(0)

        self.run(tick())

    @rule(name=st.sampled_from(["p0", "p1", "p2"]), nanousd=st.integers(1, 300), tokens=st.integers(0, 150))
    def reserve(self, name: str, nanousd: int, tokens: int) -> None:
        process = self.processes[name]
        process.callers.append(self.loop.create_task(process.call(use(nanousd, tokens))))
        self.ticks(3)

    @rule(name=st.sampled_from(["p0", "p1", "p2"]), part=st.floats(0, 1), end=st.sampled_from("srl"))
    def end(self, name: str, part: float, end: str) -> None:
        if not (opened := self.processes[name].open):
            return
        reservation, most = opened.pop(0)
        self.run(self._end(reservation, most, part, end))

    async def _end(self, reservation, most: Amount, part: float, end: str) -> None:
        if end == "s":
            took = Amount(
                1, int(most.input_tokens * part), int(most.output_tokens * part), int(most.cost_nanousd * part)
            )
            reservation.settle(took.usage)
            self.spent += took
        elif end == "l":
            reservation.lose()
            self.lost += most
        else:
            reservation.release()

    @rule(name=st.sampled_from(["p0", "p1", "p2"]))
    def sync(self, name: str) -> None:
        async def tell() -> None:
            with contextlib.suppress(StoreUnavailable):
                await self.processes[name].purse.sync()

        self.processes[name].syncs.append(self.loop.create_task(tell()))
        self.ticks(4)

    @rule(name=st.sampled_from(["p0", "p1", "p2"]))
    def kill(self, name: str) -> None:
        """What it had under way may have been paid for."""
        self.mishap = True
        process = self.processes[name]
        process.kill()
        self.ticks(2)
        self.killed += total(most for _, most in process.open)
        self.processes[name] = Process(self, name)

    @rule(fault=st.sampled_from(["late", "away", "drop", "unheard", ""]))
    def fail(self, fault: str) -> None:
        self.shelf.fault = fault

    @rule()
    def arrive_late(self) -> None:
        while self.shelf.late:
            self.shelf.apply(self.shelf.late.pop())

    @rule(name=st.sampled_from(["p0", "p1", "p2"]))
    def look_for_long(self, name: str) -> None:
        """One process goes on, the others write nothing: they are killed, cut off or frozen."""
        self.shelf.fault, self.mishap = "", True

        async def look() -> None:
            account = self.processes[name].purse._account(BUILD)
            for _ in range(30):
                self.now += 5
                await self.processes[name].purse._exchange(account)

        if any(h.holds for n, h in self.shelf.book().holders.items() if n != name):
            self.run(look())

    @invariant()
    def never_more_than_the_limit(self) -> None:
        if not hasattr(self, "loop"):
            return
        under_way = total(most for process in self.processes.values() for _, most in process.open)
        worst = self.spent + self.lost + self.killed + under_way
        assert self.limit.allows(worst), f"{worst} of {self.limit}"
        assert self.limit.allows(self.shelf.book().committed)

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        self.shelf.fault = ""
        self.run(self._settle_all())
        shown = self.shelf.book().spending
        assert shown.reserved == sample_pb2.Usage()
        assert self.limit.allows(self.shelf.book().consumed)
        if self.mishap:
            told = Amount.of(shown.spent) + Amount.of(shown.unaccounted)
            assert Limit(told.cost_nanousd, told.input_tokens + told.output_tokens, told.calls).allows(
                self.spent + self.lost
            ), "something was paid for and is nowhere"
        else:
            assert (shown.spent, shown.unaccounted) == (self.spent.usage, self.lost.usage)
        self.loop.close()

    async def _settle_all(self) -> None:
        for process in self.processes.values():
            for caller in process.callers:
                caller.cancel()
            await asyncio.gather(*process.callers, *process.syncs, return_exceptions=True)
            for reservation, most in process.open:
                await self._end(reservation, most, 1, "s")
        for _ in range(3):
            for process in self.processes.values():
                await process.purse.sync()
        assert self.shelf.book().idle
        for process in self.processes.values():
            process.kill()
        await asyncio.sleep(0)


Budgets.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.usefixtures("hurry")
class TestBudgets(Budgets.TestCase):
    """Run by pytest."""
