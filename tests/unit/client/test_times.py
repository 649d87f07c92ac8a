"""Points in time as people write them."""

from datetime import UTC, datetime

import pytest

from chimera_client.times import parse_time
from chimera_shared.errors import InvalidInput

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T09:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24 09:30:15+02:00", datetime(2026, 11, 24, 7, 30, 15, tzinfo=UTC)),
        ("2026-11-24T09:30:00Z", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("90m", datetime(2026, 11, 28, 10, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 28, 0, 0, tzinfo=UTC)),
        (" 7d ", datetime(2026, 11, 21, 12, 0, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 14, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text, time):
    assert parse_time(text, "--after", NOW) == time


@pytest.mark.parametrize("text", ["tuesday", "", "7", "7y", "-7d", "999999w", "2026-13-01", "0001-01-01T00:00+05:00"])
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidInput, match="--after: must be a time such as 2026-11-24"):
        parse_time(text, "--after", NOW)
