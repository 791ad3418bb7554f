"""How far two calls on the same numbers are apart, and whether rounding explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from byhand.kernels.case import Case, Name
from byhand.values.arrays import Array


@dataclass(frozen=True)
class Apart:
    """In how many elements of how many, by how much at most, and whether rounding does that."""

    count: int
    size: int
    most: float
    explained: bool

    def __str__(self) -> str:
        if not self.size:
            return "had another shape"
        far = "as rounding may" if self.explained else "more than rounding explains"
        return f"differed in {self.count} of {self.size} elements, by up to {self.most:.2g}, {far}"


def apart(
    case: Case, one: Mapping[Name, Array], other: Mapping[Name, Array]
) -> Mapping[Name, Apart]:
    """Those of the values of two calls that differ at all."""
    return {
        name: found
        for name, value in one.items()
        if name in other and (found := _apart(case, name, value, other[name])) is not None
    }


def _apart(case: Case, name: Name, one: Array, other: Array) -> Apart | None:
    if one.shape != other.shape:
        return Apart(0, 0, np.inf, explained=False)
    differs = (one != other) & ~(np.isnan(one) & np.isnan(other))
    if not differs.any():
        return None
    with np.errstate(invalid="ignore"):
        distance = np.where(differs, np.abs(one - other), 0.0)
    distance = np.where(np.isnan(distance), np.inf, distance)
    fits = one.shape == case.true[name].shape
    explained = fits and bool(np.all(distance <= 2 * case.allowed(name, distance)))
    return Apart(int(np.sum(differs)), one.size, float(np.max(distance)), explained)
