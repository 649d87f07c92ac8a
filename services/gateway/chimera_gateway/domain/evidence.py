"""The calls that a sample rests on, and how samples are looked up by them."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import InvalidInput, Violation
from chimera_shared.usage import calls_of_validation

_MAX_CHARS = 200
_PROMPT = re.compile(r"[0-9a-f]{6,64}")

Lookup = Mapping[str, Any]
"""What must hold for one call, by its fields: a value, or conditions in the store's words. Empty means anything."""


def calls_of(sample: sample_pb2.Sample) -> Iterator[sample_pb2.ModelCall]:
    """Every call that stands on a sample."""
    yield from sample.problem.calls
    yield from calls_of_validation(sample.validation)
    yield from sample.solution.calls
    yield from sample.grade.calls


def lookup_of(wanted: sample_pb2.EvidenceFilter) -> Lookup:
    """How calls are looked up that fit a filter; InvalidInput with every wrong field of it."""
    if wrong := list(_violations(wanted)):
        raise InvalidInput(wrong)
    found: dict[str, Any] = {name: value for name in ("model", "endpoint") if (value := getattr(wanted, name))}
    if role := wanted.role:
        found["role"] = role if "[" in role else {"$regex": rf"^{re.escape(role)}(\[|$)"}
    if prompt := wanted.prompt_sha256:
        found["prompt_sha256"] = {"$regex": f"^{prompt}"}
    bounds = {"$gte": _time(wanted, "after"), "$lt": _time(wanted, "before")}
    if time := {name: bound for name, bound in bounds.items() if bound is not None}:
        found["time"] = time
    return found


def _violations(wanted: sample_pb2.EvidenceFilter) -> Iterator[Violation]:
    for name in ("role", "model", "endpoint"):
        if len(getattr(wanted, name)) > _MAX_CHARS:
            yield Violation(f"evidence.{name}", f"must have at most {_MAX_CHARS} characters")
    if wanted.prompt_sha256 and not _PROMPT.fullmatch(wanted.prompt_sha256):
        shown = f"{wanted.prompt_sha256[:80]!r}"
        yield Violation("evidence.prompt_sha256", f"must be 6 to 64 hexadecimal digits in lower case, not {shown}")
    bounds = []
    for name in ("after", "before"):
        try:
            bounds.append(_time(wanted, name))
        except (ValueError, OverflowError):
            yield Violation(f"evidence.{name}", "must be a time of the years 1 to 9999")
            return
    after, before = bounds
    if after is not None and before is not None and before <= after:
        yield Violation("evidence.before", f"must be later than `after`, which is {after:%Y-%m-%d %H:%M:%S}")


def _time(wanted: sample_pb2.EvidenceFilter, name: str) -> datetime | None:
    if not wanted.HasField(name):
        return None
    stamp: Timestamp = getattr(wanted, name)
    return stamp.ToDatetime(UTC)
