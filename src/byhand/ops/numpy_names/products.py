"""NumPy's products of arrays, and its linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import elementwise as el
from byhand.ops.axes import labels
from byhand.ops.linalg import CHOLESKY, DET, DETSIGN, INV, LOGABSDET, SOLVE
from byhand.ops.linear import EINSUM, INNER, MATMUL, OUTER, TENSORDOT, TRACE
from byhand.ops.numpy_names.answers import answers
from byhand.ops.reduction import SUM
from byhand.values.numpy_composites import ndim


@answers(np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    return MATMUL(x1, x2)


@answers(np.dot)
def dot(a: Any, b: Any) -> Any:
    if ndim(a) == 0 or ndim(b) == 0:
        return el.MULTIPLY(a, b)
    if ndim(b) <= 1 or (ndim(a) <= 2 and ndim(b) == 2):
        return MATMUL(a, b)
    return TENSORDOT(a, b, axes=(-1, -2))


@answers(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return MATMUL(np.ravel(a), np.ravel(b))


@answers(np.inner)
def inner(a: Any, b: Any) -> Any:
    return el.MULTIPLY(a, b) if ndim(a) == 0 or ndim(b) == 0 else INNER(a, b)


@answers(np.outer, np.linalg.outer)
def outer(a: Any, b: Any) -> Any:
    return OUTER(a, b)


@answers(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if not isinstance(axes, int):
        axes = tuple(x if isinstance(x, int) else tuple(x) for x in axes)
    return TENSORDOT(a, b, axes=axes)


@answers(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    if not isinstance(subscripts, str):
        raise UnsupportedError('np.einsum has a rule for the form np.einsum("ij,jk->ik", x, y)')
    labels(subscripts, tuple(ndim(x) for x in operands))  # refuses what has no rule
    return EINSUM(*operands, subscripts=subscripts)


@answers(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return TRACE(a, offset=offset, axis1=axis1, axis2=axis2)


@answers(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0) -> Any:
    return TRACE(x, offset=offset, axis1=-2, axis2=-1)


@answers(np.linalg.inv)
def inv(a: Any) -> Any:
    return INV(a)


@answers(np.linalg.det)
def det(a: Any) -> Any:
    return DET(a)


SIGN_AND_LOG: Any = type(np.linalg.slogdet(np.eye(1)))
"""NumPy's own pair of the sign and the logarithm of a determinant."""


@answers(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return SIGN_AND_LOG(DETSIGN(a), LOGABSDET(a))


@answers(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    found = CHOLESKY(a)
    return np.swapaxes(found, -1, -2) if upper else found


@answers(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    return SOLVE(a, b)


@answers(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axes = ndim(x) if axis is None else 1 if isinstance(axis, int) else len(axis)
    if ord is None or (ord == 2 and axes == 1) or (ord == "fro" and axes == 2):
        return el.SQRT(SUM(x * x, axis=axis, keepdims=keepdims))
    if ord == 1 and axes == 1:
        return SUM(el.ABSOLUTE(x), axis=axis, keepdims=keepdims)
    raise UnsupportedError("np.linalg.norm has a rule for the 2-norm, and the 1-norm of vectors")


@answers(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if ord == 2:
        return el.SQRT(SUM(x * x, axis=axis, keepdims=keepdims))
    if ord == 1:
        return SUM(el.ABSOLUTE(x), axis=axis, keepdims=keepdims)
    raise UnsupportedError("np.linalg.vector_norm has a rule for the 1-norm and the 2-norm")
