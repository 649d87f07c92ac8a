"""What a check found."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, and the way out if it is bad or to be thought over."""

    name: str
    ok: bool
    detail: str
    way_out: str = ""

    @classmethod
    def good(cls, name: str, detail: str) -> Self:
        """All is well."""
        return cls(name, True, detail)

    @classmethod
    def warning(cls, name: str, detail: str, way_out: str) -> Self:
        """A build would work, though not as its owner may think."""
        return cls(name, True, detail, way_out)

    @classmethod
    def bad(cls, name: str, detail: str, way_out: str) -> Self:
        """A build would fail."""
        return cls(name, False, detail, way_out)
