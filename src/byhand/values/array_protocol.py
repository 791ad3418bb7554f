"""What NumPy code asks of an array, over NumPy's two protocols (NEP 13 and NEP 18).

`x @ W` is the ufunc `np.matmul`, and `x.sum(0)` the function `np.sum`: so a class that answers
`__array_ufunc__`, `__array_function__` and `__getitem__` answers all operators and methods. Nothing
here knows what an op does: those who subclass it stay independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

Method: TypeAlias = Callable[..., Any]


# Operators go straight to their own answer: NumPy would only find its way back to it.


def _unary(ufunc: np.ufunc) -> Method:
    def operator(self: ArrayProtocol) -> Any:
        return self.__array_ufunc__(ufunc, "__call__", self)

    return operator


def _binary(ufunc: np.ufunc) -> Method:
    def operator(self: ArrayProtocol, other: Any) -> Any:
        return self.__array_ufunc__(ufunc, "__call__", self, other)

    return operator


def _reflected(ufunc: np.ufunc) -> Method:
    def operator(self: ArrayProtocol, other: Any) -> Any:
        return self.__array_ufunc__(ufunc, "__call__", other, self)

    return operator


def _in_place(ufunc: np.ufunc) -> Method:
    def operator(self: MutableArray, other: Any) -> Any:
        return self.in_place(ufunc, other)

    return operator


def _method(function: Callable[..., Any]) -> Any:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__ = function.__name__
    return method


_transpose, _reshape, _clip = _method(np.transpose), _method(np.reshape), _method(np.clip)


class ArrayProtocol:
    """Answers as a NumPy array does. Subclasses give `value`, or else shape and type; the protocols
    and items."""

    __slots__ = ()
    __hash__ = object.__hash__

    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise NotImplementedError

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # Operators, each a ufunc.

    __neg__, __pos__ = _unary(np.negative), _unary(np.positive)
    __abs__, __invert__ = _unary(np.absolute), _unary(np.invert)
    __add__, __radd__ = _binary(np.add), _reflected(np.add)
    __sub__, __rsub__ = _binary(np.subtract), _reflected(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply), _reflected(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide), _reflected(np.divide)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide), _reflected(np.floor_divide)
    __mod__, __rmod__ = _binary(np.remainder), _reflected(np.remainder)
    __pow__, __rpow__ = _binary(np.power), _reflected(np.power)
    __matmul__, __rmatmul__ = _binary(np.matmul), _reflected(np.matmul)
    __and__, __rand__ = _binary(np.bitwise_and), _reflected(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or), _reflected(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor), _reflected(np.bitwise_xor)
    __lt__, __le__ = _binary(np.less), _binary(np.less_equal)
    __gt__, __ge__ = _binary(np.greater), _binary(np.greater_equal)
    __eq__, __ne__ = _binary(np.equal), _binary(np.not_equal)

    # Methods, each the function of the same name.

    sum, prod, mean = _method(np.sum), _method(np.prod), _method(np.mean)
    max, min = _method(np.max), _method(np.min)
    var, std = _method(np.var), _method(np.std)
    cumsum, cumprod = _method(np.cumsum), _method(np.cumprod)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    ravel, squeeze, swapaxes = _method(np.ravel), _method(np.squeeze), _method(np.swapaxes)
    repeat, take = _method(np.repeat), _method(np.take)
    dot, trace, diagonal = _method(np.dot), _method(np.trace), _method(np.diagonal)
    copy, round = _method(np.copy), _method(np.round)
    any, all, nonzero = _method(np.any), _method(np.all), _method(np.nonzero)
    searchsorted, argpartition = _method(np.searchsorted), _method(np.argpartition)

    @property
    def T(self) -> Any:
        return _transpose(self)

    @property
    def mT(self) -> Any:
        return self.swapaxes(-1, -2)

    def clip(self, min: Any = None, max: Any = None) -> Any:
        return _clip(self, min, max)

    def reshape(self, *shape: Any, **options: Any) -> Any:
        return _reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        itself: Any = self
        return np.compress(condition, itself, axis)

    def flatten(self, order: str = "C") -> Any:
        return self.reshape(-1, **({} if order == "C" else {"order": order}))

    def transpose(self, *axes: Any) -> Any:
        given = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return _transpose(self, given) if given else self.T


class MutableArray(ArrayProtocol):
    """An array that can be changed in place: `x += y` makes it what `x + y` is.

    Subclasses give `become`.
    """

    __slots__ = ()

    __iadd__, __isub__ = _in_place(np.add), _in_place(np.subtract)
    __imul__, __itruediv__ = _in_place(np.multiply), _in_place(np.divide)
    __ifloordiv__, __imod__ = _in_place(np.floor_divide), _in_place(np.remainder)
    __ipow__, __imatmul__ = _in_place(np.power), _in_place(np.matmul)

    def become(self, new: Any) -> None:
        """This array is `new`, of its own kind and shape, from now on."""
        raise NotImplementedError

    def in_place(self, ufunc: np.ufunc, other: Any) -> Any:
        """This array, changed; or a new one where it is a number, which nothing can change."""
        new = self.__array_ufunc__(ufunc, "__call__", self, other)
        if not self.shape:
            return new
        if new.shape != self.shape:
            raise ValueError(
                f"an array of shape {self.shape} can't take in one of shape {tuple(new.shape)}"
            )
        self.become(new)
        return self
