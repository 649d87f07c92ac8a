"""A source by what a user calls it: a file, a folder, a benchmark's short name, a dataset on the hub."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from chimera.corpus.v1 import corpus_pb2
from chimera_client.sources.benchmarks import BENCHMARKS, Benchmark, find
from chimera_client.sources.items import Fields, items_of
from chimera_client.sources.rows import SUFFIXES, Table
from chimera_shared.errors import InvalidInput

_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_HASH_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """Problems, and in words where they are from."""

    words: str
    items: Iterator[corpus_pb2.CorpusItem]


@dataclass(frozen=True, slots=True)
class Told:
    """What the user said of a source beside its name."""

    fields: Fields = field(default_factory=Fields)
    revision: str = ""
    config: str = ""
    split: str = ""


def is_local(source: str) -> bool:
    """Whether a source is meant to be a file or a folder here."""
    return Path(source).exists() or source.startswith((".", "/", "~")) or source.lower().endswith(SUFFIXES)


@asynccontextmanager
async def opened(source: str, told: Told, tell: Callable[[str], None]) -> AsyncIterator[Source]:
    """The source while the block runs. InvalidInput, Configuration or Transient say why it cannot be had."""
    if is_local(source):
        yield local(Path(source), told.fields)
        return
    benchmark = _on_hub(source, told)
    from chimera_client.sources import hub  # aiohttp takes longer to import than a local file to read

    with TemporaryDirectory(prefix="chimera-") as folder:
        fetched = await hub.fetch(
            benchmark.hub_id, benchmark.revision, benchmark.config, benchmark.split, Path(folder), tell
        )
        words = f"{benchmark.hub_id}@{fetched.commit[:12]} {', '.join(fetched.names)}"
        yield Source(words[:500], items_of(Table.of(fetched.files), benchmark.fields))


def local(path: Path, fields: Fields) -> Source:
    """A file, or the folder of an exported dataset."""
    path = path.expanduser()
    files, digest = _files(path), content_digest(path)
    return Source(f"{path.name} sha256:{digest[:12]}", items_of(Table.of(files), fields))


def content_digest(path: Path) -> str:
    """SHA-256 over the files' content, in hexadecimal."""
    digest = hashlib.sha256()
    for file in _files(path):
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(_HASH_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise InvalidInput.of("SOURCE", f"{file} cannot be read ({error.strerror})") from None
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted((path / "data").glob("*.parquet"))
        if not (path / "manifest.json").is_file() or not files:
            raise InvalidInput.of("SOURCE", f"{path} is no folder of an exported dataset; name a file in it")
        return files
    if not path.is_file():
        raise InvalidInput.of("SOURCE", f"there is no file {path}")
    if not path.name.lower().endswith(SUFFIXES):
        raise InvalidInput.of("SOURCE", f"{path} must be one of {', '.join(SUFFIXES)}, to be known by its name")
    return [path]


def _on_hub(source: str, told: Told) -> Benchmark:
    known = find(source)
    if known is None and not _HUB_ID.fullmatch(source):
        raise InvalidInput.of(
            "SOURCE",
            f"{source[:80]!r} is no file here, no OWNER/NAME of the hub, and none of {', '.join(BENCHMARKS)}",
        )
    base = known or Benchmark(source, source, "", fields=told.fields)
    return Benchmark(
        base.title,
        base.hub_id,
        told.split or base.split,
        told.config or base.config,
        told.revision or base.revision,
        told.fields if told.fields != Fields() else base.fields,
        base.gated,
    )
