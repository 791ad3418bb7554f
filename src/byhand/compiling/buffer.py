"""Memory as a trace knows it: arrays that own their elements, and views on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.compiling.statements import Window
from byhand.values.arrays import Array


@dataclass(eq=False)
class Buffer:
    """The memory of one array. `base` holds its values as the trace runs.

    `constant`: nothing in it depends on what a step is fed with, so far. `name` is that of an
    input, or None.
    """

    number: int
    base: Array
    constant: bool
    name: str | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.base.dtype

    @property
    def size(self) -> int:
        return self.base.size

    def view(self, array: Array) -> Window:
        """Where an array that lies in this buffer is to be found there."""
        itemsize = self.base.itemsize
        start = array.__array_interface__["data"][0] - self.base.__array_interface__["data"][0]
        strides = tuple(
            s // itemsize if n > 1 else 0 for s, n in zip(array.strides, array.shape, strict=True)
        )
        return Window(self.number, start // itemsize if array.size else 0, strides)
