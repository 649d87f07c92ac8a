"""Verdicts, statements and corpora in MongoDB. Every query of the service is here."""

from datetime import UTC, datetime, timedelta

from chimera.corpus.v1 import corpus_pb2
from chimera.events.v1 import events_pb2
from chimera_shared.mongo import ById, Database, Document, FirstWins, Logs, from_document, guarded, to_document
from chimera_shared.outcomes import OutcomeStore

_LONGEST_IMPORT = timedelta(days=1)


class VerifierStore:
    """What the service decided, and which problems it has seen."""

    def __init__(self, database: Database[Document]) -> None:
        self.validations = OutcomeStore(database["validations"], events_pb2.ProblemValidated, events_pb2.SampleSettled)
        self.controls = OutcomeStore(database["controls"], events_pb2.ControlChecked)
        self.settlements = OutcomeStore(database["settlements"], events_pb2.SampleSettled)
        self.reverifications = OutcomeStore(database["reverifications"], events_pb2.SampleReverified)
        self.statements = Logs(database["statements"])
        self.corpora = CorpusStore(database)


class CorpusStore:
    """Corpora by name, and imports that are under way."""

    def __init__(self, database: Database[Document]) -> None:
        self._corpora = database["corpora"]
        self._imports = database["imports"]
        self._add = FirstWins(self._corpora).insert
        self._find = ById(self._corpora).find

    async def find(self, name: str) -> corpus_pb2.Corpus | None:
        """A corpus, if it is there."""
        found = await self._find(name)
        return None if found is None else from_document(corpus_pb2.Corpus(), found["corpus"])

    async def scope(self, name: str) -> str | None:
        """The scope of a corpus' statements, if it is there."""
        found = await self._find(name)
        return None if found is None else str(found["scope"])

    async def add(self, corpus: corpus_pb2.Corpus, scope: str) -> bool:
        """Make a corpus appear; False if its name is taken."""
        return await self._add({"_id": corpus.name, "scope": scope, "corpus": to_document(corpus)})

    async def remove(self, name: str) -> None:
        """Make a corpus disappear."""
        with guarded():
            await self._corpora.delete_one({"_id": name})

    async def page(self, after: str, limit: int) -> list[corpus_pb2.Corpus]:
        """Corpora by name, from the one after a name on."""
        with guarded():
            found = await self._corpora.find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit).to_list(None)
        return [from_document(corpus_pb2.Corpus(), document["corpus"]) for document in found]

    async def begin(self, scope: str) -> None:
        """Note that statements are being stored that no corpus leads to."""
        with guarded():
            await self._imports.insert_one({"_id": scope, "time": datetime.now(UTC)})

    async def end(self, scope: str) -> None:
        """Note that a corpus leads to them, or that they are gone."""
        with guarded():
            await self._imports.delete_one({"_id": scope})

    async def broken_off(self) -> list[str]:
        """Scopes whose import began so long ago that nobody can be at it any more."""
        with guarded():
            found = await self._imports.find({"time": {"$lt": datetime.now(UTC) - _LONGEST_IMPORT}}).to_list(None)
            led_to = await self._corpora.find({"scope": {"$in": [document["_id"] for document in found]}}).to_list(None)
        return [d["_id"] for d in found if d["_id"] not in {corpus["scope"] for corpus in led_to}]
