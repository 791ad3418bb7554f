"""NumPy's face: operators, methods and functions, each answered by the op of the same meaning.

`ArrayLike` turns what plain NumPy code writes (`x @ W`, `x.sum(0, keepdims=True)`, `np.exp(x)`)
into `self.apply(op, args, params)`. What applying means is up to the subclass: the engine's tensor
records, a bounded number bounds its rounding error, a symbol prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import elementwise as el
from byhand.ops import numpy_names
from byhand.ops.op import Operand


class ArrayLike(Operand):
    """Answers as a NumPy array does. Subclasses give `apply`, `shape` and `dtype`."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return numpy_names.ufunc_method(ufunc, method, inputs, kwargs)
        op = numpy_names.UFUNCS.get(ufunc.__name__)
        if op is None:
            return self.without_op(f"np.{ufunc.__name__}", ufunc, inputs, kwargs)
        return op(*inputs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        name = f"{func.__module__}.{func.__name__}".replace("numpy", "np", 1)
        answer = numpy_names.FUNCTIONS.get(func)
        if answer is None:
            return self.without_op(name, func, args, kwargs)
        try:
            return answer(*args, **kwargs)
        except TypeError as error:
            if "unexpected keyword argument" in str(error):
                option = str(error).rsplit("'", 2)[1]
                raise UnsupportedError(
                    f"{name}(..., {option}=...) has no rule: leave {option} out"
                ) from None
            raise

    def without_op(self, name: str, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What to do with a NumPy function that no op answers: refuse, unless a subclass knows."""
        raise UnsupportedError(
            f"{name} has no rule: write it with ops that have one ({numpy_names.nearest(name)})"
        )

    # Operators.

    def __neg__(self) -> Any:
        return self.apply(el.NEGATIVE, (self,), {})

    def __pos__(self) -> Any:
        return self.apply(el.POSITIVE_OF, (self,), {})

    def __abs__(self) -> Any:
        return self.apply(el.ABSOLUTE, (self,), {})

    def __add__(self, other: Any) -> Any:
        return self.apply(el.ADD, (self, other), {})

    def __radd__(self, other: Any) -> Any:
        return self.apply(el.ADD, (other, self), {})

    def __sub__(self, other: Any) -> Any:
        return self.apply(el.SUBTRACT, (self, other), {})

    def __rsub__(self, other: Any) -> Any:
        return self.apply(el.SUBTRACT, (other, self), {})

    def __mul__(self, other: Any) -> Any:
        return self.apply(el.MULTIPLY, (self, other), {})

    def __rmul__(self, other: Any) -> Any:
        return self.apply(el.MULTIPLY, (other, self), {})

    def __truediv__(self, other: Any) -> Any:
        return self.apply(el.DIVIDE, (self, other), {})

    def __rtruediv__(self, other: Any) -> Any:
        return self.apply(el.DIVIDE, (other, self), {})

    def __pow__(self, other: Any) -> Any:
        return self.apply(el.POWER, (self, other), {})

    def __rpow__(self, other: Any) -> Any:
        return self.apply(el.POWER, (other, self), {})

    def __matmul__(self, other: Any) -> Any:
        return self.apply(numpy_names.MATMUL, (self, other), {})

    def __rmatmul__(self, other: Any) -> Any:
        return self.apply(numpy_names.MATMUL, (other, self), {})

    def __lt__(self, other: Any) -> Any:
        return self.apply(el.LESS, (self, other), {})

    def __le__(self, other: Any) -> Any:
        return self.apply(el.LESS_EQUAL, (self, other), {})

    def __gt__(self, other: Any) -> Any:
        return self.apply(el.GREATER, (self, other), {})

    def __ge__(self, other: Any) -> Any:
        return self.apply(el.GREATER_EQUAL, (self, other), {})

    def __eq__(self, other: object) -> Any:
        return self.apply(el.EQUAL, (self, other), {})

    def __ne__(self, other: object) -> Any:
        return self.apply(el.NOT_EQUAL, (self, other), {})

    __hash__ = object.__hash__

    # Of masks, as `(x > 0) & (x < 1)`.

    def __and__(self, other: Any) -> Any:
        return self.apply(el.LOGICAL_AND, (self, other), {})

    def __rand__(self, other: Any) -> Any:
        return self.apply(el.LOGICAL_AND, (other, self), {})

    def __or__(self, other: Any) -> Any:
        return self.apply(el.LOGICAL_OR, (self, other), {})

    def __ror__(self, other: Any) -> Any:
        return self.apply(el.LOGICAL_OR, (other, self), {})

    def __invert__(self) -> Any:
        return self.apply(el.LOGICAL_NOT, (self,), {})

    def __getitem__(self, index: Any) -> Any:
        return numpy_names.getitem(self, index)

    # Methods, each the NumPy function of the same name.

    @property
    def T(self) -> Any:
        return numpy_names.transpose(self)

    @property
    def mT(self) -> Any:
        return numpy_names.swapaxes(self, -1, -2)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def sum(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.sum(self, axis, **kwargs)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.mean(self, axis, **kwargs)

    def prod(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.prod(self, axis, **kwargs)

    def max(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.max(self, axis, **kwargs)

    def min(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.min(self, axis, **kwargs)

    def var(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.var(self, axis, **kwargs)

    def std(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.std(self, axis, **kwargs)

    def cumsum(self, axis: Any = None) -> Any:
        return numpy_names.cumsum(self, axis)

    def argmax(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.argmax(self, axis, **kwargs)

    def argmin(self, axis: Any = None, **kwargs: Any) -> Any:
        return numpy_names.argmin(self, axis, **kwargs)

    def argsort(self, axis: int = -1, **kwargs: Any) -> Any:
        return numpy_names.argsort(self, axis, **kwargs)

    def reshape(self, *shape: Any) -> Any:
        return numpy_names.reshape(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Any:
        return numpy_names.reshape(self, -1)

    def flatten(self) -> Any:
        return numpy_names.reshape(self, -1)

    def transpose(self, *axes: Any) -> Any:
        if len(axes) == 1 and not isinstance(axes[0], int):
            axes = axes[0] if axes[0] is not None else ()
        return numpy_names.transpose(self, tuple(axes) or None)

    def swapaxes(self, a: int, b: int) -> Any:
        return numpy_names.swapaxes(self, a, b)

    def squeeze(self, axis: Any = None) -> Any:
        return numpy_names.squeeze(self, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        return numpy_names.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Any:
        return numpy_names.take(self, indices, axis)

    def clip(self, min: Any = None, max: Any = None) -> Any:
        return numpy_names.clip(self, min, max)

    def dot(self, other: Any) -> Any:
        return numpy_names.dot(self, other)

    def trace(self) -> Any:
        return numpy_names.trace(self)

    def diagonal(self) -> Any:
        return numpy_names.diagonal(self)

    def copy(self) -> Any:
        return self.apply(el.POSITIVE_OF, (self,), {})

    def cast(self, name: str) -> Any:
        """Itself, whatever float type is wanted: precision is chosen for a whole run."""
        return self

    def astype(self, dtype: Any, **_: Any) -> Any:
        if np.issubdtype(np.dtype(dtype), np.floating):
            return self.cast(np.dtype(dtype).name)
        return self.without_op("astype to an integer", np.ndarray.astype, (self, dtype), {})
