"""Reductions: an output element depends on the group of input elements along `axis`.

`axis` is None (all of them), an axis or a tuple of axes; `keepdims` leaves them in, with size 1.
A rule needs `g` and `out` with those axes in place (`_aligned`); spreading them along the axes is
broadcasting's work.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from byhand.ops import signs
from byhand.ops.axes import kept, same
from byhand.ops.op import REAL, Domain, Op, Sample, Vjp, sample
from byhand.ops.spelling import Params, Spelling

Axis: TypeAlias = int | tuple[int, ...] | None


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many input elements one output element depends on."""
    if axis is None:
        return math.prod(shape)
    if isinstance(axis, tuple):
        return math.prod(shape[a] for a in axis)
    return shape[axis]


def _aligned(g: Any, axis: Axis, keepdims: bool) -> Any:
    """`g` with the reduced axes put back, so that it broadcasts with the input."""
    if keepdims or axis is None or axis == 0:  # broadcasting adds a missing first axis itself
        return g
    if not g.ndim:  # every axis was reduced
        return g
    if axis == -1:
        return g[..., None]
    if isinstance(axis, int) and axis > 0:
        return g[(slice(None),) * axis + (None,)]
    return np.expand_dims(g, axis)


def _mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=keepdims) / count(x.shape, axis)


def _var(x: Any, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Any:
    deviation = x - _mean(x, axis, keepdims=True)
    squares = np.add.reduce(deviation * deviation, axis=axis, keepdims=keepdims)
    return squares / (count(x.shape, axis) - ddof)


def _std(x: Any, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Any:
    return np.sqrt(_var(x, axis, keepdims, ddof))


def _logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), shifted by the maximum so that nothing overflows."""
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # inf - inf would be nan
    with np.errstate(divide="ignore"):  # the log of a sum over nothing but -inf is -inf
        out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)


def _sum_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return _aligned(g, axis, keepdims)


def _mean_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return _aligned(g, axis, keepdims) / count(x.shape, axis)


def _prod_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product of the others: out / x, or for the only zero of its group the others' product."""
    zero = x == 0
    others = np.where(zero, 1.0, x)
    only_zero = SUM(zero, axis=axis, keepdims=True) == 1
    product = PROD(others, axis=axis, keepdims=True) * only_zero
    share = np.where(zero, product, _aligned(out, axis, keepdims) / others)
    return _aligned(g, axis, keepdims) * share


def _extremum_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """All to the element that was picked; those that tie share equally."""
    picked = (x == _aligned(out, axis, keepdims)).astype(x.dtype)
    return _aligned(g, axis, keepdims) / SUM(picked, axis=axis, keepdims=True) * picked


def _var_vjp(
    g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False, ddof: int = 0
) -> Any:
    """2 (x - mean) / (n - ddof): the mean's own part is zero, since deviations add up to zero."""
    deviation = x - MEAN(x, axis=axis, keepdims=True)
    return 2 * _aligned(g, axis, keepdims) / (count(x.shape, axis) - ddof) * deviation


def _std_vjp(
    g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False, ddof: int = 0
) -> Any:
    deviation = x - MEAN(x, axis=axis, keepdims=True)
    scale = _aligned(out, axis, keepdims) * (count(x.shape, axis) - ddof)
    return _aligned(g, axis, keepdims) / scale * deviation


def _logsumexp_vjp(g: Any, out: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The softmax of x."""
    return _aligned(g, axis, keepdims) * np.exp(x - _aligned(out, axis, keepdims))


def _from_the_end(g: Any, axis: int) -> Any:
    """The sum of what comes at or after each place along the axis: cumsum's transpose."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _cumprod_vjp(g: Any, out: Any, x: Any, axis: int) -> Any:
    """From x[i] on, every output has x[i] as a factor: sum(g * out) / x[i] over those outputs.

    For the first zero, the factors besides it are left, up to the second zero; later ones get 0.
    """
    zero = x == 0
    others = np.where(zero, 1.0, x)
    one_zero = np.cumsum(zero, axis) == 1
    behind = _from_the_end(g * np.cumprod(others, axis) * one_zero, axis) * one_zero
    return np.where(zero, behind, _from_the_end(g * out, axis) / others)


SAMPLES = (
    sample(()),
    sample((3, 4)),
    sample((3, 4), axis=None, keepdims=True),
    sample((3, 4), axis=0),
    sample((3, 4), axis=1, keepdims=True),
    sample((3, 4), axis=-1),
    sample((3, 4), axis=-2),
    sample((2, 3, 4), axis=1),
    sample((2, 3, 4), axis=(0, 2)),
    sample((2, 3, 4), axis=(-1, 1), keepdims=True),
    sample((3, 1), axis=1),
    sample((0, 3), axis=1),
)
SPREAD_SAMPLES = (
    sample((4,)),
    sample((3, 4), axis=0),
    sample((3, 4), axis=1, keepdims=True, ddof=1),
    sample((3, 4), axis=-1, ddof=1),
    sample((2, 3, 4), axis=(0, 2), ddof=1),
    sample((2, 3, 1), keepdims=True),
    sample((0, 3), axis=1),
)
CUMULATIVE_SAMPLES = (
    sample((4,), axis=0),
    sample((5, 8), axis=1),  # long enough for some rows to begin without a zero
    sample((3, 4), axis=0),
    sample((3, 4), axis=-1),
    sample((1, 3), axis=0),
    sample((0, 3), axis=1),
    sample((3, 0), axis=1),
)

# One group in a few has a zero, or two.
WITH_ZEROS = Domain(
    "real, with zeros", lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.7)
)


def reduction(
    name: str,
    forward: Callable[..., Any],
    vjp: Vjp | None,
    samples: tuple[Sample, ...] = SAMPLES,
    domain: Domain = REAL,
    **facts: Any,
) -> Op:
    """Arrays have a method of this name, in NumPy and in PyTorch, unless told otherwise."""
    facts = {
        "numpy": f"{{0}}.{name}(axis={{axis}}, keepdims={{keepdims}})",
        "torch": reducing(name),
        **facts,
    }
    return Op(
        name, "reduction", "reduction", forward, (vjp,), (domain,), samples, axes=kept, **facts
    )


def reducing(called: str) -> Spelling:
    """PyTorch's method that takes an axis and `keepdim`; it keeps no axes that aren't named."""

    def spell(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
        if params.get("keepdims") and params.get("axis") is None:
            params = {**params, "axis": tuple(range(ndims[0]))}
        return f"{{0}}.{called}({{axis}}, keepdim={{keepdims}})", params

    return spell


def _torch_prod(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """Over several axes one by one, the last first."""
    axis, keep = params["axis"], params["keepdims"]
    if axis is None and not keep:
        return "{0}.prod()", params
    axes = range(ndims[0]) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    options = ", keepdim=True" if keep else ""
    each = sorted((a % ndims[0] for a in axes), reverse=True)
    return "{0}" + "".join(f".prod({a}{options})" for a in each), params


def _numpy_logsumexp(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """A ufunc's method reduces along the first axis unless told otherwise."""
    axis = params["axis"]
    if axis is None:
        axis = 0 if ndims[0] == 1 else tuple(range(ndims[0]))
    template = "np.logaddexp.reduce({0}, axis={axis}, keepdims={keepdims})"
    return template, {**params, "axis": axis}


def _torch_logsumexp(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    axis = tuple(range(ndims[0])) if params["axis"] is None else params["axis"]
    return "torch.logsumexp({0}, {axis}, keepdim={keepdims})", {**params, "axis": axis}


SUM = reduction(
    "sum",
    lambda x, axis=None, keepdims=False: np.add.reduce(x, axis=axis, keepdims=keepdims),
    _sum_vjp,
    formula="∑",
    sign=signs.of_the_first,
)
MEAN = reduction(
    "mean",
    _mean,
    _mean_vjp,
    sign=signs.of_the_first,
)
PROD = reduction(
    "prod",
    lambda x, axis=None, keepdims=False: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    _prod_vjp,
    domain=WITH_ZEROS,
    torch=_torch_prod,
    formula="∏",
    sign=signs.of_the_first,
    quotient=True,
)
MAX = reduction(
    "max",
    lambda x, axis=None, keepdims=False: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    _extremum_vjp,
    torch=reducing("amax"),
    aliases=("np.amax", "torch.amax"),
    formula=r"\max",
    sign=signs.of_the_first,
    kink="elements",
    exact=True,
)
MIN = reduction(
    "min",
    lambda x, axis=None, keepdims=False: np.minimum.reduce(x, axis=axis, keepdims=keepdims),
    _extremum_vjp,
    torch=reducing("amin"),
    aliases=("np.amin", "torch.amin"),
    formula=r"\min",
    sign=signs.of_the_first,
    kink="elements",
    exact=True,
)
VAR = reduction(
    "var",
    _var,
    _var_vjp,
    SPREAD_SAMPLES,
    numpy="{0}.var(axis={axis}, keepdims={keepdims}, ddof={ddof:0})",
    torch="{0}.var({axis}, correction={ddof}, keepdim={keepdims})",
    sign=signs.not_negative,
)
STD = reduction(
    "std",
    _std,
    _std_vjp,
    SPREAD_SAMPLES,
    numpy="{0}.std(axis={axis}, keepdims={keepdims}, ddof={ddof:0})",
    torch="{0}.std({axis}, correction={ddof}, keepdim={keepdims})",
    sign=signs.not_negative,
)
LOGSUMEXP = reduction(
    "logsumexp",
    _logsumexp,
    _logsumexp_vjp,
    numpy=_numpy_logsumexp,
    torch=_torch_logsumexp,
    aliases=("torch.logsumexp", "torch.special.logsumexp"),
)

# Running totals keep the axis, so they are no reductions in the sense of `Structure`.
CUMSUM = Op(
    "cumsum",
    "reduction",
    "multilinear",
    lambda x, axis: np.cumsum(x, axis),
    (lambda g, out, x, axis: _from_the_end(g, axis),),
    (REAL,),
    CUMULATIVE_SAMPLES,
    numpy="np.cumsum({0}, {axis})",
    axes=same,
)
CUMPROD = Op(
    "cumprod",
    "reduction",
    "dense",
    lambda x, axis: np.cumprod(x, axis),
    (_cumprod_vjp,),
    (WITH_ZEROS,),
    CUMULATIVE_SAMPLES,
    numpy="np.cumprod({0}, {axis})",
    axes=same,
    quotient=True,
)
