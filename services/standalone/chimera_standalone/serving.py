"""Models served by Ray Serve beside the services: a child process, which is started again when it dies."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import yaml

from chimera_shared.endpoints.config import Endpoint
from chimera_standalone.child import PROBE_SECONDS, ChildServer
from chimera_standalone.directory import DataDirectory

_FILE = "endpoints.yaml"


def reserved_port(directory: Path) -> int:
    """The port at which models served from a directory will be, before they are: whoever asks them is told it first."""
    directory.mkdir(parents=True, exist_ok=True)
    return DataDirectory(directory).port()


class ServedModels(ChildServer):
    """What the `serve` sections of endpoints order. They must be at `reserved_port` of the same directory."""

    noun: ClassVar[str] = "model server"
    answer_seconds: ClassVar[float] = 600.0  # a checkpoint of some billion weights may come from a slow disk
    stop_seconds: ClassVar[float] = 30.0

    def __init__(self, directory: Path, endpoints: Mapping[str, Endpoint], models: Path) -> None:
        super().__init__(directory)
        self._endpoints = endpoints
        self._models = models.absolute()

    def command(self) -> Sequence[str]:
        """The inference service, for these endpoints."""
        file = self.path / _FILE
        file.write_text(yaml.safe_dump({name: _plain(endpoint) for name, endpoint in self._endpoints.items()}))
        return [sys.executable, "-m", "chimera_inference.rayserve", str(file), "--models", str(self._models)]

    async def probe(self) -> None:
        """Lists the models, which it does once every replica is there."""
        timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for base_url in {endpoint.base_url for endpoint in self._endpoints.values()}:
                async with session.get(f"{base_url}/models") as answer:
                    answer.raise_for_status()


def _plain(endpoint: Endpoint) -> dict[str, Any]:
    return endpoint.model_dump(mode="json", exclude_unset=True)
