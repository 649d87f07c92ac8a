import os

import pytest

from chimera_shared.errors import Configuration
from chimera_shared.settings import ServiceSettings, load


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in os.environ:
        if name.startswith("CHIMERA_") or name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
            monkeypatch.delenv(name)


def test_settings_have_defaults_and_the_usual_names(monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "k1:9092,k2:9092")
    monkeypatch.setenv("MONGODB_URI", "mongodb://m")
    monkeypatch.setenv("CHIMERA_PORT", "50051")

    settings = load(ServiceSettings)

    assert (settings.kafka_bootstrap_servers, settings.mongodb_uri) == ("k1:9092,k2:9092", "mongodb://m")
    assert (settings.port, settings.host) == (50051, "127.0.0.1")
    assert settings.instance


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHIMERA_PORT", "70000"),
        ("CHIMERA_PORT", "http"),
        ("CHIMERA_MAX_IN_FLIGHT", "0"),
        ("CHIMERA_TIME_LIMIT_SECONDS", "-1"),
        ("CHIMERA_KAFKA_REPLICATION_FACTOR", "99"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(Configuration) as caught:
        load(ServiceSettings)

    assert str(caught.value).startswith(f"{name}: ")
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)
