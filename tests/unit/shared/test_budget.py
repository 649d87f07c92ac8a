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
from chimera_shared.endpoints.book import NOTHING, Amount, Book, Holder, Limit, Vigil, total
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
        self.writes = self.reads = 0

    def book(self, build: str = BUILD) -> Book:
        return Book.from_document(self.documents[build]) if build in self.documents else Book(build)

    async def find(self, build: str) -> Book:
        self.reads += 1
        await asyncio.sleep(0)
        if self.fault == "away":
            raise StoreUnavailable("away")
        return self.book(build)

    async def held_by(self, name: str) -> list[Book]:
        self.reads += 1
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
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestBudgets(Budgets.TestCase):
    """Run by pytest, which gives it the quick waits."""


async def test_builds_without_limits_never_wait_and_are_accounted_for():
    shelf = Shelf()
    shelf.fault = "away"
    working = purse(shelf, await table())
    calls = [working.reserve_at_once(BUILD, use(10, 4)) for _ in range(3)]
    calls[0].settle(use(3, 2))
    calls[1].lose()
    shelf.fault = ""
    await working.sync()

    shown = shelf.book().spending

    assert (shown.spent, shown.unaccounted, shown.reserved) == (use(3, 2), use(10, 4), use(10, 4))


async def test_questions_of_no_build_are_not_accounted_for():
    shelf = Shelf()
    working = purse(shelf, await table(calls=1))
    for _ in range(3):
        (await working.reserve("preview", use())).settle(use())
    await working.sync()

    assert shelf.documents == {}


async def test_a_reservation_ends_once_and_is_lost_if_its_block_leaves_without_an_end():
    shelf = Shelf()
    working = purse(shelf, await table(calls=9))
    for end in ("settle", "lose", ""):
        with contextlib.suppress(OSError), await working.reserve(BUILD, use(7)) as call:
            if end == "settle":
                call.settle(use(2))
                call.lose()
            raise OSError
    await working.sync()

    assert shelf.book().spending.spent == use(2)
    assert shelf.book().spending.unaccounted == use(14, calls=2)


@pytest.mark.parametrize(
    ("limit", "used", "most", "said"),
    [
        ({"cost_nanousd": 5_000_000_000}, use(4_980_000_000), use(40_000_000),
         "the budget of $5.00 is spent: $4.98 were used and the next call may cost $0.04"),
        ({"cost_nanousd": 1_000_000}, use(999_000), use(12_345),
         "the budget of $0.001 is spent: $0.000999 were used and the next call may cost $0.000012345"),
        ({"tokens": 100_000}, use(0, 99_000), use(0, 4_096),
         "the budget of 100,000 tokens is spent: 99,000 were used and the next call may take 4,096"),
        ({"calls": 1}, use(0), use(0), "the budget of 1 model calls is spent: 1 were made"),
    ],
)  # fmt: skip
async def test_what_can_never_fit_is_refused_with_the_reason_for_all_processes(limit, used, most, said):
    shelf = Shelf()
    working, other = purse(shelf, await table(**limit)), purse(shelf, await table(**limit), "p1")
    (await working.reserve(BUILD, used)).settle(used)

    for each in (working, other, working):
        with pytest.raises(BudgetSpent) as refused:
            await each.reserve(BUILD, most)
        assert str(refused.value) == said
    assert shelf.book().refused == said
    await working.sync()
    assert shelf.book().idle


async def test_who_does_not_fit_waits_for_what_others_give_back():
    shelf = Shelf()
    working, other = purse(shelf, await table(calls=2)), purse(shelf, await table(calls=2), "p1")
    held = [await other.reserve(BUILD, use()), await working.reserve(BUILD, use())]
    waiting = [asyncio.create_task(working.reserve(BUILD, use())) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in waiting)

    held[0].release()
    await other.sync()
    first = await waiting[0]
    held[1].release()
    second = await waiting[1]

    first.settle(use())
    second.settle(use())
    await working.sync()
    assert shelf.book().spending.spent.calls == 2


async def test_what_is_given_back_unheard_is_not_used_any_more():
    shelf = Shelf()
    working, other = purse(shelf, await table(calls=100)), purse(shelf, await table(calls=100), "p1")
    call = await working.reserve(BUILD, use())
    await working.sync()
    call.release()
    assert shelf.book().committed.calls == 2, "one is taken ahead"
    shelf.fault = "unheard"
    with pytest.raises(StoreUnavailable):
        await working.sync()
    assert shelf.book().committed.calls == 0
    everything = await other.reserve(BUILD, use(calls=100))

    assert working.reserve_at_once(BUILD, use()) is None
    everything.release()


async def test_what_is_given_back_is_not_used_while_the_store_is_asked():
    shelf = Shelf()
    working = purse(shelf, await table(calls=100))
    call = await working.reserve(BUILD, use())
    await working.sync()
    call.release()
    syncing = asyncio.create_task(working.sync())
    while shelf.book().committed.calls:  # noqa: ASYNC110 the moment between the write and its answer
        await asyncio.sleep(0)

    assert not syncing.done()
    assert working.reserve_at_once(BUILD, use()) is None
    await syncing


async def test_a_store_that_is_away_is_waited_for_and_the_time_does_not_count_as_work():
    shelf = Shelf()
    shelf.fault = "away"
    working = purse(shelf, await table(calls=2))

    async def work() -> None:
        async with WorkLimit(0.2):
            (await working.reserve(BUILD, use())).settle(use())

    task = asyncio.create_task(work())
    await asyncio.sleep(0.4)
    assert not task.done()
    shelf.fault = ""
    await task


@pytest.mark.parametrize("state", [build_pb2.BUILD_STATE_PAUSED, build_pb2.BUILD_STATE_CANCELLED])
async def test_who_waits_for_a_build_that_is_halted_goes_away_and_leaves_nothing(state):
    shelf, builds = Shelf(), await table(calls=1)
    working = purse(shelf, builds)
    held = await working.reserve(BUILD, use())
    waiting = asyncio.create_task(working.reserve(BUILD, use()))
    await asyncio.sleep(0.01)

    await builds.learn(changed(state, 2, calls=1))
    with pytest.raises(BuildHalted):
        await waiting
    held.settle(use())
    await working.sync()

    assert shelf.book().idle
    assert shelf.book().refused == ""
    if state == build_pb2.BUILD_STATE_CANCELLED:
        with pytest.raises(BuildHalted):
            await working.reserve(BUILD, use())


async def test_a_restarted_process_takes_back_its_place_and_what_it_held_is_lost():
    shelf, builds = Shelf(), await table(calls=5)
    killed = purse(shelf, builds)
    held = [await killed.reserve(BUILD, use()) for _ in range(3)]
    held[0].settle(use())
    await killed.sync()

    again = purse(shelf, builds)
    await again.sync()

    shown = shelf.book().spending
    assert (shown.spent.calls, shown.unaccounted.calls, shown.reserved.calls) == (1, 2, 0)
    assert shelf.book().committed.calls == 3


async def test_two_processes_of_one_name_do_not_take_each_other_for_dead_for_ever():
    shelf, builds = Shelf(), await table(calls=50)
    twins = [purse(shelf, builds), purse(shelf, builds)]
    for _ in range(4):
        for twin in twins:
            (await twin.reserve(BUILD, use())).settle(use())
            await twin.sync()

    shown = shelf.book().spending
    assert (shown.spent.calls, shown.unaccounted.calls) == (7, 1), "the second of the first one was taken ahead"
    assert len(shelf.book().holders) == 2


async def test_room_that_comes_free_goes_to_what_finishes_a_sample():
    working, served = purse(Shelf(), await table(calls=4, tokens=10)), []
    first = await working.reserve(BUILD, use(tokens=10))

    async def ask(name, precedence):
        reservation = await working.reserve(BUILD, use(tokens=10), precedence)
        served.append(name)
        reservation.release()

    asked = [("proposer", 0), ("panel", 1), ("proposer again", 0), ("solver", 2)]
    async with asyncio.TaskGroup() as group:
        for name, precedence in asked:
            group.create_task(ask(name, precedence))
            await asyncio.sleep(0)
        first.release()

    assert served == ["solver", "panel", "proposer", "proposer again"]


async def test_who_leaves_in_order_gives_everything_back():
    shelf = Shelf()
    async with purse(shelf, await table(calls=100)) as working:
        for _ in range(3):
            (await working.reserve(BUILD, use())).settle(use())
        await working.sync()
        assert not shelf.book().idle

    assert shelf.book().idle
    assert shelf.book().committed.calls == 3


async def test_who_has_nothing_to_tell_leaves_without_asking_a_store_that_may_be_away():
    shelf = Shelf()
    async with purse(shelf, await table(calls=100)):
        pass
    assert shelf.reads == 0

    async with purse(shelf, await table(calls=100)) as working:
        (await working.reserve(BUILD, use())).settle(use())
        shelf.fault, shelf.reads = "away", 0
    assert shelf.reads > 0, "what it spent is worth the try"


async def test_who_had_nothing_to_do_for_long_counts_what_it_does_then():
    """Without limits a call is reserved before the store is asked: nobody else may have closed the account."""
    shelf, builds, now = Shelf(), await table(), [0.0]
    idle, busy = (purse(shelf, builds, name, lambda: now[0]) for name in ("idle", "busy"))
    (await idle.reserve(BUILD, use())).settle(use())
    await idle.sync()
    for _ in range(200):
        (await busy.reserve(BUILD, use())).settle(use())
        await busy.sync()
        now[0] += 1

    (await idle.reserve(BUILD, use())).settle(use())
    await idle.sync()

    spending = shelf.book().spending
    assert (spending.spent.calls, spending.unaccounted.calls) == (202, 0)


def test_only_who_stands_still_while_looked_at_is_gone():
    vigil, now = Vigil(), 0.0
    book = Book(BUILD, holders={name: Holder(name, "e", cap=Amount(1)) for name in ("still", "live")})
    assert vigil.gone(book, now) == []
    assert vigil.gone(book, now + 10_000) == [], "the store was away, or this machine slept"
    for second in range(130):
        book.holders["live"] = Holder("live", "e", beat=second // 20, cap=Amount(1))
        found = vigil.gone(book, 10_000 + second)

    assert found == ["still"]


def test_a_book_reads_as_it_was_written():
    amount = Amount(1, 2, 3, 4)
    holder = Holder("h", "e", 3, amount, NOTHING, amount, amount)
    book = Book(BUILD, 7, amount, NOTHING, {"h": holder}, "why")

    assert Book.from_document(book.to_document()) == book


async def test_a_process_with_many_callers_leaves_others_their_share():
    """Ten calls fit at a time; one process always has more that wants to start."""
    shelf = Shelf()
    greedy, modest = purse(shelf, await table(calls=400)), purse(shelf, await table(calls=400), "p1")
    most, done = use(calls=40), []

    async def call(working: Purse, name: str) -> None:
        (await working.reserve(BUILD, most)).settle(use())
        done.append(name)

    async def hold(working: Purse) -> None:
        with contextlib.suppress(BudgetSpent), await working.reserve(BUILD, most) as held:
            await asyncio.sleep(0.002)
            held.settle(use())

    crowd = [asyncio.create_task(hold(greedy)) for _ in range(200)]
    await asyncio.sleep(0.005)
    async with asyncio.timeout(20):
        await asyncio.gather(*(call(modest, "modest") for _ in range(5)))

    assert len(done) == 5
    assert not all(task.done() for task in crowd)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
