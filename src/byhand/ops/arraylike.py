"""NumPy's face: operators, methods and functions, each answered by the op of the same meaning.

`ArrayLike` turns what plain NumPy code writes (`x @ W`, `x.sum(0, keepdims=True)`, `np.exp(x)`)
into `self.apply(op, args, params)`. What applying means is up to the subclass: the engine's tensor
records, a bounded number bounds its rounding error, a symbol prints.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import numpy_names
from byhand.ops.fourier import instead_of
from byhand.ops.op import Operand, without_lists
from byhand.values.array_protocol import ArrayProtocol


class ArrayLike(ArrayProtocol, Operand):
    """Subclasses give `apply`, `shape` and `dtype`."""

    __slots__ = ()

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return numpy_names.ufunc_method(ufunc, method, inputs, kwargs)
        op = numpy_names.op_of(ufunc)
        if op is not None:
            return self.apply(op, without_lists(inputs), {})
        answer = numpy_names.FUNCTIONS.get(ufunc)
        if answer is None:
            return self.without_op(f"np.{ufunc.__name__}", ufunc, inputs, kwargs)
        return answer(*inputs)

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
                if _is_default(func, option, kwargs[option]):
                    rest = {each: said for each, said in kwargs.items() if each != option}
                    return self.__array_function__(func, types, args, rest)
                raise UnsupportedError(
                    f"{name}(..., {option}=...) has no rule: leave {option} out"
                ) from None
            raise

    def without_op(self, name: str, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What to do with a NumPy function that no op answers: refuse, unless a subclass knows."""
        raise UnsupportedError(
            instead_of(name)
            or f"{name} has no rule: write it with ops that have one ({numpy_names.nearest(name)})"
        )

    def __getitem__(self, index: Any) -> Any:
        return numpy_names.getitem(self, index)

    def cast(self, name: str) -> Any:
        """Itself, whatever float type is wanted: precision is chosen for a whole run."""
        return self

    def astype(self, dtype: Any, **_: Any) -> Any:
        wanted = np.dtype(dtype)
        match wanted.kind:
            case "f":
                return self.cast(wanted.name)
            case "i" | "u" | "b":
                return self.without_op("astype to integers", np.ndarray.astype, (self, dtype), {})
            case _:
                raise UnsupportedError(f"astype({wanted}) has no rule: keep it a float")


def _is_default(func: Any, option: str, value: Any) -> bool:
    """Whether an option is what it is anyway: `np.row_stack` calls `vstack(..., dtype=None)`."""
    try:
        default = inspect.signature(func).parameters[option].default
    except (ValueError, KeyError):  # written in C, or unknown
        return False
    return default is value or (isinstance(value, str) and default == value)
