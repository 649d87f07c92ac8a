"""Subjects → fields → topics, asked of the proposer; the same seed asks the same questions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, usage
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.prompts import Prompt
from chimera_taxonomy.domain.names import kept

FIELDS = Prompt.load("chimera_taxonomy", "fields")
TOPICS = Prompt.load("chimera_taxonomy", "topics")
_MAX_NAMES = 200


class FieldsForm(BaseModel):
    """The fields of a subject."""

    fields: list[str] = Field(max_length=_MAX_NAMES)


class TopicsForm(BaseModel):
    """The topics of a field."""

    topics: list[str] = Field(max_length=_MAX_NAMES)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and the field it belongs to; the field is empty if the order named the topic itself."""

    field: str
    name: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """The topics of one subject, in a fixed order, and what they cost."""

    topics: tuple[Topic, ...]
    usage: sample_pb2.Usage


class Expander:
    """Expands subjects with a build's proposer."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def expand(self, build: build_pb2.Build, subject: build_pb2.SubjectSpec) -> Expansion:
        """The topics that the order names, or else those that the proposer names."""
        if subject.topics:
            return Expansion(tuple(Topic("", name) for name in subject.topics), sample_pb2.Usage())
        wanted = build.spec.taxonomy
        question = self._question(build, FIELDS, subject.name, "", wanted.fields_per_subject)
        answer = await self._models.ask_structured(question, "fields", FieldsForm)
        fields = kept(answer.value.fields, [subject.name], broad_ok=True)[: wanted.fields_per_subject]
        asked, calls = await self._all_topics(build, subject.name, fields, answer.calls)
        taken = [subject.name, *fields]
        topics: list[Topic] = []
        for field, names in zip(fields, asked, strict=True):
            new = kept(names, taken, broad_ok=False)[: wanted.topics_per_field]
            taken += new
            topics += [Topic(field, name) for name in new]
        return Expansion(tuple(topics), usage.of_calls(calls))

    async def _all_topics(
        self, build: build_pb2.Build, subject: str, fields: Sequence[str], before: Sequence[sample_pb2.ModelCall]
    ) -> tuple[list[list[str]], list[sample_pb2.ModelCall]]:
        """The topics of all fields, and all calls; a failure has them too, since they are paid for."""
        asked = await asyncio.gather(*(self._topics(build, subject, f) for f in fields), return_exceptions=True)
        calls, names, failures = list(before), [], []
        for each in asked:
            if isinstance(each, BaseException):
                failures.append(each)
                calls += each.calls if isinstance(each, SampleFailure) else ()
            else:
                names.append(each[0])
                calls += each[1]
        if failures:
            first = failures[0]
            raise SampleFailure(first.reason, first.detail, calls) if isinstance(first, SampleFailure) else first
        return names, calls

    async def _topics(
        self, build: build_pb2.Build, subject: str, field: str
    ) -> tuple[list[str], tuple[sample_pb2.ModelCall, ...]]:
        question = self._question(build, TOPICS, subject, field, build.spec.taxonomy.topics_per_field)
        answer = await self._models.ask_structured(question, "topics", TopicsForm)
        return answer.value.topics, answer.calls

    def _question(self, build: build_pb2.Build, prompt: Prompt, subject: str, field: str, count: int) -> Question:
        return Question(
            build_id=build.build_id,
            role="proposer",
            spec=build.spec.roles.proposer,
            messages=prompt.render(subject=subject, field=field, count=count),
            prompt_sha256=prompt.sha256,
            seed=identity.seed(build.spec.seed, subject, field),
        )
