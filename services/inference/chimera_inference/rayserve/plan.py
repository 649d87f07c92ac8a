"""From the endpoints file to what Ray Serve deploys. Pure: nothing of Ray is imported here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chimera_shared.endpoints.config import Endpoint, Endpoints
from chimera_shared.endpoints.serving import Serving
from chimera_shared.errors import InvalidInput, Violation

OWN_APPLICATION, VLLM_APPLICATION = "chimera", "vllm"
VLLM_PREFIX = "/vllm"
_WAITING_BATCHES = 64
"""A replica takes so many batches' worth of requests and lets them wait: what is beyond it waits at the callers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen, and the applications in Ray Serve's words."""

    host: str
    port: int
    applications: tuple[Mapping[str, Any], ...]

    def config(self) -> dict[str, Any]:
        """What `serve deploy` takes, as its ServeDeploySchema."""
        return {
            "proxy_location": "HeadOnly",
            "http_options": {"host": self.host, "port": self.port},
            "applications": [dict(application) for application in self.applications],
        }


def plan(endpoints: Endpoints, models_dir: str) -> Plan:
    """What is served of these endpoints: those with `serve`. InvalidInput names every wrong field.

    vLLM has an application of its own, by `ray.serve.llm`: at the root if it is alone, else under `/vllm`.
    """
    served = {name: endpoint for name, endpoint in endpoints.items() if endpoint.serve is not None}
    if not served:
        raise InvalidInput.of("endpoints", "none has a `serve:` section, so there is nothing to serve; add one")
    mixed = len({_is_vllm(endpoint) for endpoint in served.values()}) > 1
    if wrong := [*_addresses(served, mixed=mixed), *_names(served)]:
        raise InvalidInput(wrong)
    own = {e.model: e.serve for e in served.values() if e.serve is not None and not _is_vllm(e)}
    vllm = {e.model: e.serve for e in served.values() if e.serve is not None and _is_vllm(e)}
    applications = [_own(own, models_dir)] if own else []
    applications += [_vllm(vllm, VLLM_PREFIX if mixed else "/")] if vllm else []
    address = urlsplit(next(iter(served.values())).base_url)
    return Plan(address.hostname or "127.0.0.1", address.port or 80, tuple(applications))


def _is_vllm(endpoint: Endpoint) -> bool:
    return endpoint.serve is not None and endpoint.serve.engine == "vllm"


def _addresses(served: Mapping[str, Endpoint], *, mixed: bool) -> list[Violation]:
    """All must be at one address; the path follows from the engine."""
    first = urlsplit(next(iter(served.values())).base_url).netloc
    wrong = []
    for name, endpoint in served.items():
        address = urlsplit(endpoint.base_url)
        path = f"{VLLM_PREFIX if mixed and _is_vllm(endpoint) else ''}/v1"
        if address.netloc != first or address.path != path:
            wrong.append(
                Violation(
                    f"endpoints.{name}.base_url",
                    f"must be http://{first}{path}, where Ray Serve serves it, not {endpoint.base_url}",
                )
            )
    return wrong


def _names(served: Mapping[str, Endpoint]) -> list[Violation]:
    wrong, seen = [], dict[str, str]()
    for name, endpoint in served.items():
        if (first := seen.setdefault(endpoint.model, name)) != name:
            wrong.append(Violation(f"endpoints.{name}.model", f"{endpoint.model!r} is served for {first} already"))
        if "@" in endpoint.model:
            wrong.append(Violation(f"endpoints.{name}.model", "must have no @, which names versions of the registry"))
    return wrong


def _own(models: Mapping[str, Serving], models_dir: str) -> dict[str, Any]:
    return {
        "name": OWN_APPLICATION,
        "route_prefix": "/",
        "import_path": "chimera_inference.rayserve.application:build",
        "args": {
            "models_dir": models_dir,
            "models": [{"name": name, **serving.model_dump(mode="json")} for name, serving in models.items()],
        },
    }


def _vllm(models: Mapping[str, Serving], prefix: str) -> dict[str, Any]:
    return {
        "name": VLLM_APPLICATION,
        "route_prefix": prefix,
        "import_path": "ray.serve.llm:build_openai_app",
        "args": {"llm_configs": [llm_config(name, serving) for name, serving in models.items()]},
    }


def llm_config(name: str, serving: Serving) -> dict[str, Any]:
    """A model in the words of `ray.serve.llm.LLMConfig`."""
    kwargs: dict[str, Any] = {"max_model_len": serving.max_model_len, "max_num_seqs": serving.max_batch}
    if serving.dtype != "auto":
        kwargs["dtype"] = serving.dtype
    if serving.revision:
        kwargs["revision"] = serving.revision
    if serving.gpus > 1:
        kwargs["tensor_parallel_size"] = int(serving.gpus)
    found: dict[str, Any] = {
        "model_loading_config": {"model_id": name, "model_source": serving.source},
        "engine_kwargs": {**kwargs, **({"enable_lora": True} if serving.adapters else {}), **serving.engine_kwargs},
        "deployment_config": {**scaling(serving), "max_ongoing_requests": ongoing(serving)},
    }
    if serving.accelerator:
        found["accelerator_type"] = serving.accelerator
    if serving.adapters:
        found["lora_config"] = {"dynamic_lora_loading_path": serving.adapters}
    return found


def scaling(serving: Serving) -> dict[str, Any]:
    """The replicas of a deployment."""
    bounds = serving.scaling
    if bounds.min_replicas == bounds.max_replicas:
        return {"num_replicas": bounds.max_replicas}
    return {"autoscaling_config": bounds.model_dump()}


def ongoing(serving: Serving) -> int:
    """Requests that a replica takes at once; those beyond its batch wait in it."""
    return serving.max_batch * _WAITING_BATCHES
