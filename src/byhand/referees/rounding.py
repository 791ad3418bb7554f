"""The error bound of a referee that computes in float64 and says nothing about its own rounding."""

from __future__ import annotations

import numpy as np

from byhand.referees.referee import Gradient

FACTOR = 32


def rounded(value: np.ndarray) -> Gradient:
    """A library's gradient: good to `FACTOR` units in the last place of its largest element.

    That covers the library's sums and products where they are well conditioned. Where terms cancel,
    as in a gradient that is structurally zero, it doesn't: their mass isn't known here. The checker
    knows it, and adds it.
    """
    scale = float(np.max(np.abs(value), initial=0.0))
    error = FACTOR * np.finfo(np.float64).eps * scale
    return Gradient(value, np.full(value.shape, error))
