"""The tensor of a forward pass that is written in PyTorch.

Where NumPy and PyTorch mean different things by one method, this one means PyTorch's:

    >>> import torch
    >>> from byhand.torch_dialect.tensor import TorchTensor
    >>> x = TorchTensor([[3.0, 1.0], [2.0, 8.0]])
    >>> values, indices = x.max(1)
    >>> values.value, indices, x.size(0), x.var(1).sum().item()
    (array([3., 8.]), tensor([0, 1]), 2, 20.0)

Torch tensors (indices, labels, masks) are constants to it, and what has no gradient (a comparison,
an argmax) is given as a torch tensor.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.torch_dialect.names import (
    METHODS,
    WITHOUT_GRADIENT,
    arrays,
    as_torch,
    method,
    other_method,
)
from byhand.values.arrays import Array, is_array


def compared(name: str) -> Any:
    """A comparison operator that gives a torch tensor."""
    numpys = getattr(Tensor, name)

    def answer(self: Any, other: Any) -> Any:
        return as_torch(numpys(self, other))

    return answer


def pytorchs(name: str) -> Any:
    """A method that PyTorch answers itself."""

    def answer(self: Any, *args: Any, **options: Any) -> Any:
        found: Any = other_method(name)
        return found(self, *args, **options)

    return answer


class TorchTensor(Tensor):
    """A tensor whose methods all mean PyTorch's."""

    __slots__ = ("made_without_grad",)

    def __init__(self, value: Any, *origin: Any, **options: Any) -> None:
        super().__init__(value, *origin, **options)
        torch = sys.modules.get("torch")
        self.made_without_grad = torch is not None and not torch.is_grad_enabled()

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Computes and records, but for a `with torch.no_grad():` within forward.

        There, what is computed from tensors of outside is a constant. Where forward as a whole runs
        without gradients, its inputs were made so, and nothing is cut off.
        """
        given = arrays(args)
        out = super().apply(op, given, arrays(params))
        if isinstance(out, TorchTensor):
            kind = _float_type_of(given)
            if kind is not None and kind.itemsize < out.value.dtype.itemsize:
                out.value = out.value.astype(kind)
        if isinstance(out, TorchTensor) and out.made_without_grad:
            tensors = (arg for arg in args if isinstance(arg, TorchTensor))
            if not all(tensor.made_without_grad for tensor in tensors):
                return out.detach()  # pyright: ignore
        return out

    def by_torch(self, name: str, *args: Any, **options: Any) -> Any:
        return as_torch(super().by_torch(name, *args, **options))

    __lt__ = compared("__lt__")
    __le__ = compared("__le__")
    __gt__ = compared("__gt__")
    __ge__ = compared("__ge__")
    __eq__ = compared("__eq__")
    __ne__ = compared("__ne__")
    __hash__ = Tensor.__hash__

    def size(self, dim: int | None = None) -> Any:  # pyright: ignore
        return self.shape if dim is None else self.shape[dim]

    def item(self) -> float:
        return self.value.item()

    @property
    def data(self) -> Any:
        return self.detach()  # pyright: ignore

    @property
    def requires_grad(self) -> bool:
        return not self.constant

    @property
    def dtype(self) -> Any:
        return getattr(sys.modules["torch"], self.value.dtype.name)


def _float_type_of(args: tuple[Any, ...]) -> np.dtype[Any] | None:
    """What PyTorch computes in: integers don't widen a tensor of floats, as they do in NumPy, nor
    do arrays without axes one with axes."""
    floats = [v for arg in args if (v := _floats(arg)) is not None]
    kinds = {v.dtype for v in floats if v.ndim} or {v.dtype for v in floats}
    return np.result_type(*kinds) if kinds else None


def _floats(arg: Any) -> Array | None:
    value = arg.value if isinstance(arg, Tensor) else arg
    return value if is_array(value) and value.dtype.kind == "f" else None


for _name in (*METHODS, *WITHOUT_GRADIENT):
    # Where NumPy has a method of this name too, PyTorch's is meant.
    if hasattr(Tensor, _name) and _name not in vars(TorchTensor) and not _name.startswith("_"):
        setattr(TorchTensor, _name, method(_name) if _name in METHODS else pytorchs(_name))
