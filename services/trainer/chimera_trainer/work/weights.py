"""Models as training takes them in and gives them out: safetensors alone, and never code of a repository."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from chimera.training.v1 import training_pb2
from chimera_trainer.work.order import GaveUp, Order

_ADAPTER = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded model. `dtype` is that of its checkpoint; `merged` says that an adapter was merged into it."""

    model: Any
    tokeniser: Any
    dtype: Any
    merged: bool


def load(order: Order) -> Base:
    """The model that a job starts from. GaveUp if it cannot be had, or has no chat template."""
    source, revision = _source(order)
    adapter = Path(source) / _ADAPTER
    told: dict[str, Any] = {"trust_remote_code": False, **({"revision": revision} if revision else {})}
    try:
        tokeniser = AutoTokenizer.from_pretrained(source, **told)
        if adapter.is_file():
            of = json.loads(adapter.read_text("utf-8"))
            base, pinned = of["base_model_name_or_path"], of.get("revision")
            model, dtype = _model(order, base, {"trust_remote_code": False, **({"revision": pinned} if pinned else {})})
            model = _merged(model, source)
        else:
            model, dtype = _model(order, source, told)
    except (OSError, ValueError) as error:
        raise GaveUp(f"the base model {source} cannot be loaded: {_line(error)}") from error
    if not tokeniser.chat_template:
        raise GaveUp(f"the tokeniser of {source} has no chat template; take the base model's instruct variant")
    if tokeniser.pad_token is None:
        tokeniser.pad_token = tokeniser.eos_token
    return Base(model, tokeniser, dtype, adapter.is_file())


def uses_bfloat16(order: Order) -> bool:
    """Whether it computes in bfloat16: as ordered, or if the hardware multiplies it natively."""
    if order.spec.optimiser.precision:
        return bool(order.spec.optimiser.precision == training_pb2.PRECISION_BFLOAT16)
    if order.on_gpu:
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def lora(order: Order) -> Any:
    """The adapters that are trained in place of all weights; None if all weights are."""
    if not order.spec.HasField("lora"):
        return None
    from peft import LoraConfig

    spec = order.spec.lora
    return LoraConfig(
        r=spec.rank,
        lora_alpha=spec.alpha,
        lora_dropout=spec.dropout,
        target_modules=list(spec.modules) or "all-linear",
        task_type="CAUSAL_LM",
        revision=_source(order)[1] or None,
    )


def save(model: Any, base: Base, folder: Path) -> None:
    """Write a trained model whole or not at all: the adapter if there is one, unless its base is on no disk."""
    if base.merged and hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    staging = folder.with_suffix(".new")
    shutil.rmtree(staging, ignore_errors=True)  # of a child that was killed while it wrote
    staging.mkdir()
    model.to(base.dtype).save_pretrained(staging)
    base.tokeniser.save_pretrained(staging)
    staging.rename(folder)


def longest(base: Base) -> int:
    """How many tokens the model takes."""
    most = int(getattr(base.model.config, "max_position_embeddings", 0) or base.tokeniser.model_max_length)
    return min(most, int(base.tokeniser.model_max_length))


def _source(order: Order) -> tuple[str, str]:
    """A folder or a repository, and its revision if one is named."""
    if order.base.WhichOneof("source") == "path":
        return order.base.path, ""
    name, _, revision = order.base.hub.partition("@")
    return name, revision


def _model(order: Order, source: str, told: dict[str, Any]) -> tuple[Any, Any]:
    """Weights are kept in 32 bits while they are learned; those under an adapter are not, and may have 16."""
    dtype = getattr(AutoConfig.from_pretrained(source, **told), "dtype", None) or torch.float32
    frozen = order.spec.HasField("lora") and order.on_gpu and uses_bfloat16(order)
    loaded = AutoModelForCausalLM.from_pretrained(
        source, dtype=torch.bfloat16 if frozen else torch.float32, use_safetensors=True, **told
    )
    return loaded, dtype


def _merged(model: Any, adapter: str) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(model, adapter).merge_and_unload()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
