"""A folder that appears whole or not at all.

Files are written into a hidden sibling, flushed to the disk, and the sibling is renamed to the final name.
"""

import asyncio
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from chimera_shared.errors import ChimeraError, InvalidInput

P = ParamSpec("P")
T = TypeVar("T")

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A finished file: its path inside the folder, its size and checksum, and its rows if it is a table."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None


class HashingFile:
    """A new binary file that knows its size and checksum without being read again."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("xb")
        self._hash = hashlib.sha256()
        self._discarded = False
        self.size = 0

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    @property
    def sha256(self) -> str:
        """Checksum of everything written so far."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Append `data`; after `discard` it goes nowhere."""
        if self._discarded:
            return len(data)
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """The position, which is the size."""
        return self.size

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if not self._discarded:
            self._file.flush()

    def close(self) -> None:
        """Put everything on the disk and close."""
        if self.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def discard(self) -> None:
        """Close after a failure, so quietly that the first error stays the one that is told."""
        self._discarded = True
        with suppress(OSError):
            self._file.close()


def write_file(folder: Path, path: str, text: str) -> FileEntry:
    """Write a text file to the disk, in a folder of its own if its path names one."""
    (folder / path).parent.mkdir(exist_ok=True)
    file = HashingFile(folder / path)
    try:
        file.write(text.encode())
        file.close()
    except OSError:
        file.discard()
        raise
    return FileEntry(path, file.size, file.sha256)


def check_target(directory: Path) -> Path:
    """The absolute path of a folder that may be written; InvalidInput if something is in the way.

    Worth asking before a long build, so that it does not end at a name that is taken.
    """
    target = Path(os.path.realpath(directory.expanduser()))
    way_out = "name a folder that does not exist yet"
    if target.exists() and not target.is_dir():
        raise InvalidInput.of("directory", f"{target} is a file; {way_out}")
    if target.is_dir():
        if any(target.iterdir()):
            raise InvalidInput.of("directory", f"{target} is not empty; {way_out}, or empty it first")
        if target.is_mount() or target == Path.cwd():
            raise InvalidInput.of("directory", f"{target} cannot be replaced as a whole; name a new folder inside it")
    parent = next(path for path in target.parents if path.exists())
    if not parent.is_dir():
        raise InvalidInput.of("directory", f"{parent} is a file and cannot hold {target}; {way_out}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InvalidInput.of("directory", f"{parent} may not be written; name a folder elsewhere")
    return target


@asynccontextmanager
async def whole_folder(directory: Path) -> AsyncIterator[Path]:
    """Gives an empty folder to write into, which becomes `directory` when the block ends without an error.

    On any error the partial folder is removed and nothing is left under the final name; errors of the file system
    and of the writers become one ChimeraError that names the path and the way out.
    """
    target = check_target(directory)
    partial = target.parent / f".{target.name}.partial-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        partial.mkdir(parents=True)
        yield partial
        await in_thread(_publish, partial, target)
    except ChimeraError:
        raise
    except OSError as error:
        raise _explain(error, target) from error
    except Exception as error:
        first_line = str(error).strip().split("\n")[0][:300] or "no message"
        raise ChimeraError(
            f"the dataset could not be written to {target}: {type(error).__name__}: {first_line};"
            " nothing was left there, so export it again"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `call` in a thread; a cancellation waits for its end, so that nothing writes into a removed folder."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _publish(partial: Path, target: Path) -> None:
    for folder in (*(path for path in partial.rglob("*") if path.is_dir()), partial):
        _sync_directory(folder)
    partial.rename(target)
    _sync_directory(target.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(error: OSError, target: Path) -> ChimeraError:
    if error.errno in FULL:
        return ChimeraError(
            f"the disk is full: the dataset could not be written to {target};"
            " nothing was left there, so free some space or name a folder on another disk, and export it again"
        )
    if error.errno in TAKEN:
        return InvalidInput.of("directory", f"{target} was taken by something else; name a folder that does not exist")
    return ChimeraError(
        f"the dataset could not be written to {target}: {error.strerror or error};"
        " nothing was left there, so mend that or name another folder, and export it again"
    )
