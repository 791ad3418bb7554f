"""Which op a ufunc is, which functions have an answer, and how one is registered.

`UFUNCS` goes by the ufunc's name, so that SciPy's are found without importing SciPy. `FUNCTIONS`
goes by the function that NumPy hands to `__array_function__`; an answer has NumPy's signature less
the options that have no rule. Composites are written with ops, never with a rule of their own.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np

from byhand.ops import REGISTRY
from byhand.ops import choices as ch
from byhand.ops import elementwise as el
from byhand.ops import functions as fn
from byhand.ops.linear import MATMUL
from byhand.ops.op import Op
from byhand.values.numpy_composites import COMPOSITES, answering

F = TypeVar("F", bound=Callable[..., Any])

UFUNCS: dict[str, Op] = {
    **{
        op.name: op
        for op in REGISTRY.values()
        if op.family == "elementwise" and isinstance(getattr(np, op.name, None), np.ufunc)
    },
    "matmul": MATMUL,
    "fabs": el.ABSOLUTE,
    "conjugate": el.POSITIVE_OF,
    "float_power": el.POWER,
    "clip": ch.CLIP,
    "bitwise_and": ch.LOGICAL_AND,
    "bitwise_or": ch.LOGICAL_OR,
    "invert": ch.LOGICAL_NOT,
    "expit": fn.SIGMOID,  # this and the next are SciPy's
    "erf": fn.ERF,
}


@cache
def op_of(ufunc: np.ufunc) -> Op | None:
    """The op that a ufunc is, NumPy's or SciPy's."""
    return UFUNCS.get(ufunc.__name__)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {**COMPOSITES}


def answers(*functions: Callable[..., Any]) -> Callable[[F], F]:
    return answering(FUNCTIONS, functions)


def nearest(name: str) -> str:
    """A hint for a name without a rule: names like it that have one."""
    known = {f"np.{ufunc}" for ufunc in UFUNCS if hasattr(np, ufunc)}
    for function in FUNCTIONS:
        module = getattr(function, "__module__", "numpy")  # a ufunc has none before NumPy 2.2
        known.add(f"{module}.{function.__name__}".replace("numpy", "np", 1))
    close = difflib.get_close_matches(name, sorted(known), n=3)
    return f"close by: {', '.join(close)}" if close else "byhand.ops.REGISTRY lists them"
