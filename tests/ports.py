"""Ports for servers that tests start as processes."""

import random
import socket

# Below the range that the system gives out by itself, or another test's connection could get one before its server
# listens; beside that of the embedded servers.
_PORTS = range(10_000, 20_000)


def free_port() -> int:
    """One that nobody listens on; drawn at random, so that tests at the same time hardly meet."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
