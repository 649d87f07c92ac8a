"""Print constraints.txt: the versions installed here of everything that `.[dev]` needs, and of nothing else."""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

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
        for requirement in own(extra) if name == ROOT else of_installed(name, extra):
            other = canonicalize_name(requirement.name)
            waiting += [(other, each) for each in {"", *requirement.extras}]
            if other != ROOT:
                found[other] = installed(other)
    return found


def own(extra: str) -> list[Requirement]:
    """What pyproject.toml asks for now, whatever the installed metadata says."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(line) for line in lines]


def of_installed(name: str, extra: str) -> list[Requirement]:
    """What an installed distribution asks for here."""
    requirements = [Requirement(line) for line in requires(name) or []]
    return [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": extra})]


def installed(name: str) -> str:
    """The version that is installed; of a local build, such as torch's for cores alone, the release it is one of."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed; run `make install` first")


def main() -> None:
    pinned = needed()
    if local := [name for name, pin in pinned.items() if not re.fullmatch(r"[0-9a-z.]+", pin)]:
        sys.exit(f"{', '.join(local)}: no released version; install one")
    print(HEAD)
    for name in sorted(pinned):
        print(f"{name}=={pinned[name]}")


if __name__ == "__main__":
    main()
