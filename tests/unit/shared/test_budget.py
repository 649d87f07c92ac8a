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
        self.tasks: list[asyncio.Task] = []
        self.open: list = []

    async def call(self, most) -> None:
        with contextlib.suppress(BudgetSpent):
            reservation = await self.purse.reserve(BUILD, most)
            self.open.append((reservation, Amount.of(most)))

    async def sync(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.purse.sync()

    def kill(self) -> None:
        account = self.purse._accounts.get(BUILD)
        asking = [] if account is None or account.asking is None else [account.asking]
        for task in [*self.tasks, *asking]:
            task.cancel()


NAMES = st.sampled_from(["p0", "p1"])


class Budgets(RuleBasedStateMachine):
    """Never more than the limit is consumed and under way, whatever happens; without mishaps the book is exact."""

    limit = Limit(NANOUSD, TOKENS, CALLS)

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.shelf, self.now, self.mishap = Shelf(), 0.0, False
        self.builds = self.run(table(cost_nanousd=NANOUSD, tokens=TOKENS, calls=CALLS))
        self.spent = self.lost = self.killed = NOTHING
        self.processes = {name: Process(self, name) for name in ("p0", "p1")}

    def run(self, work):
        return self.loop.run_until_complete(work)

    def start(self, name: str, work, ticks: int) -> None:
        self.processes[name].tasks.append(self.loop.create_task(work))
        self.ticks(ticks)

    @rule(n=st.integers(0, 12))
    def ticks(self, n: int) -> None:
        async def tick() -> None:
            for _ in range(n):
                await asyncio.sleep(0)

        self.run(tick())

    @rule(name=NAMES, nanousd=st.sampled_from([1, 60, 300]), tokens=st.sampled_from([0, 30, 150]), n=st.integers(0, 20))
    def reserve(self, name: str, nanousd: int, tokens: int, n: int) -> None:
        self.start(name, self.processes[name].call(use(nanousd, tokens)), n)

    @rule(name=NAMES, part=st.sampled_from([0, 0.3, 1]), end=st.sampled_from("srl"))
    def end(self, name: str, part: float, end: str) -> None:
        if opened := self.processes[name].open:
            self.run(self._end(*opened.pop(0), part, end))

    @rule(name=NAMES)
    def end_all(self, name: str) -> None:
        while self.processes[name].open:
            self.end(name, 0.3, "s")

    async def _end(self, reservation, most: Amount, part: float, end: str) -> None:
        if end == "s":
            took = Amount(1, *(int(n * part) for n in (most.input_tokens, most.output_tokens, most.cost_nanousd)))
            reservation.settle(took.usage)
            self.spent += took
        elif end == "l":
            reservation.lose()
            self.lost += most
        else:
            reservation.release()

    @rule(name=NAMES, n=st.integers(0, 20))
    def sync(self, name: str, n: int) -> None:
        self.start(name, self.processes[name].sync(), n)

    @rule(name=NAMES, fault=st.sampled_from(["late", "drop", "unheard"]))
    def give_back_in_vain(self, name: str, fault: str) -> None:
        """Two syncs without a call between give back what is idle; the last one's answer is lost."""
        self.start(name, self.processes[name].sync(), 20)
        self.shelf.fault = fault
        self.start(name, self.processes[name].sync(), 20)

    @rule(name=NAMES)
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

    @rule(name=NAMES)
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
        try:
            self.run(asyncio.wait_for(self._settle_all(), 10))
            self._look_at_the_book()
        finally:
            self.loop.close()

    def _look_at_the_book(self) -> None:
        book, consumed = self.shelf.book(), self.spent + self.lost + self.killed
        assert book.idle
        assert book.spending.reserved == sample_pb2.Usage()
        assert self.limit.allows(book.consumed)
        if self.mishap:
            everything = ("calls", "input_tokens", "output_tokens", "cost_nanousd")
            assert all(getattr(book.consumed, name) >= getattr(consumed, name) for name in everything), "paid, not told"
        else:
            assert (book.spending.spent, book.spending.unaccounted) == (self.spent.usage, self.lost.usage)

    async def _settle_all(self) -> None:
        for process in self.processes.values():
            process.kill()
            await asyncio.gather(*process.tasks, return_exceptions=True)
            for reservation, most in process.open:
                await self._end(reservation, most, 1, "s")
            process.open.clear()
        for _ in range(3):
            for process in self.processes.values():
                await process.purse.sync()


Budgets.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestBudgets(Budgets.TestCase):
    """Run by pytest, which gives it the quick waits."""
