"""Decoding of one batch with any causal model of `transformers`: one step for all rows, each sampled in its own way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .pieces import OPENING, Piece, Thoughts


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens of one answer are chosen; temperature 0 takes the likeliest."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0


@dataclass(slots=True)
class Row:
    """One answer that is being written."""

    prompt: Sequence[int]
    sampling: Sampling
    index: int = 0
    ids: list[int] = field(default_factory=list)
    said: int = 0
    """Characters of the decoded text that were yielded."""
    thoughts: Thoughts = field(default_factory=Thoughts)
    generator: Any = None

    def finish_reason(self, ends: frozenset[int], max_model_len: int) -> str | None:
        """Why this answer is over; None while it goes on."""
        if self.ids and self.ids[-1] in ends:
            return "stop"
        full = len(self.ids) >= self.sampling.max_tokens or len(self.prompt) + len(self.ids) >= max_model_len
        return "length" if full else None


class Decoder:
    """A model with its tokeniser. Not safe for threads: one batch at a time."""

    def __init__(self, model: Any, tokeniser: Any, max_model_len: int) -> None:
        self._model = model
        self._tokeniser = tokeniser
        self._max_model_len = max_model_len
        ends = model.generation_config.eos_token_id
        self._ends = frozenset([ends] if isinstance(ends, int) else ends or [tokeniser.eos_token_id])
        self._pad = tokeniser.pad_token_id if tokeniser.pad_token_id is not None else min(self._ends)

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """The conversation as tokens, up to where the answer begins. ValueError if there is no room for an answer."""
        found = self._tokeniser.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=True)
        ids = found["input_ids"] if hasattr(found, "keys") else found
        if len(ids) >= self._max_model_len:
            raise ValueError(f"the messages have {len(ids)} tokens, and the model takes {self._max_model_len} in all")
        return list(ids)

    def row(self, prompt: Sequence[int], sampling: Sampling, index: int) -> Row:
        """An answer to be written; the choices of one request differ by their seeds."""
        opened = self._tokeniser.decode(prompt[-8:]).rstrip().endswith(OPENING)
        generator = torch.Generator().manual_seed((sampling.seed * 1_000_003 + index) % 2**63)
        return Row(prompt, sampling, index, thoughts=Thoughts(begun=opened), generator=generator)

    @torch.inference_mode()
    def batch(self, rows: Sequence[Row]) -> Iterator[list[tuple[Row, list[Piece]]]]:
        """A list at each step: the rows that went on, with what they said. Rows leave when they end."""
        longest = max(len(row.prompt) for row in rows)
        pads = [longest - len(row.prompt) for row in rows]
        device = self._model.device
        ids = torch.tensor([[self._pad] * pad + list(row.prompt) for pad, row in zip(pads, rows, strict=True)])
        mask = torch.tensor([[0] * pad + [1] * len(row.prompt) for pad, row in zip(pads, rows, strict=True)])
        ids, mask = ids.to(device), mask.to(device)
        left, past = list(rows), None
        while left:
            places = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            out = self._model(
                input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=past, use_cache=True,
                logits_to_keep=1,
            )  # fmt: skip
            past = out.past_key_values
            chosen = self._chosen(out.logits[:, -1, :].float().cpu(), left)
            said = [(row, self._advance(row, token)) for row, token in zip(left, chosen, strict=True)]
            yield said
            going = [i for i, (_, pieces) in enumerate(said) if not (pieces and pieces[-1].finish_reason)]
            if len(going) < len(left):
                kept = torch.tensor(going, device=device)
                left = [left[i] for i in going]
                if left:
                    past.batch_select_indices(kept)
                    mask = mask[kept]
            if left:
                ids = torch.tensor([[chosen[i]] for i in going], device=device)
                mask = torch.cat([mask, mask.new_ones(len(left), 1)], dim=1)

    def _advance(self, row: Row, token: int) -> list[Piece]:
        row.ids.append(token)
        reason = row.finish_reason(self._ends, self._max_model_len)
        shown = row.ids[:-1] if reason == "stop" else row.ids
        text = self._tokeniser.decode(shown, skip_special_tokens=True)
        # A character of several tokens is not there yet.
        ready = len(text) if reason else len(text.rstrip("\ufffd"))
        fresh, row.said = text[row.said : ready], max(row.said, ready)
        parts = [*row.thoughts.take(fresh), *(row.thoughts.rest() if reason else ())]
        pieces = [Piece(row.index, part, reasoning) for part, reasoning in parts]
        last = Piece(row.index, tokens=1, finish_reason=reason)
        return [*pieces, last]

    def _chosen(self, logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
        return [self._choose(logits[i], row) for i, row in enumerate(rows)]

    def _choose(self, logits: torch.Tensor, row: Row) -> int:
        how = row.sampling
        if how.temperature <= 0:
            return int(logits.argmax())
        logits = logits / how.temperature
        if how.top_k and how.top_k < logits.shape[-1]:
            logits, ids = logits.topk(how.top_k)
        else:
            logits, ids = logits.sort(descending=True)
        shares = logits.softmax(-1)
        if how.top_p < 1:
            # Up to and with the first token that reaches the mass.
            shares = shares * (shares.cumsum(-1) - shares < how.top_p)
        return int(ids[torch.multinomial(shares, 1, generator=row.generator)])
