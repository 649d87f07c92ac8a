"""Budgets: a call is reserved at the most that it can consume before it is sent, and settled when it has ended.

reserve ─▶ the process's allowance ─▶ (used up) the build's book in the store ─▶ granted, waits, or BudgetSpent
settle, release, lose ─▶ the allowance ─▶ `sync` every second ─▶ the book
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import uuid4

from chimera.sample.v1 import sample_pb2
from chimera_shared.builds import ENDED, BuildTable
from chimera_shared.endpoints.book import BEAT_SECONDS, NOTHING, Amount, Book, Books, Holder, Limit, Vigil
from chimera_shared.endpoints.line import Line
from chimera_shared.errors import BudgetSpent, BuildHalted, StoreUnavailable, Transient
from chimera_shared.mongo import Collection, Document
from chimera_shared.together import all_of
from chimera_shared.worklimit import waiting

log = logging.getLogger(__name__)

_SPARE_OF_ROOM = 16
"""What is taken ahead for the next second is at most this part of what the budget has left: others want theirs."""
_LOOK_SECONDS = 0.5
"""Between two looks whether others gave something back."""
_SWAP_BACKOFF_SECONDS = 0.02


class Reservation:
    """The most that one call can consume. It ends once; a block that leaves it without an end loses it."""

    __slots__ = ("_account", "_most", "_of")

    def __init__(self, account: "Account | None", most: Amount) -> None:
        self._account = account
        self._most = most
        self._of = "" if account is None else account.epoch

    def settle(self, usage: sample_pb2.Usage) -> None:
        """The call was answered, and consumed this."""
        self._end(spent=Amount.of(usage))

    def release(self) -> None:
        """The call never reached the server, or was refused: it consumed nothing."""
        self._end()

    def lose(self) -> None:
        """The call broke off and nobody knows what it consumed: the most, then."""
        self._end(lost=self._most)

    def _end(self, spent: Amount = NOTHING, lost: Amount = NOTHING) -> None:
        if (account := self._account) is not None:
            self._account = None
            account.end(self._of, self._most, spent, lost)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.lose()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """A caller and the reservation that it waits for."""

    most: Amount
    granted: "asyncio.Future[Reservation]"


class Account:
    """One process's part of one build's book, as far as this process knows it."""

    def __init__(self, build_id: str, limit: Limit, holder: str, epoch: str) -> None:
        self.build_id = build_id
        self.limit = limit
        self.holder = holder
        self.epoch = epoch
        self.refused = ""
        self.waiters: Line[_Waiter] = Line()
        self.exchanging = asyncio.Lock()
        self.asking: asyncio.Task[None] | None = None
        self.moved = asyncio.Event()
        self.told: Holder | None = None
        self.told_at = 0.0
        self.unheard = False
        """Whether a write may have succeeded without our knowing."""
        self.beat = 0
        self.vigil = Vigil()
        self._cap = self._spent = self._lost = self._reserved = self._recent = NOTHING
        self._share: Limit | None = None

    # Within the process

    def take(self, most: Amount) -> Reservation | None:
        """Reserve, if the allowance covers it."""
        if self.limit and not (
            self.limit.covered(self._used + most, self._cap) and self._is_fair(self._reserved, most)
        ):
            return None
        self._reserved += most
        self._recent += most
        return Reservation(self, most)

    def end(self, epoch: str, most: Amount, spent: Amount, lost: Amount) -> None:
        """A reservation of this epoch has ended; whoever waits may go on with what it leaves."""
        if epoch != self.epoch:
            return  # counted as lost when others took this process for dead
        self._reserved -= most
        self._spent += spent
        self._lost += lost
        self.wake()
        if self._share is not None:
            self.moved.set()  # what is left over is for the others, at once

    def wake(self) -> None:
        """Grant what the allowance covers, in their order."""
        while self.waiters:
            first = self.waiters.head()
            if not first.granted.done():
                if (reservation := self.take(first.most)) is None:
                    return
                first.granted.set_result(reservation)
            self.waiters.pop()
            self.moved.set()

    def refuse(self, error: Exception) -> None:
        """Whoever waits gets this instead."""
        while self.waiters:
            if not (waiter := self.waiters.pop()).granted.done():
                waiter.granted.set_exception(error)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or waits."""
        return self._reserved == NOTHING and not self.waiters

    # Towards the book

    def is_due(self, now: float) -> bool:
        """Whether the book does not say how things stand here, or needs a sign of life."""
        told, stand = self.told, (self._spent, self._lost, self._reserved)
        if told is None or self.unheard or (told.spent, told.lost, told.reserved) != stand:
            return True
        has_spare = self._cap != self._used
        return has_spare or told.waits != bool(self.waiters) or (told.holds and now - self.told_at >= BEAT_SECONDS)

    def enter(self, book: Book) -> Holder:
        """Put this process's part into the book, with all that is wanted and can be had."""
        self._take_stand(book)
        book.holders.pop(self.holder, None)
        committed, cap = book.committed, self._used
        waiting_too = sum(holder.waits for holder in book.holders.values())
        consumed = book.consumed + self._spent + self._lost
        self._share = self.limit.share(consumed, waiting_too + 1) if waiting_too else None
        first = next((w for w in self.waiters if not w.granted.done()), None)
        if self.limit and not book.refused:
            cap = self._wanted(committed, cap)
            if first is not None and not self.limit.allows(consumed + first.most):
                book.refused = self.limit.refusal(consumed, first.most)
        self.beat += 1
        entry = Holder(
            self.holder, self.epoch, self.beat, cap, self._spent, self._lost, self._reserved, first is not None
        )
        book.holders[self.holder] = entry
        # Until the store has confirmed it, only what both the old and this allowance cover may be taken.
        self._cap = self._cap.least(cap)
        self.unheard = True
        return entry

    def entered(self, entry: Holder, now: float) -> None:
        """The store has confirmed it."""
        self._cap = entry.cap
        self._recent = NOTHING
        self.unheard = False
        self.told, self.told_at = entry, now

    @property
    def _used(self) -> Amount:
        return self._spent + self._lost + self._reserved

    def _wanted(self, committed: Amount, cap: Amount) -> Amount:
        reserved = self._reserved
        for waiter in self.waiters:
            if not (self.limit.allows(committed + cap + waiter.most) and self._is_fair(reserved, waiter.most)):
                return cap
            cap, reserved = cap + waiter.most, reserved + waiter.most
        if self._share is None and self.limit.allows(committed + cap + self._recent.times(_SPARE_OF_ROOM)):
            cap += self._recent
        return cap

    def _is_fair(self, reserved: Amount, most: Amount) -> bool:
        """Whether this process may have so much under way while others wait; one call it always may."""
        return self._share is None or reserved == NOTHING or self._share.allows(reserved + most)

    def _take_stand(self, book: Book) -> None:
        """Make room for this process's part: after an earlier run of it, or after it was itself taken for dead."""
        there = book.holders.get(self.holder)
        if there is not None and there.epoch == self.epoch:
            return
        if self.told is None:
            if there is not None:
                book.retire(self.holder)
            return
        log.warning("%s was taken for dead; what it held of %s counts as lost", self.holder, self.build_id)
        self.epoch = uuid4().hex
        if there is not None:  # a second process of this name: beside it, instead of each retiring the other
            self.holder = f"{self.holder}/{self.epoch}"
        self._cap = self._spent = self._lost = self._reserved = self._recent = NOTHING
        self.told = None


class Purse:
    """Reserves and settles the calls of one process. `holder` names it among all, the same after a restart."""

    def __init__(
        self,
        budgets: Collection[Document],
        holder: str,
        builds: BuildTable,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._books = Books(budgets)
        self._holder = holder
        self._builds = builds
        self._clock = clock
        self._epoch = uuid4().hex
        self._accounts: dict[str, Account] = {}
        self._came_back = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give back what is left, if the store is there. Who has nothing to tell leaves without asking for it."""
        for account in self._accounts.values():
            if account.asking is not None:
                account.asking.cancel()
        if self._due():
            with contextlib.suppress(Transient):
                await self.sync()

    async def reserve(self, build_id: str, most: sample_pb2.Usage, precedence: int = 0) -> Reservation:
        """Room for a call that consumes at most this; of those that wait, the highest precedence first.

        Waits while others may give some back; BudgetSpent once it can never be had, BuildHalted if the build is halted
        meanwhile. Questions of no build are not accounted for.
        """
        if (reservation := self.reserve_at_once(build_id, most)) is not None:
            return reservation
        return await self._wait(self._accounts[build_id], Amount.of(most), precedence)

    def reserve_at_once(self, build_id: str, most: sample_pb2.Usage) -> Reservation | None:
        """As `reserve`, but None where that would wait."""
        amount = Amount.of(most)
        account = self._account(build_id)
        if account is None:
            return Reservation(None, amount)
        if account.refused:
            raise BudgetSpent(account.refused)
        return None if account.waiters else account.take(amount)

    async def sync(self) -> None:
        """Tell the books what was consumed, give back what is idle, show that this process lives."""
        if not self._came_back:
            await self._retire_last_run()
        await all_of(*(self._exchange(account) for account in self._due()))
        now = self._clock()
        for build_id, account in list(self._accounts.items()):
            if account.idle and not account.is_due(now) and self._builds.spec(build_id) is None:
                del self._accounts[build_id]

    def _due(self) -> list[Account]:
        now = self._clock()
        return [account for account in self._accounts.values() if account.is_due(now)]

    def _account(self, build_id: str) -> Account | None:
        if (known := self._accounts.get(build_id)) is not None:
            return known
        if (spec := self._builds.spec(build_id)) is not None:
            account = self._accounts[build_id] = Account(build_id, Limit.of(spec.budget), self._holder, self._epoch)
            return account
        if self._builds.state(build_id) in ENDED:
            raise BuildHalted(f"build {build_id} does not run")
        return None

    async def _wait(self, account: Account, most: Amount, precedence: int) -> Reservation:
        granted: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        account.waiters.push(_Waiter(most, granted), precedence)
        if account.asking is None:
            account.asking = asyncio.create_task(self._ask(account))
        try:
            with waiting(), self._builds.going_on(account.build_id):
                return await granted
        except BaseException:
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                granted.result().release()  # granted and cut off in the same moment
            granted.cancel()
            raise

    async def _ask(self, account: Account) -> None:
        """Ask the book for what is waited for, until nobody waits."""
        try:
            while account.waiters:
                account.moved.clear()
                try:
                    await self._exchange(account)
                except StoreUnavailable as error:
                    log.warning("calls of %s wait for the store: %s", account.build_id, error)
                account.wake()  # also drops those that do not wait any more
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS * (0.5 + random.random())):  # noqa: S311 jitter
                        await account.moved.wait()
        except Exception as error:
            log.exception("nothing can be reserved for %s", account.build_id)
            account.refuse(error)
        finally:
            account.asking = None

    async def _exchange(self, account: Account) -> None:
        """Bring the book and the account up to each other."""
        async with account.exchanging:
            while True:
                book = await self._books.find(account.build_id)
                now = self._clock()
                for name in account.vigil.gone(book, now):
                    if name != account.holder:
                        log.warning("%s is gone; what it held of %s counts as lost", name, account.build_id)
                        book.retire(name)
                entry = account.enter(book)
                if await self._books.swap(book):
                    account.entered(entry, now)
                    break
                await asyncio.sleep(_SWAP_BACKOFF_SECONDS * random.random())  # noqa: S311 jitter
        account.wake()
        if book.refused:
            account.refused = book.refused
            account.refuse(BudgetSpent(book.refused))

    async def _retire_last_run(self) -> None:
        """What the last run of this process held and never settled may have been paid for."""
        for book in await self._books.held_by(self._holder):
            while (mine := book.holders.get(self._holder)) is not None and mine.epoch != self._epoch:
                book.retire(self._holder)
                if await self._books.swap(book):
                    break
                book = await self._books.find(book.build_id)
        self._came_back = True
