"""Matrix products of every kind, and traces.

M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), section 2.2. A product is linear in each factor, so a factor's gradient is
again a product, of `g` with the other factors.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.ops import axes
from byhand.ops.axes import labels
from byhand.ops.op import REAL, Op, sample
from byhand.ops.spelling import Params


def transposed(x: Any) -> Any:
    return x.T if x.ndim == 2 else x.mT


def _matmul(x: Any, y: Any) -> Any:
    if x.ndim <= 2 or y.ndim != 2:
        return np.matmul(x, y)
    # One y for a whole batch of x: the rows of all, as one matrix, take one product, not many.
    out = np.matmul(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), y)
    return out.reshape(*x.shape[:-1], y.shape[-1])


def _matmul_vjp_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g * y if x.ndim == 1 else g[..., None] * y
    if y.ndim == 2:
        return MATMUL(g, y.T)
    if x.ndim == 1:
        return (y @ g[..., None])[..., 0]
    return g @ y.mT


def _matmul_vjp_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if x.ndim == 2 and y.ndim <= 2:
        return x.T @ g
    if y.ndim > 2:
        return x.mT @ g
    # Again one y for a whole batch: the product over all rows also adds up what the batch gives.
    count = -1 if x.size and y.size else math.prod(x.shape[:-1])  # no -1 among zeros
    return np.reshape(x, (count, x.shape[-1])).T @ np.reshape(g, (count, *y.shape[1:]))


def _einsum_vjp(i: int, g: Any, out: Any, *xs: Any, subscripts: str) -> Any:
    """The same sum of products, with `g` in the place of argument i."""
    terms, result = labels(subscripts, tuple(x.ndim for x in xs))
    rest = [result, *(term for k, term in enumerate(terms) if k != i)]
    known = "".join(rest)
    wanted = "".join(c for c in terms[i] if c in known)
    factors = (g, *(x for k, x in enumerate(xs) if k != i))
    answer = EINSUM(*factors, subscripts=f"{','.join(rest)}->{wanted}")
    if wanted == terms[i]:
        return answer
    # An axis that only this argument has was summed up: every element along it gets the same.
    return np.expand_dims(answer, tuple(a for a, c in enumerate(terms[i]) if c not in known))


def _contracted(
    axes: Any, x: Any, y: Any
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The axes of x and of y that tensordot sums over, then those that it leaves."""
    if isinstance(axes, int):
        over_x, over_y = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    else:
        over_x, over_y = ((a,) if isinstance(a, int) else tuple(a) for a in axes)
        over_x, over_y = tuple(a % x.ndim for a in over_x), tuple(a % y.ndim for a in over_y)
    left_x = tuple(a for a in range(x.ndim) if a not in over_x)
    left_y = tuple(a for a in range(y.ndim) if a not in over_y)
    return over_x, over_y, left_x, left_y


def _in_order(x: Any, axes: tuple[int, ...]) -> Any:
    """`x`, whose axes are those numbered `axes`, with its axes sorted by number."""
    if axes == tuple(range(len(axes))):
        return x
    return np.transpose(x, tuple(sorted(range(len(axes)), key=axes.__getitem__)))


def _tensordot_vjp_x(g: Any, out: Any, x: Any, y: Any, axes: Any) -> Any:
    over_x, over_y, left_x, left_y = _contracted(axes, x, y)
    of_y = tuple(range(len(left_x), len(left_x) + len(left_y)))
    answer = np.tensordot(g, y, (of_y, left_y))  # then come y's contracted axes, in y's order
    return _in_order(answer, left_x + tuple(a for _, a in sorted(zip(over_y, over_x, strict=True))))


def _tensordot_vjp_y(g: Any, out: Any, x: Any, y: Any, axes: Any) -> Any:
    over_x, over_y, left_x, left_y = _contracted(axes, x, y)
    answer = np.tensordot(x, g, (left_x, tuple(range(len(left_x)))))
    return _in_order(answer, tuple(a for _, a in sorted(zip(over_x, over_y, strict=True))) + left_y)


def _inner_vjp_x(g: Any, out: Any, x: Any, y: Any) -> Any:
    """`g` has x's axes but the last, then y's axes but the last."""
    lead = x.ndim - 1
    return np.tensordot(g, y, (tuple(range(lead, lead + y.ndim - 1)), tuple(range(y.ndim - 1))))


def _inner_vjp_y(g: Any, out: Any, x: Any, y: Any) -> Any:
    lead = tuple(range(x.ndim - 1))
    return np.tensordot(g, x, (lead, lead))


def _trace_vjp(g: Any, out: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal gets `g`; the rest gets nothing."""
    first, second = axis1 % x.ndim, axis2 % x.ndim
    diagonal = np.eye(x.shape[first], x.shape[second], offset, dtype=x.dtype)
    if x.ndim == 2:
        return g * (diagonal if first < second else diagonal.T)
    others = tuple(a for a in range(x.ndim) if a not in (first, second))
    diagonal = np.expand_dims(diagonal if first < second else diagonal.T, others)
    return np.expand_dims(g, (first, second)) * diagonal


def _torch_outer(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """PyTorch's takes vectors alone."""
    rows = (f"{{{i}}}" if n == 1 else f"{{{i}}}.reshape(-1)" for i, n in enumerate(ndims))
    return f"torch.outer({', '.join(rows)})", params


def _torch_tensordot(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    over = params["axes"]
    if isinstance(over, tuple):
        over = tuple((a,) if isinstance(a, int) else a for a in over)
    return "torch.tensordot({0}, {1}, {axes})", {**params, "axes": over}


MATMUL = Op(
    "matmul",
    "linear",
    "multilinear",
    _matmul,
    (_matmul_vjp_x, _matmul_vjp_y),
    (REAL, REAL),
    (
        sample((3,), (3,)),
        sample((3, 4), (4, 2)),
        sample((3, 4), (4,)),
        sample((3,), (3, 4)),
        sample((5, 3, 4), (4, 2)),
        sample((2, 5, 3, 4), (4, 2)),
        sample((5, 3, 4), (4,)),
        sample((3,), (5, 3, 4)),
        sample((3, 4), (5, 4, 2)),
        sample((2, 1, 3, 4), (5, 4, 2)),
        sample((5, 3, 4), (5, 4, 2)),
        sample((1, 3), (3, 1)),
        sample((0, 3), (3, 2)),
        sample((2, 0), (0, 3)),
        sample((0, 2, 3), (3, 2)),
    ),
    numpy="{0} @ {1}",
    aliases=(
        "np.matmul",
        "torch.matmul",
        "torch.mm",
        "torch.bmm",
        "torch.mv",
        "torch.linalg.matmul",
    ),
    noun="product",
    axes=axes.multiplied,
)
EINSUM = Op(
    "einsum",
    "linear",
    "multilinear",
    lambda *xs, subscripts: np.einsum(subscripts, *xs, optimize=len(xs) > 1),
    (_einsum_vjp,),
    (REAL,),
    (
        sample((3, 4), (4, 2), subscripts="ij,jk->ik"),
        sample((3, 4), (4, 2), subscripts="ij,jk"),
        sample((3, 4), (2, 4), subscripts="ba, ca -> bc"),
        sample((2, 3, 4), (2, 4, 5), subscripts="bij,bjk->bik"),
        sample((2, 5, 3, 4), (2, 6, 3, 4), subscripts="bthd,bshd->bhts"),
        sample((2, 5, 3, 4), (4, 2), subscripts="...ij,jk->...ik"),
        sample((5, 3, 4), (2, 1, 4, 2), subscripts="...ij,...jk"),
        sample((3, 4), subscripts="ij->ji"),
        sample((3, 4), subscripts="ij->j"),
        sample((3, 4), subscripts="ij->"),
        sample((2, 3, 4), (3,), subscripts="abc,b->a"),
        sample((3, 4), (3, 4), (4, 2), subscripts="ij,ij,jk->ik"),
        sample((3,), (4,), subscripts="i,j->ij"),
        sample((), (3,), subscripts=",i->i"),
        sample((1, 3), (3, 1), subscripts="ij,jk->ik"),
        sample((0, 3), (3, 2), subscripts="ij,jk->ik"),
    ),
    variadic=True,
    numpy="np.einsum({subscripts}, {*})",
    axes=axes.lettered,
    view=True,
)
OUTER = Op(
    "outer",
    "linear",
    "multilinear",
    lambda x, y: np.outer(x, y),
    (
        lambda g, out, x, y: np.reshape(g @ np.reshape(y, -1), x.shape),
        lambda g, out, x, y: np.reshape(np.reshape(x, -1) @ g, y.shape),
    ),
    (REAL, REAL),
    (
        sample((3,), (4,)),
        sample((1,), (3,)),
        sample((2, 3), (2, 2)),
        sample((), (3,)),
        sample((0,), (3,)),
    ),
    numpy="np.outer({0}, {1})",
    torch=_torch_outer,
    aliases=("torch.outer", "torch.ger"),
    axes=axes.vectors,
)
INNER = Op(
    "inner",
    "linear",
    "multilinear",
    lambda x, y: np.inner(x, y),
    (_inner_vjp_x, _inner_vjp_y),
    (REAL, REAL),
    (
        sample((3,), (3,)),
        sample((2, 3), (3,)),
        sample((3,), (4, 3)),
        sample((2, 3), (4, 3)),
        sample((2, 5, 3), (1, 4, 3)),
        sample((0, 3), (2, 3)),
    ),
    numpy="np.inner({0}, {1})",
    axes=axes.last_axes,
)
TENSORDOT = Op(
    "tensordot",
    "linear",
    "multilinear",
    lambda x, y, axes: np.tensordot(x, y, axes),
    (_tensordot_vjp_x, _tensordot_vjp_y),
    (REAL, REAL),
    (
        sample((3,), (4,), axes=0),
        sample((3, 4), (4, 2), axes=1),
        sample((2, 3, 4), (3, 4, 5), axes=2),
        sample((2, 3, 4), (4, 5, 3), axes=((1, 2), (2, 0))),
        sample((2, 3, 4), (5, 2, 4), axes=((-1, 0), (2, 1))),
        sample((3, 4), (3,), axes=(0, 0)),
        sample((1, 3), (3, 1), axes=1),
        sample((0, 3), (3, 2), axes=1),
    ),
    numpy="np.tensordot({0}, {1}, {axes})",
    torch=_torch_tensordot,
    axes=axes.contracted,
)
TRACE = Op(
    "trace",
    "linear",
    "multilinear",
    lambda x, offset=0, axis1=0, axis2=1: np.trace(x, offset, axis1, axis2),
    (_trace_vjp,),
    (REAL,),
    (
        sample((3, 3)),
        sample((3, 4), offset=1),
        sample((3, 4), offset=1, axis1=1, axis2=0),
        sample((1, 3, 4), axis1=-2, axis2=-1),
        sample((2, 3, 4), offset=-1, axis1=2, axis2=0),
        sample((0, 3)),
    ),
    numpy="np.trace({0}, offset={offset:0}, axis1={axis1}, axis2={axis2})",
    torch="torch.diagonal({0}, {offset}, {axis1}, {axis2}).sum(-1)",
)
