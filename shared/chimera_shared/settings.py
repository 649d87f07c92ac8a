"""Settings that every service shares, read from the environment."""

import os
import socket
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from chimera_shared.errors import Configuration

S = TypeVar("S", bound=BaseSettings)


class ServiceSettings(BaseSettings):
    """What a service needs to know of the world around it."""

    model_config = SettingsConfigDict(env_prefix="CHIMERA_", extra="forbid", frozen=True)

    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        validation_alias=AliasChoices("kafka_bootstrap_servers", "KAFKA_BOOTSTRAP_SERVERS"),
        description="Kafka brokers, host:port, separated by commas.",
    )
    kafka_replication_factor: int = Field(1, ge=1, le=9, description="Copies of each topic that a service creates.")
    mongodb_uri: str = Field(
        "mongodb://127.0.0.1:27017",
        validation_alias=AliasChoices("mongodb_uri", "MONGODB_URI"),
        description="Connection string of MongoDB; each service uses a database of its own there.",
    )
    endpoints: Path | None = Field(None, description="YAML file of the model endpoints.")
    verifier: str = Field(
        "127.0.0.1:50052",
        description="Where the verifier's gRPC server is, host:port; the evaluator and the trainer ask it.",
    )
    gateway: str = Field(
        "127.0.0.1:50051",
        description="Where the gateway's gRPC server is, host:port; the trainer reads datasets from it.",
    )
    models: Path = Field(
        Path("models"), description="Folder of the registry of models; trainers and model servers share it."
    )
    jobs: Path = Field(
        Path("jobs"),
        description="Folder of trainings under way; a trainer elsewhere goes on with one only if it sees its folder.",
    )
    host: str = Field("127.0.0.1", description="Address that the gRPC server listens on.")
    port: int = Field(0, ge=0, le=65535, description="Port that the gRPC server listens on; 0 takes a free one.")
    instance: str = Field(
        default_factory=socket.gethostname,
        description="Name of this replica, the same after a restart, so that it takes its partitions back at once.",
    )
    session_timeout_seconds: float = Field(
        45, ge=10, le=80, description="A replica that the broker hears nothing of for so long is dead to its group."
    )
    max_in_flight: int = Field(4096, ge=1, le=100_000, description="Messages of a stage worked on at once.")
    time_limit_seconds: float = Field(
        600, gt=0, description="Longest time of a stage's own work on one message; waiting for models does not count."
    )
    max_dead_letters: int = Field(
        1000, ge=1, le=1_000_000, description="Dead letters of a stage that wait; with so many it stands still."
    )
    graceful_timeout_seconds: float = Field(15, ge=0, description="Time for work in flight to finish on SIGTERM.")
    reconcile_seconds: float = Field(15, gt=0, description="Seconds between two looks for work that has not moved.")
    overdue_seconds: float = Field(30, gt=0, description="After this long without news, work is asked for again.")


def load(settings: type[S], **given: Any) -> S:
    """Settings from the environment, `given` over it; a wrong value becomes one sentence that names the variable."""
    try:
        return settings(**given)
    except SettingsError as error:  # of a list or a mapping; its text names the field
        raise Configuration(f"{settings.model_config.get('env_prefix', '')}…: {error}; give it as JSON") from None
    except ValidationError as error:
        first, config = error.errors()[0], settings.model_config
        name = (config.get("env_nested_delimiter") or "_").join(str(part) for part in first["loc"]).upper()
        variable = name if name in os.environ else f"{config.get('env_prefix', '')}{name}"
        raise Configuration(f"{variable}: {first['msg']} (is {first.get('input')!r}); set it and start again") from None
