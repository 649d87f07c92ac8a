"""What a recall asks of whom, what it says of itself, and samples as they were in a version."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.recall import change_of, next_version
from chimera_gateway.domain.versions import as_of, superseded
from chimera_gateway.recall_orders import spec_of
from chimera_shared.filters import in_words
from chimera_shared.testing.samples import make_build


def stamp(*time: int) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime(*time, tzinfo=UTC))
    return found


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"role": "judge", "model": "gpt"}, "judge gpt"),
        ({"model": "gpt"}, "model gpt"),
        ({"role": "panel[1]"}, "panel[1]"),
        ({"endpoint": "spare"}, "answers at endpoint spare"),
        ({"role": "solver", "prompt_sha256": "ab" * 32}, "solver with prompt abababababab"),
        ({"model": "gpt", "after": stamp(2026, 11, 24), "before": stamp(2026, 11, 25)}, "model gpt of 2026-11-24"),
        ({"after": stamp(2026, 11, 24), "before": stamp(2026, 11, 26)}, "answers from 2026-11-24 to 2026-11-26"),
        ({"after": stamp(2026, 11, 24, 9, 30)}, "answers since 2026-11-24 09:30 UTC"),
        ({"before": stamp(2026, 11, 24)}, "answers before 2026-11-24"),
    ],
)
def test_evidence_in_words(evidence, words):
    assert in_words(sample_pb2.EvidenceFilter(**evidence)) == words


def test_a_change_is_told_in_one_sentence():
    recall = recall_pb2.Recall(evidence={"model": "gpt"}, selected=1, withdrawn=1, reason="it slept")
    told = "1 sample that rests on model gpt was verified again: 0 kept, 1 withdrawn (reason: it slept)"
    assert change_of(recall) == told


def test_a_version_follows_its_parent():
    first = dataset_pb2.Dataset(dataset_id="d1", build_id="b1", name="demo", samples=12, partial=True)
    recall = recall_pb2.Recall(recall_id="r1", evidence={"model": "gpt"}, selected=3, kept=1, withdrawn=2, reason="x")
    second = next_version(first, recall, datetime(2026, 11, 28, tzinfo=UTC))
    third = next_version(second, recall, datetime(2026, 11, 29, tzinfo=UTC))
    assert (second.dataset_id, second.version, second.parent_id, second.samples) == ("d1-2", 2, "d1", 10)
    assert (third.dataset_id, third.version, third.parent_id, third.samples) == ("d1-3", 3, "d1-2", 8)
    assert (third.name, third.partial, third.recall_id) == ("demo", True, "r1")


def test_a_recall_asks_the_builds_checkers_save_those_that_are_replaced():
    build = make_build()
    build.spec.ledger_of, build.spec.budget.calls = "b0", 9
    build.spec.roles.judge.endpoints.append("old")
    others = build_pb2.Roles(judge={"endpoints": ["new"], "temperature": 0.1})

    spec = spec_of(build, others)

    assert spec.roles.judge == others.judge
    assert {field.name for field, _ in spec.roles.ListFields()} == {"panel", "judge"}, "it makes nothing"
    assert spec.roles.panel == build.spec.roles.panel
    assert spec.panel_rule == build.spec.panel_rule
    assert not spec.subjects
    assert (spec.ledger_of, spec.HasField("budget")) == ("", False)
    assert list(build.spec.roles.judge.endpoints) == ["old"], "the build stays as it was ordered"


def test_a_panel_is_replaced_as_a_whole():
    others = build_pb2.Roles(panel=[{"endpoints": ["x"]}, {"endpoints": ["y"]}, {"endpoints": ["z"]}])
    assert spec_of(make_build(), others).roles.panel == others.panel


def test_a_sample_is_read_as_it_was_in_a_version():
    sample = {"problem": "p", "solution": "s", "grade": "old", "outcome": "ACCEPTED"}
    stored = {"sample": sample}
    stored = {"sample": sample | {"grade": "new"}, "former": [superseded(stored, 2)]}
    withdrawn = {"problem": "p", "solution": "s", "validation": "v", "outcome": "REJECTED", "detail": "d"}
    stored = {"sample": withdrawn, "former": [*stored["former"], superseded(stored, 4)]}

    assert as_of(stored, 1) == sample
    assert as_of(stored, 2) == as_of(stored, 3) == sample | {"grade": "new"}
    assert as_of(stored, 4) == as_of(stored, 9) == withdrawn
