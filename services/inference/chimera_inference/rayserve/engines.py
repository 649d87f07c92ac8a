"""The engines that answer: each yields pieces, whatever it runs on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, Protocol

from ..completions import Scholar
from ..dials import Dials
from ..domain.families import all_families
from ..domain.taxonomy import procedural_taxonomy
from ..faults import Faults
from ..protocol import read_request
from .pieces import Piece

_TOKENS_A_PIECE = 16


class Engine(Protocol):
    """Answers chat requests."""

    def stream(self, body: Mapping[str, Any]) -> AsyncIterator[Piece | int]:
        """First the prompt's tokens, then the pieces of the answer. ValueError if the request cannot be answered."""


class ProceduralEngine:
    """The teacher without weights."""

    def __init__(self, accuracy: float) -> None:
        all_families()
        self._scholar = Scholar(accuracy, procedural_taxonomy())

    async def stream(self, body: Mapping[str, Any]) -> AsyncIterator[Piece | int]:
        """See Engine."""
        request = read_request(dict(body))
        seed = request.seed if request.seed is not None else Random().getrandbits(62)  # noqa: S311
        yield request.prompt_tokens
        faults = Faults()
        for index, choice in enumerate(self._scholar.answer(request, seed, Dials(), faults)):
            for reasoning, said in ((True, choice.reasoning), (False, choice.content)):
                for start in range(0, len(said), _TOKENS_A_PIECE):
                    part = said[start : start + _TOKENS_A_PIECE]
                    yield Piece(index, "".join(part), reasoning, tokens=len(part))
            yield Piece(
                index, choice.refusal or "", refusal=choice.refusal is not None, finish_reason=choice.finish_reason
            )


class TransformersEngine:
    """Any causal model of `transformers`, in batches; with a registry every version in it too, as it is asked for."""

    def __init__(self, name: str, spec: Mapping[str, Any], models_dir: str) -> None:
        self._name = name
        self._spec = spec
        self._models_dir = Path(models_dir)
        # One thread for all computation: each further one would bring a team of spinning threads of its own.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="decode")
        self._decoders: dict[str, Any] = {}
        self._lock = asyncio.Lock()
        self._load(name)  # so that no request waits for the base

    async def stream(self, body: Mapping[str, Any]) -> AsyncIterator[Piece | int]:
        """See Engine."""
        from .decoding import Sampling

        decoder, batcher = await self._decoder(str(body["model"]))
        prompt = decoder.prompt([{"role": m["role"], "content": m["content"]} for m in body["messages"]])
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or self._spec["max_model_len"]
        sampling = Sampling(
            max_tokens=limit,
            temperature=_or(body.get("temperature"), 1.0),
            top_p=_or(body.get("top_p"), 1.0),
            top_k=body.get("top_k") or 0,
            seed=body["seed"] if body.get("seed") is not None else Random().getrandbits(31),  # noqa: S311
        )
        yield len(prompt)
        rows = [decoder.row(prompt, sampling, index) for index in range(body.get("n") or 1)]
        async for piece in batcher.stream(rows):
            yield piece

    async def _decoder(self, model: str) -> Any:
        """A model's decoder and its queue; of versions, the one that was not asked for longest gives way."""
        async with self._lock:
            if model not in self._decoders:
                while len(self._decoders) > self._spec["max_versions"]:
                    oldest = next(name for name in self._decoders if name != self._name)
                    del self._decoders[oldest]  # what it is answering, it answers to the end
                await asyncio.get_running_loop().run_in_executor(self._executor, self._load, model)
            self._decoders[model] = self._decoders.pop(model)
            return self._decoders[model]

    def _load(self, model: str) -> None:
        from .batcher import Batcher
        from .checkpoints import folder_of, load
        from .decoding import Decoder

        spec, own = self._spec, model == self._name
        source = spec["source"] if own else model
        if "@" in source and not Path(source).is_absolute():
            source = str(folder_of(self._models_dir, source))
        loaded = load(source, spec["revision"] if own else "", spec["dtype"], "cuda" if spec["gpus"] else "cpu")
        decoder = Decoder(loaded.model, loaded.tokeniser, spec["max_model_len"])
        self._decoders[model] = (decoder, Batcher(decoder.batch, spec["max_batch"], self._executor))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
