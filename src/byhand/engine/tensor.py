"""The tensor: an array that remembers how it was computed.

    >>> from byhand.engine import Tensor
    >>> a, b = Tensor(2.0), Tensor(-3.0)
    >>> loss = a * b + b**2
    >>> loss.backward()
    >>> float(a.grad), float(b.grad)
    (-3.0, -4.0)

Every operation makes a new tensor that holds its value, the op and the arguments. That is the whole
record: the backward sweep (`byhand.engine.backward`) walks it from the end to the start.

A tensor that is changed in place (`x[i] = 0`, `x += y`) gets another origin; what was computed from
it before keeps the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import indexing
from byhand.ops.numpy_names import nearest
from byhand.ops.op import Op
from byhand.torch_dialect.torchlike import TorchLike
from byhand.values.array_protocol import MutableArray
from byhand.values.arrays import Array
from byhand.values.no_floats import NO_FLOATS

_NO_PARAMS: Mapping[str, Any] = {}


class Tensor(MutableArray, TorchLike):
    """A float array and its origin: `op` applied to `args`, or an input where `op` is None.

    It answers NumPy's operators, methods and functions, and PyTorch's. `grad` is None until
    `backward()` of a tensor computed from this one. `before` is what it was until it was changed in
    place; None if it never was. `changes` counts how often any was; `made` is that count when this
    one was computed, `changed` when it was changed. `casts` are the float types that
    any was to be cast to. `edges` counts comparisons by size of numbers that were equal.
    """

    __slots__ = (
        *("args", "constant", "grad", "op", "params", "value"),
        *("before", "changed", "made"),
    )
    changes: ClassVar[int] = 0
    casts: ClassVar[list[str]] = []
    edges: ClassVar[int] = 0

    def __init__(
        self,
        value: Any,
        op: Op | None = None,
        args: tuple[Any, ...] = (),
        params: Mapping[str, Any] = _NO_PARAMS,
        *,
        constant: bool = False,
    ) -> None:
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        if value.dtype.kind != "f":
            if value.dtype.kind not in "iub" or op is not None:
                raise UnsupportedError(f"a tensor holds floats, not {value.dtype}")
            value = value.astype(np.float64)
        self.value: Array = value
        self.op = op
        self.args = args
        self.params = params
        self.constant = constant
        self.grad: Array | None = None
        self.before: Tensor | None = None
        self.made = self.changed = Tensor.changes

    @property
    def parents(self) -> list[Tensor]:
        """The tensors among its arguments."""
        return [arg for arg in self.args if isinstance(arg, Tensor)]

    @property
    def arg_values(self) -> list[Any]:
        """Its arguments, with arrays for tensors."""
        return [arg.value if isinstance(arg, Tensor) else arg for arg in self.args]

    def cast(self, name: str) -> Tensor:
        """Itself, whatever float type is wanted; `casts` gets to know which."""
        if name != self.value.dtype.name:
            Tensor.casts.append(name)
        return self

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Computes and records. What is not a float (a comparison, an argmax) is a plain array."""
        values = [a.value if isinstance(a, Tensor) else a for a in args]
        value = op.forward(*values, **params)
        if value.dtype.kind == "c":
            raise UnsupportedError(
                f"{op.name} gives complex numbers, which byhand doesn't differentiate: keep the "
                "real and the imaginary part as two arrays"
            )
        if value.dtype.kind != "f":
            if op.orders and np.any(np.equal(*values)):
                Tensor.edges += 1
            return value
        return type(self)(value, op, args, params)

    def without_op(self, name: str, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What gives no floats, or is given constants alone, gives plain arrays."""
        if func in NO_FLOATS or all(leaf.constant for leaf in _leaves((*args, *kwargs.values()))):
            return func(*_values(args), **{key: _values(each) for key, each in kwargs.items()})
        return super().without_op(name, func, args, kwargs)

    def backward(self) -> None:
        """Sets `grad` on every tensor that this scalar was computed from, itself included."""
        from byhand.engine.backward import gradients

        if self.value.size != 1:
            raise UnsupportedError(
                f"backward() starts at a scalar; this has shape {self.shape}: sum it first"
            )
        for tensor, gradient in gradients([(self, np.ones_like(self.value))]).items():
            tensor.grad = gradient

    def constant_like(self, value: Any) -> Tensor:
        """A constant of this kind, from an array that is to be filled with what is recorded."""
        return type(self)(np.array(value), constant=True)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.become(indexing.PUT(self, value, index=index))

    def become(self, new: Tensor) -> None:
        """Changes this tensor in place: it is `new`, which was computed from it, from now on."""
        self.before = was = copy(self)
        self.value, self.op, self.params, self.made = new.value, new.op, new.params, new.made
        self.args = tuple(was if arg is self else arg for arg in new.args)
        Tensor.changes += 1
        self.changed = Tensor.changes

    def as_used_by(self, other: Tensor) -> Tensor:
        """What this tensor was when `other` was computed from it."""
        found = self
        while found.before is not None and other.made < found.changed:
            found = found.before
        return found

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name.startswith("_") or not hasattr(np.ndarray, name):
                    raise
            raise UnsupportedError(
                f"the method or attribute .{name} has no rule: "
                f"write it with ops that have one ({nearest(f'np.{name}')})"
            )

    def __float__(self) -> float:
        return float(self._only_if_constant("float(...)"))

    def __int__(self) -> int:
        return int(self._only_if_constant("int(...)"))

    def __bool__(self) -> bool:
        return bool(self.value)

    def _only_if_constant(self, what: str) -> Array:
        if all(leaf.constant for leaf in _leaves((self,))):
            return self.value
        raise UnsupportedError(
            f"{what} would cut this value off from its gradient: use the array itself "
            "(or its .value, to look at it)"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        # Reached when NumPy is about to forget that this is a tensor, as in np.array([x, y]).
        return np.asarray(self._only_if_constant("np.array(...)"), dtype)

    def __format__(self, spec: str) -> str:
        return format(self.value if self.shape else self.value.item(), spec)

    def __repr__(self) -> str:
        origin = f", op={self.op.name}" if self.op else ""
        return f"Tensor({np.array2string(self.value, precision=4, separator=', ')}{origin})"


def _leaves(args: Any) -> list[Tensor]:
    """The tensors without an op that `args` (nested in lists or tuples) were computed from."""
    found: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[Any] = [*args]
    while stack:
        arg = stack.pop()
        if isinstance(arg, (list, tuple)):
            stack.extend(arg)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(arg, Tensor) and arg not in seen:
            seen.add(arg)
            if arg.op is None:
                found.append(arg)
            stack.extend(arg.args)
    return found


def _values(arg: Any) -> Any:
    """`arg` with every tensor in it (nested in lists or tuples) replaced by its value."""
    if isinstance(arg, Tensor):
        return arg.value
    if isinstance(arg, (list, tuple)):
        return type(arg)(_values(a) for a in arg)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return arg
