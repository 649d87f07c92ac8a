"""The taxonomy: broad enough, specific, distinct, and every topic can be proposed about."""

from random import Random

import pytest

from chimera_inference.domain import teacher
from chimera_inference.domain.families import all_families
from chimera_inference.domain.taxonomy import procedural_taxonomy

TAXONOMY = procedural_taxonomy()
SUBJECTS = list(TAXONOMY.subjects)
SMALL = ["Modular Arithmetic", "Lists", "Codes"]
"""For models of a million weights."""


def test_there_are_eleven_subjects_and_every_family_is_used() -> None:
    assert len(SUBJECTS) == 11
    assert SUBJECTS[-3:] == SMALL
    used = {family for fields in TAXONOMY.subjects.values() for topics in fields.values() for family in topics.values()}
    assert used == set(all_families())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_topics_are_many_specific_and_distinct(subject: str) -> None:
    fields = TAXONOMY.fields(subject)
    least_fields, least_topics = (2, 2) if subject in SMALL else (4, 5)
    assert len(fields) >= least_fields
    topics = [topic for field in fields for topic in TAXONOMY.topics(subject, field)]
    assert len(topics) >= least_fields * least_topics
    assert all(len(TAXONOMY.topics(subject, field)) >= least_topics for field in fields)
    assert len({topic.casefold() for topic in topics}) == len(topics)
    assert all(len(topic.split()) >= 2 for topic in topics)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_topic_can_be_proposed_about(subject: str) -> None:
    for field in TAXONOMY.fields(subject):
        for topic in TAXONOMY.topics(subject, field):
            right = teacher.propose(TAXONOMY, subject.upper(), field, topic, Random(7), wrong=False)
            wrong = teacher.propose(TAXONOMY, subject, field, topic, Random(7), wrong=True)
            assert right is not None
            assert wrong is not None
            assert right.statement == wrong.statement
            assert right.answer.differs(wrong.answer)


def test_unknown_subjects_have_nothing() -> None:
    assert TAXONOMY.fields("Astrology") == []
    assert TAXONOMY.topics("Astrology", "Horoscopes") == []
    assert TAXONOMY.family("Astrology", "Horoscopes", "Houses") is None


def test_a_topic_in_other_words_finds_the_nearest_family_of_its_subject() -> None:
    assert TAXONOMY.family("Physics", "Optics", "Thin lens systems") == "lenses"
    assert TAXONOMY.family("Mathematics", "Number Theory", "Residue classes") == "congruences"
    assert TAXONOMY.family("Physics", "Cosmology", "Dark energy") is None
