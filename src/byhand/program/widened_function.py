"""A function that runs with float64 wherever it, or a helper of its file, names a half."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.functions import definition_of
from byhand.program.statements import Function
from byhand.program.wide_types import may_be_widened, names_halves, widened


@lru_cache(maxsize=1 << 6)
def widened_function(function: Function) -> Function | None:
    """The function with float64 in the place of halves: in its statements, in the helpers of its
    file, and in what these see by a name of their own. None where one asks for something that is
    another number in another type."""
    helpers = _helpers({**function.globals, **function.closure}, function.file)
    bodies = (*function.body, *helpers.values())
    if not all(map(may_be_widened, bodies)):
        return None
    seen = {name: _wide(value) for name, value in function.globals.items()}
    closure = {name: _wide(value) for name, value in function.closure.items()}
    for name, definition in helpers.items():
        module = ast.Module([_plain(definition)], [])
        exec(compile(module, function.file, "exec"), seen)
        if name in closure:
            closure[name] = seen[name]
    return replace(function, globals=seen, closure=closure, wide=True)


def _helpers(names: Mapping[str, Any], file: str) -> dict[str, ast.FunctionDef]:
    """The functions of a file that name halves, as far as their source is at hand."""
    found: dict[str, ast.FunctionDef] = {}
    for name, value in names.items():
        if isinstance(value, FunctionType) and value.__code__.co_filename == file:
            try:
                definition = definition_of(value)
            except ProblemError:
                continue
            if definition.name == name and value.__closure__ is None and names_halves(definition):
                found[name] = definition
    return found


def _plain(definition: ast.FunctionDef) -> ast.stmt:
    wide = widened(definition)
    assert isinstance(wide, ast.FunctionDef)
    wide.decorator_list = []
    return ast.fix_missing_locations(wide)


def _wide(value: Any) -> Any:
    """float64 in the place of a half, of NumPy's or of PyTorch's."""
    if value is np.float16:
        return np.float64
    if type(value).__module__ == "torch" and str(value) in ("torch.float16", "torch.bfloat16"):
        return import_module("torch").float64
    return value
