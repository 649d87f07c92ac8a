"""A build during which every process is killed, and what then holds of the promises."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from chimera.build.v1 import build_pb2
from chimera_shared.apportion import targets
from e2e import contract
from e2e.accounts import BUYERS, Accounts, Purchases
from e2e.cluster import Cluster, cluster

VICTIMS = ("taxonomy", "generator", "verifier", "gateway", "broker", "store", "teacher")
SUBJECTS = {"Mathematics": 3.0, "Physics": 2.0, "Chemistry": 2.0, "Computer Science": 2.0, "Linguistics": 1.0}
CALLS_PER_SAMPLE = 4
"""At least: a problem, two votes and a solution. Rejected attempts come on top."""
FIRST_MOMENT, LAST_MOMENT = 0.01, 0.9
"""Shares of those calls between which processes are killed, so that each dies while the build runs."""
CALLS_BETWEEN = 10
"""Answered after a victim is back and before the next one dies: then work is under way again."""
LONGEST_SECONDS = 900
ORPHAN_SECONDS = 120


@dataclass(frozen=True)
class Plan:
    """What is built and how much is killed."""

    samples: int = 300
    kills: int = 14
    seed: int = 1
    latency_seconds: float = 4.0
    """The mean; long enough that the build outlasts the returns of its victims."""
    latency_sigma: float = 1.0
    latency_cap_seconds: float = 20.0

    def dials(self) -> dict[str, float]:
        """What the teacher is told, each time it begins to live."""
        return {
            "latency_mean_seconds": self.latency_seconds,
            "latency_sigma": self.latency_sigma,
            "latency_cap_seconds": self.latency_cap_seconds,
        }

    def victims(self) -> list[tuple[int, str]]:
        """Who is killed, and after how many answered calls; everybody at least once, as far as there are kills."""
        rng = Random(self.seed)
        named = rng.sample(VICTIMS, len(VICTIMS))[: self.kills]
        named += rng.choices(VICTIMS, k=self.kills - len(named))
        rng.shuffle(named)
        calls = self.samples * CALLS_PER_SAMPLE
        moments = sorted(rng.uniform(FIRST_MOMENT, LAST_MOMENT) * calls for _ in named)
        return [(int(moment), victim) for moment, victim in zip(moments, named, strict=True)]


@dataclass
class Kill:
    """One SIGKILL."""

    victim: str
    at_seconds: float
    accepted: int
    in_flight: int
    """Requests that the teacher was working on when the signal was sent."""
    back_seconds: float = 0.0
    """From the signal until the process answered again."""
    open_calls: int | None = None
    """Calls of the victim that were asked and whose answer it had not kept when it died; None if it asks none."""


@dataclass
class Havoc:
    """A run: as it goes on, and at its end."""

    plan: Plan
    kills: list[Kill] = field(default_factory=list)
    accepted: int = 0
    in_flight: int = 0
    seconds: float = 0.0
    now: str = "starting"
    build: build_pb2.Build = field(default_factory=build_pb2.Build)
    purchases: Purchases | None = None
    died_with_teacher: int = 0
    """Requests that the teacher's deaths left without an answer; nobody pays for them."""
    settled: int = 0
    duplicates: int = 0
    lost: int = 0
    broken: list[str] = field(default_factory=list)
    """What was promised and does not hold."""


@contextlib.asynccontextmanager
async def _ticking(every: float, tick: Callable[[], Any]) -> AsyncIterator[None]:
    async def on() -> None:
        while True:
            await tick()
            await asyncio.sleep(every)

    task = asyncio.create_task(on())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def wreak(folder: Path, plan: Plan, tell: Callable[[Havoc], None] = lambda _: None) -> Havoc:
    """Build and kill in `folder`, where the logs stay; `tell` is called twice a second."""
    run = Havoc(plan)
    async with cluster(folder) as deployed:
        await deployed.dials(**plan.dials())
        await _Wrecker(deployed, run, tell).work()
    tell(run)
    return run


class _Wrecker:
    def __init__(self, deployed: Cluster, run: Havoc, tell: Callable[[Havoc], None]) -> None:
        self._deployed = deployed
        self._run = run
        self._tell = tell
        self._began = time.monotonic()
        self._children: set[psutil.Process] = set()
        self._spec = contract.order(run.plan.samples, SUBJECTS, run.plan.seed, "chaos")

    async def work(self) -> None:
        run = self._run
        build_id = await contract.submit(self._deployed, self._spec)
        accounts = Accounts(self._deployed, build_id)
        async with asyncio.timeout(LONGEST_SECONDS), _ticking(0.5, lambda: self._observe(build_id)):
            for moment, victim in run.plan.victims():
                run.now = f"{victim} is next"
                if not await self._until_answered(max(moment, self._deployed.journal.answered + CALLS_BETWEEN)):
                    break
                await self._kill(victim, accounts)
            run.now = "all are up" if len(run.kills) == run.plan.kills else "ended early"
            run.build = await contract.until(self._deployed, build_id, seconds=LONGEST_SECONDS)
        await self._judge(build_id, accounts)

    async def _observe(self, build_id: str) -> None:
        """The figures of the moment; the gateway may be dead for a while."""
        run, journal = self._run, self._deployed.journal
        journal.read()
        run.seconds, run.in_flight = time.monotonic() - self._began, len(journal.in_flight())
        self._tell(run)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                run.build = await contract.look(self._deployed, build_id)
                run.accepted = run.build.progress.accepted

    async def _until_answered(self, calls: int) -> bool:
        """False if the build ended before."""
        while self._deployed.journal.answered < calls:
            if self._run.build.build_id and contract.ended(self._run.build):
                return False
            await asyncio.sleep(0.05)
            self._deployed.journal.read()
        return True

    async def _kill(self, victim: str, accounts: Accounts) -> None:
        run, deployed = self._run, self._deployed
        self._children |= _children(deployed, victim)
        deployed.journal.read()
        began = time.monotonic()
        run.now = f"{victim} is dead"
        run.kills.append(Kill(victim, began - self._began, run.accepted, len(deployed.journal.in_flight())))
        await deployed.kill_only(victim)
        if victim in BUYERS:
            await accounts.note_death(victim)
        await deployed.revive(victim)
        await deployed.ready(victim)
        if victim == "teacher":
            await deployed.dials(**run.plan.dials())
        run.kills[-1].back_seconds = time.monotonic() - began

    async def _judge(self, build_id: str, accounts: Accounts) -> None:
        run = self._run
        found = await contract.samples(self._deployed, build_id)
        run.purchases = purchases = await accounts.purchases()
        run.seconds = time.monotonic() - self._began
        run.accepted, run.in_flight = run.build.progress.accepted, 0
        run.died_with_teacher = sum(r.status == "died" for r in self._deployed.journal.requests.values())
        died = iter(purchases.deaths)
        for kill in run.kills:
            kill.open_calls = next(died) if kill.victim in BUYERS else None
        mix = dict(zip(SUBJECTS, targets(run.plan.samples, list(SUBJECTS.values())), strict=True))
        census = contract.Census(mix, found)
        run.settled, run.duplicates, run.lost = len(found), len(census.duplicates), len(census.lost)
        run.broken += contract.broken(self._spec, run.build, census)
        run.broken += self._broken_purchases(purchases)
        run.broken += await self._left_behind()

    def _broken_purchases(self, purchases: Purchases) -> list[str]:
        run = self._run
        usage = run.build.progress.usage
        tokens = usage.input_tokens + usage.output_tokens
        held = {
            f"{len(run.kills)} of {run.plan.kills} kills came before the build ended": len(run.kills) == run.plan.kills,
            f"{purchases.repeats} calls were bought again, {sum(purchases.deaths)} were on their way at the deaths": (
                purchases.repeats <= sum(purchases.deaths)
            ),
            f"{len(purchases.unexplained)} calls were bought again without a death that found them on their way: "
            f"{purchases.unexplained[:3]}": not purchases.unexplained,
            f"{usage.calls} calls are told of, {purchases.distinct} were answered": usage.calls == purchases.distinct,
            f"{tokens} tokens are told of, {purchases.tokens} were consumed": tokens == purchases.tokens,
        }
        return [sentence for sentence, holds in held.items() if not holds]

    async def _left_behind(self) -> list[str]:
        """Children of killed processes must end by themselves."""
        _, alive = await asyncio.to_thread(psutil.wait_procs, list(self._children), ORPHAN_SECONDS)
        return [f"processes outlived their parent: {sorted(p.pid for p in alive)}"] if alive else []


def _children(deployed: Cluster, victim: str) -> set[psutil.Process]:
    process = deployed.processes.get(victim)
    if process is None or process.running is None:
        return set()
    return set(psutil.Process(process.running.pid).children(recursive=True))
