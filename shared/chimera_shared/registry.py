"""Where versions of models are: `ROOT/NAME/VERSION/`, each with a manifest, of which `NAME@VERSION` is the name.

Those that come with this package are found beside those of every root; nothing is ever written there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "manifest.json"
"""Written before a version's folder gets its name, so a folder that has it is whole."""
PACKAGED = Path(__file__).parent / "models"
NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
VERSION = re.compile(rf"({NAME.pattern})@([1-9]\d{{0,8}})")


def version_folder(root: Path, name: str) -> Path | None:
    """The folder of `name@version`; None if it is no such name, or if there is none."""
    found = VERSION.fullmatch(name)
    if found is None:
        return None
    return versions(root, found[1]).get(int(found[2]))


def versions(root: Path, name: str) -> dict[int, Path]:
    """The folders of a name's versions by their numbers, in their order. The name must be a plain word."""
    return dict(sorted((int(folder.name), folder) for folder in _folders(root, name)))


def names(root: Path) -> list[str]:
    """Every name that has versions."""
    return sorted({f.parent.name for f in _folders(root, "*") if NAME.fullmatch(f.parent.name)})


def _folders(root: Path, name: str) -> Iterator[Path]:
    for each in (PACKAGED, root):
        for manifest in each.glob(f"{name}/*/{MANIFEST}"):
            if manifest.parent.name.isdecimal():
                yield manifest.parent
