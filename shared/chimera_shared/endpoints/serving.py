"""How the platform serves an endpoint's model itself, with Ray Serve; read by the inference service alone."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Scaling(BaseModel):
    """How many replicas there are: as many as the requests under way need, between two bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_replicas: int = Field(1, ge=0, le=1_000, description="Replicas when idle; with 0 the first request waits.")
    max_replicas: int = Field(1, ge=1, le=1_000, description="Replicas at most.")
    target_ongoing_requests: float = Field(16, gt=0, description="Requests under way that a replica is meant to have.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"max_replicas must be at least min_replicas, {self.min_replicas}")
        return self


class Serving(BaseModel):
    """An engine and what it takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["procedural", "transformers", "vllm"] = Field(
        description="`procedural` has no weights, `transformers` runs any checkpoint, `vllm` is for GPUs."
    )
    source: str = Field(
        "", description="Folder of the checkpoint, its name on the Hugging Face hub, or a version such as student@1."
    )
    revision: str = Field("", description="Branch, tag or commit on the hub; empty means its main branch.")
    accuracy: float = Field(1.0, ge=0, le=1, description="Share of problems that a procedural model solves.")
    registered: bool = Field(
        False, description="Serve every version of the model registry too, as `name@version`; transformers alone."
    )
    max_versions: int = Field(
        4, ge=1, le=1_000, description="Versions of the registry in a replica's memory at once, besides its own model."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="Format of the weights.")
    max_model_len: int = Field(4096, ge=16, description="Most tokens of question and answer together.")
    max_batch: int = Field(16, ge=1, le=4096, description="Requests that a replica computes at once.")
    cpus: float = Field(1, ge=0, description="Cores of a replica.")
    gpus: float = Field(0, ge=0, description="GPUs of a replica.")
    accelerator: str = Field("", description="Kind of GPU, such as H100, as Ray names it.")
    scaling: Scaling = Scaling()
    adapters: str = Field("", description="Where vLLM finds LoRA adapters by name: an s3://, gs:// or azure:// folder.")
    engine_kwargs: dict[str, Any] = Field(default_factory=dict, description="What vLLM takes besides.")

    @model_validator(mode="after")
    def _of_engine(self) -> Self:
        if self.engine != "procedural" and not self.source:
            raise ValueError(f"source is required for the engine {self.engine}: a folder, or a name on the hub")
        if self.engine == "vllm" and "@" in self.source:
            raise ValueError("source of the engine vllm is a folder or a name on the hub, no version of the registry")
        if self.engine != "vllm" and (self.engine_kwargs or self.adapters or self.accelerator):
            raise ValueError("accelerator, adapters and engine_kwargs are for the engine vllm alone")
        if self.engine != "transformers" and self.registered:
            raise ValueError("registered is for the engine transformers alone")
        return self
