"""What is imported when: nothing slow before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import byhand

HEAVY = {
    *("click", "dask", "distributed", "jax", "matplotlib", "numpy", "pygal", "rich"),
    *("safetensors", "starlette", "torch", "uvicorn"),
}


def loaded_after(code: str) -> set[str]:
    """The heavy libraries that a fresh process has loaded after running `code`."""
    report = f"{code}\nimport sys; print(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import byhand", set[str]()),
        ("import byhand.faces.cli", {"click"}),
        ("import byhand; byhand.check(byhand.load('mlp')).as_json()", {"numpy"}),
        ("import byhand.course.grading.grader, byhand.course.grading.cluster", {"numpy"}),
        ("import byhand; byhand.Report", {"numpy"}),
        ("import byhand.train", {"numpy", "safetensors"}),
        ("import byhand; str(byhand.check(byhand.load('mlp')))", {"numpy", "rich"}),
    ],
)
def test_heavy_libraries_stay_out(code: str, allowed: set[str]) -> None:
    assert loaded_after(code) <= allowed


def test_every_name_of_the_api_is_there() -> None:
    for name in byhand._HOME:
        assert getattr(byhand, name).__name__ == name
        assert name in dir(byhand)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = byhand.nothing


def test_editors_see_the_same_names() -> None:
    tree = ast.parse(Path(byhand.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == byhand._HOME


def test_functions_of_the_api_are_never_replaced_by_modules() -> None:
    code = (
        "import byhand, byhand.checking.check, byhand.checking.cmp; assert callable(byhand.check)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    package = Path(byhand.__file__).parent
    modules = {path.stem for path in package.iterdir()}
    assert not modules & set(byhand._HOME)
