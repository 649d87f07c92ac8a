"""Evidence filters in words."""

from datetime import UTC, datetime, timedelta

from chimera.sample.v1 import sample_pb2

_DAY = timedelta(days=1)
_PROMPT_DIGITS = 12


def in_words(evidence: sample_pb2.EvidenceFilter) -> str:
    """Which evidence a filter means."""
    who = f"{evidence.role or 'model'} {evidence.model}" if evidence.model else evidence.role or "answers"
    at = f" at endpoint {evidence.endpoint}" if evidence.endpoint else ""
    prompt = f" with prompt {evidence.prompt_sha256[:_PROMPT_DIGITS]}" if evidence.prompt_sha256 else ""
    return f"{who}{at}{prompt}{_when(evidence)}"


def _when(evidence: sample_pb2.EvidenceFilter) -> str:
    after = evidence.after.ToDatetime(UTC) if evidence.HasField("after") else None
    before = evidence.before.ToDatetime(UTC) if evidence.HasField("before") else None
    if after is not None and before is not None:
        if _is_midnight(after) and before - after == _DAY:
            return f" of {after:%Y-%m-%d}"
        return f" from {_shown(after)} to {_shown(before)}"
    if after is not None:
        return f" since {_shown(after)}"
    return f" before {_shown(before)}" if before is not None else ""


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d}" if _is_midnight(time) else f"{time:%Y-%m-%d %H:%M} UTC"


def _is_midnight(time: datetime) -> bool:
    return time == time.replace(hour=0, minute=0, second=0, microsecond=0)
