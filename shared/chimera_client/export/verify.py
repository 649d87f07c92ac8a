"""Whether a dataset folder still is what its manifest says."""

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

from chimera_client.export.manifest import FILE_NAME, FORMAT_VERSION


def verify_manifest(directory: Path) -> list[str]:
    """Every problem of the folder in one sentence each; empty if all files are there and unchanged.

    Hidden files are not looked at, since version control and download tools put theirs into such folders.
    """
    path = directory / FILE_NAME
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        return [f"{path}: cannot be read ({error.strerror}); name the folder of an exported dataset"]
    except (ValueError, RecursionError):
        return [f"{path}: is not JSON; export the dataset again"]
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        return [f"{path}: holds no list of files; export the dataset again"]
    if document.get("format_version") != FORMAT_VERSION:
        found = document.get("format_version")
        return [f"{path}: has format {found!r} where this version reads {FORMAT_VERSION}; use a newer chimera"]
    problems = [problem for entry in document["files"] if (problem := _problem(directory, entry))]
    listed = {entry.get("path") for entry in document["files"] if isinstance(entry, dict)} | {FILE_NAME}
    return problems + [f"{name}: is not in the manifest" for name in _visible_files(directory) if name not in listed]


def _problem(directory: Path, entry: Any) -> str | None:
    match entry:
        case {"path": str(name), "bytes": int(size), "sha256": str(checksum)}:
            pass
        case _:
            return f"{FILE_NAME}: an entry lacks its path, size or checksum; export the dataset again"
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\0" in name:
        return f"{FILE_NAME}: the path {name!r} leads out of the folder; do not trust this dataset"
    path = directory / relative
    if not path.is_file():
        return f"{name}: is missing"
    if (found := path.stat().st_size) != size:
        return f"{name}: has {found} bytes where the manifest says {size}"
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != checksum:
            return f"{name}: was changed, its checksum is not the manifest's"
    return None


def _visible_files(directory: Path) -> list[str]:
    names = [path.relative_to(directory) for path in directory.rglob("*") if path.is_file()]
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))
