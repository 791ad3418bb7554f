"""What docs/pytest.md shows is what a run of pytest prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/pytest.md"


def test_what_the_page_shows(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    match = re.search(r"```python\n(# test_softmax.*?)```.*?```text\n(.*?)```", text, re.S)
    assert match is not None
    (tmp_path / "test_softmax.py").write_text(match[1])
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_softmax.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    printed = "\n".join(re.sub(r"^E {0,7}", "", line).rstrip() for line in done.stdout.splitlines())
    assert match[2] in printed, printed
