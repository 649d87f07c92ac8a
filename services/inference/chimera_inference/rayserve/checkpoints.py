"""Checkpoints of a folder, of the hub or of the registry. Only safetensors are read; their code never runs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chimera_shared import registry

_ADAPTER = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be asked, and its tokeniser."""

    model: Any
    tokeniser: Any


class NoSuchVersion(LookupError):
    """The registry has no such version."""


def folder_of(models_dir: Path, name: str) -> Path:
    """The folder of `name@version`. NoSuchVersion if it is no such name, or not there in whole."""
    if (folder := registry.version_folder(models_dir, name)) is None:
        raise NoSuchVersion(f"no version {name[:80]!r} is in the registry; its names are such as student@1")
    return folder


def listed(models_dir: Path) -> list[str]:
    """Every version of the registry, as `name@version`."""
    return [f"{name}@{number}" for name in registry.names(models_dir) for number in registry.versions(models_dir, name)]


def load(source: str, revision: str = "", dtype: str = "auto", device: str = "cpu") -> Loaded:
    """Load a checkpoint of a folder or of the hub; an adapter is merged into the base that it names."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = Path(source) / _ADAPTER
    base, pinned = source, revision
    if adapter.is_file():
        of = json.loads(adapter.read_text("utf-8"))
        base, pinned = of["base_model_name_or_path"], of.get("revision") or ""
    told: dict[str, Any] = {"revision": pinned} if pinned else {}
    tokeniser = AutoTokenizer.from_pretrained(
        source, trust_remote_code=False, **({"revision": revision} if revision else {})
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=dtype if dtype == "auto" else getattr(torch, dtype), use_safetensors=True, trust_remote_code=False,
        **told,
    )  # fmt: skip
    if adapter.is_file():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, source).merge_and_unload()
    return Loaded(model.to(device).eval(), tokeniser)
