"""This machine: Python, what is installed, the data directory, the disk."""

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from chimera_client.doctor.finding import Finding

SUPPORTED = ((3, 11), (3, 13))
MIN_FREE_BYTES = 2 * 1024**3
"""The embedded broker and store hold every event and document of a build; some thousand samples fit in this."""

_CLIENT_PARTS = ("aiohttp", "pyarrow")
_SERVICE_PARTS = ("chimera_standalone", "faststream", "aiokafka", "motor", "orjson", "math_verify")
_EMBEDDED_PARTS = {"KAFKA_BOOTSTRAP_SERVERS": "noida_db", "MONGODB_URI": "secantus"}


def python() -> Finding:
    """Whether this Python is one that is tested."""
    version = ".".join(map(str, sys.version_info[:3]))
    first, last = SUPPORTED
    if first <= sys.version_info[:2] <= last:
        return Finding.good("python", version)
    return Finding.bad("python", version, f"use Python {first[0]}.{first[1]} to {last[0]}.{last[1]}")


def installed(*, needs_services: bool) -> Finding:
    """Whether the parts that will be used are installed."""
    parts = [*_CLIENT_PARTS]
    if needs_services:
        parts += _SERVICE_PARTS
        parts += [part for variable, part in _EMBEDDED_PARTS.items() if not os.environ.get(variable)]
    missing = [part for part in parts if importlib.util.find_spec(part) is None]
    if not missing:
        return Finding.good("packages", "all are installed")
    extra = "standalone" if needs_services else "client"
    return Finding.bad("packages", f"missing: {', '.join(missing)}", f"pip install 'chimera[{extra}]'")


def writable(data_dir: Path) -> Finding:
    """Whether a file can be made where the data will be; nothing is left behind."""
    place = _existing(data_dir)
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding.good("data folder", f"{data_dir} can be written")
    except OSError as error:
        return Finding.bad(
            "data folder", f"{data_dir} cannot be written ({error.strerror})", "name another with --data-dir"
        )


def disk_space(data_dir: Path) -> Finding:
    """Whether there is room for a build's events, documents and dataset."""
    try:
        free = shutil.disk_usage(_existing(data_dir)).free
    except OSError as error:
        return Finding.bad("disk", f"cannot be looked at ({error.strerror})", "name another folder with --data-dir")
    detail = f"{free / 1024**3:.1f} GiB free"
    if free >= MIN_FREE_BYTES:
        return Finding.good("disk", detail)
    return Finding.bad("disk", detail, f"free some space: a build wants {MIN_FREE_BYTES / 1024**3:.0f} GiB")


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
