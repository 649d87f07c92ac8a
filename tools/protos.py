"""Generate Python code and stubs from protos/ into protos/gen; with --check, fail if the committed code differs."""

import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).parents[1] / "protos"


def generate(out: Path) -> None:
    sources = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("chimera/**/*.proto"))
    services = [s for s in sources if s.endswith("_service.proto")]
    include = Path(grpc_tools.__file__).parent / "_proto"
    common = ["protoc", f"-I{ROOT}", f"-I{include}"]
    messages = [*common, f"--python_out={out}", f"--pyi_out={out}", *sources]
    plugin = Path(sys.executable).with_name("protoc-gen-mypy_grpc")  # which protoc would look for in PATH alone
    typed = [f"--plugin=protoc-gen-mypy_grpc={plugin}", f"--mypy_grpc_out={out}"]
    stubs = [*common, f"--grpc_python_out={out}", *typed, *services]
    for command in (messages, stubs):
        if protoc.main(command) != 0:
            sys.exit("protoc failed; its message stands above")
    for folder in [out / "chimera", *(p for p in (out / "chimera").rglob("*") if p.is_dir())]:
        (folder / "__init__.py").touch()
    (out / "chimera" / "py.typed").touch()


def differing(left: Path, right: Path) -> list[str]:
    def names(root: Path) -> set[str]:
        return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}

    both = names(left) & names(right)
    _, changed, errors = filecmp.cmpfiles(left, right, sorted(both), shallow=False)
    return sorted((names(left) ^ names(right)) | set(changed) | set(errors))


def main() -> None:
    committed = ROOT / "gen"
    if "--check" not in sys.argv:
        shutil.rmtree(committed, ignore_errors=True)
        committed.mkdir()
        generate(committed)
        return
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        if changed := differing(Path(fresh), committed):
            sys.exit(f"protos/gen is not what protos/ generates: {', '.join(changed)}; run `make protos`")


if __name__ == "__main__":
    main()
