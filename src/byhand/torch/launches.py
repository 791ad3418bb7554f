"""Whether a function hands tensors on to code that trusts their sizes.

A Triton kernel reads and writes memory by address: given a tensor of another shape than it was
written for, it writes into memory that isn't its own. So statements that launch one are never run
by themselves, on gradients that are put in the place of others: only the whole call is.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

DEEP = 4
"""Calls of the user's own functions that are followed."""


def launches(*functions: Any) -> str:
    """The name of a Triton kernel that functions or classes launch, themselves or by what they
    call; empty where none is found."""
    seen: set[int] = set()
    return next(filter(None, (_found(each, DEEP, seen) for each in functions)), "")


def _found(value: Any, deep: int, seen: set[int]) -> str:
    value = getattr(value, "__func__", value)
    value = getattr(value, "__wrapped__", value)
    if id(value) in seen or not deep or not _is_users(value):
        return ""
    seen.add(id(value))
    for name, held in vars(value).items() if isinstance(value, type) else _named(value):
        if _is_triton(held):
            return name
        if found := _found(held, deep - 1, seen):
            return found
    return ""


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What the names in a function stand for: globals, what is around it, attributes of modules."""
    around = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    for name, cell in around:
        try:
            yield name, cell.cell_contents
        except ValueError:  # not bound yet
            continue
    names = list(_names(function.__code__))
    known = [function.__globals__[name] for name in names if name in function.__globals__]
    for name in names:
        if name in function.__globals__:
            yield name, function.__globals__[name]
        for module in known:
            if isinstance(module, ModuleType) and not module.__name__.startswith("torch"):
                value = vars(module).get(name)
                if value is not None:
                    yield name, value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_triton(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "triton" and hasattr(value, "__getitem__")


def _is_users(value: Any) -> bool:
    module = getattr(value, "__module__", None) or ""
    return isinstance(value, (FunctionType, type)) and not module.startswith(("torch", "numpy"))
