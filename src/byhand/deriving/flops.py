"""Arrays that count: everything that is computed with them is added to a tally.

NumPy tells its subclasses of every operation (NEP 13 and NEP 18), and so an array of ours runs any
backward, in place and out of place, and counts by the way. PyTorch tells a dispatch mode.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from byhand.deriving.tally import Tally
from byhand.ops import REGISTRY
from byhand.ops.choices import CLIP
from byhand.ops.elementwise import POSITIVE_OF
from byhand.ops.indexing import ARGMAX, ARGMIN, TAKE, TAKE_ALONG_AXIS
from byhand.ops.linear import EINSUM
from byhand.ops.spelling import names
from byhand.values.arrays import is_array, is_sequence

_VIEWS = frozenset[str]().union(*(names(op) for op in REGISTRY.values() if op.view))

FREE = frozenset({
    "swapaxes", "moveaxis", "broadcast_arrays", "atleast_1d", "atleast_2d", "array_split", "hsplit",
    "vsplit", "matrix_transpose", "unstack", "zeros_like", "ones_like", "empty_like", "full_like",
    "copyto", "shape", "ndim", "size", "may_share_memory", "shares_memory", "result_type",
    "iscomplexobj", *names(POSITIVE_OF), *(_VIEWS - names(EINSUM)),
})  # fmt: skip
"""Functions that give a view, a copy or a filled array, or just look."""

FILLERS = {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "array", "asarray", "tri"}
"""Functions that make an array of what isn't one."""

GATHERS = names(TAKE) | names(TAKE_ALONG_AXIS) | {"diag"}
"""Functions that count the elements of their result, not those of what they pick them from."""

THROUGH = (
    frozenset({"any", "all", "average", "ptp", "linspace"}).union(
        names(CLIP), *(names(op) for op in REGISTRY.values() if op.structure == "reduction")
    )
    - names(ARGMAX)
    - names(ARGMIN)
)
"""Functions that are ufuncs underneath, which count for themselves."""

METHODS = {"cumsum", "cumprod", "dot", "take", "repeat", "trace", "argmax", "argmin", "argsort"}
"""Methods of an array that NumPy runs without asking, unlike the functions of the same name."""


@contextmanager
def counting(tally: Tally, in_torch: bool) -> Generator[Callable[[Any], Any]]:
    """While it is open, what is computed counts. It gives a function that makes arrays count."""
    if in_torch:
        from byhand.deriving.flops_torch import watching

        with watching(tally):
            yield lambda value: value
    else:
        yield lambda value: _watched(value, tally)


class Module:
    """NumPy, but what it fills arrays with counts from the start: `np.eye(n)[y]` moves elements."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name not in FILLERS:
            return found

        def filled(*args: Any, **options: Any) -> Any:
            return _watched(found(*args, **options), self.tally)

        return filled


def _watched(value: Any, tally: Tally) -> Any:
    """`value` with arrays that count; for NumPy a module whose arrays do.

    A list stays the same list, as others may hold it too.
    """
    if value is np:
        return Module(tally)
    if type(value) is list:
        value[:] = [_watched(item, tally) for item in value]  # pyright: ignore[reportUnknownVariableType]
        return value  # pyright: ignore[reportUnknownVariableType]
    if is_sequence(value):
        return tuple(_watched(item, tally) for item in value)
    if isinstance(value, np.generic):
        value = np.asarray(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if not is_array(value) or isinstance(value, Counting):
        return value
    view = value.view(Counting)
    view.tally = tally
    return view


class Counting(np.ndarray):
    """An array that counts what is done with it. `tally` is handed on to its views."""

    tally: Tally

    def __array_finalize__(self, obj: Any) -> None:
        self.tally = getattr(obj, "tally", None) or Tally()

    def __array_ufunc__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        into = kwargs.get("out")
        inputs = _plain(inputs)
        found = getattr(ufunc, method)(*inputs, **_plain(kwargs))
        if ufunc.signature is not None:
            a, b = np.shape(inputs[0]), np.shape(found)
            self.tally.add(2 * prod(b) * a[-1])  # matmul: each element of the result sums a[-1]
        elif method == "at":
            self.tally.add(np.size(inputs[0][inputs[1]]))  # the elements that are added to
        else:
            self.tally.add(_largest(inputs, found))
        return _watched(found, self.tally) if into is None else into[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = func.__name__
        if name in THROUGH:
            return super().__array_function__(func, types, args, kwargs)
        found = func(*_plain(args), **_plain(kwargs))
        if name not in FREE:
            self.tally.add(_operations(name, args, found))
        return _watched(found, self.tally)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(_plain(index))
        if is_array(found) and not np.may_share_memory(found, self):
            self.tally.add(np.size(found))
        return _watched(found, self.tally)

    def __setitem__(self, index: Any, value: Any) -> None:
        place = self.view(np.ndarray)
        index = _plain(index)
        held = place[index]
        if not _same_memory(held, value):  # else `x[1:] += y` has changed it already
            self.tally.add(np.size(held))
        place[index] = _plain(value)


def _method(name: str) -> Callable[..., Any]:
    def method(self: Counting, *args: Any, **options: Any) -> Any:
        return getattr(np, name)(self, *args, **options)

    return method


for _name in METHODS:
    setattr(Counting, _name, _method(_name))


def _operations(name: str, args: tuple[Any, ...], found: Any) -> int:
    """What a function counts that NumPy runs as a whole."""
    match name:
        case "dot" | "vdot" | "inner":
            shared = np.shape(args[0])[-1:] if np.ndim(args[1]) else ()
            return 2 * np.size(found) * prod(shared)
        case "outer" | "kron":
            return np.size(found)
        case "tensordot":
            of_both = np.size(args[0]) * np.size(args[1]) * np.size(found)
            return 2 * round(of_both**0.5)
        case "einsum":
            return (len(args) - 1) * prod(_lengths(args).values())
        case _ if name in GATHERS:
            return np.size(found)
        case "put_along_axis":
            return np.size(args[1])
        case _:
            return _largest(args, found)


def _lengths(args: tuple[Any, ...]) -> dict[str, int]:
    """The length of each letter of `np.einsum("ij,jk->ik", a, b)`."""
    letters, *operands = args
    lengths: dict[str, int] = {}
    for term, operand in zip(letters.split("->")[0].split(","), operands, strict=True):
        before, dots, after = term.replace(" ", "").partition("...")
        shape = np.shape(operand)
        named = dict(zip(before, shape, strict=False))
        named |= dict(zip(after[::-1], shape[::-1], strict=False))
        if dots:
            middle = shape[len(before) : len(shape) - len(after)]
            named["..."] = max(prod(middle), lengths.get("...", 1))
        lengths |= named
    return lengths


def _largest(args: Any, found: Any) -> int:
    """The elements of the largest array that is read or made."""
    return max(0, *map(_size, (args, found)))


def _size(value: Any) -> int:
    if is_sequence(value):
        return max([0, *map(_size, value)])
    return value.size if is_array(value) else int(isinstance(value, np.generic))


def _plain(value: Any) -> Any:
    """`value` with arrays that don't count."""
    if isinstance(value, Counting):
        return value.view(np.ndarray)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return type(value)(map(_plain, value)) if is_sequence(value) else value


def _same_memory(held: Any, value: Any) -> bool:
    if not is_array(value) or not is_array(held):
        return False
    a, b = held.__array_interface__, value.__array_interface__
    return all(a[key] == b[key] for key in ("data", "shape", "strides"))
