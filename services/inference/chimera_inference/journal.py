"""A file with every request and its end, for whoever must know after a `kill -9` what had been asked and answered."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson


class Journal:
    """Appends a JSON line when a request arrives and one when it has ended; without a path it does nothing.

    A line is handed to the operating system before the server goes on, so it outlives the process, not the machine.
    """

    def __init__(self, path: Path | None) -> None:
        """ValueError if the file cannot be written."""
        try:
            self._file = None if path is None else path.open("ab", buffering=0)
        except OSError as error:
            raise ValueError(f"journal: cannot write {path}: {error.strerror}") from error
        self._run = uuid4().hex[:12]
        self._count = 0

    def arrived(self, body: Any) -> str:
        """A request came; the result names it in `ended`."""
        self._count += 1
        request = f"{self._run}-{self._count}"
        self._write({"request": request, "event": "arrived", "time": time.time(), "body": body})
        return request

    def ended(self, request: str, status: str, usage: Mapping[str, Any] | None) -> None:
        """A request ended with this status, and with this usage if it was answered in full."""
        self._write({"request": request, "event": "ended", "time": time.time(), "status": status, "usage": usage})

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(orjson.dumps(line) + b"\n")
