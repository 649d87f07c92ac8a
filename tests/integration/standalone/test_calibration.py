"""The verifier's stated error rates are the true ones: mistakes planted at a known rate, before a known panel."""

import pytest

from benchmarks.calibration import RULES, measured_by
from chimera_client.client import AsyncClient
from chimera_standalone.app import Standalone

pytestmark = pytest.mark.integration
CONTROLS = 200


async def test_stated_rates_hold_the_true_ones(tmp_path, monkeypatch):
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)
    async with (
        Standalone(tmp_path, {}) as services,
        AsyncClient(services.gateway_target, services.verifier_target) as client,
    ):
        found = [each async for each in measured_by(services, client, CONTROLS, seed=5)]
    assert [(rule, error) for rule, error, _, _ in found] == [
        (rule, error) for rule in RULES for error in ("false accepts", "false rejects")
    ]
    for rule, error, rate, true in found:
        assert rate.low <= true <= rate.high, (rule, error, rate.plain(), true)
        assert rate.of > CONTROLS / 3
    stated = {(rule, error): rate.value for rule, error, rate, _ in found}
    assert stated["one of two", "false accepts"] > 0.05, "a verifier that errs is seen to err"
    assert stated["unanimous", "false rejects"] > 0.4
    assert stated["unanimous", "false accepts"] < stated["one of two", "false accepts"]
