"""Run as a script: ties this process to its parent's life, then becomes the given command.

Arguments: the parent's process id, the number of a signal, then the command. On Linux the kernel sends the signal when
the parent is gone, even after `kill -9`; of a parent with threads it may send it once for each, in quick succession.
Elsewhere the command runs
untied, and `directory.DataDirectory` ends a left-over child at the next start. A script of its own, because code
between fork and exec in a process with threads (gRPC, Kafka) may deadlock.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, command: list[str]) -> None:
    """Never returns: the process becomes the command, or exits with 1 when the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
