"""The registry of models: a folder of versions, each of which appears whole and never changes.

ROOT/NAME/VERSION/ holds weights, tokenizer and `manifest.json`: {"files": {path: {"sha256", "bytes"}}, "model": …}.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from chimera.model.v1 import model_pb2
from chimera_shared import registry
from chimera_shared.errors import Configuration, FailedPrecondition, InvalidInput, NotFound
from chimera_shared.registry import MANIFEST, NAME

_SUFFIXES = frozenset({".safetensors", ".json", ".jinja", ".txt", ".model"})
"""Data alone: weights that are pickled could run code when they are read."""
_MAX_MANIFEST_BYTES = 16 * 1024 * 1024
_OPEN_MODE = 0o755
_BLOCK_BYTES = 1024 * 1024


class Registry:
    """Versions of models under a folder that trainers and model servers share, beside those of the package."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, source: Path, model: model_pb2.Model) -> model_pb2.Model:
        """Make the files of a folder the next version of `model.name`; the one that the training has, if it has one."""
        if (there := self._of_training(model)) is not None:
            return there
        self._require_name(model.name)
        home = self._root / model.name
        try:
            home.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
        except OSError as error:
            raise Configuration(f"CHIMERA_MODELS: {home} cannot be written ({error.strerror})") from None
        try:
            files = dict(_copied(source, staging))
            if not any(name.endswith(".safetensors") for name in files):
                raise FailedPrecondition(f"{source} has no weights in safetensors; nothing is published")
            staging.chmod(_OPEN_MODE)
            return self._publish(staging, files, model)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def get(self, name: str, version: int = 0) -> model_pb2.Model:
        """A version, or the newest; NotFound."""
        self._require_name(name)
        found = self._versions(name)
        if not found:
            raise NotFound(f"no model is named {name[:80]!r}; `chimera models list` shows those that are")
        version = version or max(found)
        if version not in found:
            raise NotFound(f"{name} has no version {version}; `chimera models list {name}` shows those that it has")
        return _read(found[version])

    def find(self, registered: str) -> model_pb2.Model:
        """The version that `name` or `name@version` names; NotFound."""
        name, _, version = registered.partition("@")
        return self.get(name, int(version or 0))

    def all(self, name: str = "") -> list[model_pb2.Model]:
        """Every version, or every one of a name, newest first."""
        names = [name] if name else registry.names(self._root)
        found = [_read(folder) for each in names for folder in self._versions(each).values()]
        return sorted(found, key=lambda m: (-m.create_time.ToNanoseconds(), m.name, -m.version))

    def verify(self, model: model_pb2.Model) -> None:
        """Read every file of a version; Configuration if one is not what the manifest says."""
        folder = Path(model.path)
        for name, told in _manifest(folder)["files"].items():
            path = folder / name
            if not path.is_file() or _digest(path) != told["sha256"]:
                raise Configuration(f"{path} is damaged: it is not the file that {MANIFEST} names; restore it")

    def _publish(self, staging: Path, files: dict[str, Any], model: model_pb2.Model) -> model_pb2.Model:
        home = self._root / model.name
        number = max(self._versions(model.name), default=0) + 1
        while True:
            named = model_pb2.Model()
            named.CopyFrom(model)
            named.version = number
            _write(
                staging / MANIFEST, {"files": files, "model": MessageToDict(named, preserving_proto_field_name=True)}
            )
            try:
                staging.rename(home / str(number))
            except OSError:  # of two that publish at once, one finds its number taken
                if not (home / str(number)).is_dir():
                    raise
                number += 1
                continue
            _sync(home)
            return _read(home / str(number))

    def _of_training(self, model: model_pb2.Model) -> model_pb2.Model | None:
        """What this training has published before, if its process ended right after it."""
        found = (each for each in self.all(model.name) if each.training_id == model.training_id != "")
        return next(found, None)

    def _versions(self, name: str) -> dict[int, Path]:
        self._require_name(name)
        return registry.versions(self._root, name)

    def _require_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise InvalidInput.of("name", f"must be 1 to 64 letters, digits, -, _ and single ., not {name[:80]!r}")


def _copied(source: Path, target: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Copy the files that a model is made of; their names with hash and size."""
    for path in sorted(source.iterdir()):
        if path.name == MANIFEST or path.suffix not in _SUFFIXES or not path.is_file():
            continue
        copy = target / path.name
        shutil.copyfile(path, copy)
        _sync(copy)
        yield path.name, {"sha256": _digest(copy), "bytes": copy.stat().st_size}


def _read(folder: Path) -> model_pb2.Model:
    manifest = _manifest(folder)
    model = ParseDict(manifest["model"], model_pb2.Model(), ignore_unknown_fields=True)
    model.name, model.version, model.path = folder.parent.name, int(folder.name), str(folder.absolute())
    model.sha256 = _digest(folder / MANIFEST)
    model.bytes = sum(each["bytes"] for each in manifest["files"].values())
    return model


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    with path.open("rb") as file:
        content = file.read(_MAX_MANIFEST_BYTES)
    try:
        manifest: dict[str, Any] = json.loads(content)
        if not all(Path(name).name == name for name in manifest["files"]):
            raise ValueError("it names a file outside its folder")
        ParseDict(manifest["model"], model_pb2.Model(), ignore_unknown_fields=True)
    except (ValueError, KeyError, TypeError, AttributeError, ParseError) as error:
        raise Configuration(f"{path} is no manifest of a model ({error}); restore it, or remove its folder") from None
    return manifest


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True), "utf-8")
    _sync(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
