"""The child process that trains: started, watched, ended."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from chimera_trainer.job import Job

_GRACE_SECONDS = 5.0
_LOG_BYTES = 16 * 1024 * 1024


class Child:
    """One child process. It ends when this process does: it reads the pipe that this one never writes to."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, job: Job) -> "Child":
        """Start the work of a job in a process group of its own."""
        if job.log.is_file() and job.log.stat().st_size > _LOG_BYTES:
            job.log.replace(job.log.with_suffix(".log.1"))
        with job.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "chimera_trainer.work",
                str(job.folder),
                stdin=PIPE,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """How it ended: 0 well, 3 it gave up, anything else it was killed or crashed; None while it runs."""
        return self._process.returncode

    async def wait(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return

    async def stop(self) -> None:
        """End it and all that it started: by SIGTERM, and by SIGKILL if it does not heed that."""
        for number, seconds in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
            if self.ended is None:
                self._signal(number)
                await self.wait(seconds)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _environment() -> dict[str, str]:
    """This process's own, with the way to our packages; OpenMP's threads must not spin where cores are shared."""
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    defaults = {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "RAY_USAGE_STATS_ENABLED": "0"}
    return {**defaults, **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
