"""How a request is refused: every error has the body that OpenAI's clients read."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from .protocol import error_body

_LOG = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Refused(Exception):
    """The request ends with an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, _KINDS.get(status, "server_error"), param, code)
        self.headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}


@web.middleware
async def openai_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every error the body that OpenAI's clients read, those of unknown paths and of defects included."""
    try:
        return await handler(request)
    except Refused as refused:
        return json_response(refused.body, refused.status, refused.headers)
    except web.HTTPException as error:
        message = f"{request.method} {request.path[:200]}: {error.reason}."
        return json_response(error_body(message, _KINDS.get(error.status, "server_error")), error.status)
    except Exception:
        _LOG.exception("request failed")
        return json_response(error_body("The server failed; its log says why.", "server_error"), 500)


async def read_json(request: web.Request) -> Any:
    """The request's body; Refused if it is no JSON or too large."""
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"The body is not valid JSON: {error}.") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "The body is too large; send a shorter conversation.") from error


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response of one JSON value."""
    return web.Response(body=orjson.dumps(value), status=status, headers=headers, content_type="application/json")
