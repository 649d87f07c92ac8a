"""The dials: how slow, refusing, wrong or broken the server shall be."""

from collections.abc import Callable, Iterable
from math import log
from random import Random
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Rate = Annotated[float, Field(ge=0, le=1)]


class Dials(BaseModel):
    """How the server behaves. Rates are probabilities for each request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_mean_seconds: float = Field(0.15, ge=0, le=3600, description="Mean of the log-normal latency; 0 is none.")
    latency_sigma: float = Field(
        0.6, ge=0, le=4, description="Sigma of the latency's logarithm; above 1 the tail is heavy."
    )
    latency_cap_seconds: float = Field(60.0, ge=0, le=3600, description="No latency is longer.")
    rate_429: Rate = Field(0.0, description="Refused with 429 and Retry-After.")
    retry_after_seconds: float = Field(1.0, ge=0, le=3600, description="What Retry-After says.")
    rate_5xx: Rate = Field(0.0, description="Failed with 500, 502 or 503.")
    malformed_rate: Rate = Field(0.0, description="Answered with broken JSON, or a solution without a box.")
    wrong_rate: Rate = Field(0.0, description="Proposed with a wrong reference answer.")
    duplicate_rate: Rate = Field(0.0, description="Proposed from a repertoire of a few instances a family.")
    screening_error_rate: Rate = Field(0.0, description="Verdicts of a screening that are turned round.")
    truncated_rate: Rate = Field(0.0, description="Cut in the middle, with finish_reason `length`.")
    empty_rate: Rate = Field(0.0, description="Answered with a completion whose content is empty.")
    not_json_rate: Rate = Field(0.0, description="Answered with 200 and a page that is not JSON.")
    not_completion_rate: Rate = Field(0.0, description="Answered with 200 and JSON that is no chat completion.")
    hang_rate: Rate = Field(0.0, description="Never answered.")
    reset_rate: Rate = Field(0.0, description="The connection is closed in the middle of the answer.")
    trickle_rate: Rate = Field(0.0, description="Sent a byte at a time.")
    trickle_pause_seconds: float = Field(0.01, ge=0, le=60, description="Pause after each byte that trickles.")
    status: int | None = Field(None, ge=400, le=599, description="Every request gets this status; null is none.")
    outage_seconds: float = Field(
        0.0, ge=0, le=86_400, description="From when it is set, every request is refused for so long; 0 ends it."
    )
    outage_status: int = Field(429, ge=400, le=599, description="What requests are refused with meanwhile.")
    max_in_flight: int = Field(
        0,
        ge=0,
        description="More requests at a time are refused with 429; 0 is no limit. Set for one model, its own count.",
    )
    slots: int = Field(
        0, ge=0, description="Requests of a model worked on at a time; the others wait in the server. 0 is no limit."
    )
    accuracy: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Share of problems solved right; null is the model's own ability."
    )

    def latency(self, rng: Random) -> float:
        """Seconds that one answer takes."""
        if self.latency_mean_seconds == 0:
            return 0.0
        centre = log(self.latency_mean_seconds) - self.latency_sigma**2 / 2
        return min(rng.lognormvariate(centre, self.latency_sigma), self.latency_cap_seconds)


class UnknownDial(ValueError):
    """A change that names no dial or no model, or a value outside the dial's bounds; one sentence."""


class DialBoard:
    """The dials now in force: the server's, and for each model what differs from them."""

    def __init__(self, server: Dials, models: dict[str, dict[str, Any]], clock: Callable[[], float]) -> None:
        """`clock` gives seconds; an outage of the configuration begins at once."""
        self._clock = clock
        self._initial = (server, {name: dict(changes) for name, changes in models.items()})
        self.reset()

    def reset(self) -> None:
        """Back to the configuration."""
        self._server = self._initial[0]
        self._changes = {name: dict(changes) for name, changes in self._initial[1].items()}
        self._effective = {name: _changed(self._server, own) for name, own in self._changes.items()}
        self._outage_until: dict[str, float] = {}
        self._begin_outages(self._effective)

    def of(self, model: str) -> Dials:
        """What holds for one model."""
        return self._effective[model]

    def is_own(self, model: str, dial: str) -> bool:
        """Whether a dial is set for this model alone."""
        return dial in self._changes[model]

    def is_out(self, model: str) -> bool:
        """Whether the model is in an outage now."""
        return self._clock() < self._outage_until[model]

    def change(self, request: dict[str, Any]) -> None:
        """Sets the dials that are named and leaves the others, or nothing at all; `models` holds those of one model."""
        server_changes = {name: value for name, value in request.items() if name != "models"}
        model_changes = request.get("models", {})
        if not isinstance(model_changes, dict) or not all(isinstance(own, dict) for own in model_changes.values()):
            raise UnknownDial('models: must map names of models to their dials, such as {"procedural-weak": {}}.')
        unknown = sorted(model_changes.keys() - self._changes.keys())
        if unknown:
            raise UnknownDial(f"models: {unknown[0][:80]!r} is not served; the models are {', '.join(self._changes)}.")
        server = _changed(self._server, server_changes)
        changes = {name: own | model_changes.get(name, {}) for name, own in self._changes.items()}
        effective = {name: _changed(server, own) for name, own in changes.items()}
        self._server, self._changes, self._effective = server, changes, effective
        everywhere = "outage_seconds" in server_changes
        self._begin_outages(n for n in changes if everywhere or "outage_seconds" in model_changes.get(n, {}))

    def _begin_outages(self, models: Iterable[str]) -> None:
        now = self._clock()
        self._outage_until |= {name: now + self._effective[name].outage_seconds for name in models}

    def to_json(self) -> dict[str, Any]:
        """The server's dials at the top, and under `models` what differs for each."""
        return {**self._server.model_dump(), "models": self._changes}


def _changed(dials: Dials, changes: dict[str, Any]) -> Dials:
    try:
        return Dials.model_validate(dials.model_dump() | changes)
    except ValidationError as error:
        raise UnknownDial(_first_violation(error)) from error


def _first_violation(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])[:80]
    if first["type"] == "extra_forbidden":
        return f"{name}: is not a dial; the dials are {', '.join(Dials.model_fields)}."
    return f"{name}: {first['msg']}, but the value is {str(first['input'])[:80]!r}."
