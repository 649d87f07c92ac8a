"""How soon a group gives a silent member up."""

from chimera_shared.bus.consumer import CONSUMER_OPTIONS, session_options
from chimera_shared.settings import ServiceSettings


def test_the_setting_as_it_stands_is_what_every_consumer_has() -> None:
    standard = session_options(ServiceSettings().session_timeout_seconds)
    assert standard == {name: CONSUMER_OPTIONS[name] for name in standard}


def test_heartbeats_and_rebalances_shrink_with_the_session() -> None:
    assert session_options(15) == {
        "session_timeout_ms": 15_000,
        "heartbeat_interval_ms": 1_000,
        "rebalance_timeout_ms": 10_000,
    }
