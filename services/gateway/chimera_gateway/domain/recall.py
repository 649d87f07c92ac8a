"""What a recall is to others, and what it says of itself."""

from collections.abc import Iterable
from datetime import datetime

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.filters import in_words

ENDED = frozenset(
    {recall_pb2.RECALL_STATE_SUCCEEDED, recall_pb2.RECALL_STATE_CANCELLED, recall_pb2.RECALL_STATE_FAILED}
)
STATE_OF_BUILD = {
    recall_pb2.RECALL_STATE_RUNNING: build_pb2.BUILD_STATE_RUNNING,
    recall_pb2.RECALL_STATE_SUCCEEDED: build_pb2.BUILD_STATE_SUCCEEDED,
    recall_pb2.RECALL_STATE_CANCELLED: build_pb2.BUILD_STATE_CANCELLED,
    recall_pb2.RECALL_STATE_FAILED: build_pb2.BUILD_STATE_FAILED,
}
"""What a recall is to those that ask models for it, as for a build."""
_REFUSALS = 5
"""So many samples that could not be verified, and none that could, are no accident."""


def never_worked(recall: recall_pb2.Recall) -> bool:
    """Whether what verifies refuses whatever it is asked."""
    verified = recall.kept + recall.withdrawn
    return not verified and recall.unverified >= min(_REFUSALS, recall.selected)


def continued(recall: recall_pb2.Recall, earlier: Iterable[recall_pb2.Recall]) -> str:
    """The recall whose paid answers a new one uses again; `earlier` are those of its build, newest first.

    One that failed left its samples as they were, so the next of the same evidence would buy the same once more; times
    may differ, since people say `7d`. All that continue a recall share its ledger.
    """
    for other in earlier:
        if _timeless(other.evidence) == _timeless(recall.evidence) and other.state != recall_pb2.RECALL_STATE_CANCELLED:
            return (other.continues or other.recall_id) if other.state == recall_pb2.RECALL_STATE_FAILED else ""
    return ""


def _timeless(evidence: sample_pb2.EvidenceFilter) -> sample_pb2.EvidenceFilter:
    found = sample_pb2.EvidenceFilter()
    found.CopyFrom(evidence)
    found.ClearField("after")
    found.ClearField("before")
    return found


def shortfall(recall: recall_pb2.Recall, cause: str) -> str:
    """Why a recall failed, in one sentence."""
    verified = recall.kept + recall.withdrawn
    return f"{cause.rstrip('.')}; {verified:,} of {recall.selected:,} samples were verified again"


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
