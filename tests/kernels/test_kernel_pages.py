"""What docs/kernels.md and docs/pytorch.md say: their examples print what stands there, and every
danger is named."""

from __future__ import annotations

import linecache
import os
import re
from pathlib import Path
from typing import Any

import pytest

from byhand.kernels.probes import PROBES

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "kernels.md"
_EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.S)


def printed(source: str, capsys: Any) -> str:
    """What an example prints; it stands in no file, as in a notebook."""
    name = "kernel.py"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    exec(compile(source, name, "exec"), {"__name__": "kernel"})
    return capsys.readouterr().out


def without_numbers(report: str) -> str:
    """Without times and numbers, in which machines differ."""
    return re.sub(r"\s+", " ", re.sub(r"[-+\d.e]*\d[-+\d.e]*( ms| s)?", "N", report))


@pytest.mark.parametrize("name, least", [("kernels.md", 2), ("pytorch.md", 1)])
def test_the_examples_print_what_the_page_says(name: str, least: int, capsys: Any) -> None:
    page = (DOCS / name).read_text("utf-8")
    examples = _EXAMPLE.findall(page)
    assert len(examples) >= least
    for source, expected in examples:
        found = printed(source, capsys)
        if os.environ.get("BYHAND_GOLDEN") == "write":
            page = page.replace(
                f"{source}```\n\n```text\n{expected}```", f"{source}```\n\n```text\n{found}```"
            )
            (DOCS / name).write_text(page, "utf-8")
            continue
        assert without_numbers(found) == without_numbers(expected)


def test_every_danger_stands_in_the_table() -> None:
    page = PAGE.read_text("utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]*) \|$", page, re.M))
    assert rows == {probe.name: probe.does for probe in PROBES}
