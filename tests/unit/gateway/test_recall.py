"""What a recall asks of whom, what it says of itself, and samples as they were in a version."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.recall import change_of, continued, never_worked, next_version, shortfall
from chimera_gateway.domain.versions import as_of, superseded
from chimera_gateway.recall_orders import spec_of
from chimera_shared.filters import in_words
from chimera_shared.testing.samples import make_build

SUCCEEDED, FAILED = recall_pb2.RECALL_STATE_SUCCEEDED, recall_pb2.RECALL_STATE_FAILED


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

    spec = spec_of(build, recall_pb2.Recall(replacements=others))

    assert spec.roles.judge == others.judge
    assert {field.name for field, _ in spec.roles.ListFields()} == {"panel", "judge"}, "it makes nothing"
    assert spec.roles.panel == build.spec.roles.panel
    assert spec.panel_rule == build.spec.panel_rule
    assert not spec.subjects
    assert (spec.ledger_of, spec.HasField("budget")) == ("", False)
    assert list(build.spec.roles.judge.endpoints) == ["old"], "the build stays as it was ordered"


def test_a_panel_is_replaced_as_a_whole():
    others = build_pb2.Roles(panel=[{"endpoints": ["x"]}, {"endpoints": ["y"]}, {"endpoints": ["z"]}])
    assert spec_of(make_build(), recall_pb2.Recall(replacements=others)).roles.panel == others.panel


def test_a_recall_has_a_budget_of_its_own_and_the_ledger_of_the_one_that_it_continues():
    build = make_build()
    build.spec.ledger_of, build.spec.budget.calls, build.spec.budget.tokens = "b0", 9, 9
    spec = spec_of(build, recall_pb2.Recall(budget={"calls": 7}, continues="r1"))
    assert (spec.ledger_of, spec.budget) == ("r1", build_pb2.Budget(calls=7))


def test_a_recall_continues_the_last_one_of_its_evidence_if_that_failed():
    new, other = recall_pb2.Recall(evidence={"model": "m"}), recall_pb2.Recall(evidence={"model": "n"}, state=SUCCEEDED)
    failed = recall_pb2.Recall(recall_id="r1", evidence={"model": "m"}, state=FAILED)
    cancelled = recall_pb2.Recall(recall_id="r2", evidence={"model": "m"}, state=recall_pb2.RECALL_STATE_CANCELLED)
    again = recall_pb2.Recall(recall_id="r3", evidence={"model": "m"}, state=FAILED, continues="r1")
    done = recall_pb2.Recall(recall_id="r4", evidence={"model": "m"}, state=SUCCEEDED)
    assert continued(new, []) == ""
    assert continued(new, [other, failed]) == "r1"
    assert continued(new, [cancelled, failed]) == "r1"
    assert continued(new, [again, failed]) == "r1", "all that continue one share its ledger"
    assert continued(new, [done, again, failed]) == ""
    new.evidence.after.CopyFrom(stamp(2026, 11, 24))
    assert continued(new, [failed]) == "r1", "`--after 7d` is another time a minute later"


@pytest.mark.parametrize(
    ("selected", "unverified", "verified", "never"),
    [(1, 1, 0, True), (3, 2, 0, False), (3, 3, 0, True), (90, 4, 0, False), (90, 5, 0, True), (90, 50, 1, False)],
)
def test_what_refuses_everything_is_told_from_what_refuses_some(selected, unverified, verified, never):
    assert never_worked(recall_pb2.Recall(selected=selected, unverified=unverified, withdrawn=verified)) == never


def test_why_a_recall_failed_is_told_in_one_sentence():
    recall = recall_pb2.Recall(selected=1_200, kept=700, withdrawn=300)
    assert shortfall(recall, "it is away.") == "it is away; 1,000 of 1,200 samples were verified again"


def test_a_sample_is_read_as_it_was_in_a_version():
    sample = {"problem": "p", "solution": "s", "grade": "old", "outcome": "ACCEPTED"}
    stored = {"sample": sample}
    stored = {"sample": sample | {"grade": "new"}, "former": [superseded(stored, 2)]}
    withdrawn = {"problem": "p", "solution": "s", "validation": "v", "outcome": "REJECTED", "detail": "d"}
    stored = {"sample": withdrawn, "former": [*stored["former"], superseded(stored, 4)]}

    assert as_of(stored, 1) == sample
    assert as_of(stored, 2) == as_of(stored, 3) == sample | {"grade": "new"}
    assert as_of(stored, 4) == as_of(stored, 9) == withdrawn
