"""The Python client of a Chimera gateway and the `chimera` command line.

```python
from chimera_client import Client

with Client("127.0.0.1:50051") as client:
    for sample in client.samples.list("b0123456789abcde"):
        print(sample.problem.statement)
```
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chimera_client.buildfile import BuildFile, read_build_file
    from chimera_client.client import AsyncClient
    from chimera_client.sync import Client

__all__ = ["AsyncClient", "BuildFile", "Client", "read_build_file"]

_HOMES = {"AsyncClient": "client", "Client": "sync", "BuildFile": "buildfile", "read_build_file": "buildfile"}


def __getattr__(name: str) -> Any:
    # gRPC takes longer to import than `chimera --help` may take.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
