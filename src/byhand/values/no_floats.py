"""NumPy's functions whose answer is no float: places, counts, yes or no.

No gradient goes through them, so an array that is followed answers by its plain value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NO_FLOATS: frozenset[Callable[..., Any]] = frozenset(
    (
        # Places.
        *(np.nonzero, np.flatnonzero, np.argwhere, np.argsort, np.argpartition, np.lexsort),
        *(np.searchsorted, np.digitize, np.nanargmax, np.nanargmin),
        *(np.triu_indices_from, np.tril_indices_from, np.diag_indices_from),
        # Counts.
        np.count_nonzero,
        # Yes or no.
        *(np.any, np.all, np.isin, np.isclose, np.allclose, np.array_equal, np.array_equiv),
        *(np.isposinf, np.isneginf, np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj),
        *(np.signbit, np.logical_xor),
        np.ndarray.astype,  # to integers or booleans
    )
)
