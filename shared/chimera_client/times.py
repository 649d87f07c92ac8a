"""Points in time as people write them."""

import re
from datetime import UTC, datetime, timedelta

from chimera_shared.errors import InvalidInput

_AGO = re.compile(r"(?P<number>\d{1,6})(?P<unit>[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str, field: str, now: datetime) -> datetime:
    """A date, a date with a time, or how long before `now`: `2026-11-24`, `2026-11-24T09:30`, `7d`.

    Without an offset it is UTC. InvalidInput, with `field`, if it is anything else.
    """
    try:
        if found := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[found["unit"]]: int(found["number"])})
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput.of(
            field, f"must be a time such as 2026-11-24, 2026-11-24T09:30 or 7d (ago), not {text[:60]!r}"
        ) from None
