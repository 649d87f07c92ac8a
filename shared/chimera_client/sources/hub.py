"""Files of datasets on the Hugging Face Hub, by plain requests."""

import json
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import aiohttp

from chimera_client.sources.rows import SUFFIXES
from chimera_shared.errors import Configuration, InvalidInput, Transient

ENDPOINT_VARIABLE = "HF_ENDPOINT"
TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105  the name of the variable that holds it
OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
DEFAULT_ENDPOINT = "https://huggingface.co"

_MAX_LISTING_BYTES = 32 * 1024 * 1024
_MAX_FILE_BYTES = 2 * 1024 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=60)
_SPLITS = ("test", "train", "validation", "dev")
_LOCAL = "import a file of it instead: chimera corpora import NAME FILE"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files of a dataset at one commit."""

    commit: str
    files: Sequence[Path]
    names: Sequence[str]


async def fetch(
    hub_id: str, revision: str, config: str, split: str, into: Path, tell: Callable[[str], None]
) -> Fetched:
    """Load the data files of a configuration and split into a folder.

    InvalidInput if there is nothing of the kind, Configuration if its terms were not accepted, Transient if the hub
    cannot be reached.
    """
    endpoint = (os.environ.get(ENDPOINT_VARIABLE) or DEFAULT_ENDPOINT).rstrip("/")
    if os.environ.get(OFFLINE_VARIABLE, "").lower() in ("1", "true", "yes", "on"):
        raise Transient(f"{OFFLINE_VARIABLE} is set, so {hub_id} is not loaded: unset it, or {_LOCAL}")
    hub = _Hub(endpoint, hub_id)
    commit, paths = await hub.listing(revision)
    names = choose(paths, config, split)
    if not names:
        what = " ".join(word for word in (config, split) if word)
        raise InvalidInput.of("SOURCE", f"{hub_id} has no data files{f' of {what}' if what else ''}; {_LOCAL}")
    files = []
    for i, name in enumerate(names):
        tell(f"loading {name} of {hub_id}")
        files.append(into / f"{i}{PurePosixPath(name).suffix.lower()}")  # its own name may lead anywhere
        await hub.load(commit, name, files[-1])
    return Fetched(commit, files, names)


def choose(paths: Sequence[str], config: str, split: str) -> list[str]:
    """The data files of a configuration and split, all of one format; without a split those of the test, if any."""
    found = [path for path in sorted(paths) if path.lower().endswith(SUFFIXES) and not path.startswith(".")]
    if config:
        found = [path for path in found if config.lower() in path.lower()]
    if split:
        found = [path for path in found if split.lower() in _words(path)]
    elif not config:
        found = next((some for word in _SPLITS if (some := [path for path in found if word in _words(path)])), found)
    return next((some for suffix in SUFFIXES if (some := [p for p in found if p.lower().endswith(suffix)])), [])


def _words(path: str) -> list[str]:
    return re.split(r"[^a-z0-9]+", path.lower())


class _Hub:
    """One dataset there."""

    def __init__(self, endpoint: str, hub_id: str) -> None:
        self._endpoint = endpoint
        self._hub_id = hub_id
        self._token = os.environ.get(TOKEN_VARIABLE, "").strip()

    async def listing(self, revision: str) -> tuple[str, list[str]]:
        """The commit of a revision and the paths of its files."""
        async with self._get(f"/api/datasets/{self._hub_id}/revision/{quote(revision, safe='')}") as response:
            body = await response.content.read(_MAX_LISTING_BYTES)
            while len(body) < _MAX_LISTING_BYTES and (more := await response.content.read(_CHUNK_BYTES)):
                body += more
        try:
            document: Any = json.loads(body)
            return str(document["sha"]), [str(sibling["rfilename"]) for sibling in document["siblings"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Transient(f"{self._endpoint} did not say what is in {self._hub_id}: try again, or {_LOCAL}") from None

    async def load(self, commit: str, name: str, target: Path) -> None:
        """Write one file, as it was at that commit."""
        size = 0
        async with self._get(f"/datasets/{self._hub_id}/resolve/{quote(commit, safe='')}/{quote(name)}") as response:
            with target.open("wb") as file:
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    size += file.write(chunk)
                    if size > _MAX_FILE_BYTES:
                        raise InvalidInput.of(
                            "SOURCE", f"{name[:80]} of {self._hub_id} is over {_MAX_FILE_BYTES // 2**30} GiB"
                        )

    @asynccontextmanager
    async def _get(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        # The token goes to the hub alone: aiohttp takes it off where the hub redirects to another server.
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session,
                session.get(self._endpoint + path, headers=headers) as response,
            ):
                self._require_given(response.status)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Transient(
                f"cannot load {self._hub_id} from {self._endpoint} ({type(error).__name__}): try again, or {_LOCAL}"
            ) from None

    def _require_given(self, status: int) -> None:
        page = f"{self._endpoint}/datasets/{self._hub_id}"
        if status in (401, 403):
            way = (
                f"the token in {TOKEN_VARIABLE} gives no access; accept the terms at {page} with its account"
                if self._token
                else f"accept the terms at {page}, make a token at {self._endpoint}/settings/tokens, and export it as"
                f" {TOKEN_VARIABLE}"
            )
            raise Configuration(f"{self._hub_id} is gated, or is not there: {way}; or {_LOCAL}")
        if status == 404:
            raise InvalidInput.of("SOURCE", f"the hub has no {self._hub_id} of that revision; see {page}")
        if status != 200:
            raise Transient(f"{self._endpoint} answers {status} for {self._hub_id}: try again later, or {_LOCAL}")
