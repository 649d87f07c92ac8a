"""What the teacher was asked and what it answered, from the journal that it keeps over its own deaths."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from chimera_shared.endpoints.ledger import call_id

_BOUGHT = frozenset({"200", "cancelled"})
"""Ends of requests that a provider charges: answered, or given up by the client while they were worked on."""


@dataclass(slots=True)
class Request:
    """One request; `status` is None while it is in flight, and for ever if the teacher died first."""

    name: str
    call: str
    model: str
    arrived: float
    status: str | None = None
    ended: float = 0.0
    tokens: int = 0

    @property
    def bought(self) -> bool:
        return self.status in _BOUGHT


class Journal:
    """Every request, read on as the file grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.requests: dict[str, Request] = {}

    def read(self) -> None:
        """Take in what was written since; a line that is not whole yet is left for the next time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(orjson.loads(line))

    def forget(self) -> None:
        """Begin anew with what comes from here on."""
        self.read()
        self.requests = {name: request for name, request in self.requests.items() if request.status is None}

    def bury(self) -> None:
        """The teacher is dead: what it was asked ends without an answer."""
        self.read()
        for request in self.in_flight():
            request.status = "died"

    @property
    def answered(self) -> int:
        return sum(request.status == "200" for request in self.requests.values())

    def in_flight(self) -> list[Request]:
        """Requests that came and have not ended."""
        return [request for request in self.requests.values() if request.status is None]

    def calls(self) -> dict[str, list[Request]]:
        """Requests by call, in the order of their arrival."""
        found: dict[str, list[Request]] = defaultdict(list)
        for request in self.requests.values():
            found[request.call].append(request)
        return found

    def _take(self, line: dict[str, Any]) -> None:
        if line["event"] == "arrived":
            body = line["body"]
            self.requests[line["request"]] = Request(line["request"], call_id(body), body["model"], line["time"])
            return
        request = self.requests[line["request"]]
        request.status, request.ended = line["status"], line["time"]
        request.tokens = (line["usage"] or {}).get("total_tokens", 0)


def bought_again(calls: dict[str, list[Request]]) -> Iterator[tuple[str, int]]:
    """The calls that were bought more than once, with how often beyond the first."""
    for call, requests in calls.items():
        if (times := sum(request.bought for request in requests)) > 1:
            yield call, times - 1
