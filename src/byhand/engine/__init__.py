"""Reverse-mode autograd on NumPy arrays: a tensor that records, and a sweep back over the
record."""

from byhand.engine.backward import fit, gradients
from byhand.engine.tensor import Tensor

__all__ = ["Tensor", "fit", "gradients"]
