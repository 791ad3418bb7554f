"""What PyTorch's tensors can do besides its functions: casts, constants, sizes."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.along_axes import SLIDING_WINDOW_VIEW
from byhand.torch_dialect.shape import at, sizes
from byhand.values.arrays import Array


def itself(input: Any, *_: Any, **__: Any) -> Any:
    """For what chooses a device, or asks for memory to be laid out."""
    return input


def to(input: Any, *wanted: Any, **options: Any) -> Any:
    """Itself, whatever device or precision is wanted; as integers or booleans, a constant."""
    for each in (*wanted, *options.values()):
        dtype = getattr(each, "dtype", each)  # x.to(y) is x.to(y.dtype)
        name = str(dtype).removeprefix("torch.")
        match getattr(dtype, "is_floating_point", None):
            case True:
                return input.cast(name)
            case False if dtype.is_complex:
                raise UnsupportedError(
                    f"{name} is complex, which byhand doesn't follow: keep the real and the "
                    "imaginary part as two arrays"
                )
            case False:
                return input.value.astype(name)
            case _:
                pass
    return input


def cast(dtype: type[np.generic]) -> Callable[[Any], Array]:
    return lambda input: input.value.astype(dtype)


def detach(input: Any) -> Any:
    """The same numbers as a constant: no gradient goes through."""
    return type(input)(input.value, constant=True)


def item(input: Any) -> float:
    return float(input)


def new_zeros(input: Any, *size: Any) -> Array:
    return np.zeros(sizes(size), input.value.dtype)


def new_ones(input: Any, *size: Any) -> Array:
    return np.ones(sizes(size), input.value.dtype)


def new_full(input: Any, size: Any, fill_value: Any) -> Array:
    return np.full(size, fill_value, input.value.dtype)


def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """The windows along an axis, each laid out along a new last axis."""
    axis = dimension % input.ndim
    windows = SLIDING_WINDOW_VIEW(input, window_shape=(size,), axis=(axis,))
    return windows[at(axis, input.ndim, slice(None, None, step))]


def overwrite(input: Any, value: Any = 0.0) -> Any:
    """The tensor, filled with a number or with the elements of another one."""
    input[...] = value
    return input


IN_PLACE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("zero_", "fill_", "copy_"), overwrite),
}
"""What changes a tensor and has no name without the underscore."""

METHODS: dict[str, Callable[..., Any]] = {
    "float": lambda input: input.cast("float32"),
    "double": lambda input: input.cast("float64"),
    "half": lambda input: input.cast("float16"),
    "bfloat16": lambda input: input.cast("bfloat16"),
    "type_as": to,
    **dict.fromkeys(("contiguous", "cpu", "cuda", "retain_grad", "requires_grad_"), itself),
    "to": to,
    "bool": cast(np.bool_),
    "int": cast(np.int32),
    "long": cast(np.int64),
    "detach": detach,
    "item": item,
    "new_zeros": new_zeros,
    "new_ones": new_ones,
    "new_full": new_full,
    "unfold": unfold,
    **dict.fromkeys(("dim", "ndimension"), lambda input: input.ndim),
    **dict.fromkeys(("numel", "nelement"), lambda input: input.value.size),
}
