"""A child server's data directory: one owner at a time, and the port its clients know."""

import asyncio
import contextlib
import fcntl
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from chimera_shared.errors import Configuration

LOOPBACK = "127.0.0.1"
# Below the ephemeral ranges of Linux (from 32768) and macOS (from 49152): within them, while the child is down, an
# outgoing connection could be given the child's port, or a client that reconnects could even connect to itself.
PORTS = range(20_000, 30_000)
ORPHAN_SECONDS = 35.0  # a child whose parent was killed saves before it ends; the broker took up to 30 s at 2 GB
DYING_SECONDS = 1.0  # a process that was just killed may hold its lock a moment longer

_owned: set[Path] = set()


def models_folder(data_dir: Path) -> Path:
    """The registry of models of services over this folder: the environment's, or its own."""
    return Path(os.environ.get("CHIMERA_MODELS") or data_dir / "models")


class DataDirectory:
    """Owned by one process from `own()` to `disown()`, which runs one child on it at a time.

    Two locks: `owner.lock` is of POSIX kind, so forked workers do not inherit it; `child.lock` is handed to the child
    alone and shows, after the owner was killed, that the child still saves.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._owner: int | None = None

    async def own(self) -> None:
        """Raises Configuration when a living process, perhaps this one, owns the directory."""
        if self.path in _owned:  # a POSIX lock does not keep out its own process
            raise self._in_use(os.getpid())
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Configuration(
                f"data directory {self.path} cannot be used ({error.strerror}): choose a writable directory"
            ) from error
        if not await _within(DYING_SECONDS, lambda: _owner_locked(fd)):
            holder = _pid(fd)
            os.close(fd)
            raise self._in_use(holder)
        self._owner = fd
        _owned.add(self.path)
        _note(fd, os.getpid())

    def disown(self) -> None:
        """Gives the directory back; safe to call twice."""
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None
            _owned.discard(self.path)

    @contextlib.asynccontextmanager
    async def child_lock(self) -> AsyncIterator[int]:
        """The descriptor that the next child has to inherit; waits for a child that outlived its parent."""
        fd = os.open(self.path / "child.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked(fd):
                await self._end_orphan(fd)
            os.ftruncate(fd, 0)  # never leave the id of an older child, which may be another process by now
            yield fd
        finally:
            os.close(fd)

    def note_child(self, fd: int, pid: int) -> None:
        """Records the child for the process that may have to end it."""
        _note(fd, pid)

    async def _end_orphan(self, fd: int) -> None:
        # This process owns the directory, so the lock's holder is the recorded child of an owner that was killed.
        for end in (signal.SIGTERM, signal.SIGKILL):
            if pid := _pid(fd):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, end)
            if await _within(ORPHAN_SECONDS, lambda: _locked(fd)):
                return
        raise self._in_use(_pid(fd))

    def _in_use(self, pid: int) -> Configuration:
        return Configuration(
            f"data directory {self.path} is in use by process {pid or 'unknown'}: "
            "stop that process or choose another directory"
        )

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


async def _within(seconds: float, attempt: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not attempt():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


def _owner_locked(fd: int) -> bool:
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(fd: int, pid: int) -> None:
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(pid).encode(), 0)


def _pid(fd: int) -> int:
    text = os.pread(fd, 16, 0)
    return int(text) if text.isdigit() else 0  # 0: none is recorded


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
