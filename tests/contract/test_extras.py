"""Each service imports only what its own extra installs, so that an image of one service can hold that and no more."""

import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "client", "gateway", "taxonomy", "generator", "verifier", "evaluator", "inference", "standalone")
APART = {"chimera_inference.rayserve": "serve"}
"""Packages within those that have an extra of their own; nothing outside of them imports them."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
IF_INSTALLED = {
    ("chimera_client.cli.services", "chimera_standalone.app"),
    ("chimera_client.doctor.servers", "aiokafka"),
    ("chimera_client.doctor.servers", "chimera_shared.mongo"),
}
"""Imports within functions, for what the client does where more is installed; where it is not, it says so."""


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*(f"chimera_{name}" for name in PACKAGES), include_external_packages=True, cache_dir=None)


def _imported(package: str) -> set[str]:
    """Top-level names of everything outside that a package reaches by imports, also by those within functions."""
    graph, found = _graph(), set()
    apart = {name for each in APART if each != package for name in (each, *graph.find_descendants(each))}
    waiting = {package, *graph.find_descendants(package)} - apart
    seen = set(waiting)
    while waiting:
        importer = waiting.pop()
        for name in graph.find_modules_directly_imported_by(importer):
            if (importer, name) in IF_INSTALLED:
                continue
            if not name.startswith("chimera_"):
                found.add(name.partition(".")[0])
            elif name not in seen:
                seen.add(name)
                waiting.add(name)
    return found - {"chimera"} - sys.stdlib_module_names


def _installed(extra: str) -> set[str]:
    """The distributions that the project asks for by name with an extra, and those that it needs without any."""
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]
    found = set()
    for requirement in map(Requirement, lines):
        if requirement.name == "chimera":
            found |= set().union(*map(_installed, requirement.extras))
        else:
            found.add(canonicalize_name(requirement.name))
    return found


@pytest.mark.parametrize(
    ("package", "extra"), [(f"chimera_{name}", name) for name in PACKAGES if name != "shared"] + [*APART.items()]
)
def test_a_service_imports_only_what_its_extra_installs(package, extra):
    distributions, installed = packages_distributions(), _installed(extra)
    missing = [
        top
        for top in sorted(_imported(package))
        if not installed & {canonicalize_name(each) for each in distributions.get(top, [top])}
    ]
    assert missing == [], f"add what holds them to the extra `{extra}`"


def test_what_is_imported_if_installed_is_still_imported():
    assert [edge for edge in IF_INSTALLED if edge[1] not in _graph().find_modules_directly_imported_by(edge[0])] == []
