"""What an elementwise op is in generated code: an expression over `{0}`, `{1}`, ..."""

from __future__ import annotations

from collections.abc import Callable

from byhand.compiling.statements import Number

_FLOAT = {"<f4": "f4", "<f8": "f8"}

_PLAIN = {
    "positive": "{0}",
    "negative": "(-{0})",
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "floor_divide": "({0} // {1})",
    "remainder": "({0} % {1})",
    "square": "({0} * {0})",
    "absolute": "abs({0})",
    "fabs": "abs({0})",
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "sign": "sign({0})",
    "less": "({0} < {1})",
    "less_equal": "({0} <= {1})",
    "greater": "({0} > {1})",
    "greater_equal": "({0} >= {1})",
    "equal": "({0} == {1})",
    "not_equal": "({0} != {1})",
    "isnan": "({0} != {0})",
    "logical_and": "({0} & {1})",
    "logical_or": "({0} | {1})",
    "logical_xor": "({0} ^ {1})",
    "logical_not": "(not {0})",
    "bitwise_and": "({0} & {1})",
    "bitwise_or": "({0} | {1})",
    "bitwise_xor": "({0} ^ {1})",
    "where": "({1} if {0} else {2})",
}

_OWN = ("exp", "log", "tanh")  # written so that a loop of them runs in vector registers
_MATH = {
    **{name: name for name in ("sqrt", "sin", "cos", "tan", "sinh", "cosh", "floor", "ceil")},
    **{name: name for name in ("expm1", "log1p", "log2", "log10", "trunc", "copysign", "hypot")},
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}

ELEMENTWISE = frozenset({*_PLAIN, *_OWN, *_MATH, "power", "reciprocal"})
"""The names of the ops that there is an expression for."""


def expression(op: str, sources: list[str], kind: str, exponent: Number | None = None) -> str:
    """The expression of an op on sources that have been cast; `kind` is the first one's type.

    `exponent` is that of a power, where it is a number. Functions of an integer come in float64, as
    in NumPy.
    """
    if op in _PLAIN:
        return _PLAIN[op].format(*sources)
    dtype = _FLOAT.get(kind, "f8")
    if op in _OWN:
        return f"{op}_{dtype}({sources[0]})"
    if op == "power":
        return _power(sources, dtype, exponent)
    if op == "reciprocal":
        return f"({dtype}(1) / {sources[0]})"
    return f"{dtype}(math.{_MATH[op]}({', '.join(sources)}))"


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
