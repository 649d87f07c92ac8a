"""Print constraints.txt: the versions installed here of everything that `.[dev]` needs, and of nothing else."""

import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "chimera"
HEAD = """\
# The versions that the tests passed with: `pip install -e '.[dev]' -c constraints.txt`. `make constraints` writes it.
# Nothing here is a requirement; those are in pyproject.toml."""


def needed() -> dict[str, str]:
    """Every distribution that the root needs with its extra `dev`, and its installed version."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(ROOT, "dev")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed; run `make install` first")
        for line in requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(requirement.name), each) for each in {"", *requirement.extras}]
    return {name: installed for name, installed in found.items() if name != ROOT}


def main() -> None:
    pinned = needed()
    if local := [name for name, installed in pinned.items() if not re.fullmatch(r"[0-9a-z.]+", installed)]:
        sys.exit(f"{', '.join(local)}: a local version cannot be had elsewhere; install a released one")
    print(HEAD)
    for name in sorted(pinned):
        print(f"{name}=={pinned[name]}")


if __name__ == "__main__":
    main()
