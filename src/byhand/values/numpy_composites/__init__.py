"""NumPy's functions that are a few others of NumPy's: medians, convolutions, interpolation.

Written so, they run on whatever answers those others (`values.array_protocol`): the engine's
tensor, PyTorch's arrays. Each has NumPy's signature less the options that it doesn't know. Where
elements move and nothing else happens to them, NumPy moves their numbers, and the elements are read
at those.
"""

from __future__ import annotations

from byhand.values.numpy_composites import (
    along_axes,
    elementwise,
    products,
    reductions,
    selections,
    shapes,
)
from byhand.values.numpy_composites.answers import COMPOSITES, answering, ndim

__all__ = [
    "COMPOSITES",
    "along_axes",
    "answering",
    "elementwise",
    "ndim",
    "products",
    "reductions",
    "selections",
    "shapes",
]
