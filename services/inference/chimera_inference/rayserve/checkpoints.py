"""Checkpoints of a folder, of the hub or of the registry. Only safetensors are read; their code never runs."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_VERSION = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})@(\d{1,9})")
MANIFEST = "manifest.json"
_ADAPTER = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be asked, and its tokeniser."""

    model: Any
    tokeniser: Any


class NoSuchVersion(LookupError):
    """The registry has no such version."""


def version_folder(models_dir: Path, name: str) -> Path:
    """The folder of `name@version`. NoSuchVersion if it is no such name, or not there in whole."""
    found = _VERSION.fullmatch(name)
    if found is None or ".." in found[1]:
        raise NoSuchVersion(f"{name[:80]!r} is not the name of a version, such as student@1")
    folder = models_dir / found[1] / str(int(found[2]))
    if not (folder / MANIFEST).is_file():
        raise NoSuchVersion(f"no version {name} is in the registry")
    return folder


def versions(models_dir: Path) -> list[str]:
    """Every version of the registry, as `name@version`."""
    return sorted(f"{path.parent.parent.name}@{path.parent.name}" for path in models_dir.glob(f"*/*/{MANIFEST}"))


def load(source: str, revision: str = "", dtype: str = "auto", device: str = "cpu") -> Loaded:
    """Load a checkpoint of a folder or of the hub; an adapter is merged into the base that it names."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = Path(source) / _ADAPTER
    base = json.loads(adapter.read_text("utf-8"))["base_model_name_or_path"] if adapter.is_file() else source
    told: dict[str, Any] = {"revision": revision} if revision and base == source else {}
    tokeniser = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **told)
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=dtype if dtype == "auto" else getattr(torch, dtype), use_safetensors=True, trust_remote_code=False,
        **told,
    )  # fmt: skip
    if adapter.is_file():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, source).merge_and_unload()
    return Loaded(model.to(device).eval(), tokeniser)
