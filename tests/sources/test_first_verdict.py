"""The first thing that anyone does: install byhand where nothing is, and check a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from notebooks import ALL, write

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_two_commands_in_a_clean_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    scripts = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    file = tmp_path / "mine.ipynb"
    write(ALL["numpy"], file)
    start = time.monotonic()
    subprocess.run([scripts / "pip", "install", "--quiet", ROOT], check=True)
    installed = time.monotonic()
    done = subprocess.run(
        [scripts / "byhand", "check", file, "--json"], capture_output=True, text=True, check=False
    )
    end = time.monotonic()
    print(f"pip install {installed - start:.1f} s, byhand check {end - installed:.1f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert rows
    assert {row["cell"] for row in rows} == {3}
