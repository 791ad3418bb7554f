"""Square matrices: inverses, systems of equations, determinants, Cholesky factors.

M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), sections 2.2 and 2.3.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import axes
from byhand.ops.linear import transposed
from byhand.ops.op import INVERTIBLE, POSITIVE_DEFINITE, REAL, Op, sample

SQUARE = (sample((1, 1)), sample((3, 3)), sample((2, 3, 3)), sample((0, 3, 3)))


def _inv_vjp(g: Any, out: Any, x: Any) -> Any:
    """Giles, section 2.2.3."""
    return -(transposed(out) @ g @ transposed(out))


def _det_vjp(g: Any, out: Any, x: Any) -> Any:
    """Giles, section 2.2.4."""
    return _for_matrices(g * out, x) * transposed(_inverse(x))


def _logabsdet_vjp(g: Any, out: Any, x: Any) -> Any:
    return _for_matrices(g, x) * transposed(_inverse(x))


def _for_matrices(numbers: Any, x: Any) -> Any:
    """One number for each matrix of `x`, so that it multiplies all of it."""
    return numbers if x.ndim == 2 else np.expand_dims(numbers, (-2, -1))


def _inverse(x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise UnsupportedError(
            "the derivative of a determinant is computed by the inverse, and this matrix has none: "
            "give inputs whose matrix has one"
        ) from None


def _solve_vjp_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    """Giles, section 2.3.1, with `_solve_vjp_b` for the gradient of b."""
    db = _solve_vjp_b(g, out, a, b)
    if b.ndim == 1:
        return -(db[..., :, None] * out[..., None, :])
    return -(db @ transposed(out))


def _solve_vjp_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1 and a.ndim > 2:  # g is then a batch of vectors, which NumPy would take for rows
        return np.linalg.solve(a.mT, g[..., None])[..., 0]
    return np.linalg.solve(transposed(a), g)


def _cholesky(x: Any) -> Any:
    """Of the symmetric part: NumPy's reads the lower triangle alone, as if the upper were alike."""
    try:
        return np.linalg.cholesky((x + transposed(x)) / 2)
    except np.linalg.LinAlgError as error:
        raise UnsupportedError(f"np.linalg.cholesky: {error}: add a multiple of np.eye") from None


def _cholesky_vjp(g: Any, out: Any, x: Any) -> Any:
    """I. Murray, Differentiation of the Cholesky decomposition (2016), equation 10, symmetric."""
    inner = transposed(out) @ np.tril(g)
    inner = (np.tril(inner) + np.tril(inner, -1)) / 2
    left = np.linalg.solve(transposed(out), inner)
    both = np.linalg.solve(transposed(out), transposed(left))
    return (both + transposed(both)) / 2


INV = Op(
    "inv",
    "linear",
    "dense",
    np.linalg.inv,
    (_inv_vjp,),
    (INVERTIBLE,),
    SQUARE,
    numpy="np.linalg.inv({0})",
    aliases=("torch.inverse",),
    axes=axes.same,
)
SOLVE = Op(
    "solve",
    "linear",
    "dense",
    np.linalg.solve,
    (_solve_vjp_a, _solve_vjp_b),
    (INVERTIBLE, REAL),
    (
        sample((3, 3), (3,)),
        sample((3, 3), (3, 2)),
        sample((2, 3, 3), (3,)),
        sample((2, 3, 3), (2, 3, 1)),
        sample((2, 3, 3), (3, 2)),
        sample((3, 3), (4, 3, 2)),
        sample((1, 1), (1,)),
        sample((0, 2, 2), (2, 1)),
    ),
    numpy="np.linalg.solve({0}, {1})",
    axes=axes.solved,
)
DET = Op(
    "det",
    "linear",
    "dense",
    np.linalg.det,
    (_det_vjp,),
    (INVERTIBLE,),
    SQUARE,
    numpy="np.linalg.det({0})",
    aliases=("torch.det",),
    axes=axes.but_matrices,
)
# The two parts of slogdet. The sign is flat wherever there is an inverse.
LOGABSDET = Op(
    "logabsdet",
    "linear",
    "dense",
    lambda x: np.linalg.slogdet(x)[1],
    (_logabsdet_vjp,),
    (INVERTIBLE,),
    SQUARE,
    numpy="np.linalg.slogdet({0})[1]",
    axes=axes.but_matrices,
)
DETSIGN = Op(
    "detsign",
    "linear",
    "dense",
    lambda x: np.linalg.slogdet(x)[0],
    (None,),
    (INVERTIBLE,),
    SQUARE,
    numpy="np.linalg.slogdet({0})[0]",
    axes=axes.but_matrices,
    exact=True,
)
CHOLESKY = Op(
    "cholesky",
    "linear",
    "dense",
    _cholesky,
    (_cholesky_vjp,),
    (POSITIVE_DEFINITE,),
    SQUARE,
    numpy="np.linalg.cholesky({0})",
    axes=axes.same,
)
