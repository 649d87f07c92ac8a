"""Verdicts and fingerprints in MongoDB."""

from chimera.events.v1 import events_pb2
from chimera_shared.errors import StoreUnavailable
from chimera_shared.mongo import ById, Database, Document, FirstWins
from chimera_shared.outcomes import OutcomeStore


class VerifierStore:
    """What the service decided, and which problems it has seen."""

    def __init__(self, database: Database[Document]) -> None:
        self.validations = OutcomeStore(database["validations"], events_pb2.ProblemValidated, events_pb2.SampleSettled)
        self.controls = OutcomeStore(database["controls"], events_pb2.ControlChecked)
        self.settlements = OutcomeStore(database["settlements"], events_pb2.SampleSettled)
        self.reverifications = OutcomeStore(database["reverifications"], events_pb2.SampleReverified)
        self._claim = FirstWins(database["fingerprints"]).insert
        self._find = ById(database["fingerprints"]).find

    async def claim_fingerprint(self, build: str, fingerprint: str, sample: str) -> str:
        """The sample that was first in its build with this fingerprint: the given one, or one before it."""
        key = f"{build}/{fingerprint}"
        if await self._claim({"_id": key, "sample_id": sample}):
            return sample
        found = await self._find(key)
        if found is None:
            raise StoreUnavailable(f"the fingerprint {key} is neither there nor not there")
        return str(found["sample_id"])
