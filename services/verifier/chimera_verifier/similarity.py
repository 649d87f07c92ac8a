"""Whether a problem was seen before."""

from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.decision import Refusal
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.store import VerifierStore


@dataclass(frozen=True, slots=True)
class Standing:
    """What a problem is among the others of its scope: its build, or whatever `ref.build_id` names."""

    claims: bool = True
    """Whether later problems are compared with it."""
    apart_from: str = ""
    """A sample that it may be like: the one that it was made from."""


class Similarity:
    """Compares problems with those before them."""

    def __init__(self, store: VerifierStore) -> None:
        self._store = store

    async def look(
        self,
        validation: sample_pb2.Validation,
        sample: sample_pb2.Sample,
        spec: build_pb2.BuildSpec,
        standing: Standing,
    ) -> Refusal | None:
        """Why a problem is refused for one that it is like; fingerprint and matches are left in `validation`."""
        validation.fingerprint = fingerprint(sample.problem.statement)
        first = await self._store.claim_fingerprint(sample.ref.build_id, validation.fingerprint, sample.ref.sample_id)
        if first in (sample.ref.sample_id, standing.apart_from):
            return None
        return sample_pb2.REASON_DUPLICATE, f"the same problem as sample {first}"
