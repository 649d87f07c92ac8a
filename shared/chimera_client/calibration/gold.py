"""Gold problems: those whose answers are known to be right; and items of benchmarks, to be leaked."""

import hashlib
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from chimera.corpus.v1 import corpus_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.corpora import Corpora
from chimera_shared.errors import InvalidInput

MAX_ITEMS = 100_000
_MAX_BENCHMARK_ITEMS = 5_000
_MAX_LINE_BYTES = 1024 * 1024
_STATEMENTS = ("statement", "problem", "question")
_ANSWERS = ("answer", "gold")
_DATASET_COLUMNS = (
    "sample_id", "subject", "problem", "answer", "answer_type", "answer_unit", "answer_tolerance", "answer_choices",
    "solution",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gold:
    """The problems of a file or folder, their ids with its name before them. `sha256` is over all of them."""

    source: str
    items: list[sample_pb2.Sample]
    sha256: str


def read_gold(path: Path) -> Gold:
    """Read gold problems from JSON lines, or from the folder of a dataset. InvalidInput names the line and the way out.

    A line has `statement` (or `problem`, `question`) and `answer` (or `gold`), and may have `answer_type`, `unit`,
    `tolerance`, `choices`, `solution`, `subject` and `id`.
    """
    try:
        rows = list(_of_dataset(path) if path.is_dir() else _of_lines(path))
    except OSError as error:
        raise InvalidInput.of("--gold", f"{path} cannot be read ({error.strerror or error})") from None
    if not rows:
        raise InvalidInput.of("--gold", f"{path} holds no problems")
    digest = hashlib.sha256()
    for item in rows:
        digest.update(item.SerializeToString(deterministic=True))
    return Gold(path.name, rows, digest.hexdigest())


async def read_benchmarks(corpora: Corpora, names: Iterable[str]) -> list[sample_pb2.Sample]:
    """Items of benchmarks at a verifier that have an answer, the first few thousand of each."""
    found: list[sample_pb2.Sample] = []
    for name in names:
        # Closed here: a corpus may be far larger than what is wanted of it.
        async with aclosing(cast("AsyncGenerator[corpus_pb2.CorpusItem, None]", corpora.read(name))) as items:
            number = 0
            async for item in items:
                if item.answer.value.strip():
                    ref = sample_pb2.SampleRef(sample_id=f"{name}/{item.item_id or number}", subject=item.subject)
                    problem = sample_pb2.Problem(statement=item.statement, reference=item.answer)
                    found.append(sample_pb2.Sample(ref=ref, problem=problem))
                if (number := number + 1) == _MAX_BENCHMARK_ITEMS:
                    break
    return found


def _of_lines(path: Path) -> Iterator[sample_pb2.Sample]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_BYTES + 1), b""), 1):
            if number > MAX_ITEMS or len(line) > _MAX_LINE_BYTES:
                limit = f"{MAX_ITEMS:,} lines" if number > MAX_ITEMS else f"1 MiB in line {number}"
                raise InvalidInput.of("--gold", f"{path} holds more than {limit}; cut it down")
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise InvalidInput.of("--gold", f"line {number} of {path} is not JSON") from None
            yield _item(row, f"line {number} of {path}", path.name, str(number))


def _of_dataset(path: Path) -> Iterator[sample_pb2.Sample]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    shards = sorted(path.glob("data/train-*.parquet"))
    if not shards:
        raise InvalidInput.of(
            "--gold", f"{path} holds no dataset (no data/train-*.parquet); name an exported one, or a file"
        )
    try:
        for shard in shards:
            for batch in pq.ParquetFile(shard).iter_batches(columns=list(_DATASET_COLUMNS)):
                for row in batch.to_pylist():
                    renamed = {key.removeprefix("answer_"): value for key, value in row.items()}
                    named = {**renamed, "answer_type": row["answer_type"]}
                    yield _item(named, str(shard), path.name, row["sample_id"])
    except (pa.ArrowException, KeyError) as error:
        raise InvalidInput.of("--gold", f"{path} is no dataset of this version ({error})"[:300]) from None


def _item(row: Any, where: str, source: str, name: str) -> sample_pb2.Sample:
    if not isinstance(row, dict):
        raise InvalidInput.of("--gold", f"{where} is no JSON object")
    statement, value = _first(row, _STATEMENTS, where), _first(row, _ANSWERS, where)
    answer = sample_pb2.Answer(value=value, unit=_text(row, "unit", where), type=_type(row, where))
    try:
        answer.tolerance = float(row.get("tolerance") or 0)
        answer.choices.extend(str(choice) for choice in row.get("choices") or ())
    except (TypeError, ValueError):
        raise InvalidInput.of(
            "--gold", f"{where}: `tolerance` must be a number and `choices` a list of texts"
        ) from None
    sample = sample_pb2.Sample(
        ref=sample_pb2.SampleRef(
            sample_id=f"{source}/{_text(row, 'id', where) or name}",
            subject=_text(row, "subject", where),
        ),
        problem=sample_pb2.Problem(statement=statement, reference=answer),
    )
    if solution := _text(row, "solution", where):
        sample.solution.text = solution
    return sample


def _type(row: Mapping[str, Any], where: str) -> "sample_pb2.AnswerType":
    if not (name := _text(row, "answer_type", where)):
        return sample_pb2.ANSWER_TYPE_UNSPECIFIED
    try:
        return cast("sample_pb2.AnswerType", sample_pb2.AnswerType.Value(f"ANSWER_TYPE_{name.upper()}"))
    except ValueError:
        known = ", ".join(key.removeprefix("ANSWER_TYPE_").lower() for key in sample_pb2.AnswerType.keys()[1:])
        raise InvalidInput.of("--gold", f"{where}: no answer type is named {name[:40]!r} (known: {known})") from None


def _first(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> str:
    for name in names:
        if text := _text(row, name, where).strip():
            return text
    raise InvalidInput.of("--gold", f"{where} has no `{names[0]}`")


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput.of("--gold", f"{where}: `{name}` must be a text, not a {type(value).__name__}")
