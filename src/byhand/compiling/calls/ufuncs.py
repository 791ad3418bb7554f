"""Ufuncs: element by element they are loops; `reduce` and `at` have rules of their own."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.compiling import indexing
from byhand.compiling.calls.left_alone import constant_or_call, wrapped
from byhand.compiling.calls.products import matmul
from byhand.compiling.calls.reductions import reduce
from byhand.compiling.functions import ELEMENTWISE
from byhand.compiling.statements import COMBINED, Loop
from byhand.compiling.tape import Tape, Traced, line, traced, values
from byhand.errors import UnsupportedError


def apply_ufunc(
    tape: Tape, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if ufunc is np.matmul and method == "__call__" and not kwargs:
        return matmul(tape, *inputs)
    if method == "at" and ufunc in (np.add, np.subtract) and len(inputs) == 3:
        array, index, value = inputs
        value = value if ufunc is np.add else -value
        return indexing.put(tape, _array(tape, array), index, value, add=True)
    if method == "reduce" and ufunc.__name__ in COMBINED:
        return reduce(tape, ufunc, *inputs, **{"axis": 0, **kwargs})
    if method != "__call__" or set(kwargs) - {"out"}:
        return constant_or_call(tape, getattr(ufunc, method), inputs, kwargs, ufunc.__name__)
    (out,) = kwargs.get("out", (None,))
    if out is None and all(each.buffer.constant for each in traced(inputs)):
        return wrapped(tape, ufunc(*values(inputs)))
    if ufunc.__name__ not in ELEMENTWISE or ufunc.nout > 1:
        if out is not None:
            raise UnsupportedError(f"np.{ufunc.__name__} with out=...")
        result = ufunc(*values(inputs))
        return tape.call(ufunc.__name__, ufunc, inputs, {}, result)
    arrays = [
        each
        if isinstance(each, Traced) or type(each) in (bool, int, float)
        else tape.constant(each)
        for each in inputs
    ]
    *types, kind = ufunc.resolve_dtypes((*(_type(each) for each in arrays), None))
    if out is None:
        return tape.loop(ufunc.__name__, ufunc(*values(inputs)), arrays, types, kind)
    if not isinstance(out, Traced):
        raise UnsupportedError("changing an array in place that was made outside of the step")
    return _in_place(tape, ufunc, arrays, out, types, kind)


def _in_place(
    tape: Tape, ufunc: np.ufunc, inputs: list[Any], out: Traced, types: Any, kind: Any
) -> Traced:
    tape.write(out)
    for i, each in enumerate(inputs):
        shared = isinstance(each, Traced) and each.buffer is out.buffer
        if shared and not indexing.same(each.value, out.value):
            inputs[i] = tape.copy(each)
    # The sources are looked up before NumPy changes the values under them.
    views = [tape.source(each, out.shape) for each in inputs]
    ufunc(*values(inputs), out=out.value, casting="same_kind")
    casts = tuple(np.dtype(each).str for each in types)
    tape.add(
        Loop(
            out.shape,
            tape.target(out),
            ufunc.__name__,
            tuple(views),
            casts,
            np.dtype(kind).str,
            line=line(),
        )
    )
    return out


def _array(tape: Tape, array: Any) -> Traced:
    if isinstance(array, Traced):
        return array
    raise UnsupportedError("changing an array in place that was made outside of the step")


def _type(each: Any) -> Any:
    return each.dtype if isinstance(each, Traced) else type(each)
