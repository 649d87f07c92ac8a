"""Ports for servers that tests start as processes."""

import os
import random
import socket

# Below the range that the system gives out by itself, or another test's connection could get one before its server
# listens; beside that of the embedded servers.
_PORTS = range(10_000, 20_000)
_PROCESSES = 16
_given: set[int] = set()


def free_port() -> int:
    """One that nobody listens on, and that no other test is given: neither in this process nor in another at once."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.choice(_PORTS[process % _PROCESSES :: _PROCESSES])
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
