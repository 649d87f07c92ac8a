"""The bounded checker: every way to fail is None, and the pool survives it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chimera_verifier.symbolic import SymbolicLimits, SymbolicPool

HANG = (r"\sum_{k=1}^{n} \frac{1}{k^{k}}", r"\int_0^n \frac{\sin(x^{x})}{x} dx")
ONE = SymbolicLimits(workers=1)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system says nothing of a process's processors")
def test_as_many_workers_as_processors_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert SymbolicLimits().workers == 3


async def test_equal_and_different() -> None:
    async with SymbolicPool() as pool:
        assert await pool.equal("(x+1)^2", "x^2+2x+1") is True
        assert await pool.equal("x+1", "x+2") is False
        assert await pool.equal("x", "this is prose") is None
        assert await pool.equal(r"\pi", "3.14", relative=0.01) is True
        assert await pool.equal("3.1416", r"\pi", absolute=0.00005) is True


async def test_a_question_that_takes_too_long_is_none_and_the_pool_recovers() -> None:
    async with SymbolicPool(SymbolicLimits(workers=1, question_seconds=4.0)) as pool:
        assert await pool.equal("x+x", "2x") is True
        first = pool._workers[0]._process
        started = time.monotonic()
        assert await pool.equal(*HANG) is None
        assert time.monotonic() - started < 60
        assert first is not None
        assert first.returncode is not None
        assert await pool.equal("x+x", "2x") is True


async def test_memory_is_bounded() -> None:
    # Less than SymPy needs to load: the worker dies, and the pool says that it cannot tell.
    async with SymbolicPool(SymbolicLimits(workers=1, memory_bytes=64 << 20)) as pool:
        assert await pool.equal("x+x", "2x") is None


def test_the_worker_bounds_its_own_memory() -> None:
    code = "from chimera_verifier import symbolic_worker as w; w._limit_process(); bytearray(2 << 30)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MemoryError" in ended.stderr


async def test_a_worker_that_was_killed_is_replaced() -> None:
    async with SymbolicPool(ONE) as pool:
        assert await pool.equal("x+x", "2x") is True
        process = pool._workers[0]._process
        assert process is not None
        process.kill()
        await process.wait()
        assert await pool.equal("x+x", "2x") is True


async def test_a_full_queue_answers_none_at_once() -> None:
    async with SymbolicPool(SymbolicLimits(workers=1, max_waiting=2)) as pool:
        answers = await asyncio.gather(*(pool.equal("x+x", "2x") for _ in range(10)))
    assert answers.count(True) in (2, 3)  # Two waiting, and one that may have found the worker free.
    assert answers.count(None) == 10 - answers.count(True)


async def test_the_pool_grows_while_questions_wait_and_not_beyond_its_limit() -> None:
    async with SymbolicPool(SymbolicLimits(workers=2)) as pool:
        assert await pool.equal("x+x", "2x") is True
        assert len(pool._workers) == 1
        for _ in range(200):
            answers = await asyncio.gather(*(pool.equal("x+x", "2x") for _ in range(20)))
            assert answers == [True] * 20
            if pool._idle.qsize() == 2:
                break
            assert len(pool._workers) == 2
            await asyncio.sleep(0.5)
        assert pool._idle.qsize() == 2


async def test_a_pool_that_is_growing_can_be_closed() -> None:
    pool = SymbolicPool(SymbolicLimits(workers=2), lazy=True)
    await pool.start()
    assert pool._workers[0]._process is None
    waiting = [asyncio.create_task(pool.equal("x+x", "2x")) for _ in range(3)]
    async with asyncio.timeout(60):
        while len(pool._workers) < 2 or pool._workers[0]._process is None:  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.01)
    processes = [worker._process for worker in pool._workers if worker._process is not None]
    await pool.close()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert processes
    assert all(process.returncode is not None for process in processes)


async def test_a_cancelled_question_leaves_no_answer_behind() -> None:
    async with SymbolicPool(ONE) as pool:
        assert await pool.equal("x+x", "2x") is True
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.equal(*HANG), 0.2)
        assert await pool.equal("x+1", "x+2") is False


async def test_a_closed_pool_answers_none_and_leaves_no_process() -> None:
    pool = SymbolicPool(ONE)
    await pool.start()
    process = pool._workers[0]._process
    waiting = asyncio.create_task(pool.equal(*HANG))
    await asyncio.sleep(0.05)
    await pool.close()
    assert await waiting is None
    assert await pool.equal("x+x", "2x") is None
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_workers_do_not_see_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "value")
    async with SymbolicPool() as pool:
        process = pool._workers[0]._process
        assert process is not None
        assert await pool.equal("x+x", "2x") is True
        environment = await asyncio.to_thread(Path(f"/proc/{process.pid}/environ").read_bytes)
    assert b"PROVIDER_KEY" not in environment


@pytest.mark.parametrize(
    "text",
    [
        "9^{9^{9}}", "9^(9^9)", "(((9^99)^99)^99)^99", "9999999999!", "5!!", "7" * 1_001, "x^{999999999}", "1" * 2_001,
        r"\input{x}", "$x$; $y$", r"\binom{99999999999}{5}", "()" * 600, "(" * 50 + "1" + ")" * 50, "A^T.", "10^10^10",
        r"\sum_{k=1}^{10^{9}} k^{10^{9}} 9^{9^{9}}", "__import__('os').system('true')", "",
    ],
)  # fmt: skip
async def test_what_is_refused_starts_nothing(text: str) -> None:
    pool = SymbolicPool()  # Never started: a question that got through would wait for a worker.
    async with asyncio.timeout(60):
        assert await pool.equal(text, "x") is None
        assert await pool.equal("x", text) is None


@pytest.mark.parametrize(("left", "right"), [(r"\log x", r"\ln x"), (r"\sum_{k=1}^{3} v", r"\sum_{k=1}^{3} V")])
async def test_what_the_parser_confuses_is_not_asked(left: str, right: str) -> None:
    pool = SymbolicPool()
    async with asyncio.timeout(60):
        assert await pool.equal(left, right) is None


def test_the_service_itself_never_loads_sympy() -> None:
    code = "import sys, chimera_verifier.grader, chimera_verifier.symbolic; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
