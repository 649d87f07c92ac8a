"""The application that Ray Serve runs: one ingress, and for each model a deployment with its engine.

POST /v1/chat/completions ─▶ Ingress ─▶ the model's Replica ─▶ Engine ─▶ pieces ─▶ one body, or events
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from ray import serve
from ray.exceptions import RayError
from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from .. import metrics
from ..protocol import BadRequest, error_body
from . import checkpoints, wire
from .engines import Engine, ProceduralEngine, TransformersEngine
from .pieces import Piece, Refusal
from .plan import ongoing, scaling
from .spec import serving_of

_MAX_ONGOING = 10_000
MAX_BODY_BYTES = 4 * 1024 * 1024
_TOGETHER_SECONDS = 0.05
"""Of pieces of a stream: readers see no difference, and a token of a small model takes a tenth of it."""
_MODEL_PATH = "/v1/models/"
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("chimera_inference.rayserve")


def build(args: dict[str, Any]) -> serve.Application:
    """What `serve deploy` calls with the `args` of the config."""
    replicas = {}
    for spec in args["models"]:
        serving = serving_of(spec)
        deployment = serve.deployment(Replica).options(
            name=f"model-{spec['name']}",
            max_ongoing_requests=ongoing(serving),
            ray_actor_options={"num_cpus": serving.cpus, "num_gpus": serving.gpus},
            **scaling(serving),
        )
        replicas[spec["name"]] = deployment.bind(spec["name"], spec, args["models_dir"])
    registered = next((spec["name"] for spec in args["models"] if spec["registered"]), "")
    entry = serve.deployment(Ingress).options(max_ongoing_requests=_MAX_ONGOING, ray_actor_options={"num_cpus": 0})
    return entry.bind(replicas, registered, args["models_dir"])


class Replica:
    """One replica of a model."""

    def __init__(self, name: str, spec: Mapping[str, Any], models_dir: str) -> None:
        self._name = name
        if spec["engine"] == "procedural":
            self._engine: Engine = ProceduralEngine(spec["accuracy"])
        else:
            self._engine = TransformersEngine(name, spec, models_dir)

    async def stream(self, body: dict[str, Any], carrier: dict[str, str]) -> AsyncIterator[Any]:
        """When the answer begins the prompt's tokens, then lists of pieces. Instead a Refusal: an exception would lose
        its kind on the way.

        Each thing that is sent costs Ray some milliseconds, so pieces travel together: all of them if nobody streams.
        """
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": body["model"]}
        context = _PROPAGATOR.extract(carrier)
        with _TRACER.start_as_current_span("generate", context=context, kind=SpanKind.INTERNAL, attributes=attributes):
            try:
                if body["model"] != self._name:
                    await self._held(body["model"])
                async for sent in _together(self._engine.stream(body), streams=body.get("stream") is True):
                    yield sent
            except BadRequest as error:
                yield Refusal(error.param, str(error))
            except checkpoints.NoSuchVersion as error:
                yield Refusal("model", f"{error}.")
            except ValueError as error:
                yield Refusal("messages", f"{error}.")

    @serve.multiplexed(max_num_models_per_replica=-1)
    async def _held(self, model: str) -> str:
        """Ray sends requests for a version to replicas that were asked for it; the engine holds and drops it."""
        return model


async def _together(pieces: AsyncIterator[Piece | int], *, streams: bool) -> AsyncIterator[int | list[Piece]]:
    """The prompt's tokens with the first piece, and then the pieces of so long a time at once."""
    waiting: list[Piece] = []
    prompt_tokens, sent = 0, 0.0
    async for piece in pieces:
        if isinstance(piece, int):
            prompt_tokens = piece
            continue
        if not sent:
            yield prompt_tokens
        waiting.append(piece)
        now = time.monotonic()
        if not sent or (streams and now - sent >= _TOGETHER_SECONDS):
            sent = now
            if streams:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


class Ingress:
    """Where requests enter."""

    def __init__(self, replicas: dict[str, DeploymentHandle[Any]], registered: str, models_dir: str) -> None:
        self._replicas = replicas
        self._registered = registered
        self._models_dir = Path(models_dir)
        self._started = int(time.time())
        self._waiting: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._tokens: dict[str, Counter[str]] = {name: Counter() for name in replicas}
        self._pages = {"/healthz": self._health, "/metrics": self._metrics, "/v1/models": self._models}

    async def __call__(self, request: Request) -> Response:
        """Answers a request by its path."""
        path = request.url.path
        if request.method == "POST" and path == "/v1/chat/completions":
            return await self._chat(request)
        if request.method == "GET" and path in self._pages:
            return self._pages[path]()
        if request.method == "GET" and path.startswith(_MODEL_PATH):
            return self._model(path.removeprefix(_MODEL_PATH))
        return _error(404, f"Nothing is at {request.method} {path[:200]}.")

    def _health(self) -> Response:
        """Whether it serves."""
        return _json({"status": "ok", "models": list(self._replicas)})

    def _metrics(self) -> Response:
        """What clients bound their requests in flight by, as vLLM names it."""
        readings = {
            name: metrics.Reading(
                self._running[name], self._waiting[name], 0.0, told["prompt"], told["completion"], told["answers"]
            )
            for name, told in self._tokens.items()
        }
        return Response(metrics.exposition(readings), media_type=metrics.CONTENT_TYPE)

    def _models(self) -> Response:
        """Every model that may be asked for, versions of the registry included."""
        return _json({"object": "list", "data": [self._card(name) for name in self._names()]})

    def _model(self, model: str) -> Response:
        """One model."""
        return _json(self._card(model)) if model in self._names() else self._unknown(model)

    async def _chat(self, request: Request) -> Response:
        """Answers a conversation."""
        raw = await request.body()
        try:
            if len(raw) > MAX_BODY_BYTES:
                raise BadRequest("body", "The body is too large; send a shorter conversation.")
            body = wire.read(orjson.loads(raw))
        except orjson.JSONDecodeError as error:
            return _error(400, f"The body is not valid JSON: {error}.", "body")
        except BadRequest as error:
            return _error(400, str(error), error.param)
        name = body["model"] if body["model"] in self._replicas else self._registered
        if body["model"] not in self._replicas and (not name or "@" not in body["model"]):
            return self._unknown(body["model"])
        carrier = {key: request.headers[key] for key in ("traceparent", "tracestate") if key in request.headers}
        pieces = self._pieces(name, body, carrier)
        try:
            first = await anext(pieces)
        except RayError as error:
            return _error(503, f"The model's replica failed and is started again: {type(error).__name__}.")
        if isinstance(first, Refusal):
            return _error(404 if first.param == "model" else 400, first.message, first.param)
        assert isinstance(first, int)
        options = body.get("stream_options") or {}
        answer = wire.Answer(body["model"], bool(options.get("include_usage")), wire.Usage(first))
        said = self._counted(name, pieces, answer.usage)
        if body.get("stream") is True:
            return StreamingResponse(answer.events(said), media_type="text/event-stream")
        try:
            return _json(await answer.whole(said))
        except RayError as error:
            return _error(503, f"The model's replica failed and is started again: {type(error).__name__}.")

    async def _pieces(self, name: str, body: dict[str, Any], carrier: dict[str, str]) -> AsyncIterator[Any]:
        version = body["model"] if body["model"] != name else ""
        handle = self._replicas[name].options(stream=True, multiplexed_model_id=version)
        self._waiting[name] += 1
        waits = True
        try:
            async for sent in handle.stream.remote(body, carrier):
                if waits:
                    waits = False
                    self._waiting[name] -= 1
                    self._running[name] += 1
                for each in sent if isinstance(sent, list) else [sent]:
                    yield each
        finally:
            (self._waiting if waits else self._running)[name] -= 1

    async def _counted(self, name: str, pieces: AsyncIterator[Any], usage: wire.Usage) -> AsyncIterator[Piece]:
        async for piece in pieces:
            yield piece
        self._tokens[name].update(prompt=usage.prompt, completion=usage.completion, answers=1)

    def _names(self) -> list[str]:
        return [*self._replicas, *(checkpoints.listed(self._models_dir) if self._registered else ())]

    def _card(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": "chimera"}

    def _unknown(self, model: str) -> Response:
        known = ", ".join(self._names()[:20])
        return _error(404, f"The model {model[:80]!r} does not exist; the models are {known}.", "model")


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _error(status: int, message: str, param: str | None = None) -> Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    code = "model_not_found" if status == 404 else None
    headers = {"Retry-After": "1"} if status == 503 else None
    return Response(
        orjson.dumps(error_body(message, kind, param, code)), status, headers, media_type="application/json"
    )
