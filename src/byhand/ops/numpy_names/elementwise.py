"""NumPy's functions of the elements at the same place, that are no ufuncs."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.ops import choices as ch
from byhand.ops import elementwise as el
from byhand.ops.numpy_names.answers import answers
from byhand.values.numpy_composites import ndim


@answers(np.where)
def where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(condition)
    return ch.WHERE(condition, *choices)


@answers(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is None:
        return el.POSITIVE_OF(a) if high is None else ch.MINIMUM(a, high)
    return ch.MAXIMUM(a, low) if high is None else ch.CLIP(a, low, high)


@answers(np.round, np.around)
def round(a: Any) -> Any:
    return el.RINT(a)


@answers(np.fix)
def fix(x: Any) -> Any:
    return el.TRUNC(x)


@answers(np.copy)
def copy(a: Any) -> Any:
    return el.POSITIVE_OF(a)


@answers(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    axis %= ndim(a)
    around = [each if each is a else _edge(each, a, axis) for each in (prepend, a, append)]
    given = [each for each in around if each is not None]
    a = np.concatenate(given, axis=axis) if len(given) > 1 else a
    before = (slice(None),) * axis
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


def _edge(held: Any, a: Any, axis: int) -> Any:
    """What `diff` puts before or after an array: of a number, one for each row."""
    if held is None or ndim(held):
        return held
    return np.broadcast_to(held, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
