"""SciPy's convolutions of pictures, `scipy.signal.correlate2d` and `convolve2d`, on traced arrays.

SciPy makes plain arrays of what it is given, and a gradient would end there. On plain arrays it is
asked itself; else the same sums are written in NumPy.
"""

# Neither NumPy nor SciPy says what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.arrays import is_array

SIGNAL = "scipy.signal"


def with_scipy(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """A namespace in which these functions take traced arrays, by whatever name they are there."""
    return {name: _traced(value) for name, value in namespace.items()}


def _traced(value: Any) -> Any:
    if isinstance(value, ModuleType):
        if value.__name__ == SIGNAL:
            return _signal(value)
        if value.__name__ == "scipy" and SIGNAL.partition(".")[2] in vars(value):
            return SimpleNamespace(**{**vars(value), "signal": _signal(value.signal)})
    elif (
        isinstance(value, FunctionType)
        and value.__name__ in _TRACED
        and (value.__module__ or "").startswith(SIGNAL)  # made by `exec`, it has none
    ):
        return _either(value)
    return value


def _signal(module: ModuleType) -> SimpleNamespace:
    own = {name: _either(getattr(module, name)) for name in _TRACED}
    return SimpleNamespace(**{**vars(module), **own})


def _either(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """SciPy's function on plain arrays, and the same in NumPy on others."""
    ours = _TRACED[theirs.__name__]

    def called(in1: Any, in2: Any, *args: Any, **kwargs: Any) -> Any:
        if is_array(in1) and is_array(in2):
            return theirs(in1, in2, *args, **kwargs)
        return ours(in1, in2, *args, **kwargs)

    return called


def correlate2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: float = 0
) -> Any:
    """The sum over (m, n) of in1[i + m, j + n] in2[m, n], as `scipy.signal.correlate2d`.

    Raises UnsupportedError at other borders than zeros, and where the second is the larger one.
    """
    if boundary != "fill" or fillvalue != 0:
        raise UnsupportedError("correlate2d and convolve2d are known with zeros outside alone")
    (a, b), (p, q) = np.shape(in1), np.shape(in2)
    if mode == "valid" and (p > a or q > b):
        raise UnsupportedError("correlate2d and convolve2d slide the second array over the first")
    match mode:
        case "full":
            pads = ((p - 1, p - 1), (q - 1, q - 1))
        case "same":  # the middle of "full"
            pads = ((p - 1 - p // 2, p // 2), (q - 1 - q // 2, q // 2))
        case "valid":
            pads = ((0, 0), (0, 0))
        case _:
            raise UnsupportedError(f'mode is "full", "same" or "valid", not {mode!r}')
    padded = np.pad(in1, pads)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (p, q))
    return (windows * in2).sum(axis=(2, 3))


def convolve2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: float = 0
) -> Any:
    """The same with the second array turned by half, as `scipy.signal.convolve2d`."""
    turned = in2[::-1, ::-1]
    if mode != "same":
        return correlate2d(in1, turned, mode, boundary, fillvalue)
    (a, b), (p, q) = np.shape(in1), np.shape(in2)
    top, left = (p - 1) // 2, (q - 1) // 2
    whole = correlate2d(in1, turned, "full", boundary, fillvalue)
    return whole[top : top + a, left : left + b]


_TRACED: Mapping[str, Callable[..., Any]] = {"correlate2d": correlate2d, "convolve2d": convolve2d}
