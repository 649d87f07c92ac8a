"""Models served by Ray Serve beside the services: a child process, which is started again when it dies."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import aiohttp
import yaml

from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.serving import Serving
from chimera_shared.errors import Configuration
from chimera_standalone.child import PROBE_SECONDS, ChildServer
from chimera_standalone.directory import LOOPBACK, DataDirectory, models_folder

_FILE = "endpoints.yaml"
_NAME = "student"
_LONGEST_ANSWER_SECONDS = 600.0
_BATCHES_WAITING = 2
"""While one is computed, the next is at hand."""


class ServedModels(ChildServer):
    """What the `serve` sections of endpoints order. They must be at the port that their directory has on record."""

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


class StudentServer:
    """One model and every version of the registry beside it, while the block runs.

    Its port is taken before, for whoever asks it is told its address first.
    """

    def __init__(self, data_dir: Path, serving: Serving) -> None:
        directory = data_dir / "served"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            port = DataDirectory(directory.absolute()).port()
        except OSError as error:
            raise Configuration(f"{directory} cannot be written ({error.strerror}); name another --data-dir") from None
        self.endpoint = Endpoint(
            base_url=f"http://{LOOPBACK}:{port}/v1",
            model=_NAME,
            max_in_flight=_BATCHES_WAITING * serving.max_batch,
            timeout_seconds=_LONGEST_ANSWER_SECONDS,
            max_tokens=serving.max_model_len,
            structured_output="none",
            serve=serving,
        )
        self.running = False
        self._child = ServedModels(directory, {_NAME: self.endpoint}, models_folder(data_dir))

    async def __aenter__(self) -> Self:
        """Returns when the model answers."""
        await self._child.start()
        self.running = True
        return self

    async def watch(self) -> None:
        """Raises Configuration when the server is given up, after it died again and again."""
        await self._child.watch()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.running = False
        await self._child.stop()
