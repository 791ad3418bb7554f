"""The way back through an index or a reshape that only moves axes, or reads one of each row."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.codegen.sizes import SymInt
from byhand.deriving.closed.one_hot import diagonal_places, scatter
from byhand.deriving.closed.operations import getitem
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.views import rearranged, reshape
from byhand.engine.tensor import Tensor

QUIET = {"getitem", "reshape", "diagonal"}


def back_through(ring: Ring, tensor: Tensor, arg: Tensor, g: Poly) -> Poly | None:
    """What `arg` gets of the gradient g of `tensor`; None if it takes more than moving axes."""
    assert tensor.op is not None
    match tensor.op.name:
        case "reshape":
            return reshape(ring, g, arg.shape)
        case "diagonal":
            places = diagonal_places(ring, arg.shape, **tensor.params)
            return None if places is None else scatter(ring, g, tuple(places), arg.shape)
        case _:
            index = tensor.params["index"]
            items = index if isinstance(index, tuple) else (index,)
            place = len(items) == 1 and arg.value.ndim == 1 and isinstance(items[0], SymInt)
            if place or not all(item is None or item is ... or _basic(item) for item in items):
                return scatter(ring, g, index, arg.shape)
            if getitem(ring, ring.tensor(arg), index) is None:
                return None
            return _moved_back(ring, items, g, arg)


def _basic(item: Any) -> bool:
    return isinstance(item, (int, np.integer, slice))


def _moved_back(ring: Ring, items: tuple[Any, ...], g: Poly, arg: Tensor) -> Poly:
    """Axes that the index added go; those of length 1 that it left out come back."""
    taken = sum(item is not None and item is not ... for item in items)
    full = [slice(None)] * (arg.value.ndim - taken)
    at = next((k for k, item in enumerate(items) if item is ...), None)
    every = [*items, *full] if at is None else [*items[:at], *full, *items[at + 1 :]]
    sources: list[int | None] = []
    axis = 0
    for item in every:
        if item is None:
            axis += 1
        elif isinstance(item, slice):
            sources.append(axis)
            axis += 1
        else:
            sources.append(None)
    return rearranged(ring, g, tuple(sources))
