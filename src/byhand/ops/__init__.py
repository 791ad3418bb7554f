"""The ops: what the engine, the deriver and the checker know about derivatives.

To add an op:

1. Write its record as a constant of the family's module (`elementwise`, `functions`, `choices`,
   `reduction`, `shape`, `along_axes`, `linear`, `linalg`, `indexing`): forward, one VJP for each
   array argument, where to sample each argument, and samples that cover broadcasting, axes of size
   1 and of size 0. The contract is in `op`, and so are the other facts that it can state: what code
   calls it, its sign, its axes, its kinks.
2. If NumPy has a function for it, answer it in `numpy_names`.
3. Name its PyTorch and JAX counterparts in `tests/ops/op_referees.py`. `tests/ops/test_registry.py`
   and `test_facts.py` then check it like all others; an op without counterparts fails there.

`REGISTRY` finds it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

from byhand.ops import (
    along_axes,
    choices,
    elementwise,
    functions,
    indexing,
    linalg,
    linear,
    reduction,
    shape,
)
from byhand.ops.op import Op
from byhand.ops.spelling import names

F = TypeVar("F", bound=Callable[..., Any])


def _gathered(*families: ModuleType) -> Mapping[str, Op]:
    """Every op that is a constant of one of the modules, by name."""
    ops: dict[str, Op] = {}
    for family in families:
        for value in vars(family).values():
            if isinstance(value, Op) and ops.setdefault(value.name, value) is not value:
                raise ValueError(f"two ops are named {value.name!r}")
    return MappingProxyType(ops)


REGISTRY: Mapping[str, Op] = _gathered(
    elementwise, functions, choices, reduction, indexing, shape, along_axes, linear, linalg
)
"""Every op, by name."""


CALLED: Mapping[str, Op] = MappingProxyType(
    {name: op for op in REGISTRY.values() for name in names(op)}
)
"""Every op, by each name of the functions and methods that are it: `amax` and `max` are one."""

EXACT = frozenset(name for name, op in CALLED.items() if op.exact)
"""The names of those whose result needs no rounding."""


def named(*functions: F) -> dict[str, F]:
    """Functions that each do something for the op whose name they bear (less a last `_`)."""
    found = {function.__name__.removesuffix("_"): function for function in functions}
    assert found.keys() <= REGISTRY.keys()
    return found


__all__ = ["CALLED", "EXACT", "REGISTRY", "named"]
