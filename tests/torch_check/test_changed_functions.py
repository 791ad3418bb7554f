"""Right Functions with one thing changed in backward: whatever gradcheck refuses is found.

The other way round isn't so: gradcheck asks for no gradient alone, and tries no other inputs.
"""

from __future__ import annotations

import ast
import copy
import linecache
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import right_functions
import torch
from right_functions import RIGHT, Right

import byhand.torch
from sweeps import a_few

FILE = Path(right_functions.__file__)
TREE = ast.parse(FILE.read_text("utf-8"))
OTHERS = {"sum": "mean", "mean": "sum", "cos": "sin", "sin": "cos", "exp": "sin"}


def backward_in(tree: ast.Module, name: str) -> ast.FunctionDef:
    cls = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    return next(n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == "backward")


def changes(backward: ast.FunctionDef) -> Iterator[Callable[[], None]]:
    """Every single change of a backward, to be made where it stands."""
    for node in ast.walk(backward):
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                for kind in (ast.Add, ast.Sub, ast.Mult):
                    if not isinstance(node.op, kind):
                        yield lambda node=node, kind=kind: setattr(node, "op", kind())
            case ast.Constant(value=int() | float()) if type(node.value) is not bool:
                yield lambda node=node: setattr(node, "value", node.value + 1)
            case ast.Attribute(attr=attr) if attr in OTHERS:
                yield lambda node=node: setattr(node, "attr", OTHERS[node.attr])
            case _:
                pass


def first_of(cases: list[Right], name: str) -> Right | None:
    """Its first case, if gradcheck takes that: in float64."""
    for right in cases:
        if getattr(right.function, "__name__", "") == name:
            floats = [i for i in right.inputs if torch.is_tensor(i) and i.is_floating_point()]
            return right if all(each.dtype == torch.float64 for each in floats) else None
    return None


CLASSES = [n.name for n in TREE.body if isinstance(n, ast.ClassDef) and first_of(RIGHT, n.name)]
CHANGES = [
    (name, number) for name in CLASSES for number, _ in enumerate(changes(backward_in(TREE, name)))
]


def changed(name: str, number: int) -> Right:
    """A right Function with one of its changes."""
    tree = copy.deepcopy(TREE)
    [*changes(backward_in(tree, name))][number]()
    source, file = ast.unparse(tree), f"{FILE.with_suffix('')}-{name}-{number}.py"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space: dict[str, Any] = {"__name__": right_functions.__name__, "__file__": file}
    exec(compile(source, file, "exec"), space)
    found = first_of(space["RIGHT"], name)
    assert found is not None
    return found


def passes_gradcheck(right: Right) -> bool:
    """In its slow mode."""

    def call(*given: Any) -> Any:
        torch.manual_seed(0)
        return right.function.apply(*given)

    leaves = [
        each.clone().requires_grad_()
        if torch.is_tensor(each) and each.is_floating_point()
        else each
        for each in right.inputs
    ]
    try:
        return torch.autograd.gradcheck(call, leaves, check_undefined_grad=False)
    except Exception:
        return False


def assert_found(name: str, number: int) -> None:
    right = changed(name, number)
    if not passes_gradcheck(right):
        report = byhand.torch.check(right.function, right.inputs)
        assert not report.ok, f"change {number} of {name} was not found"


def test_there_are_changes() -> None:
    assert len(CLASSES) > 15
    assert len(CHANGES) > 100


@pytest.mark.filterwarnings("ignore")  # of Functions that are called in ways that make no sense
@pytest.mark.parametrize("name, number", a_few(random.Random(0).sample(CHANGES, 10)))
def test_a_change_is_found(name: str, number: int) -> None:
    assert_found(name, number)


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CLASSES)
def test_every_change_is_found(name: str) -> None:
    for each, number in CHANGES:
        if each == name:
            assert_found(name, number)
