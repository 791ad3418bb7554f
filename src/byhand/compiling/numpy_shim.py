"""Functions of a problem, seeing a NumPy whose new arrays a tape can follow.

`np.zeros(...)` makes a plain array, and NumPy has no way to tell it what is written into it later.
So a function that is to be traced gets globals in which `np` is a stand-in: while a tape runs, what
it creates is traced; at any other time it is NumPy. The functions it calls get the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from byhand.compiling.tape import Tape, Traced, traced

running: ContextVar[Tape | None] = ContextVar("running", default=None)
"""The tape that new arrays belong to."""

_MAKING = frozenset(
    {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "array", "asarray", "tri"}
)


class _NumPy(ModuleType):
    """NumPy, but for the functions that make arrays of anything but arrays."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return _making(found) if name in _MAKING else found


def _making(function: Any) -> Any:
    def made(*args: Any, **kwargs: Any) -> Any:
        tape = running.get()
        if tape is None:
            return function(*args, **kwargs)
        if function in (np.array, np.asarray) and args:
            if isinstance(args[0], Traced):
                copied: Any = np.copy(args[0])  # pyright: ignore[reportUnknownVariableType, reportCallIssue, reportArgumentType]
                return copied if function is np.array else args[0]
            if traced(args[0]):
                joined: Any = np.stack(args[0])
                return joined
        return tape.constant(function(*args, **kwargs))

    return made


_NUMPY = _NumPy("numpy")


def relinked(names: Mapping[str, Any], seen: dict[int, Any] | None = None) -> dict[str, Any]:
    """Globals with the stand-in for NumPy, and with functions that see it too."""
    seen = {} if seen is None else seen
    if id(names) in seen:
        return seen[id(names)]
    found = seen[id(names)] = dict(names)
    for name, value in names.items():
        if value is np:
            found[name] = _NUMPY
        elif isinstance(value, FunctionType) and not _is_library(value):
            found[name] = _function(value, seen)
    return found


def _function(function: FunctionType, seen: dict[int, Any]) -> FunctionType:
    made = FunctionType(
        function.__code__,
        relinked(function.__globals__, seen),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _is_library(function: FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] in ("numpy", "scipy", "math")
