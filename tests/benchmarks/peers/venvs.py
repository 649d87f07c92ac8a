"""One virtual environment for each peer: their requirements contradict one another."""

import hashlib
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"


def ensure(folder: Path, name: str) -> Path:
    """The interpreter of an environment that holds exactly what `requirements/NAME.txt` lists; made if need be."""
    wanted = REQUIREMENTS / f"{name}.txt"
    python, stamp = folder / name / "bin" / "python", folder / name / ".holds"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"installing {wanted.name} into {folder / name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder / name], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(wanted)], check=True)
        stamp.write_text(digest)
    return python


def version(name: str, package: str) -> str:
    """The version of a package that an environment holds."""
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))
