"""Units that are the same, convertible, or different."""

from fractions import Fraction

import pytest

from chimera_verifier.domain.units import parse_unit


@pytest.mark.parametrize(
    ("left", "right", "ratio"),
    [
        ("km", "m", 1000), ("m/s^2", r"\text{m s}^{-2}", 1), ("kg·m·s⁻²", "N", 1), ("J/(mol K)", "J mol^-1 K^-1", 1),
        ("kWh", "J", 3_600_000), ("kW h", "J", 3_600_000), ("cm^3", "mL", 1), ("hours", "s", 3600),
        ("mm", "m", Fraction(1, 1000)),
        ("Hz", "1/s", 1), ("micrometers", "μm", 1), (r"\Omega", "ohms", 1), ("°C", "K", None), ("apple", "apples", 1),
        ("furlongs", "m", None), ("ml", "mL", 1), ("min", "s", 60), (r"\frac{m}{s}", "m/s", 1), ("m", "s", None),
    ],
)  # fmt: skip
def test_ratio(left: str, right: str, ratio: int | Fraction | None) -> None:
    assert parse_unit(left).ratio(parse_unit(right)) == ratio


def test_contradiction_needs_two_known_units() -> None:
    assert parse_unit("m").contradicts(parse_unit("s"))
    assert not parse_unit("m").contradicts(parse_unit("furlongs"))


@pytest.mark.parametrize("text", ["", "/", "^^^", "m^", "{" * 50, "1/0", "m/0", "%" * 99])
def test_nonsense_is_opaque_not_an_error(text: str) -> None:
    parse_unit(text)
