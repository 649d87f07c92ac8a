"""Reads and embeds statements beside the event loop, many at a time."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from chimera_shared.batches import Batches
from chimera_verifier.domain.likeness.plain import MAX_CHARS
from chimera_verifier.domain.likeness.reading import Reading, read
from chimera_verifier.domain.likeness.relation import Embedder
from chimera_verifier.domain.likeness.sketch import packed, sketch, unpacked

READER = 1
"""Grows with every change of how sketches and embeddings are made: what an older reader stored is read again."""
_READ_TOGETHER = 32
_LINGER_SECONDS = 0.1
"""Problems come one by one, and two that are embedded together cost little more than one."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it is compared with others."""

    text: str
    reading: Reading
    vector: NDArray[np.float32]
    sketch: NDArray[np.uint64]


class Reader:
    """Reads statements on one thread of its own, where reading leaves the event loop its turns."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._batches = Batches(self._read_many, _LINGER_SECONDS, _READ_TOGETHER)

    async def read(self, text: str) -> Statement:
        """Read one statement; what is longer than problems are is cut."""
        return await self._batches.ask(text[:MAX_CHARS])

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do some other work on that thread."""
        assert not kwargs, "an executor takes positional arguments alone"
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def _read_many(self, texts: list[str]) -> list[Statement]:
        return await self.run(self._read_now, texts)

    def _read_now(self, texts: Sequence[str]) -> list[Statement]:
        readings = [read(text) for text in texts]
        vectors = self._embedder.embed([reading.masked for reading in readings])
        # What is stored has a byte a dimension; so has this, lest two statements compare otherwise the other way about.
        rounded = [unpacked(packed(vector)) for vector in vectors]
        return [
            Statement(text, reading, vector, sketch(reading, vector))
            for text, reading, vector in zip(texts, readings, rounded, strict=True)
        ]
