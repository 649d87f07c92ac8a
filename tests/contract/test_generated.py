"""What is generated and committed is what would be generated now."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("tool", ["protos.py", "reference.py"])
def test_generated_files_have_not_drifted(root, tool):
    done = subprocess.run(
        [sys.executable, str(root / "tools" / tool), "--check"], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
