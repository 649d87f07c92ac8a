"""Rows of JSON Lines, JSON, CSV and Parquet files, a few at a time whatever their number."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimera_shared.errors import InvalidInput

Row = Mapping[str, Any]

SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_MAX_LINE_CHARS = 16 * 1024 * 1024
_MAX_JSON_BYTES = 256 * 1024 * 1024
_BATCH_ROWS = 256


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of some files that have the same columns; those of the first row where rows name their own."""

    files: Sequence[Path]
    columns: Sequence[str]

    @classmethod
    def of(cls, files: Sequence[Path]) -> "Table":
        """Looks at the first file; InvalidInput if it cannot be read or has no rows."""
        first = files[0]
        if first.suffix.lower() == ".parquet":
            return cls(files, _parquet(first).schema_arrow.names)
        row = next(_rows(first, None), None)
        if row is None:
            raise InvalidInput.of("SOURCE", f"{first} holds no rows")
        return cls(files, list(row))

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Every row, with these columns at least."""
        for file in self.files:
            yield from _rows(file, columns)


def _rows(file: Path, columns: Sequence[str] | None) -> Iterator[Row]:
    kind = file.suffix.lower()
    try:
        if kind == ".parquet":
            parquet = _parquet(file)
            present = [name for name in columns or () if name in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=present):
                yield from batch.to_pylist()
        elif kind in (".csv", ".tsv"):
            yield from _csv(file, "\t" if kind == ".tsv" else ",")
        elif kind == ".json":
            yield from _json(file)
        else:
            yield from _json_lines(file)
    except OSError as error:
        raise InvalidInput.of("SOURCE", f"{file} cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise InvalidInput.of("SOURCE", f"{file} is not text in UTF-8") from None


def _parquet(file: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except (OSError, pa.ArrowException) as error:
        raise InvalidInput.of("SOURCE", f"{file} cannot be read as Parquet ({str(error)[:100]})") from None


def _csv(file: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(_MAX_LINE_CHARS)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            yield from csv.DictReader(lines, delimiter=delimiter)
        except csv.Error as error:
            raise InvalidInput.of("SOURCE", f"{file} cannot be read as CSV ({error})") from None


def _json(file: Path) -> Iterator[Row]:
    if file.stat().st_size > _MAX_JSON_BYTES:
        raise InvalidInput.of("SOURCE", f"{file} is over {_MAX_JSON_BYTES // 2**20} MiB; make it JSON Lines")
    try:
        document = _parse(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise InvalidInput.of("SOURCE", f"{file} must be a list of objects, or JSON Lines in a file named .jsonl")
    yield from document


def _json_lines(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8-sig") as lines:
        number = 0
        while line := lines.readline(_MAX_LINE_CHARS):
            number += 1
            if not line.strip():
                continue
            try:
                row = _parse(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise InvalidInput.of("SOURCE", f"line {number} of {file} must be a JSON object")
            yield row


def _parse(text: str) -> Any:
    """Numbers stay as they are written: an answer of 1.50 is not one of 1.5."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
