"""The tables as Parquet shards, written in row groups while samples stream in."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chimera.sample.v1 import sample_pb2
from chimera_client.export import rows
from chimera_client.export.columns import TABLES, Table
from chimera_client.export.folder import FileEntry, HashingFile

SHARD_ROWS = 50_000
SHARD_BYTES = 300_000_000
"""Hugging Face asks for shards of some hundred megabytes, which load in parallel and fit in memory one by one."""

GROUP_ROWS = 1_000
GROUP_BYTES = 8 * 1024 * 1024
"""A row group is held as protobuf, as Python objects and as Arrow at once, so this bounds the memory of an export."""

ROW_MAKERS: Mapping[str, Callable[[sample_pb2.Sample], rows.Row]] = {
    "default": rows.default_row,
    "sft": rows.sft_row,
    "rl": rows.rl_row,
}


class Shards:
    """The shards of one table; the last row group of each may exceed its bounds."""

    def __init__(self, root: Path, table: Table) -> None:
        self._table = table
        self._root = root
        self._schema = table.schema
        self._finished: list[tuple[Path, HashingFile, int]] = []
        self._path: Path | None = None
        self._file: HashingFile | None = None
        self._writer: Any = None
        self._rows = 0
        (root / table.folder).mkdir()

    def write(self, group: Sequence[rows.Row]) -> None:
        """Append one row group."""
        if self._file is not None and (self._rows >= SHARD_ROWS or self._file.size >= SHARD_BYTES):
            self._finish_shard()
        if self._writer is None:
            self._start_shard()
        self._writer.write_table(pa.Table.from_pylist(list(group), schema=self._schema))
        self._rows += len(group)

    def finish(self) -> list[FileEntry]:
        """Close the last shard and give all of them their final names."""
        if self._writer is None and not self._finished:
            self._start_shard()
        self._finish_shard()
        total = len(self._finished)
        entries = []
        for position, (path, file, count) in enumerate(self._finished):
            name = f"{self._table.folder}/train-{position:05d}-of-{total:05d}.parquet"
            path.rename(self._root / name)
            entries.append(FileEntry(name, file.size, file.sha256, count))
        return entries

    def abandon(self) -> None:
        """Close what is open; the writer's last words go nowhere."""
        if self._file is not None:
            self._file.discard()
        if self._writer is not None:
            with suppress(OSError, pa.ArrowException):
                self._writer.close()

    def _start_shard(self) -> None:
        self._path = self._root / self._table.folder / f"train-{len(self._finished):05d}.parquet"
        self._file = HashingFile(self._path)
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd", write_page_index=True)
        self._rows = 0

    def _finish_shard(self) -> None:
        if self._writer is None or self._file is None or self._path is None:
            return
        self._writer.close()
        self._file.close()
        self._finished.append((self._path, self._file, self._rows))
        self._writer = self._file = None


class TableWriter:
    """All tables of a dataset. `add` is cheap; `flush` and `finish` work hard and belong in a thread."""

    def __init__(self, root: Path) -> None:
        self._shards = [(ROW_MAKERS[table.config], Shards(root, table)) for table in TABLES]
        self._group: list[sample_pb2.Sample] = []
        self._bytes = 0

    @property
    def due(self) -> bool:
        """Whether a row group is full."""
        return len(self._group) >= GROUP_ROWS or self._bytes >= GROUP_BYTES

    def add(self, sample: sample_pb2.Sample) -> None:
        """Keep a sample for the next row group."""
        self._group.append(sample)
        self._bytes += sample.ByteSize()

    def flush(self) -> None:
        """Write what was kept as one row group of each table."""
        if not self._group:
            return
        for make_row, shards in self._shards:
            shards.write([make_row(sample) for sample in self._group])
        self._group, self._bytes = [], 0

    def finish(self) -> list[FileEntry]:
        """Write the rest and close every shard."""
        self.flush()
        return [entry for _, shards in self._shards for entry in shards.finish()]

    def abandon(self) -> None:
        """Close the files after a failure."""
        for _, shards in self._shards:
            shards.abandon()
