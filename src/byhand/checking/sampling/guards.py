"""Tiny numbers that a forward adds in a logarithm, as a guard: `np.log(p + 1e-8)`.

Nearly all who write `dlogits = p - y` leave the guard out of backward. What they mean is the
gradient without it, which differs less than anyone would see.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.program.program import Program

LARGEST = 1e-6


def guards(program: Program) -> dict[Tensor, Any]:
    """The sums with a guard that a logarithm is taken of, with what it was added to."""
    found: dict[Tensor, Any] = {}
    for tensor in program.tensors:
        match tensor.op, tensor.args:
            case op, (Tensor() as inside, *_) if op is not None and op.name in ("log", "log2"):
                match inside.op, inside.args:
                    case plus, (one, other) if plus is not None and plus.name == "add":
                        for guard, guarded in ((one, other), (other, one)):
                            if _is_tiny(guard):
                                found[inside] = guarded
                    case _:
                        pass
            case _:
                pass
    return found


def without_guards(program: Program) -> Program:
    """The program, in which each such sum is what the guard was added to."""
    for inside, guarded in guards(program).items():
        value = guarded.value if isinstance(guarded, Tensor) else guarded
        inside.value = np.broadcast_to(np.asarray(value), inside.value.shape)
    return program


def _is_tiny(value: Any) -> bool:
    if isinstance(value, Tensor) and not value.constant:
        return False
    held = np.asarray(value.value if isinstance(value, Tensor) else value)
    return held.size == 1 and 0 < float(held.reshape(())) <= LARGEST
