"""Llamas of a few thousand weights with a tokeniser and a chat template, made in a second and without a network."""

from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

WORDS = ["<pad>", "<end>", "user", "assistant", *"abcdefghijklmnop"]


def of_words(seed: int, hidden: int = 32, layers: int = 2, heads: int = 4, ends: bool = True) -> tuple[Any, Any]:
    """A model and its tokeniser, to which each of WORDS is a token; if not `ends`, only limits end its answers."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="p"))
    words.pre_tokenizer = Whitespace()
    tokeniser = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")
    tokeniser.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}assistant"
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1 if ends else [],
    )
    return LlamaForCausalLM(config), tokeniser


def write_words(folder: Path, seed: int, **shape: Any) -> None:
    """Write the checkpoint of such a model."""
    for part in of_words(seed, **shape):
        part.save_pretrained(folder)


def write(folder: Path, texts: list[str], hidden: int = 32, positions: int = 2048) -> None:
    """Write its checkpoint; `texts` are what its tokens are made of."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=512, special_tokens=special, initial_alphabet=alphabet)
    )
    tokeniser = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>")
    tokeniser.chat_template = TEMPLATE
    tokeniser.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokeniser),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=positions,
        pad_token_id=tokeniser.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokeniser.eos_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
