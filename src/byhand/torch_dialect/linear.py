"""PyTorch's matrix products, and its linear algebra."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops.linalg import DET, INV
from byhand.ops.linear import MATMUL, OUTER
from byhand.torch_dialect.math import plain, times
from byhand.torch_dialect.tables import by_name, torch_names


def matmul(input: Any, other: Any) -> Any:
    return np.matmul(input, other)


def dot(input: Any, other: Any) -> Any:
    return np.matmul(input, other)


def inner(input: Any, other: Any) -> Any:
    return np.inner(input, other)


def outer(input: Any, vec2: Any) -> Any:
    return np.outer(input, vec2)


def einsum(equation: str, *operands: Any) -> Any:
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    return np.einsum(equation, *operands)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    return np.tensordot(a, b, axes=dims)


def addmm(input: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.matmul(mat1, mat2))


def trace(input: Any) -> Any:
    return np.trace(input)


def inverse(input: Any) -> Any:
    return np.linalg.inv(input)


def linalg_cholesky(input: Any, *, upper: bool = False) -> Any:
    found = np.linalg.cholesky(input)
    return np.swapaxes(found, -1, -2) if upper else found


def linalg_solve(A: Any, B: Any) -> Any:
    return np.linalg.solve(A, B)


def linalg_solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """Reads one triangle of `A` alone."""
    if not left or unitriangular:
        raise UnsupportedError("solve_triangular has a rule for left=True, unitriangular=False")
    return np.linalg.solve(np.triu(A) if upper else np.tril(A), B)


def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Any:
    """Reads one triangle of `L` alone."""
    lower = np.swapaxes(np.triu(L), -1, -2) if upper else np.tril(L)
    return np.linalg.solve(np.swapaxes(lower, -1, -2), np.linalg.solve(lower, B))


def det(A: Any) -> Any:
    return np.linalg.det(A)


class Determinant(NamedTuple):
    """What `slogdet` gives."""

    sign: Any
    logabsdet: Any


def slogdet(A: Any) -> Any:
    return Determinant(*np.linalg.slogdet(A))


def logdet(A: Any) -> Any:
    """NaN where the determinant is negative."""
    sign, log = np.linalg.slogdet(A)
    sign = plain(sign)
    with np.errstate(invalid="ignore"):
        return log if np.all(sign == 1) else log + np.log(sign)


def matrix_power(input: Any, n: int) -> Any:
    return np.linalg.matrix_power(input, n)


def multi_dot(tensors: Any) -> Any:
    return np.linalg.multi_dot(list(tensors))


def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """Along the first axis of three, where none is named."""
    shape = np.broadcast_shapes(np.shape(input), np.shape(other))
    input, other = np.broadcast_to(input, shape), np.broadcast_to(other, shape)
    return np.cross(input, other, axis=shape.index(3) if dim is None else dim)


def kron(input: Any, other: Any) -> Any:
    return np.kron(input, other)


def vecdot(x: Any, y: Any, dim: int = -1) -> Any:
    return np.sum(x * y, axis=dim)


def addr(input: Any, vec1: Any, vec2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.outer(vec1, vec2))


def addbmm(input: Any, batch1: Any, batch2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return times(beta, input) + times(alpha, np.sum(np.matmul(batch1, batch2), axis=0))


def cov(input: Any, correction: int = 1) -> Any:
    return np.cov(input, ddof=correction)


def corrcoef(input: Any) -> Any:
    return np.corrcoef(input)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(torch_names(MATMUL), matmul),
    **dict.fromkeys(torch_names(OUTER), outer),
    **dict.fromkeys(torch_names(INV), inverse),
    **by_name(dot, inner, einsum, tensordot, trace, linalg_solve, linalg_cholesky),
    "vdot": dot,
    **by_name(linalg_solve_triangular, logdet, addr, addbmm, cov, corrcoef, kron, matrix_power),
    "cholesky_solve": cholesky_solve,
    **dict.fromkeys(torch_names(DET), det),
    **dict.fromkeys(("slogdet", "linalg_slogdet"), slogdet),
    "linalg_matrix_power": matrix_power,
    "linalg_multi_dot": multi_dot,
    "cross": cross,
    "linalg_cross": lambda input, other, dim=-1: cross(input, other, dim),
    "linalg_vecdot": vecdot,
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), addmm),
}
