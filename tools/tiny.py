"""Makes `tiny@1`, the model that ships with Chimera, from nothing: `python tools/tiny.py`, eight minutes of a core.

A Llama of less than a million weights. It learns the easiest problems of the subjects that are made for it, of one or
two steps, so that it answers in the right form, and hardly ever solves what builds ask, which takes more steps.
"""

import argparse
import dataclasses
import json
import math
import tempfile
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from chimera.model.v1 import model_pb2
from chimera_inference.domain.exposition import terse_text
from chimera_inference.domain.families import all_families
from chimera_inference.domain.family import Family
from chimera_shared.prompts import Prompt
from chimera_trainer.registry import Registry

ROOT = Path(__file__).parents[1] / "shared" / "chimera_shared" / "models"
NAME = "tiny"
PAD, END, ROLES = "<|pad|>", "<|end|>", ("system", "user", "assistant")
TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
QUESTION = Prompt.load("chimera_trainer", "question")
VOCABULARY = 1024
"""Enough for a whole wording to be a few tokens; a digit is always one by itself."""
STEPS, BATCH, RATE, WARMUP = 600, 32, 2e-3, 50
EASY = 2
"""Steps that an easy problem takes at most."""
Conversation = list[dict[str, str]]


def families() -> list[Family[Any]]:
    """Those for small models."""
    return [family for family in all_families().values() if family.terse]


def conversation(family: Family[Any], instance: Any, rng: Random) -> Conversation:
    """A problem as evaluations ask it, and its solution."""
    asked = QUESTION.render(problem=family.state(instance, rng))
    return [*asked, {"role": "assistant", "content": terse_text(family.work(instance))}]


def easy(family: Family[Any], rng: Random) -> Any:
    """An instance with the first one or two digits or operations alone."""
    instance = family.draw(rng)
    name = next(name for name in ("operations", "digits") if hasattr(instance, name))
    least = 1 if name == "operations" else 2
    first = getattr(instance, name)[: rng.randint(least, EASY if least == 1 else EASY + 1)]
    changed = {name: first}
    if hasattr(instance, "sought"):
        changed["sought"] = rng.choice(first)
    return dataclasses.replace(instance, **changed)


def tokeniser() -> Any:
    """Byte-level BPE; between digits, pieces of text may be as long as a wording."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\d"), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    raw.decoder = decoders.ByteLevel()
    special = [PAD, END, *(f"<|{role}|>" for role in ROLES)]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    rng = Random(0)
    texts = [m["content"] for f in families() for _ in range(200) for m in conversation(f, easy(f, rng), rng)]
    raw.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token=PAD, eos_token=END, model_max_length=512)
    made.chat_template = TEMPLATE
    made.padding_side = "left"
    return made


def model(tokens: Any) -> Any:
    """The untrained model."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokens),
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=512,
            pad_token_id=tokens.pad_token_id,
            bos_token_id=None,
            eos_token_id=tokens.eos_token_id,
            tie_word_embeddings=True,
        )
    )


def encoded(tokens: Any, told: Conversation) -> tuple[list[int], list[int]]:
    """Tokens, and labels of what the assistant says."""
    asked = tokens.apply_chat_template(told[:-1], add_generation_prompt=True, tokenize=True, return_dict=True)
    whole = tokens.apply_chat_template(told, tokenize=True, return_dict=True)
    n = len(asked["input_ids"])
    return whole["input_ids"], [-100] * n + whole["input_ids"][n:]


def batch(tokens: Any, rows: list[tuple[list[int], list[int]]]) -> dict[str, Any]:
    """Rows of equal length."""
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [tokens.pad_token_id] * (longest - len(ids)) for ids, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([labels + [-100] * (longest - len(labels)) for _, labels in rows]),
    }


def train(tokens: Any, made: Any) -> float:
    """Train on problems that are drawn anew for each step; the loss of the last hundred steps."""
    rng, known = Random(0), families()
    optimiser = torch.optim.AdamW(made.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _share_of_rate)
    losses = list[float]()
    for step in range(1, STEPS + 1):
        rows = []
        for _ in range(BATCH):
            family = rng.choice(known)
            rows.append(encoded(tokens, conversation(family, easy(family, rng), rng)))
        with torch.autocast("cpu", torch.bfloat16):
            loss = made(**batch(tokens, rows)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(loss.item())
        if step % 50 == 0:
            print(f"step {step} of {STEPS}, loss {sum(losses[-50:]) / 50:.4f}", flush=True)
    return sum(losses[-100:]) / 100


def _share_of_rate(step: int) -> float:
    return min(1.0, (step + 1) / WARMUP) * (1 + math.cos(math.pi * step / STEPS)) / 2


def publish(tokens: Any, made: Any, loss: float, root: Path) -> model_pb2.Model:
    """Write it as the next version of the registry under a folder."""
    settings = {
        "script": "tools/tiny.py",
        "steps": STEPS,
        "batch_size": BATCH,
        "learning_rate": RATE,
        "precision": "bfloat16",
        "parameters": made.num_parameters(),
        "loss": round(loss, 4),
        "families": [family.name for family in families()],
    }
    with tempfile.TemporaryDirectory() as folder:
        made.to(torch.bfloat16).save_pretrained(folder)
        tokens.save_pretrained(folder)
        model = model_pb2.Model(name=NAME, method="from scratch", settings_json=json.dumps(settings))
        model.code_version = version("chimera")
        model.create_time.GetCurrentTime()
        return Registry(root).add(Path(folder), model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the registry that gets the next version")
    told = parser.parse_args()
    torch.manual_seed(0)
    tokens = tokeniser()
    made = model(tokens)
    loss = train(tokens, made)
    published = publish(tokens, made, loss, told.root)
    print(f"{published.name}@{published.version} is in {published.path}")


if __name__ == "__main__":
    main()
