"""A worker of `LineFilter`: answers numbered lines of standard input on standard output until the input ends.

Started by `LineFilter` alone, as `python -P -m chimera_standalone.line_worker TASK`.
"""

import asyncio
import sys

from chimera_standalone.grading import Grading
from chimera_standalone.line_tasks import TASKS, LineTask, decode, encode

READY = b"ready\n"


def main() -> None:
    """Answer lines one after another; each has this process for itself, so that its time is its own."""
    task = TASKS[sys.argv[1]]
    with asyncio.Runner() as runner:
        worker = Grading()
        runner.run(worker.start())
        _say(READY)
        loop = runner.get_loop()
        for line in sys.stdin.buffer:
            _say(loop.run_until_complete(_answer(task, worker, line)))
        runner.run(worker.close())


async def _answer(task: LineTask, worker: Grading, line: bytes) -> bytes:
    number, _, content = line.partition(b"\t")
    try:
        return encode(await worker.answer(decode(content)))
    except ValueError as error:
        return task.unread(int(number), str(error))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
