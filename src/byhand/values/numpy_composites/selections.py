"""Selections: elements by conditions and places."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.values.numpy_composites.answers import answers, numbers, row


@answers(np.select)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    found = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        found = np.where(condition, choice, found)
    return found


@answers(np.choose)
def choose(a: Any, choices: Sequence[Any]) -> Any:
    found = choices[-1]
    for k in range(len(choices) - 2, -1, -1):
        found = np.where(np.equal(a, k), choices[k], found)
    return found


@answers(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    places = np.flatnonzero(condition)
    if axis is None:
        a, axis = row(a), 0
    return np.take(a, places, axis=axis)


@answers(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return np.take(row(arr), np.flatnonzero(condition), axis=0)


@answers(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = row(arr), 0
    return np.take(arr, np.delete(np.arange(int(np.shape(arr)[axis])), obj), axis=axis)


@answers(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    both = np.concatenate([row(arr), np.ravel(values)])
    return both[np.insert(numbers(arr), obj, np.size(arr) + numbers(values), axis)]


@answers(np.partition)
def partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    """In NumPy's own order on both sides of the element in its place."""
    if axis is None:
        a, axis = row(a), 0
    return np.take_along_axis(a, np.argpartition(a, kth, axis), axis)
