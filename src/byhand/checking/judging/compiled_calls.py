"""Calls of compiled functions that take what they are given at its word.

NumPy and PyTorch look at their arguments, and raise. An operator of `torch.ops` or a function of
somebody's extension may write anywhere, and end the process, if one is changed to try out what a
mistake could be.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import BuiltinFunctionType, ModuleType
from typing import Any

LOOKING = ("builtins", "numpy", "torch", "jax", "jaxlib", "math", "_operator", "itertools", "scipy")
"""Modules whose compiled functions look at their arguments."""


def given_otherwise(old: ast.stmt, new: ast.stmt, namespace: Mapping[str, Any]) -> bool:
    """Whether `new` hands a compiled function something else than `old` does."""
    known = _calls(old, namespace)
    return bool(known) and not _calls(new, namespace) <= known


def _calls(statement: ast.stmt, namespace: Mapping[str, Any]) -> set[str]:
    return {
        ast.dump(node)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and _is_blind(_called(node.func, namespace))
    }


def _called(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    """The function that is called, where it is a module's; None elsewhere."""
    match node:
        case ast.Name(id=name):
            return namespace.get(name)
        case ast.Attribute(value=value, attr=name):
            held = _called(value, namespace)
            owner = isinstance(held, ModuleType) or _is_operator(held)
            return getattr(held, name, None) if owner else None
        case _:
            return None


def _is_blind(function: Any) -> bool:
    if _is_operator(function):
        return True
    module = str(getattr(function, "__module__", None) or "builtins")
    return isinstance(function, BuiltinFunctionType) and module.partition(".")[0] not in LOOKING


def _is_operator(found: Any) -> bool:
    """Whether this is an operator of `torch.ops`, or an overload of one."""
    return type(found).__module__ == "torch._ops"
