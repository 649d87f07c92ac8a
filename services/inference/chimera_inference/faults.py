"""What shall go wrong with one request."""

from dataclasses import dataclass
from random import Random

from .dials import Dials


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one request; several may come together."""

    hang: bool = False
    reset: bool = False
    malformed: bool = False
    truncated: bool = False
    empty: bool = False
    not_json: bool = False
    not_completion: bool = False
    trickle: bool = False


def draw(dials: Dials, rng: Random) -> Faults:
    """Each fault with the probability that its dial says."""
    return Faults(
        hang=rng.random() < dials.hang_rate,
        reset=rng.random() < dials.reset_rate,
        malformed=rng.random() < dials.malformed_rate,
        truncated=rng.random() < dials.truncated_rate,
        empty=rng.random() < dials.empty_rate,
        not_json=rng.random() < dials.not_json_rate,
        not_completion=rng.random() < dials.not_completion_rate,
        trickle=rng.random() < dials.trickle_rate,
    )
