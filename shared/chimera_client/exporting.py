"""Which dataset a build has to export, and where it goes."""

from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera_client.client import AsyncClient
from chimera_client.target import OutputTarget
from chimera_client.words import state_words
from chimera_shared.errors import FailedPrecondition


async def require_dataset(
    client: AsyncClient, build: build_pb2.Build, version: int | None = None
) -> dataset_pb2.Dataset:
    """The dataset that an ended build published, in its newest version unless told otherwise.

    FailedPrecondition says why there is none.
    """
    if build.dataset_id:
        if version is not None:
            return await client.datasets.version(build.dataset_id, version)
        return (await client.datasets.history(build.dataset_id))[-1]
    name = f"build {build.build_id}"
    if build.state in (build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_PAUSED):
        raise FailedPrecondition(
            f"{name} is {state_words(build.state)}; wait for its end, or end it with what it has:"
            f" chimera builds cancel {build.build_id}"
        )
    raise FailedPrecondition(f"{name} has no dataset: it {state_words(build.state)} before a sample was accepted")


def target_of(dataset: dataset_pb2.Dataset, output: Path | None, parent: Path) -> OutputTarget:
    """The folder to write to; a partial dataset or a later version is not put where the first whole one would be."""
    partial = "-partial" if dataset.partial else ""
    version = f"-v{dataset.version}" if dataset.version > 1 else ""
    return OutputTarget.inspect(output or parent / f"{dataset.name}{partial}{version}")
