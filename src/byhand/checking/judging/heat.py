"""Where the error sits: a small map of a gradient, for the eye."""

from __future__ import annotations

import numpy as np

from byhand.checking.report import Heat
from byhand.values.arrays import Array

ROWS, COLUMNS = 16, 32


def heat_map(errors: Array, tolerances: Array) -> Heat:
    """The errors on at most 16 x 32 cells, between 0 (within tolerance) and 1 (the largest).

    A cell stands for the largest error among the elements it covers. Arrays of more than two axes
    are laid out with all but the last axis as rows.
    """
    grid = np.where(errors <= tolerances, 0.0, errors)
    grid = np.atleast_2d(grid.reshape(-1, grid.shape[-1]) if grid.ndim > 2 else grid)
    for axis, most in enumerate((ROWS, COLUMNS)):
        length = grid.shape[axis]
        if length > most:
            starts = np.arange(most) * length // most
            grid = np.maximum.reduceat(grid, starts, axis)
    largest = float(grid.max(initial=0.0))
    scaled = grid / largest if 0 < largest < np.inf else (grid > 0).astype(float)
    return tuple(tuple(float(cell) for cell in row) for row in scaled)
