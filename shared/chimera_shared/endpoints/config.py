"""The operator's endpoints: a YAML mapping from a name to where a model is and what it costs."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chimera_shared.endpoints.serving import Serving
from chimera_shared.errors import Configuration, InvalidInput, Violation


class Price(BaseModel):
    """What tokens cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_usd_per_mtok: float = Field(default=0.0, ge=0, description="US dollars for a million input tokens.")
    output_usd_per_mtok: float = Field(default=0.0, ge=0, description="US dollars for a million output tokens.")

    def nanousd(self, input_tokens: int, output_tokens: int) -> int:
        """The price of a call in thousand-millionths of a dollar."""
        return round((input_tokens * self.input_usd_per_mtok + output_tokens * self.output_usd_per_mtok) * 1000)


class Endpoint(BaseModel):
    """One model behind one OpenAI-compatible base URL."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Up to and including `/v1`.")
    model: str = Field(min_length=1, description="The model's name at that server.")
    family: str = Field("", description="Models of one family are not independent; empty means the model's name.")
    api_key_env: str = Field(
        "",
        pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$",
        description="Name of the environment variable that holds the key; empty means none.",
    )
    max_in_flight: int = Field(
        128,
        ge=1,
        le=100_000,
        description="Requests in flight from one process, at most; fewer while the endpoint refuses.",
    )
    requests_per_minute: int | None = Field(
        None, ge=1, le=10_000_000, description="Requests that one process starts in any minute; absent means no limit."
    )
    tokens_per_minute: int | None = Field(
        None,
        ge=1,
        le=10_000_000_000,
        description="Tokens, of question and answer, that one process uses in any minute; absent means no limit.",
    )
    metrics_url: str = Field(
        "",
        description="Where the engine tells its load, such as vLLM's `/metrics` or the port of Ray's metrics; "
        "with it a queue in the engine bounds the requests in flight. Empty means nowhere.",
    )
    timeout_seconds: float = Field(1800, gt=0, description="Longest time for one answer.")
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int = Field(32_768, ge=1, description="Most tokens of an answer, reasoning included.")
    max_tokens_parameter: Literal["max_completion_tokens", "max_tokens"] = Field(
        "max_completion_tokens", description="What the server calls the limit of an answer."
    )
    structured_output: Literal["json_schema", "json_object", "none"] = "json_schema"
    price: Price = Price()
    serve: Serving | None = Field(
        None, description="How the inference service serves the model with Ray Serve; absent means that others do."
    )

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be an http or https address such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise ValueError("must hold no credentials; name the key's variable in api_key_env")
        if parts.query or parts.fragment:
            raise ValueError("must end in its path, such as /v1, with no ? or # after it")
        return value.rstrip("/")

    @field_validator("metrics_url")
    @classmethod
    def _page(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("must be an http or https address such as http://127.0.0.1:8000/metrics")
        if parts.username or parts.password:
            raise ValueError("must hold no credentials")
        if parts.query or parts.fragment:
            raise ValueError("must end in its path, such as /metrics, with no ? or # after it")
        return value

    @property
    def independent_family(self) -> str:
        """What makes two panel members independent."""
        return self.family or self.model

    def api_key(self) -> str | None:
        """The key from the environment; Configuration if its variable is not set."""
        if not self.api_key_env:
            return None
        if not (key := os.environ.get(self.api_key_env, "").strip()):
            raise Configuration(f"api_key_env: the environment variable {self.api_key_env} is not set; export it")
        return key


Endpoints = Mapping[str, Endpoint]
_MAY_HOLD_A_KEY = frozenset({"base_url", "api_key_env", "metrics_url"})
"""Where people put the key itself by mistake: what stands there is not repeated."""


def parse(raw: object) -> dict[str, Endpoint]:
    """Endpoints from a YAML mapping; InvalidInput names every wrong field as `endpoints.NAME.field`."""
    if not isinstance(raw, dict):
        raise InvalidInput.of("endpoints", f"must be a mapping from names to endpoints, not {type(raw).__name__}")
    found: dict[str, Endpoint] = {}
    violations: list[Violation] = []
    for name, fields in raw.items():
        try:
            found[str(name)] = Endpoint.model_validate(fields)
        except ValidationError as error:
            violations += _violations(str(name), error)
    if violations:
        raise InvalidInput(violations)
    return found


def load(path: Path | None) -> dict[str, Endpoint]:
    """Endpoints from a file whose top level, or whose `endpoints:` key, is the mapping; none if there is no path."""
    if path is None:
        return {}
    try:
        raw: Any = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise Configuration(f"CHIMERA_ENDPOINTS: cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Configuration(f"CHIMERA_ENDPOINTS: {path} is not YAML: {' '.join(str(error).split())}") from error
    return parse(raw.get("endpoints", raw) if isinstance(raw, dict) else raw)


def missing_keys(endpoints: Iterable[tuple[str, Endpoint]]) -> list[Violation]:
    """One violation for each endpoint whose key variable is not set."""
    return [
        Violation(f"endpoints.{name}.api_key_env", f"the environment variable {e.api_key_env} is not set; export it")
        for name, e in endpoints
        if e.api_key_env and not os.environ.get(e.api_key_env)
    ]


def _violations(name: str, error: ValidationError) -> list[Violation]:
    known = ", ".join(sorted(Endpoint.model_fields))
    found = []
    for item in error.errors():
        path = ".".join(["endpoints", name, *(str(part) for part in item["loc"])])
        if item["type"] == "extra_forbidden":
            found.append(Violation(path, f"no such field; an endpoint has {known}"))
        elif item["type"] == "missing":  # its input is the whole endpoint, a misplaced key included
            found.append(Violation(path, "is required and has no value"))
        elif not item["loc"]:
            found.append(
                Violation(path, f"must be a mapping with base_url and model, not {type(item['input']).__name__}")
            )
        else:
            message = item["msg"].removeprefix("Value error, ")
            secret = item["loc"][0] in _MAY_HOLD_A_KEY
            found.append(Violation(path, message if secret else f"{message} (is {item['input']!r:.200})"))
    return found
