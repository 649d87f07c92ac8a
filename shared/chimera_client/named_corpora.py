"""Corpora that a build or an evaluation names: files among them are imported, all others must be there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.client import AsyncClient
from chimera_client.sources.items import Fields
from chimera_client.sources.rows import SUFFIXES
from chimera_client.sources.source import content_digest, local
from chimera_shared.errors import InvalidInput, NotFound, Violation

_STEM_CHARS = 40


def take_files(spec: build_pb2.BuildSpec, folder: Path) -> dict[str, Path]:
    """Puts the name of its content in the place of each file that the spec names, and returns the files by those names.

    Paths are as from the build file's folder. InvalidInput names every file that cannot be read.
    """
    taking = _Taking(folder)
    for path, names in _lists(spec):
        for i, name in enumerate(names):
            names[i] = taking.name(f"{path}[{i}]", name)
    return taking.files()


def take_benchmarks(spec: evaluation_pb2.EvaluationSpec, folder: Path) -> dict[str, Path]:
    """As `take_files`, of an evaluation."""
    taking = _Taking(folder)
    for i, benchmark in enumerate(spec.benchmarks):
        benchmark.corpus = taking.name(f"benchmarks[{i}].corpus", benchmark.corpus)
    return taking.files()


class _Taking:
    """Files by the names of their content, and what is wrong with others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._wrong: list[Violation] = []

    def name(self, field: str, name: str) -> str:
        try:
            return _named(name, self._folder, self._files)
        except InvalidInput as error:
            self._wrong += [Violation(field, violation.description) for violation in error.violations]
            return name

    def files(self) -> dict[str, Path]:
        if self._wrong:
            raise InvalidInput(self._wrong)
        return self._files


def _named(name: str, folder: Path, files: dict[str, Path]) -> str:
    """The name of a corpus: itself, or if it is a file one made from its content, under which it is put to `files`."""
    if "/" not in name and not name.lower().endswith(SUFFIXES):
        return name
    path = folder / Path(name).expanduser()
    local(path, Fields())  # what cannot be imported is told before anything is started
    stem = re.sub(r"[^A-Za-z0-9]+", "-", path.name.partition(".")[0]).strip("-")[:_STEM_CHARS]
    known = f"{stem or 'corpus'}-{content_digest(path)[:12]}"
    files[known] = path
    return known


def of_build(spec: build_pb2.BuildSpec) -> Iterator[tuple[str, str]]:
    """Every corpus that a build names, with its field."""
    for path, names in _lists(spec):
        yield from ((f"{path}[{i}]", name) for i, name in enumerate(names))


def of_evaluation(spec: evaluation_pb2.EvaluationSpec) -> Iterator[tuple[str, str]]:
    """Every corpus that an evaluation names, with its field."""
    return ((f"benchmarks[{i}].corpus", benchmark.corpus) for i, benchmark in enumerate(spec.benchmarks))


async def provide(
    client: AsyncClient, wanted: Iterable[tuple[str, str]], files: Mapping[str, Path], tell: Callable[[str], None]
) -> None:
    """Import what are files, unless their content is there; InvalidInput names every other corpus that is not."""
    absent = [(field, name) for field, name in wanted if not await _is_there(client, name)]
    if wrong := [Violation(field, _absent(name)) for field, name in absent if name not in files]:
        raise InvalidInput(wrong)
    for name in dict.fromkeys(name for _, name in absent):
        tell(f"importing {files[name]} as {name}")
        source = local(files[name], Fields())
        await client.corpora.import_(name, source.words, source.items)


async def _is_there(client: AsyncClient, name: str) -> bool:
    try:
        await client.corpora.get(name)
    except NotFound:
        return False
    return True


def _absent(name: str) -> str:
    shown = name[:80]
    return (
        f"no corpus is named {shown!r}; import it (chimera corpora import {shown}), or name a file such as ./it.jsonl"
    )


def _lists(spec: build_pb2.BuildSpec) -> Iterator[tuple[str, MutableSequence[str]]]:
    yield "similarity.benchmarks", spec.similarity.benchmarks
    yield "similarity.datasets", spec.similarity.datasets
    yield "controls.gold", spec.controls.gold
