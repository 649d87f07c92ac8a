"""A child server's data directory: one owner at a time, and the port its clients know."""

import asyncio
import contextlib
import fcntl
import os
import random
import signal
import socket
import time
from pathlib import Path

from chimera_shared.errors import Configuration

LOOPBACK = "127.0.0.1"
# Below the ephemeral ranges of Linux (from 32768) and macOS (from 49152): within them, while the child is down, an
# outgoing connection could be given the child's port, or a client that reconnects could even connect to itself.
PORTS = range(20_000, 30_000)
ORPHAN_SECONDS = 35.0  # a child whose parent was killed saves before it ends; the broker took up to 30 s at 2 GB


class DataDirectory:
    """Locked from `lock()` to `unlock()`; the child inherits the lock, which lasts until both are gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def lock_fd(self) -> int:
        """The descriptor that a child has to inherit."""
        if self._lock is None:
            raise RuntimeError("the data directory is not locked")
        return self._lock

    async def lock(self) -> None:
        """Raises Configuration when a living process owns the directory; waits for a child that outlived its parent."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Configuration(
                f"data directory {self.path} cannot be used ({error.strerror}): choose a writable directory"
            ) from error
        try:
            await _flock(fd, self.path)
        except BaseException:
            os.close(fd)
            raise
        self._lock = fd
        self.record_child(0)

    def record_child(self, pid: int) -> None:
        """Notes who owns the directory, for the next process that wants it."""
        os.ftruncate(self.lock_fd, 0)
        os.pwrite(self.lock_fd, f"{os.getpid()} {pid}".encode(), 0)

    def unlock(self) -> None:
        """Gives the directory back; safe to call twice."""
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = None

    def port(self) -> int:
        """The port served before if it is free, else a new free one, recorded."""
        record = self.path / "port"
        with contextlib.suppress(OSError, ValueError):
            port = int(record.read_text())
            if port in PORTS and _is_free(port):
                return port
        port = _free_port()
        record.write_text(str(port))
        return port


async def _flock(fd: int, path: Path) -> None:
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        owner, child = _owner(fd)
        if _is_alive(owner) or time.monotonic() > deadline:
            holder = owner if _is_alive(owner) else child
            raise Configuration(
                f"data directory {path} is in use by process {holder}: stop that process or choose another directory"
            )
        _end(child)
        await asyncio.sleep(0.2)


def _owner(fd: int) -> tuple[int, int]:
    try:
        owner, child = os.pread(fd, 64, 0).split()
        return int(owner), int(child)
    except ValueError:
        return 0, 0


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(orphan: int) -> None:
    # The lock is held and its owner is dead, so the holder is the recorded child.
    if orphan > 0:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(orphan, signal.SIGTERM)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    for port in random.sample(PORTS, 200):
        if _is_free(port):
            return port
    raise Configuration(f"no free port was found between {PORTS.start} and {PORTS.stop - 1} on {LOOPBACK}: free some")
