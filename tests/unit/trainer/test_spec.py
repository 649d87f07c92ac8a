"""Orders of trainings: what stands for what is left out, and how a wrong one is told."""

import pytest
from google.protobuf.json_format import ParseDict

from chimera.training.v1 import training_pb2
from chimera_trainer.domain.spec import accumulation, rows, violations, with_defaults


def order(**fields):
    base = {"name": "student", "method": "METHOD_SFT", "base": {"path": "/models/base"}, "dataset_id": "d1"}
    return ParseDict({**base, **fields}, training_pb2.TrainingSpec())


def wrong(**fields):
    return {violation.field: violation.description for violation in violations(order(**fields))}


def test_an_order_that_says_little_has_the_papers_recipe():
    assert wrong() == {}
    sft = with_defaults(order())
    assert (sft.optimiser.batch_size, sft.optimiser.learning_rate, sft.optimiser.epochs) == (256, 1e-5, 1)
    assert (sft.optimiser.micro_batch_size, accumulation(sft)) == (8, 32)
    assert not sft.HasField("reinforcement")
    cispo = with_defaults(order(method="METHOD_CISPO"))
    assert (cispo.reinforcement.group_size, cispo.reinforcement.clip_high, cispo.reinforcement.clip_low) == (8, 5, 0)
    assert (cispo.optimiser.learning_rate, cispo.reinforcement.temperature) == (1e-6, 1)
    assert rows(cispo) == 256 * 8
    grpo = with_defaults(order(method="METHOD_GRPO"))
    assert (grpo.reinforcement.clip_low, grpo.reinforcement.clip_high) == (0.2, 0.2)


def test_filling_in_twice_changes_nothing():
    for method in ("METHOD_SFT", "METHOD_GRPO", "METHOD_CISPO"):
        once = with_defaults(order(method=method, lora={}, optimiser={"steps": 20}))
        assert with_defaults(once) == once
        assert (once.lora.rank, once.lora.alpha, once.optimiser.epochs) == (16, 32, 0)


@pytest.mark.parametrize("size", [1, 4, 6, 7, 12, 30])
def test_a_batch_is_shared_whatever_its_size(size):
    full = with_defaults(order(optimiser={"batch_size": size}))
    assert full.optimiser.micro_batch_size * accumulation(full) == size
    assert full.optimiser.micro_batch_size <= 8


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "../secrets"}),
        ("name", {"name": "a..b"}),
        ("method", {"method": "METHOD_UNSPECIFIED"}),
        ("base", {"base": {}}),
        ("base.registered", {"base": {"registered": "student@0"}}),
        ("base.hub", {"base": {"hub": "no-owner"}}),
        ("base.path", {"base": {"path": "models/base"}}),
        ("dataset_id", {"dataset_id": ""}),
        ("lora.dropout", {"lora": {"dropout": 1}}),
        ("optimiser.batch_size", {"optimiser": {"batch_size": 10, "micro_batch_size": 4}}),
        ("optimiser.batch_size", {"resources": {"workers": 3}}),
        ("optimiser.batch_size", {"optimiser": {"batch_size": 100_000}}),
        ("optimiser.learning_rate", {"optimiser": {"learning_rate": -1}}),
        ("optimiser.packing", {"method": "METHOD_GRPO", "optimiser": {"packing": True}}),
        ("reinforcement", {"reinforcement": {"group_size": 4}}),
        ("reinforcement.group_size", {"method": "METHOD_GRPO", "reinforcement": {"group_size": 1}}),
        ("reinforcement.clip_low", {"method": "METHOD_CISPO", "reinforcement": {"clip_low": 0.1}}),
        ("resources.workers", {"resources": {"workers": -1}}),
        ("seed", {"seed": -1}),
        ("held_out_share", {"held_out_share": 1}),
        ("held_out_share", {"method": "METHOD_GRPO", "held_out_share": 0.1}),
    ],
)
def test_what_is_wrong_is_named(field, fields):
    found = wrong(**fields)
    assert list(found) == [field]
    assert len(found[field]) > 15


def test_no_number_is_refused_for_not_being_one():
    assert set(wrong(optimiser={"learning_rate": "NaN"}, held_out_share="NaN")) == {
        "optimiser.learning_rate",
        "held_out_share",
    }


def test_a_budget_limits_the_calls_of_a_judge():
    judged = {"method": "METHOD_GRPO", "reinforcement": {"judge": {"endpoints": ["judge"]}}}
    assert wrong(**judged, budget={"calls": 5}) == {}
    assert wrong(method="METHOD_GRPO", budget={"calls": 5}).keys() == {"budget"}
    assert wrong(**judged, budget={"tokens": -1, "time": "5s"}).keys() == {"budget.tokens", "budget.time"}
