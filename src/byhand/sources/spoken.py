"""Whether functions are written in PyTorch, and arguments in the library that they take."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from byhand.program.problem import Inputs
from byhand.values.arrays import as_torch, is_array


def speaks_torch(nodes: Sequence[ast.AST], module: ModuleType) -> bool:
    """Whether functions are written in PyTorch, as their text tells, or else their file's
    imports."""
    names = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
    libraries = {getattr(module.__dict__.get(name), "__name__", "") for name in names}
    if not any(_is_of(library, "torch", "numpy") for library in libraries):
        libraries = {getattr(value, "__name__", "") for value in module.__dict__.values()}
    return any(_is_of(library, "torch") for library in libraries) and "numpy" not in libraries


def _is_of(library: object, *names: str) -> bool:
    return isinstance(library, str) and library.partition(".")[0] in names


def as_spoken(values: Inputs, in_torch: bool) -> Inputs:
    """Arrays as tensors, if they are to be PyTorch's."""
    return {n: as_torch(v) if in_torch and is_array(v) else v for n, v in values.items()}


def is_floats(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") == "f"
