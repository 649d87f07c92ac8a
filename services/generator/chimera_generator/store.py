"""Problems and solutions in MongoDB, by sample."""

from chimera.events.v1 import events_pb2
from chimera_shared.mongo import Database, Document
from chimera_shared.outcomes import OutcomeStore


class GeneratorStore:
    """What the service decided."""

    def __init__(self, database: Database[Document]) -> None:
        self.problems = OutcomeStore(database["problems"], events_pb2.ProblemProposed)
        self.solutions = OutcomeStore(database["solutions"], events_pb2.SolutionSynthesised)
