"""What a recall is to others, and what it says of itself."""

from datetime import UTC, datetime, timedelta

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity

_DAY = timedelta(days=1)
_PROMPT_DIGITS = 12

ENDED = frozenset({recall_pb2.RECALL_STATE_SUCCEEDED, recall_pb2.RECALL_STATE_CANCELLED})
STATE_OF_BUILD = {
    recall_pb2.RECALL_STATE_RUNNING: build_pb2.BUILD_STATE_RUNNING,
    recall_pb2.RECALL_STATE_SUCCEEDED: build_pb2.BUILD_STATE_SUCCEEDED,
    recall_pb2.RECALL_STATE_CANCELLED: build_pb2.BUILD_STATE_CANCELLED,
}
"""What a recall is to those that ask models for it, as for a build."""


def change_of(recall: recall_pb2.Recall) -> str:
    """What a recall has changed, in one sentence."""
    noun = "sample that rests" if recall.selected == 1 else "samples that rest"
    was = "was" if recall.selected == 1 else "were"
    return (
        f"{recall.selected:,} {noun} on {in_words(recall.evidence)} {was} verified again: {recall.kept:,} kept,"
        f" {recall.withdrawn:,} withdrawn (reason: {recall.reason})"
    )


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


def next_version(parent: dataset_pb2.Dataset, recall: recall_pb2.Recall, now: datetime) -> dataset_pb2.Dataset:
    """The version that comes of a recall that has ended."""
    version = (parent.version or 1) + 1
    dataset = dataset_pb2.Dataset(
        dataset_id=identity.dataset_id(parent.build_id, version),
        build_id=parent.build_id,
        name=parent.name,
        samples=parent.samples - recall.withdrawn,
        partial=parent.partial,
        version=version,
        parent_id=parent.dataset_id,
        recall_id=recall.recall_id,
        change=change_of(recall),
    )
    dataset.create_time.FromDatetime(now)
    return dataset
