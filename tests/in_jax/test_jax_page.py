"""What docs/jax.md shows is what is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/jax.md"
_SHOWN = re.compile(r"```python\n(.*?)```\s+```text\n(.*?)```", re.S)


@pytest.mark.long  # JAX compiles every op anew, in a process of its own
@pytest.mark.parametrize(("code", "shown"), _SHOWN.findall(PAGE.read_text(encoding="utf-8")))
def test_what_the_page_shows(tmp_path: Path, code: str, shown: str) -> None:
    file = tmp_path / "k.py"
    file.write_text(code)
    checks = "byhand.jax.check" in code
    command = [str(file)] if checks else ["-m", "byhand", "check", "--timeout", "100", str(file)]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert shown in done.stdout, done.stdout + done.stderr
