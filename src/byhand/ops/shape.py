"""Shape: every output element is one input element, moved or copied.

The adjoint moves each gradient back and adds up those of copies.
"""

# A rule takes whatever answers NumPy's names, so the arguments of its lambda have no type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from byhand.ops import axes, signs
from byhand.ops.indexing import SCATTER
from byhand.ops.op import REAL, Op, Sample, Vjp, sample
from byhand.ops.spelling import Params

ALL = slice(None)


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that undoes `order`."""
    axes = [a % len(order) for a in order]
    return tuple(sorted(range(len(order)), key=axes.__getitem__))


def _transpose_vjp(g: Any, out: Any, x: Any, axes: tuple[int, ...] | None = None) -> Any:
    return g.T if axes is None else np.transpose(g, inverse(axes))


def _between(axis: int, ndim: int, start: int, stop: int) -> tuple[slice, ...]:
    return (ALL,) * (axis % ndim) + (slice(start, stop),)


def _concatenate_vjp(i: int, g: Any, out: Any, *xs: Any, axis: int = 0) -> Any:
    start = sum(np.shape(x)[axis] for x in xs[:i])
    return g[_between(axis, g.ndim, start, start + xs[i].shape[axis])]


def _stack_vjp(i: int, g: Any, out: Any, *xs: Any, axis: int = 0) -> Any:
    return g[(ALL,) * (axis % g.ndim) + (i,)]


def _split(x: Any, start: int, stop: int, axis: int = 0) -> Any:
    return x[_between(axis, np.ndim(x), start, stop)]


def _split_vjp(g: Any, out: Any, x: Any, start: int, stop: int, axis: int = 0) -> Any:
    return SCATTER(g, index=_between(axis, x.ndim, start, stop), shape=x.shape)


# How code says what no template can.


def _in_every_axis(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    order = params["axes"] or tuple(range(ndims[0]))[::-1]
    return "{0}.permute({axes})", {**params, "axes": order}


def _new_axes(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """`x[:, None]`."""
    axis = params["axis"]
    added = axis if isinstance(axis, tuple) else (axis,)
    new = {a % (ndims[0] + len(added)) for a in added}
    items = ["None" if a in new else ":" for a in range(max(new) + 1)]
    return f"{{0}}[{', '.join(items)}]", params


def _a_slice(ndims: Sequence[int], params: Params) -> tuple[str, Params]:
    """`x[:, 2:4]`."""
    index = _between(params["axis"], ndims[0], params["start"], params["stop"])
    return "{0}[{index}]", {"index": index}


def moving(
    name: str,
    forward: Callable[..., Any],
    vjp: Vjp,
    *samples: Sample,
    variadic: bool = False,
    **facts: Any,
) -> Op:
    return Op(
        name,
        "shape",
        "selection",
        forward,
        (vjp,),
        (REAL,),
        samples,
        variadic,
        exact=True,
        **facts,
    )


RESHAPE = moving(
    "reshape",
    lambda x, shape: x.reshape(shape),
    lambda g, out, x, shape: np.reshape(g, x.shape),
    sample((), shape=(1, 1)),
    sample((3, 4), shape=(2, 6)),
    sample((3, 4), shape=(2, -1, 3)),
    sample((3, 4), shape=-1),
    sample((1,), shape=()),
    sample((0, 3), shape=(3, 0, 2)),
    numpy="{0}.reshape({shape})",
    aliases=("np.reshape", "np.ravel", "torch.reshape"),
    axes=axes.shaped,
    sign=signs.of_the_first,
    view=True,
    permutes=True,
)
TRANSPOSE = moving(
    "transpose",
    lambda x, axes=None: x.transpose(axes),
    _transpose_vjp,
    sample((3,)),
    sample((3, 4)),
    sample((2, 3, 4)),
    sample((2, 3, 4), axes=(1, 2, 0)),
    sample((2, 3, 4), axes=(0, -1, -2)),
    sample((0, 3, 1), axes=(2, 0, 1)),
    numpy="{0}.transpose({axes})",
    torch=_in_every_axis,
    aliases=("np.permute_dims", "torch.permute"),
    axes=axes.transposed,
    sign=signs.of_the_first,
    view=True,
    permutes=True,
)
EXPAND_DIMS = moving(
    "expand_dims",
    lambda x, axis: np.expand_dims(x, axis),
    lambda g, out, x, axis: np.reshape(g, x.shape),
    sample((), axis=0),
    sample((3, 4), axis=1),
    sample((3, 4), axis=-1),
    sample((3, 4), axis=(0, 2)),
    sample((1, 0, 3), axis=0),
    numpy=_new_axes,
    aliases=("np.expand_dims", "torch.unsqueeze"),
    axes=axes.expanded,
    sign=signs.of_the_first,
    view=True,
    permutes=True,
)
SQUEEZE = moving(
    "squeeze",
    lambda x, axis=None: np.squeeze(x, axis),
    lambda g, out, x, axis=None: np.reshape(g, x.shape),
    sample((1,)),
    sample((1, 3, 1)),
    sample((1, 3, 1), axis=0),
    sample((1, 3, 1), axis=-1),
    sample((1, 3, 1), axis=(0, 2)),
    sample((0, 1), axis=1),
    numpy="{0}.squeeze(axis={axis})",
    torch="{0}.squeeze({axis})",
    axes=axes.squeezed,
    sign=signs.of_the_first,
    view=True,
    permutes=True,
)
BROADCAST_TO = moving(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    lambda g, out, x, shape: g,
    sample((), shape=(2, 3)),
    sample((3,), shape=(2, 3)),
    sample((3, 1), shape=(2, 3, 4)),
    sample((3, 4), shape=(3, 4)),
    sample((1, 3), shape=(0, 3)),
    sample((0, 1), shape=(2, 0, 3)),
    numpy="np.broadcast_to({0}, {shape})",
    torch="{0}.expand({shape})",
    axes=axes.spread,
    sign=signs.of_the_first,
    view=True,
)
CONCATENATE = moving(
    "concatenate",
    lambda *xs, axis=0: np.concatenate(xs, axis),
    _concatenate_vjp,
    sample((3,)),
    sample((3, 4), (2, 4), axis=0),
    sample((3, 4), (3, 1), (3, 2), axis=-1),
    sample((2, 3, 1), (2, 0, 1), axis=1),
    variadic=True,
    numpy="np.concatenate([{*}], axis={axis})",
    torch="torch.cat([{*}], dim={axis:0})",
    aliases=("torch.concat", "torch.concatenate"),
    axes=axes.concatenated,
)
STACK = moving(
    "stack",
    lambda *xs, axis=0: np.stack(xs, axis),
    _stack_vjp,
    sample((), ()),
    sample((3, 4), (3, 4), axis=0),
    sample((3, 4), (3, 4), (3, 4), axis=-1),
    sample((3, 1), axis=1),
    sample((0, 3), (0, 3), axis=1),
    variadic=True,
    numpy="np.stack([{*}], axis={axis})",
    torch="torch.stack([{*}], dim={axis:0})",
    axes=axes.stacked,
)
SPLIT = moving(
    "split",
    _split,
    _split_vjp,
    sample((5,), start=0, stop=2, axis=0),
    sample((3, 4), start=1, stop=3, axis=1),
    sample((2, 3, 4), start=3, stop=4, axis=-1),
    sample((1, 4), start=0, stop=1, axis=0),
    sample((3, 4), start=2, stop=2, axis=0),
    sample((0, 3), start=0, stop=1, axis=1),
    numpy=_a_slice,
    axes=axes.but_axis,
    view=True,
    scatters=True,
)
