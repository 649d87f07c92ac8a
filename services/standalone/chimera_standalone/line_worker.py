"""A worker of `LineFilter`: answers numbered lines of standard input on standard output until the input ends.

Started by `LineFilter` alone, as `python -P -m chimera_standalone.line_worker TASK`.
"""

import asyncio
import sys

from chimera_standalone.line_tasks import GRADE, TASKS, LineTask, LineWork, decode, encode

READY = b"ready\n"


def main() -> None:
    """Answer lines one after another; each has this process for itself, so that its time is its own."""
    asyncio.run(_serve(TASKS[sys.argv[1]]))


async def _serve(task: LineTask) -> None:
    work = _work(task)
    await work.start()
    _say(READY)
    for line in sys.stdin.buffer:  # holds up the loop, in which nothing is going on between two lines
        _say(await _answer(task, work, line))
    await work.close()


def _work(task: LineTask) -> LineWork:
    """Each task imports what it needs and nothing that another does."""
    if task is GRADE:
        from chimera_standalone.grading import Grading

        return Grading()
    from chimera_standalone.likening import Likening

    return Likening()


async def _answer(task: LineTask, work: LineWork, line: bytes) -> bytes:
    number, _, content = line.partition(b"\t")
    try:
        return encode(await work.answer(decode(content)))
    except ValueError as error:
        return task.unread(int(number), str(error))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
