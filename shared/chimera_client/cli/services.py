"""All services in this process, for commands that are not given a gateway."""

import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from chimera_shared.errors import Configuration, InvalidInput

if TYPE_CHECKING:
    from chimera_shared.endpoints.config import Endpoint
    from chimera_shared.endpoints.serving import Serving

LOG_NAME = "chimera.log"
_LOG_BYTES = 8 * 1024 * 1024


class Running(Protocol):
    """What is needed of the running services."""

    @property
    def gateway_target(self) -> str:
        """HOST:PORT of the gateway."""

    @property
    def verifier_target(self) -> str:
        """HOST:PORT of the verifier."""

    @property
    def evaluator_target(self) -> str:
        """HOST:PORT of the evaluator; empty if none runs."""

    @property
    def trainer_target(self) -> str:
        """HOST:PORT of the trainer; empty if none runs."""

    @property
    def endpoints(self) -> "Mapping[str, Endpoint]":
        """Every endpoint that builds may name: those given, and the procedural ones."""


def standalone(
    data_dir: Path,
    endpoints: "Mapping[str, Endpoint]",
    tell: Callable[[str], None],
    port: int = 0,
    verifier_port: int = 0,
    evaluator_port: int | None = None,
    trainer_port: int | None = None,
) -> AbstractAsyncContextManager[Running]:
    """Starts everything in the block and drains it at its end.

    Port 0 takes a free one; without a port no evaluator and no trainer is started.
    """
    try:
        from chimera_standalone.app import Standalone
    except ModuleNotFoundError as error:
        raise Configuration(
            f"the services are not installed ({error.name} is missing): pip install 'chimera[standalone]',"
            " or set CHIMERA_GATEWAY to a gateway that runs elsewhere"
        ) from None
    running: AbstractAsyncContextManager[Running] = Standalone(
        data_dir,
        endpoints,
        port=port,
        verifier_port=verifier_port,
        evaluator_port=evaluator_port,
        trainer_port=trainer_port,
        tell=tell,
    )
    return running


def read_endpoints(path: Path | None) -> "Mapping[str, Endpoint]":
    """The endpoints in a file of them, or in a build file; none without a file."""
    from chimera_client.yamlfile import read_mapping
    from chimera_shared.endpoints.config import parse

    if path is None:
        return {}
    raw = read_mapping(path)
    if "roles" in raw:  # a build file, which may name procedural endpoints alone
        return parse(raw.get("endpoints", {}))
    return parse(raw.get("endpoints", raw))


def require_free(port: int, option: str) -> None:
    """InvalidInput if a server's port is taken: said before anything is started, not at the end of the start."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InvalidInput.of(
                option, f"{port} cannot be had ({error.strerror}); name another, or 0 for a free one"
            ) from None


def log_to_file(data_dir: Path) -> Path:
    """Sends the services' log to a file, where it does not tear the live panel; returns its path."""
    path = data_dir / LOG_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise Configuration(
            f"--data-dir: {data_dir} cannot be written ({error.strerror}); name a folder of your own"
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(True)
    return path


class ModelServer(Protocol):
    """What is needed of a server of models; its block is the time in which it runs."""

    @property
    def endpoint(self) -> "Endpoint":
        """Where it answers once it runs."""

    async def watch(self) -> None:
        """Raises Configuration when the server is given up."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None: ...


def student_server(data_dir: Path, serving: "Serving") -> ModelServer:
    """Serves a model, and every version of the registry of services over the same folder."""
    try:
        from chimera_standalone.serving import StudentServer
    except ModuleNotFoundError as error:
        raise Configuration(f"{error.name} is not installed: pip install 'chimera[loop]'") from None
    return StudentServer(data_dir, serving)
