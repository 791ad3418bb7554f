"""A list of numbers beside what is followed is an array, as NumPy takes it for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from byhand.program.grad import grad

W = np.array([[0.5, -1.0], [2.0, 0.25]])
ROW, ROWS = [1.0, -2.0], [[1.0, 2.0], [-3.0, 4.0]]
USES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "minus": lambda w, row, rows: ((w - row) ** 2).sum(),
    "from": lambda w, row, rows: (rows - w**2).sum(),
    "times": lambda w, row, rows: (w * row).sum(),
    "matmul": lambda w, row, rows: (w @ row).sum(),
    "matmul from the left": lambda w, row, rows: (rows @ w).sum(),
    "np.dot": lambda w, row, rows: np.dot(rows, w).sum(),
    "dot": lambda w, row, rows: w.dot(row).sum(),
    "outer": lambda w, row, rows: np.outer(w[0], row).sum(),
    "maximum": lambda w, row, rows: np.maximum(w, rows).sum(),
    "where": lambda w, row, rows: np.where(w > 0, w, row).sum(),
    "einsum": lambda w, row, rows: np.einsum("i,ij->", row, w),
}


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_is_an_array(name: str, kind: Callable[[Any], Any]) -> None:
    def with_lists(w: Any) -> Any:
        return USES[name](w, kind(ROW), kind(kind(each) for each in ROWS))

    def with_arrays(w: Any) -> Any:
        return USES[name](w, np.array(ROW), np.array(ROWS))

    np.testing.assert_array_equal(grad(with_lists, {"w": W})["w"], grad(with_arrays, {"w": W})["w"])
