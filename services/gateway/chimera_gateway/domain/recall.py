"""What a recall is to others, and what it says of itself."""

from datetime import datetime

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera_shared import identity
from chimera_shared.filters import in_words

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
