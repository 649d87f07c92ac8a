"""The model endpoints of a build file: key, address, model, and whether JSON can be had."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from chimera_client.buildfile import BuildFile
from chimera_client.doctor.finding import Finding
from chimera_client.order import PROCEDURAL_PREFIX
from chimera_client.text import line
from chimera_shared.endpoints.client import CallFailed, CallRefused, ChatClient
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.roles import endpoints_of, form_roles

ANSWER_SECONDS = 30.0
_TRIES = 3
_PROBE_TOKENS = 16
"""Enough for every server to accept the request, too few to cost anything."""
_MAX_LIST_BYTES = 4 * 1024 * 1024
_SHOWN_MODELS = 5
_SCHEMA = {
    "name": "fields",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"fields": {"type": "array", "items": {"type": "string"}}},
        "required": ["fields"],
        "additionalProperties": False,
    },
}


async def check(file: BuildFile) -> AsyncIterator[Finding]:
    """Findings for each endpoint that the build names, all endpoints asked at once."""
    in_forms = {name for role in form_roles(file.spec.roles) for name in role.endpoints}
    named = endpoints_of(file.spec.roles)
    known = file.endpoints or {}
    async with ChatClient() as chat, aiohttp.ClientSession() as session:
        probes = [
            asyncio.create_task(_Probe(chat, session, name, known[name]).run(structured=name in in_forms))
            for name in sorted(named)
            if name in known
        ]
        try:
            for probe in probes:
                yield await probe
        finally:
            for probe in probes:
                probe.cancel()
    for name in sorted(name for name in named if name not in known and name.startswith(PROCEDURAL_PREFIX)):
        yield Finding.good(f"endpoint {line(name, 40)}", "procedural; the services bring it along")


def elsewhere(file: BuildFile) -> Finding:
    """What cannot be checked from here: a gateway's endpoints, whose addresses, keys and prices only it knows."""
    told = ", ".join(line(name, 40) for name in sorted(endpoints_of(file.spec.roles)))
    way_out = "submitting says whether it has them; to ask them, run doctor where its CHIMERA_ENDPOINTS is"
    return Finding.warning("endpoints", f"{told}: the gateway's own, and not asked from here", way_out)


class _Probe:
    """Asks one endpoint what a build would ask it."""

    def __init__(self, chat: ChatClient, session: aiohttp.ClientSession, name: str, endpoint: Endpoint) -> None:
        self._chat = chat
        self._session = session
        self._name = f"endpoint {line(name, 40)}"
        self._endpoint = endpoint.model_copy(update={"timeout_seconds": min(endpoint.timeout_seconds, ANSWER_SECONDS)})

    async def run(self, *, structured: bool) -> Finding:
        """The first thing that is wrong, or that all is well."""
        endpoint = self._endpoint
        if endpoint.api_key_env and not os.environ.get(endpoint.api_key_env):
            variable = endpoint.api_key_env
            return Finding.bad(self._name, f"the variable {variable} is not set", f"export {variable}=… with the key")
        listed = await self._listed()
        if trouble := await self._ask({}):
            return self._explain(trouble, listed)
        mode = endpoint.structured_output if structured else "none"
        if mode != "none" and (trouble := await self._ask(_response_format(mode))):
            other = "json_object" if mode == "json_schema" else "none"
            way_out = f"set `structured_output: {other}` for this endpoint, or use a server that supports {mode}"
            return Finding.bad(self._name, f"answers, but not with {mode}: {trouble}", way_out)
        said = f"{line(endpoint.model, 60)} answers" + (f", with {mode}" if mode != "none" else "")
        if listed is not None and endpoint.model not in listed:
            said += " (though the server does not list it)"
        return Finding.good(self._name, said)

    def _explain(self, trouble: Exception, listed: list[str] | None) -> Finding:
        model = self._endpoint.model
        if listed is not None and model not in listed:
            has = ", ".join(line(name, 60) for name in listed[:_SHOWN_MODELS]) or "no model at all"
            return Finding.bad(self._name, f"no model {model!r} there; the server has {has}", "mend `model`")
        if isinstance(trouble, CallRefused):
            return Finding.bad(self._name, str(trouble), "mend `base_url`, `model` or the key in `api_key_env`")
        return Finding.bad(self._name, str(trouble), "start the server, or mend `base_url`")

    async def _listed(self) -> list[str] | None:
        """The names of the server's models; None if it does not tell."""
        key = os.environ.get(self._endpoint.api_key_env) if self._endpoint.api_key_env else None
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._session.get(f"{self._endpoint.base_url}/models", headers=headers) as response,
            ):
                if response.status != 200:
                    return None
                return [str(model["id"]) for model in json.loads(await _bounded(response))["data"]]
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError, RecursionError):
            return None

    async def _ask(self, extra: Mapping[str, Any]) -> Exception | None:
        """What is wrong with the answer to a short question; a server that is only busy is asked again."""
        body = {
            "model": self._endpoint.model,
            "messages": [
                {"role": "system", "content": "Answer with one JSON object." if extra else "Answer in one word."},
                {"role": "user", "content": "Subject: Mathematics\nCount: 1" if extra else "What is 1 + 1?"},
            ],
            self._endpoint.max_tokens_parameter: _PROBE_TOKENS,
            **extra,
        }
        trouble: Exception | None = None
        for attempt in range(_TRIES):
            try:
                await self._chat.complete(self._endpoint, body)
            except CallRefused as error:
                return error
            except CallFailed as error:
                trouble = error
                await asyncio.sleep(0.5 * (attempt + 1))
            else:
                return None
        return trouble


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    found = b""
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > _MAX_LIST_BYTES:
            raise ValueError("the list of models is longer than anyone's")
    return found


def _response_format(mode: str) -> dict[str, Any]:
    if mode == "json_schema":
        return {"response_format": {"type": "json_schema", "json_schema": _SCHEMA}}
    return {"response_format": {"type": "json_object"}}
