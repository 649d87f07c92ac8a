import asyncio
import contextlib
import logging
import time
from dataclasses import replace

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import stage as engine
from chimera_shared import topics
from chimera_shared.builds import BuildTable
from chimera_shared.bus.codec import encode
from chimera_shared.errors import BusUnavailable, EndpointUnavailable, SampleFailure, StoreUnavailable
from chimera_shared.stage import Decision, NoRoom, Received, Stage, StageRunner
from chimera_shared.worklimit import waiting

REF = sample_pb2.SampleRef(sample_id="a" * 32, build_id="b1", subject="Physics")
REQUESTED = events_pb2.ProblemRequested(ref=REF)
CALL = sample_pb2.ModelCall(call_id="c", usage=sample_pb2.Usage(calls=1))


def proposed(statement: str) -> events_pb2.ProblemProposed:
    return events_pb2.ProblemProposed(ref=REF, problem=sample_pb2.Problem(statement=statement))


class Outcomes:
    """Decisions in memory; each `find` and `keep` gives way to others, as a store does."""

    def __init__(self) -> None:
        self.kept = {}

    async def find(self, key):
        await asyncio.sleep(0)
        return self.kept.get(key)

    async def keep(self, key, event):
        await asyncio.sleep(0)
        return self.kept.setdefault(key, event)


class Publisher:
    """Remembers what was sent; fails as often as it is told."""

    def __init__(self) -> None:
        self.sent, self.buried, self.failures, self.room = [], [], 0, None

    async def publish(self, event):
        if self.failures:
            self.failures -= 1
            raise BusUnavailable("Kafka is away")
        self.sent.append(event)

    async def bury(self, letter):
        if self.room is not None:
            if not self.room:
                raise NoRoom("propose has 0 dead letters")
            self.room -= 1
        self.buried.append(letter)


def received(value, headers) -> Received:
    return Received(b"k", value, headers, [(name, text.encode()) for name, text in headers.items()])


class Bench:
    """One stage of samples on a bench: `decide` is called for each decision."""

    def __init__(self, decide=None, reaction=None, time_limit_s=60.0) -> None:
        self.bus, self.outcomes, self.builds, self.decided = Publisher(), Outcomes(), BuildTable(), 0
        self.decide = decide

        async def counted(event, build):
            self.decided += 1
            result = self.decide(self.decided)
            return await result if asyncio.iscoroutine(result) else result

        def failed(event, failure):
            return events_pb2.ProblemProposed(ref=event.ref, failure=failure)

        decision = None if reaction else Decision(counted, failed, self.outcomes)
        consumed = Stage("propose", topics.PROBLEM_REQUESTED, decision=decision, reaction=reaction)
        self.runner = StageRunner(consumed, self.bus, self.builds, time_limit_s)

    async def told(self, state=build_pb2.BUILD_STATE_RUNNING, revision=1):
        await self.builds.learn(
            events_pb2.BuildChanged(build=build_pb2.Build(build_id="b1", state=state, revision=revision))
        )
        return self

    async def take(self, event=REQUESTED, sent_at=0.0):
        sent = encode(event, "tester")
        await self.runner(replace(received(sent.value, sent.headers), timestamp_ms=int(sent_at * 1000)))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(engine, "_BACKOFF_SECONDS", (0.001, 0.002))


def raising(error):
    raise error


async def test_a_decision_is_made_once_stored_and_told_as_often_as_asked():
    bench = await Bench(lambda n: proposed(f"problem {n}")).told()

    for _ in range(3):
        await bench.take()

    assert bench.decided == 1
    assert bench.bus.sent == [proposed("problem 1")] * 3
    assert bench.outcomes.kept == {REF.sample_id: proposed("problem 1")}


async def test_of_decisions_that_race_the_first_is_told_by_all():
    async def slow(n):
        await asyncio.sleep(0.001 * n)
        return proposed(f"problem {n}")

    bench = await Bench(slow).told()

    await asyncio.gather(*(bench.take() for _ in range(5)))

    assert bench.decided == 5
    assert len(bench.bus.sent) == 5
    assert {event.problem.statement for event in bench.bus.sent} == {"problem 1"}


async def test_a_failure_becomes_a_fact_and_is_not_tried_again():
    failure = SampleFailure(sample_pb2.REASON_MALFORMED_ANSWER, "not JSON", [CALL])
    bench = await Bench(lambda _: raising(failure)).told()

    await bench.take()
    await bench.take()

    assert bench.decided == 1
    assert bench.bus.sent == [events_pb2.ProblemProposed(ref=REF, failure=failure.to_proto())] * 2


async def test_what_may_pass_is_tried_until_it_passes():
    errors = [StoreUnavailable("no store"), EndpointUnavailable("503")] * 3
    bench = await Bench(lambda n: raising(errors[n - 1]) if n <= 6 else proposed("at last")).told()

    await bench.take()

    assert bench.decided == 7
    assert bench.bus.sent == [proposed("at last")]
    assert bench.bus.buried == []


async def test_a_broker_that_is_away_costs_no_second_decision():
    bench = await Bench(lambda n: proposed(f"problem {n}")).told()
    bench.bus.failures = 4

    await bench.take()

    assert bench.decided == 1
    assert bench.bus.sent == [proposed("problem 1")]


async def test_a_defect_gets_three_tries_and_is_then_a_failure():
    bench = await Bench(lambda n: raising(KeyError("no such thing"))).told()

    await bench.take()

    failure = bench.bus.sent[0].failure
    assert bench.decided == 3
    assert failure.reason == sample_pb2.REASON_INTERNAL
    assert "propose failed: KeyError" in failure.detail


async def test_a_defect_that_passes_leaves_no_trace():
    bench = await Bench(lambda n: raising(KeyError()) if n < 3 else proposed("good")).told()

    await bench.take()

    assert bench.bus.sent == [proposed("good")]


async def test_the_detail_of_a_defect_is_bounded():
    bench = await Bench(lambda _: raising(ValueError("x" * 10_000))).told()

    await bench.take()

    assert len(bench.bus.sent[0].failure.detail) <= 500


async def test_work_ends_at_its_time_limit():
    bench = await Bench(lambda _: asyncio.sleep(3600), time_limit_s=0.05).told()

    await asyncio.wait_for(bench.take(), 20)

    failure = bench.bus.sent[0].failure
    assert bench.decided == 1
    assert failure.reason == sample_pb2.REASON_TIME_LIMIT
    assert failure.detail == "propose did not finish within 0.05 s"


async def test_a_timeout_inside_the_work_is_not_the_stages_time_limit():
    bench = await Bench(lambda _: raising(TimeoutError("a socket's"))).told()

    await bench.take()

    assert bench.decided == 3
    assert bench.bus.sent[0].failure.reason == sample_pb2.REASON_INTERNAL


@pytest.mark.parametrize(
    "state",
    [
        build_pb2.BUILD_STATE_PAUSED,
        build_pb2.BUILD_STATE_CANCELLED,
        build_pb2.BUILD_STATE_FAILED,
        build_pb2.BUILD_STATE_SUCCEEDED,
    ],
)
async def test_builds_that_do_not_run_are_passed_over(state):
    bench = await Bench(lambda _: proposed("late")).told(state)

    await bench.take()

    assert (bench.decided, bench.bus.sent, bench.bus.buried) == (0, [], [])


async def test_a_build_cancelled_while_work_waits_is_not_waited_for():
    bench = await Bench(lambda _: raising(EndpointUnavailable("503"))).told()
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)

    await bench.told(build_pb2.BUILD_STATE_CANCELLED, revision=2)

    await asyncio.wait_for(taking, 20)
    assert bench.bus.sent == []


@pytest.mark.parametrize(
    ("value", "headers", "cause"),
    [
        (b"\xff", encode(REQUESTED, "x").headers, "the value is not"),
        (b"", {}, "ce_type is missing"),
        (None, encode(REQUESTED, "x").headers, "names no build"),
    ],
)
async def test_what_cannot_be_decoded_is_buried_as_it_came(value, headers, cause, caplog):
    bench = await Bench(lambda _: proposed("never")).told()

    with caplog.at_level(logging.ERROR):
        await bench.runner(received(value, headers))

    [letter] = bench.bus.buried
    assert (letter.stage, letter.topic) == ("propose", topics.PROBLEM_REQUESTED.name)
    assert letter.message == received(value, headers)
    assert cause in letter.cause
    assert cause in caplog.text
    assert bench.decided == 0


async def test_a_reaction_streams_its_events_as_they_come():
    gate = asyncio.Event()

    async def react(event):
        yield proposed("first")
        await gate.wait()
        yield proposed("second")

    bench = Bench(reaction=react)
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)
    assert bench.bus.sent == [proposed("first")]

    gate.set()
    await taking

    assert bench.bus.sent == [proposed("first"), proposed("second")]


async def test_a_reaction_is_begun_again_after_what_passes():
    begun = []

    async def react(event):
        begun.append(1)
        if len(begun) < 3:
            raise StoreUnavailable("no store")
        yield proposed("good")

    bench = Bench(reaction=react)
    await bench.take()

    assert (len(begun), bench.bus.sent) == (3, [proposed("good")])


async def test_a_reaction_gives_up_its_lock_before_it_is_begun_again():
    lock = asyncio.Lock()

    async def inner():
        yield proposed("one")
        yield proposed("two")

    async def react(event):
        async with lock:
            async for each in inner():
                yield each

    bench = Bench(reaction=react)
    bench.bus.failures = 2

    await asyncio.wait_for(bench.take(), 20)

    assert bench.bus.sent == [proposed("one"), proposed("two")]
    assert not lock.locked()


async def test_a_reaction_that_fails_is_buried():
    async def react(event):
        raise SampleFailure(sample_pb2.REASON_MALFORMED_ANSWER, "cannot be used")
        yield

    bench = Bench(reaction=react)
    await bench.take()

    assert bench.bus.buried[0].cause == "cannot be used"


async def test_cancelling_is_never_swallowed():
    bench = await Bench(lambda _: asyncio.sleep(3600)).told()
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)

    taking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await taking
    assert (bench.bus.sent, bench.bus.buried, bench.outcomes.kept) == ([], [], {})


async def test_cancelling_ends_the_wait_between_tries(monkeypatch):
    monkeypatch.setattr(engine, "_BACKOFF_SECONDS", (30.0, 30.0))
    bench = await Bench(lambda _: raising(StoreUnavailable("no store"))).told()
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)
    taking.cancel()

    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(taking, 20)

    assert taking.cancelled()
    assert bench.decided == 1


GARBAGE = received(b"\xff", encode(REQUESTED, "x").headers)


async def waits(task) -> bool:
    """Whether it is still there after everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not task.done()


async def test_without_room_for_letters_a_stage_stands_still_says_so_once_and_goes_on(monkeypatch, caplog):
    looks = asyncio.Queue()
    monkeypatch.setattr(engine, "_LOOK_FOR_ROOM_SECONDS", 0.001)
    bench = await Bench(lambda n: proposed(f"problem {n}")).told()
    bench.bus.room = 1
    await bench.runner(GARBAGE)
    full = bench.bus.bury

    async def looked(letter):
        looks.put_nowait(letter)
        await full(letter)

    bench.bus.bury = looked
    refused = [asyncio.create_task(bench.runner(GARBAGE)) for _ in range(3)]
    for _ in range(5):
        await looks.get()
    good = asyncio.create_task(bench.take())

    assert await waits(good)
    assert bench.decided == 0
    assert len(bench.bus.buried) == 1
    assert [r.message for r in caplog.records if r.levelno == logging.CRITICAL] == [
        "propose stands still: propose has 0 dead letters"
    ]

    bench.bus.room = 3
    await asyncio.wait_for(asyncio.gather(*refused, good), 20)
    assert len(bench.bus.buried) == 4
    assert bench.bus.sent == [proposed("problem 1")]


async def test_a_stage_goes_on_when_the_message_it_stood_still_for_is_taken_away():
    bench = await Bench(lambda _: proposed("good")).told()
    bench.bus.room = 0
    held = asyncio.create_task(bench.runner(GARBAGE))
    assert await waits(held)
    good = asyncio.create_task(bench.take())
    assert await waits(good)

    held.cancel()  # its partition went to another process

    await asyncio.wait_for(good, 20)
    assert bench.bus.sent == [proposed("good")]


async def test_a_store_that_is_away_holds_the_letter(monkeypatch):
    monkeypatch.setattr(engine, "_LOOK_FOR_ROOM_SECONDS", 0.001)
    bench = await Bench(lambda _: proposed("never")).told()
    failures, bury = [StoreUnavailable("no store")] * 3, bench.bus.bury

    async def away(letter):
        if failures:
            raise failures.pop()
        await bury(letter)

    bench.bus.bury = away
    await asyncio.wait_for(bench.runner(GARBAGE), 20)

    assert [letter.message for letter in bench.bus.buried] == [GARBAGE]


async def test_a_cause_of_outside_text_is_bounded_and_can_be_stored():
    bench = await Bench(lambda _: proposed("never")).told()

    text = "\udcff" * 5_000
    await bench.runner(Received(None, b"", {"ce_type": text}, [("ce_type", b"\xff" * 5_000)]))

    [letter] = bench.bus.buried
    letter.cause.encode()
    assert len(letter.cause) <= 1_000


async def test_a_paused_build_frees_its_place_at_once_and_decides_on_resume():
    async def halting(n):
        with bench.builds.going_on("b1"):
            await asyncio.sleep(3600)

    bench = await Bench(halting).told()
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)

    await bench.told(build_pb2.BUILD_STATE_PAUSED, revision=2)

    await asyncio.wait_for(taking, 20)
    assert (bench.bus.sent, bench.bus.buried, bench.outcomes.kept) == ([], [], {})
    await bench.told(revision=3)
    bench.decide = lambda _: proposed("later")
    await bench.take()
    assert bench.bus.sent == [proposed("later")]


async def test_a_message_that_comes_before_the_word_of_the_resume_is_worked_on(monkeypatch):
    monkeypatch.setattr(engine, "_LATE_NEWS_SECONDS", 60)
    bench = await Bench(lambda _: proposed("after all")).told(build_pb2.BUILD_STATE_PAUSED)
    taking = asyncio.create_task(bench.take(sent_at=time.time()))
    assert await waits(taking)

    await bench.told(revision=2)

    await asyncio.wait_for(taking, 20)
    assert bench.bus.sent == [proposed("after all")]


async def test_a_message_from_before_a_pause_is_passed_over_at_once(monkeypatch):
    monkeypatch.setattr(engine, "_LATE_NEWS_SECONDS", 60)
    bench = await Bench(lambda _: proposed("never")).told(build_pb2.BUILD_STATE_PAUSED)

    await asyncio.wait_for(bench.take(sent_at=time.time() - 61), 20)

    assert (bench.decided, bench.bus.sent) == (0, [])


async def test_what_a_pause_cut_off_is_decided_if_the_build_runs_again_when_its_paid_part_is_in():
    paid = asyncio.Event()

    async def half_paid(n):
        try:
            with bench.builds.going_on("b1"):
                await asyncio.sleep(3600 if n == 1 else 0)
        finally:
            await paid.wait()
        return proposed("whole")

    bench = await Bench(half_paid).told()
    taking = asyncio.create_task(bench.take())
    assert await waits(taking)
    await bench.told(build_pb2.BUILD_STATE_PAUSED, revision=2)
    assert await waits(taking)
    await bench.told(revision=3)
    paid.set()

    await asyncio.wait_for(taking, 20)
    assert (bench.decided, bench.bus.sent) == (2, [proposed("whole")])


async def test_waiting_for_a_turn_is_no_work_and_has_no_limit():
    turn = asyncio.Event()

    async def behind_a_slow_endpoint(n):
        with waiting():
            await turn.wait()
        return proposed("at last")

    bench = await Bench(behind_a_slow_endpoint, time_limit_s=0.02).told()
    taking = asyncio.create_task(bench.take())
    await asyncio.sleep(0.1)
    turn.set()

    await asyncio.wait_for(taking, 20)
    assert bench.bus.sent == [proposed("at last")]
