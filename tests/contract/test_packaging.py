"""One distribution holds every service, and each extra brings what its service imports."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

RUNNABLE = ("gateway", "taxonomy", "generator", "verifier", "inference", "client")
CAPABILITIES = {"bus", "store", "http", "rpc", "telemetry", "embedded", "serve", "train", "transformers", "loop"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def _services(root: Path) -> set[str]:
    return {folder.name for folder in (root / "services").iterdir() if (folder / f"chimera_{folder.name}").is_dir()}


def test_the_wheel_has_every_package(root, project):
    # hatchling passes over a folder that is not there, and over one that is not listed, without a word.
    listed = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    services = {f"services/{name}/chimera_{name}" for name in _services(root)}
    shared = {f"shared/{folder.name}" for folder in (root / "shared").iterdir() if folder.name.startswith("chimera_")}
    assert listed == services | shared | {"protos/gen/chimera"}
    assert [path for path in listed if not (root / path).is_dir()] == []


def test_lint_types_and_import_rules_cover_every_package(root, project):
    packages = {Path(path).name for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    ours = packages - {"chimera"}
    assert set(project["tool"]["mypy"]["packages"]) == ours
    assert set(project["tool"]["importlinter"]["root_packages"]) == ours


def test_each_service_has_an_extra_and_a_page(root, project):
    extras = project["project"]["optional-dependencies"]
    assert _services(root) | CAPABILITIES | {"client", "all", "dev"} == set(extras)
    assert [name for name in sorted(_services(root)) if not (root / "services" / name / "README.md").is_file()] == []


def test_every_extra_is_made_of_extras_that_exist(project):
    extras = project["project"]["optional-dependencies"]
    named = {
        part.strip()
        for requirements in extras.values()
        for requirement in requirements
        if requirement.startswith("chimera[")
        for part in requirement.removeprefix("chimera[").rstrip("]").split(",")
    }
    assert named <= set(extras)


def test_constraints_pin_every_direct_dependency(root, project):
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pins = {
        canonicalize_name(pin.name): pin
        for line in (root / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
        for pin in [Requirement(line)]
    }
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    wanted = [Requirement(line) for group in groups for line in group if not line.startswith("chimera[")]
    assert [r.name for r in wanted if canonicalize_name(r.name) not in pins] == []
    for requirement in wanted:
        (pin,) = pins[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pin.version, prereleases=True), f"{requirement} excludes {pin.version}"


@pytest.mark.parametrize("name", RUNNABLE)
def test_each_service_is_a_module_to_run(name):
    # Imported and not run: nothing may start by itself.
    done = subprocess.run(
        [sys.executable, "-c", f"import chimera_{name}.__main__"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_the_command_line_imports_what_is_heavy_only_when_needed():
    code = "import chimera_client.cli.app, sys; print(*{'aiokafka', 'motor', 'pyarrow', 'rich'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [], done.stderr


def test_git_carries_every_contract_file(root):
    # An ignore rule such as `build/` also hits protos/chimera/build; a clone would then lack what is here.
    found = [path for path in (root / "protos").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    asked = "\n".join(str(path.relative_to(root)) for path in found)
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        pytest.skip("not a git repository")
    command = [git, "-C", str(root), "check-ignore", "--no-index", "--stdin"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == []
