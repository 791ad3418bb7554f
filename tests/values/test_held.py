"""Which arrays share memory: tensors, arrays, and views of one another, however they were made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from byhand.values.held import share_memory

BASE = np.arange(24.0).reshape(4, 6)
TENSOR = torch.arange(24.0).reshape(4, 6)

TOGETHER: dict[str, tuple[Any, Any]] = {
    "itself": (TENSOR, TENSOR),
    "a row": (TENSOR, TENSOR[1]),
    "a transpose": (TENSOR[1:], TENSOR.mT),
    "an array and its tensor": (BASE, torch.from_numpy(BASE)),
    "tensors of two parts of an array": (torch.from_numpy(BASE[1:]), torch.from_numpy(BASE[:3])),
    "a tensor of an array's part and of all": (torch.from_numpy(BASE[2:]), torch.from_numpy(BASE)),
    "bfloat16": ((half := TENSOR.bfloat16()), half[2:]),
    "detached": (TENSOR.requires_grad_(False), TENSOR.detach()[0]),
}

APART: dict[str, tuple[Any, Any]] = {
    "a clone": (TENSOR, TENSOR.clone()),
    "two rows": (TENSOR[0], TENSOR[1]),
    "an array and a copy": (BASE, torch.tensor(BASE)),
    "tensors of two rows of an array": (torch.from_numpy(BASE[0]), torch.from_numpy(BASE[1])),
    "an empty one": (TENSOR, torch.empty(0)),
    "a sparse one": (TENSOR, TENSOR.to_sparse()),
    "bfloat16": (half, half.clone()),
    "no array": (TENSOR, "a word"),
}


@pytest.mark.parametrize("pair", TOGETHER.values(), ids=TOGETHER)
def test_memory_in_common_is_seen(pair: tuple[Any, Any]) -> None:
    assert share_memory(*pair)
    assert share_memory(*reversed(pair))


@pytest.mark.parametrize("pair", APART.values(), ids=APART)
def test_memory_of_ones_own_is_seen(pair: tuple[Any, Any]) -> None:
    assert not share_memory(*pair)
    assert not share_memory(*reversed(pair))
