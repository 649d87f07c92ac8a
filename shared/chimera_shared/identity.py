"""Names that follow from what they name, so that doing a thing twice is doing it once."""

import hashlib

_SEPARATOR = "\x1f"
SEED_BITS = 31
"""Seeds fit a signed 32-bit integer, which every model server accepts."""


def digest(*parts: object) -> str:
    """SHA-256 of the parts in order, in hexadecimal; no two lists of parts share an input."""
    return hashlib.sha256(_SEPARATOR.join(f"{len(str(p))}:{p}" for p in parts).encode()).hexdigest()


def build_id(request_id: str) -> str:
    """The id of the build that a request orders."""
    return f"b{digest('build', request_id)[:15]}"


def dataset_id(build: str, version: int = 1) -> str:
    """The id of the dataset that a build publishes, or of a later version of it."""
    return f"d{build[1:]}" if version == 1 else f"d{build[1:]}-{version}"


def recall_id(request_id: str) -> str:
    """The id of the recall that a request orders."""
    return f"r{digest('recall', request_id)[:15]}"


def training_id(request_id: str) -> str:
    """The id of the training that a request orders."""
    return f"t{digest('training', request_id)[:15]}"


def evaluation_id(request_id: str) -> str:
    """The id of the evaluation that a request orders."""
    return f"e{digest('evaluation', request_id)[:15]}"


def sample_id(build: str, subject: str, slot: int, attempt: int) -> str:
    """32 hexadecimal digits: the id of an attempt at a slot, and its W3C trace id."""
    return digest("sample", build, subject, slot, attempt)[:32]


def seed(*parts: object) -> int:
    """A seed drawn from the parts, from 0 to 2**31 - 1; the build's id is never one of them."""
    return int(digest("seed", *parts)[:16], 16) % (1 << SEED_BITS)
