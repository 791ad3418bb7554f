"""What the maps of the house name is there: CONTRIBUTING, and the pages in the packages."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAPS = sorted(
    [
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "src").rglob("README.md"),
        ROOT / "benchmarks/README.md",
    ]
)
_PATH = re.compile(
    r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.(?:py|md|toml|txt|yaml)(?![\w/])|(?:[\w.-]+/)+"
)
_EXAMPLE = re.compile(r"^```(?!\n(?:make|faces)).*?^```", re.M | re.S)


def named(page: Path) -> Iterator[str]:
    """The paths that a page names in code or links to, but for its examples."""
    text = _EXAMPLE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in link:
            yield link
    for code in re.findall(r"`([^`\n]+)`", text):
        if " " not in code:
            yield from (found[0] for found in _PATH.finditer(code) if found[0] == code)
    for line in re.findall(r"^([a-z][\w/., ]*?)  ", text, re.M):
        yield from _PATH.findall(line)


def there(path: str, page: Path) -> bool:
    """Whether a page may name a path so: from its own folder, the root or the package; by its name
    alone where the folder stands beside it."""
    bases = (page.parent, ROOT, ROOT / "src/byhand")
    if any((base / path).exists() for base in bases):
        return True
    return "/" not in path and any(
        (page.parent / "src" if page.parent == ROOT else page.parent).rglob(path)
    )


@pytest.mark.parametrize("page", MAPS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_map_names_is_there(page: Path) -> None:
    assert [path for path in named(page) if not there(path, page)] == []


@pytest.mark.parametrize("page", MAPS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_benchmark_that_a_map_names_is_there(page: Path) -> None:
    modules = set(re.findall(r"python -m (benchmarks[\w.]*)", page.read_text(encoding="utf-8")))
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
