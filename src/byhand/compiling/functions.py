"""What an elementwise op is in generated code: an expression over `{0}`, `{1}`, ..."""

from __future__ import annotations

from collections.abc import Callable

from byhand.compiling.statements import Number
from byhand.ops import REGISTRY
from byhand.ops.elementwise import POWER, RECIPROCAL
from byhand.ops.functions import EXP, LOG, TANH

_FLOAT = {"<f4": "f4", "<f8": "f8"}

_OF_OPS = {op.name: op.scalar for op in REGISTRY.values() if op.scalar}
_OF_OTHERS = {
    "fabs": "abs({0})",
    "logical_xor": "({0} ^ {1})",
    "bitwise_and": "({0} & {1})",
    "bitwise_or": "({0} | {1})",
    "bitwise_xor": "({0} ^ {1})",
    "copysign": "math.copysign({0}, {1})",
}
"""Ufuncs that are no ops of ours."""

_SCALARS = _OF_OPS | _OF_OTHERS
_OWN = (EXP.name, LOG.name, TANH.name)
"""Those written so that a loop of them runs in vector registers."""

ELEMENTWISE = frozenset(_SCALARS)
"""The names of the ufuncs that there is an expression for."""


def expression(op: str, sources: list[str], kind: str, exponent: Number | None = None) -> str:
    """The expression of an op on sources that have been cast; `kind` is the first one's type.

    `exponent` is that of a power, where it is a number. Functions of an integer come in float64, as
    in NumPy.
    """
    dtype = _FLOAT.get(kind, "f8")
    if op in _OWN:
        return f"{op}_{dtype}({sources[0]})"
    if op == POWER.name:
        return _power(sources, dtype, exponent)
    if op == RECIPROCAL.name:
        return f"({dtype}(1) / {sources[0]})"
    written = _SCALARS[op].format(*sources)
    return f"{dtype}({written})" if "math." in _SCALARS[op] else written


_POWERS: dict[float, Callable[[str, str], str]] = {
    0: lambda x, t: f"{t}(1)",
    1: lambda x, t: x,
    2: lambda x, t: f"({x} * {x})",
    3: lambda x, t: f"({x} * {x} * {x})",
    4: lambda x, t: f"(({x} * {x}) * ({x} * {x}))",
    -1: lambda x, t: f"({t}(1) / {x})",
    -2: lambda x, t: f"({t}(1) / ({x} * {x}))",
    -3: lambda x, t: f"({t}(1) / ({x} * {x} * {x}))",
    0.5: lambda x, t: f"{t}(math.sqrt({x}))",
    -0.5: lambda x, t: f"({t}(1) / {t}(math.sqrt({x})))",
    1.5: lambda x, t: f"({x} * {t}(math.sqrt({x})))",
    -1.5: lambda x, t: f"({t}(1) / ({x} * {t}(math.sqrt({x}))))",
}


def _power(sources: list[str], dtype: str, exponent: Number | None) -> str:
    if exponent in _POWERS:
        return _POWERS[float(exponent)](sources[0], dtype)  # pyright: ignore[reportArgumentType]
    return f"{dtype}({sources[0]} ** {sources[1]})"
