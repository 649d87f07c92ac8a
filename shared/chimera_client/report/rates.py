"""Rates with intervals as the report holds them."""

from chimera_client.calibration import Rate as Counted
from chimera_client.report.model import Rate


def rate(counted: Counted) -> Rate:
    """The rate with Wilson's interval at 95 %; of nothing it may be anything."""
    value = counted.value
    return Rate(
        hits=counted.hits,
        of=counted.of,
        value=None if value is None else round(value, 6),
        low=round(counted.low, 6),
        high=round(counted.high, 6),
    )
