"""Settings of the inference service, from `CHIMERA_INFERENCE_…` environment variables and the command line."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from .dials import Dials


class ModelSettings(BaseModel):
    """One model that is served."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, description="Name in requests.")
    accuracy: float = Field(ge=0, le=1, description="Share of recognised problems that it solves right.")
    dials: dict[str, Any] = Field(default_factory=dict, description="Dials that differ from the server's.")


def default_models() -> list[ModelSettings]:
    """A teacher without errors and three panel members of falling ability."""
    abilities = {"teacher": 1.0, "strong": 0.97, "medium": 0.93, "weak": 0.6}
    return [ModelSettings(name=f"procedural-{name}", accuracy=accuracy) for name, accuracy in abilities.items()]


class Settings(BaseSettings):
    """How the server listens, what it serves and how it behaves at the start."""

    model_config = SettingsConfigDict(env_prefix="CHIMERA_INFERENCE_", env_nested_delimiter="__", extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8400, ge=0, le=65535, description="Port to listen on; 0 takes a free one and says which.")
    seed: int = Field(0, description="Seed of latencies and faults.")
    models: list[ModelSettings] = Field(default_factory=default_models, min_length=1, description="Models served.")
    dials: Dials = Field(Dials(), description="Dials at the start.")
    journal: Path | None = Field(
        None, description="File that every request and its end are appended to, as JSON lines; none without it."
    )
    log_level: str = Field("INFO", description="Least severe log messages that are written.")
