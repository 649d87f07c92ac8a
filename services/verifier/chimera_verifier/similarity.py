"""Whether a problem was seen before."""

from collections.abc import Sequence
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.errors import NotFound, SampleFailure
from chimera_shared.together import all_of
from chimera_verifier.corpora import Corpora
from chimera_verifier.domain.decision import Refusal
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.domain.likeness.policy import refusal_of, ruled
from chimera_verifier.reader import Reader, Statement
from chimera_verifier.relation_judge import RelationJudge
from chimera_verifier.statements import Found, Shelf, Statements

_TOLD = 5
"""Matches that are told of one build or corpus; families of variants have thousands."""
_JUDGED = 3
"""Pairs of one problem that a judge is asked about."""
_EXCERPT_CHARS = 300


@dataclass(frozen=True, slots=True)
class Standing:
    """What a problem is among the others of its scope: its build, or whatever `ref.build_id` names."""

    claims: bool = True
    """Whether later problems are compared with it."""
    apart_from: str = ""
    """A sample that it may be like: the one that it was made from."""
    beside: str = ""
    """A sample whose place it shares if it claims none: it is compared with that one and those before it."""
    among: str = ""
    """The build whose problems it is compared with, if it claims no place there; empty means its own scope."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where problems are that one is compared with."""

    name: str
    """The build's id, or the corpus' name."""
    shelf: Shelf
    below: int
    """Only what came before this place on the shelf."""
    benchmark: bool = False
    but: frozenset[str] = frozenset()
    """Items that it may be like."""


class Similarity:
    """Compares problems with those before them."""

    def __init__(self, statements: Statements, corpora: Corpora, reader: Reader, judge: RelationJudge) -> None:
        self._statements = statements
        self._corpora = corpora
        self._reader = reader
        self._judge = judge

    async def look(
        self,
        validation: sample_pb2.Validation,
        sample: sample_pb2.Sample,
        spec: build_pb2.BuildSpec,
        standing: Standing,
    ) -> Refusal | None:
        """Why a problem is refused for one that it is like; fingerprint and matches are left in `validation`.

        The problem takes its place before it looks, and looks at what has a place before it. So of two like problems
        the later one is refused, also where both are checked at the same time, and a problem that is checked again
        finds what it found. SampleFailure if a corpus is not there, or the judge's endpoint is out of reach for good.
        """
        ref, compared = sample.ref, spec.similarity
        validation.fingerprint = fingerprint(sample.problem.statement)
        try:
            places = await self._places(compared.datasets, compared.benchmarks)
        except NotFound as missing:
            raise SampleFailure(sample_pb2.REASON_INTERNAL, str(missing)) from None
        statement = await self._reader.read(sample.problem.statement)
        build = standing.among or ref.build_id
        shelf = self._statements.shelf(build)
        below = await shelf.claim(ref.sample_id, statement) if standing.claims else await shelf.after(standing.beside)
        places.insert(0, Place(build, shelf, below, but=frozenset({ref.sample_id, standing.apart_from})))
        await self._match(validation, statement, places, ref, spec)
        return refusal_of(validation.matches, build)

    async def find(
        self, statement: str, datasets: Sequence[str], benchmarks: Sequence[str], build: str
    ) -> list[sample_pb2.Match]:
        """What is like a statement, most alike first. Nothing is stored. NotFound if a corpus is not there."""
        places = await self._places(datasets, benchmarks)
        if build:
            shelf = self._statements.shelf(build)
            places.insert(0, Place(build, shelf, await shelf.follow()))
        validation = sample_pb2.Validation()
        await self._match(
            validation, await self._reader.read(statement), places, sample_pb2.SampleRef(), build_pb2.BuildSpec()
        )
        return sorted(validation.matches, key=lambda match: (not match.refused, -match.score))

    async def _places(self, datasets: Sequence[str], benchmarks: Sequence[str]) -> list[Place]:
        wanted = [(name, True) for name in benchmarks] + [(name, False) for name in datasets if name not in benchmarks]

        async def place(name: str, benchmark: bool) -> Place:
            shelf = self._statements.shelf(await self._corpora.scope(name))
            return Place(name, shelf, len(shelf) or await shelf.follow(), benchmark)

        return await all_of(*(place(name, benchmark) for name, benchmark in wanted))

    async def _match(
        self,
        validation: sample_pb2.Validation,
        statement: Statement,
        places: Sequence[Place],
        ref: sample_pb2.SampleRef,
        spec: build_pb2.BuildSpec,
    ) -> None:
        looks = await all_of(*(place.shelf.like(statement, place.below, place.but) for place in places))
        asked = 0
        for place, found in zip(places, looks, strict=True):
            told = 0
            for each in sorted(found, key=_urgency):
                if told == _TOLD:
                    break
                match = _match(place, each)
                if each.likeness.doubtful and spec.roles.judge.endpoints and asked < _JUDGED:
                    asked += 1
                    relation, calls = await self._judge.relation(ref, spec.roles.judge, statement.text, each.text)
                    match.calls.extend(calls)
                    if relation != sample_pb2.RELATION_UNSPECIFIED:
                        match.relation, match.method = relation, "judge"
                if match.relation == sample_pb2.RELATION_DIFFERENT and not match.calls:
                    continue
                match.relation, match.refused = ruled(match.relation, place.benchmark, spec.similarity)
                validation.matches.append(match)
                told += 1


def _urgency(found: Found) -> tuple[int, float]:
    order = (sample_pb2.RELATION_DUPLICATE, sample_pb2.RELATION_VARIANT, sample_pb2.RELATION_DIFFERENT)
    return order.index(found.likeness.relation), -found.likeness.score


def _match(place: Place, found: Found) -> sample_pb2.Match:
    likeness = found.likeness
    return sample_pb2.Match(
        relation=likeness.relation,
        corpus=place.name,
        item=found.item,
        method=likeness.method,
        score=likeness.score,
        excerpt=found.text[:_EXCERPT_CHARS],
    )
