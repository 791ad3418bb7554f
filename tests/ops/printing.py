"""An operand that prints: every op applied to it becomes the text of a NumPy expression.

It carries the value that the text stands for, to know its shape; a rule sees the shape alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.ops import REGISTRY
from byhand.ops.arraylike import ArrayLike
from byhand.ops.op import Op
from byhand.values.no_floats import NO_FLOATS

# np.put writes into its argument and np.split gives all pieces.
OTHER_MEANING = {"put", "split"}


class Symbol(ArrayLike):
    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Any) -> None:
        self.text = text
        self.value = np.asarray(value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol:
        value = op.forward(*map(number, args), **{k: number(v) for k, v in params.items()})
        return Symbol(call(op, args, params), value)

    def without_op(self, name: str, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if func in NO_FLOATS:
            return func(*map(number, args), **{key: number(each) for key, each in kwargs.items()})
        return super().without_op(name, func, args, kwargs)


def number(x: Any) -> Any:
    return x.value if isinstance(x, Symbol) else x


def call(op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> str:
    if op.name == "getitem":
        return f"{text(args[0])}[{text(params['index'])}]"
    inside = ", ".join([*map(text, args), *(f"{k}={text(v)}" for k, v in params.items())])
    if op.name == "einsum":
        inside = ", ".join([text(params["subscripts"]), *map(text, args)])
    elif op.variadic or op.name in OTHER_MEANING or not hasattr(np, op.name):
        return f"REGISTRY[{op.name!r}]({inside})"
    return f"np.{op.name}({inside})"


def text(x: Any) -> str:
    match x:
        case Symbol():
            return x.text
        case np.ndarray():
            return f"np.array({x.tolist()!r}, dtype=np.{x.dtype}).reshape({x.shape})"
        case tuple():
            return f"({''.join(text(item) + ', ' for item in x)})"
        case _:
            return repr(x)


def evaluated(symbol: Symbol, **names: Any) -> Any:
    return eval(
        symbol.text, {"np": np, "inf": np.inf, "nan": np.nan, "REGISTRY": REGISTRY, **names}
    )
