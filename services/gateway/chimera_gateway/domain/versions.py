"""Versions of a dataset: a sample as it is, and as it was in the versions before it was verified again."""

from typing import Any

_FOUND = ("validation", "grade", "outcome", "reason", "detail", "usage", "settle_time")
"""What a verification finds; everything else of a sample stays as it was made."""

Document = dict[str, Any]


def superseded(stored: Document, version: int) -> Document:
    """What is kept of a stored sample that is another from this version on."""
    return {"until": version, "found": {name: stored["sample"][name] for name in _FOUND if name in stored["sample"]}}


def as_of(stored: Document, version: int) -> Document:
    """A stored sample as it is in a version of its dataset."""
    sample: Document = stored["sample"]
    for former in stored.get("former", ()):
        if version < former["until"]:
            return {**{name: value for name, value in sample.items() if name not in _FOUND}, **former["found"]}
    return sample
