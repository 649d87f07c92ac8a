"""`python -m chimera_trainer.work JOB`: train what the folder orders, from its newest whole checkpoint.

Ends with 0 when `final/` is there, and with 3 when starting again would not help; progress.jsonl then says why.
"""

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path

from chimera_trainer.work.order import GaveUp, Order
from chimera_trainer.work.report import Report

GAVE_UP = 3


def main(folder: Path) -> int:
    """Train; the exit code."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of a child before this one the last may still be ending
        order = Order.read(folder)
        report = Report(order.folder)
        try:
            from chimera_trainer.work.run import run

            run(order, report)
        except ModuleNotFoundError as error:
            report.failed(f"{error.name} is not installed at the trainer: pip install 'chimera[train]'")
            return GAVE_UP
        except GaveUp as error:
            report.failed(str(error))
            return GAVE_UP
    return 0


def _end_with_parent() -> None:
    """The pipe from the parent ends when the parent does, however that was."""
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
