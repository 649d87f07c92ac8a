"""Models served by Ray Serve beside the services: a child process, which is started again when it dies."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import aiohttp
import yaml

from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.serving import Serving
from chimera_shared.errors import Configuration
from chimera_standalone.child import PROBE_SECONDS, ChildServer
from chimera_standalone.directory import LOOPBACK, DataDirectory, models_folder

_NAME = "student"
_LONGEST_ANSWER_SECONDS = 600.0
_BATCHES_WAITING = 2
"""While one is computed, the next is at hand."""


class StudentServer(ChildServer):
    """One model and every version of the registry beside it, while the block runs.

    Its port is taken when it is made, for whoever asks it is told its address before it is there.
    """

    noun: ClassVar[str] = "model server"
    answer_seconds: ClassVar[float] = 600.0  # a checkpoint of some billion weights may come from a slow disk
    stop_seconds: ClassVar[float] = 30.0

    def __init__(self, data_dir: Path, serving: Serving) -> None:
        directory = data_dir.absolute() / "served"
        super().__init__(directory)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            port = DataDirectory(directory).port()
        except OSError as error:
            raise Configuration(f"{directory} cannot be written ({error.strerror}); name another --data-dir") from None
        self._models = models_folder(data_dir).absolute()
        self.endpoint = Endpoint(
            base_url=f"http://{LOOPBACK}:{port}/v1",
            model=_NAME,
            max_in_flight=_BATCHES_WAITING * serving.max_batch,
            timeout_seconds=_LONGEST_ANSWER_SECONDS,
            max_tokens=serving.max_model_len,
            structured_output="none",
            serve=serving,
        )

    def command(self) -> Sequence[str]:
        """The inference service, for this endpoint alone."""
        file = self.path / "endpoints.yaml"
        file.write_text(yaml.safe_dump({_NAME: self.endpoint.model_dump(mode="json", exclude_unset=True)}))
        return [sys.executable, "-m", "chimera_inference.rayserve", str(file), "--models", str(self._models)]

    async def probe(self) -> None:
        """Lists the models, which it does once every replica is there."""
        timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.endpoint.base_url}/models") as answer,
        ):
            answer.raise_for_status()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()
