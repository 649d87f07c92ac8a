"""The HTTP handlers beside the chat: models, health, metrics, dials and statistics."""

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from . import __version__, metrics
from .chat import Chat, unknown_model
from .completions import Scholar
from .dials import DialBoard, UnknownDial
from .protocol import OWNER
from .refusals import Refused, json_response, read_json
from .stats import Stats


class Handlers:
    """The endpoints over one set of models, dials and statistics."""

    def __init__(self, scholars: Mapping[str, Scholar], board: DialBoard, stats: Stats, chat: Chat) -> None:
        self._scholars = scholars
        self._board = board
        self._stats = stats
        self._chat = chat
        self._started = int(time.time())

    def routes(self) -> list[web.RouteDef]:
        """Every endpoint."""
        return [
            web.post("/v1/chat/completions", self._chat.__call__),
            web.get("/v1/models", self.models),
            web.get("/v1/models/{model}", self.model),
            web.get("/healthz", self.health),
            web.get("/metrics", self.get_metrics),
            web.get("/v1/dials", self.get_dials),
            web.put("/v1/dials", self.put_dials),
            web.delete("/v1/dials", self.reset_dials),
            web.get("/v1/stats", self.get_stats),
            web.delete("/v1/stats", self.reset_stats),
        ]

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        del request
        return json_response({"object": "list", "data": [self._model_json(name) for name in self._scholars]})

    async def model(self, request: web.Request) -> web.Response:
        """GET /v1/models/{model}."""
        name = request.match_info["model"]
        if name not in self._scholars:
            raise unknown_model(name, self._scholars)
        return json_response(self._model_json(name))

    async def health(self, request: web.Request) -> web.Response:
        """GET /healthz."""
        del request
        return json_response({"status": "ok", "engine": OWNER, "version": __version__})

    async def get_metrics(self, request: web.Request) -> web.Response:
        """GET /metrics."""
        del request
        text = metrics.exposition(self._chat.readings())
        return web.Response(body=text.encode(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def get_dials(self, request: web.Request) -> web.Response:
        """GET /v1/dials."""
        del request
        return json_response(self._board.to_json())

    async def put_dials(self, request: web.Request) -> web.Response:
        """PUT /v1/dials: sets what is named and leaves the rest."""
        try:
            changes = await read_json(request)
            if not isinstance(changes, dict):
                raise UnknownDial('The body must be a JSON object of dials, such as {"rate_429": 0.1}.')
            self._board.change(changes)
        except UnknownDial as error:
            raise Refused(400, str(error), param=str(error).partition(":")[0]) from error
        self._chat.dials_changed()
        return json_response(self._board.to_json())

    async def reset_dials(self, request: web.Request) -> web.Response:
        """DELETE /v1/dials: back to the configuration."""
        del request
        self._board.reset()
        self._chat.dials_changed()
        return json_response(self._board.to_json())

    async def get_stats(self, request: web.Request) -> web.Response:
        """GET /v1/stats."""
        del request
        return json_response(self._stats.to_json())

    async def reset_stats(self, request: web.Request) -> web.Response:
        """DELETE /v1/stats: counts anew; what is in flight stays."""
        del request
        self._stats.reset()
        return json_response(self._stats.to_json())

    def _model_json(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": OWNER}
