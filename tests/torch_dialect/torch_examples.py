"""A call or more of every name of PyTorch that the engine answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from byhand.engine import Tensor
from byhand.torch_dialect.tensor import TorchTensor

DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "real": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.3, 2.0, size=shape),
    "unit": lambda rng, shape: rng.uniform(0.05, 0.95, size=shape),
    "above one": lambda rng, shape: rng.uniform(1.2, 3.0, size=shape),
    "large": lambda rng, shape: rng.normal(size=shape) * 30,
    "probabilities": lambda rng, shape: rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]),
    "ties": lambda rng, shape: rng.integers(0, 2, size=shape).astype(float),
    "zeros": lambda rng, shape: rng.normal(size=shape) * (np.arange(shape[0]) > 0)[:, None],
    "invertible": lambda rng, shape: rng.normal(size=shape) * 0.3 + np.eye(shape[-1]),
    "symmetric": lambda rng, shape: np.eye(shape[-1]) + np.full(shape, rng.uniform(0.1, 0.9)),
}


@dataclass(frozen=True)
class Example:
    """A call that runs on torch's tensors and on ours, and the float arrays it is called with."""

    run: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    draw: str = "real"
    kinds: tuple[type[Tensor], ...] = (Tensor, TorchTensor)
    rtol: float = 1e-12

    def inputs(self) -> list[Any]:
        rng = np.random.default_rng(3)
        return [np.asarray(DRAWS[self.draw](rng, shape)) for shape in self.shapes]


def ex(run: Callable[..., Any], *shapes: tuple[int, ...], **options: Any) -> Example:
    return Example(run, shapes or ((3, 4),), **options)


def method(run: Callable[..., Any], *shapes: tuple[int, ...], **options: Any) -> Example:
    """A call of methods by which NumPy means something else."""
    return ex(run, *shapes, kinds=(TorchTensor,), **options)


def each(names: str, make: Callable[[Any], list[Example]]) -> dict[str, list[Example]]:
    """The same examples for several functions of torch."""
    return {name: make(getattr(torch, name)) for name in names.split()}


def one(draw: str = "real") -> Callable[[Any], list[Example]]:
    return lambda f: [ex(f, draw=draw), ex(f, (), draw=draw)]


def two(draw: str = "real") -> Callable[[Any], list[Example]]:
    return lambda f: [ex(f, (3, 4), (4,), draw=draw), ex(f, (3, 1), (3, 4), draw=draw)]


def activation(f: Callable[..., Any], *options: dict[str, Any]) -> list[Example]:
    return [ex(f), ex(f, draw="large"), *(ex(lambda x, o=o: f(x, **o)) for o in options)]


def reduction(f: Callable[..., Any], *dims: Any) -> list[Example]:
    return [
        *(ex(lambda x, d=d: f(x, dim=d), (2, 3, 4)) for d in dims),
        *(ex(lambda x, d=d: f(x, dim=d, keepdim=True), (2, 3, 4)) for d in dims),
    ]


def pick(f: Callable[..., Any]) -> list[Example]:
    return [
        ex(f),
        ex(lambda x: f(x, 1)),
        ex(lambda x: f(x, dim=0, keepdim=True)),
        ex(lambda x: f(x, -1)[0], draw="ties"),
        ex(lambda x: f(x), draw="ties"),
        ex(lambda x, y: f(x, y), (3, 4), (3, 4)),
    ]


def loss(f: Callable[..., Any], target: Any = None, draw: str = "real") -> list[Example]:
    """A loss of an input and a target (a second float input, or the constant given)."""
    examples: list[Example] = []
    for reduction in ("mean", "sum", "none"):
        if target is None:
            run = lambda x, y, r=reduction: f(x, y, reduction=r)  # noqa: E731
            examples.append(ex(run, (5, 3), (5, 3), draw=draw))
        else:
            run = lambda x, r=reduction: f(x, target, reduction=r)  # noqa: E731
            examples.append(ex(run, (5, 3), draw=draw))
    return examples


LABELS = torch.tensor([2, 0, 1, 2, 2])
SOME = torch.tensor([2, -100, 1, -100, 2])
DEEP = torch.tensor([[1, 0], [2, 2], [0, 1], [1, 1], [0, 0]])
MASK = torch.tensor([[True, False, False, True], [False] * 4, [True] * 4])
SIGNS = torch.tensor([1.0, -1, 1, 1, -1], dtype=torch.float64)
PLACES = torch.tensor([[0, 3, 0, 1], [2, 2, 2, 0], [1, 1, 0, 3]])
ROWS = torch.tensor([[0, 2, 1, 0], [1, 1, 1, 1]])
DISTINCT = torch.tensor([[0, 2, 3, 0], [1, 1, 1, 1]])
NUMBERS = torch.arange(12, dtype=torch.float64).reshape(3, 4) / 5
ALLOWED = torch.ones(5, 5).tril().bool()
PENALTY = torch.linspace(-1, 1, 25, dtype=torch.float64).reshape(5, 5)

EXAMPLES: dict[str, list[Example]] = {
    **each(
        "abs absolute neg negative positive clone exp exp2 expm1 square sin cos tan sinh cosh tanh "
        "asinh arcsinh sigmoid erf erfc atan arctan sign sgn floor ceil round",
        one(),
    ),
    **each("log log2 log10 log1p sqrt rsqrt reciprocal", one("positive")),
    **each("trunc fix", one()),
    **each("remainder fmod", two("positive")),
    # PyTorch has no derivative of it, not even 0.
    "floor_divide": [
        ex(lambda x, y: torch.floor_divide(x.detach(), y.detach() + 0.1) * x, (3,), (3,))
    ],
    **each("asin arcsin acos arccos atanh arctanh logit", one("unit")),
    **each("acosh arccosh", one("above one")),
    "special_exp2": [ex(torch.special.exp2)],
    "special_expm1": [ex(torch.special.expm1)],
    "special_log1p": [ex(torch.special.log1p, draw="positive")],
    "special_expit": [ex(torch.special.expit)],
    "special_erf": [ex(torch.special.erf)],
    "special_erfc": [ex(torch.special.erfc)],
    "special_logit": [ex(torch.special.logit, draw="unit")],
    "special_round": [ex(torch.special.round)],
    "special_xlogy": [ex(torch.special.xlogy, (3,), (3,), draw="positive")],
    **each(
        "add sub subtract",
        lambda f: [*two()(f), ex(lambda x, y: f(x, y, alpha=3), (3, 4), (4,))],
    ),
    "rsub": [ex(torch.rsub, (3, 4), (4,)), ex(lambda x: torch.rsub(x, 2, alpha=3))],
    "__rsub__": [ex(lambda x: torch.Tensor.__rsub__(NUMBERS, x))],
    **each("mul multiply atan2 arctan2 hypot logaddexp", two()),
    **each("maximum fmax minimum fmin", two()),
    **each("div divide true_divide pow float_power xlogy", two("positive")),
    **each(
        "clamp clip",
        lambda f: [
            ex(lambda x: f(x, -0.5, 0.5)),
            ex(lambda x: f(x, max=0.1)),
            ex(lambda x: f(x, 0.1)),
        ],
    ),
    "clamp_min": [ex(lambda x: torch.clamp_min(x, 0.1))],
    "clamp_max": [ex(lambda x: torch.clamp_max(x, 0.1))],
    "lerp": [ex(torch.lerp, (3,), (3,), (3,)), ex(lambda x, y: torch.lerp(x, y, 0.3), (3,), (3,))],
    "addcmul": [ex(lambda x, y, z: torch.addcmul(x, y, z, value=0.5), (3, 4), (3, 1), (4,))],
    "addcdiv": [
        ex(lambda x, y, z: torch.addcdiv(x, y, z, value=2), (3, 4), (3, 1), (4,), draw="positive")
    ],
    "relu": activation(F.relu),
    "relu6": activation(F.relu6),
    "leaky_relu": activation(F.leaky_relu, {"negative_slope": 0.3}),
    "prelu": [
        ex(F.prelu, (3, 4), (4,)),
        ex(F.prelu, (3, 4), (1,)),
        ex(F.prelu, (2, 3, 4), (3,)),
    ],
    "elu": activation(F.elu, {"alpha": 0.7}),
    "celu": activation(F.celu, {"alpha": 0.5}),
    "selu": activation(F.selu),
    "gelu": activation(F.gelu, {"approximate": "tanh"}),
    "silu": activation(F.silu),
    "mish": activation(F.mish),
    "softplus": activation(F.softplus, {"beta": 2.0}, {"threshold": 0.5}),
    "logsigmoid": [ex(lambda x: x.logsigmoid() if isinstance(x, Tensor) else F.logsigmoid(x))],
    "log_sigmoid": activation(F.logsigmoid),
    "softsign": activation(F.softsign),
    "tanhshrink": activation(F.tanhshrink),
    "softshrink": activation(F.softshrink, {"lambd": 0.1}),
    "hardshrink": activation(F.hardshrink, {"lambd": 0.1}),
    "threshold": [ex(lambda x: torch.threshold(x, 0.1, 20.0))],
    "_threshold": [ex(lambda x: F.threshold(x, 0.1, 20.0))],
    "hardtanh": activation(F.hardtanh, {"min_val": -0.3, "max_val": 0.2}),
    "hardsigmoid": [ex(F.hardsigmoid, rtol=1e-7)],
    "hardswish": activation(F.hardswish),
    "glu": [ex(F.glu), ex(lambda x: F.glu(x, dim=0), (4, 3))],
    "matmul": [
        ex(torch.matmul, (3, 4), (4, 2)),
        ex(torch.matmul, (5, 3, 4), (4,)),
        ex(torch.matmul, (2, 5, 3, 4), (5, 4, 2)),
    ],
    "linalg_matmul": [ex(torch.linalg.matmul, (3, 4), (4, 2))],
    "mm": [ex(torch.mm, (3, 4), (4, 2))],
    "bmm": [ex(torch.bmm, (5, 3, 4), (5, 4, 2))],
    "mv": [ex(torch.mv, (3, 4), (4,))],
    "dot": [ex(torch.dot, (3,), (3,))],
    "vdot": [ex(torch.vdot, (3,), (3,))],
    "inner": [ex(torch.inner, (2, 3), (4, 3))],
    "outer": [ex(torch.outer, (2,), (3,))],
    "ger": [ex(torch.ger, (2,), (3,))],
    "einsum": [
        ex(lambda x, y: torch.einsum("bij,bjk->bik", x, y), (2, 3, 4), (2, 4, 5)),
        ex(lambda x, y: torch.einsum("...i,ij", [x, y]), (2, 3, 4), (4, 5)),
    ],
    "tensordot": [
        ex(lambda x, y: torch.tensordot(x, y, 1), (3, 4), (4, 2)),
        ex(lambda x, y: torch.tensordot(x, y, dims=([1], [0])), (3, 4), (4, 2)),
    ],
    "addmm": [
        ex(torch.addmm, (2,), (3, 4), (4, 2)),
        ex(lambda b, x, w: torch.addmm(b, x, w, beta=0.5, alpha=2), (3, 2), (3, 4), (4, 2)),
    ],
    "baddbmm": [ex(torch.baddbmm, (5, 3, 2), (5, 3, 4), (5, 4, 2))],
    "addmv": [ex(torch.addmv, (3,), (3, 4), (4,))],
    "trace": [ex(torch.trace, (3, 4))],
    "inverse": [ex(torch.inverse, (3, 3), draw="invertible")],
    "linalg_inv": [ex(torch.linalg.inv, (2, 3, 3), draw="invertible")],
    "linalg_solve": [ex(torch.linalg.solve, (3, 3), (3, 3), draw="invertible")],
    # Reductions.
    "sum": [ex(torch.sum), *reduction(torch.sum, 0, -1, (0, 2), [1])],
    "mean": [ex(torch.mean), *reduction(torch.mean, 1, (0, 2))],
    "prod": [
        ex(torch.prod),
        *reduction(torch.prod, 0, -1),
        ex(lambda x: torch.prod(x, 1), (8, 3), draw="ties"),
    ],
    "var": [
        ex(torch.var),
        *reduction(torch.var, 0, (0, 2)),
        ex(lambda x: torch.var(x, 1)),
        ex(lambda x: torch.var(x, False)),
        ex(lambda x: torch.var(x, 0, False, True)),
        ex(lambda x: torch.var(x, dim=1, correction=0)),
        ex(lambda x: torch.var(x, axis=1, keepdims=True)),
    ],
    "std": [
        ex(torch.std),
        *reduction(torch.std, 0, (0, 2)),
        ex(lambda x: torch.std(x, dim=1, unbiased=False)),
        ex(lambda x: torch.std(x, dim=1, correction=2)),
    ],
    "var_mean": [ex(lambda x: torch.var_mean(x, 1, keepdim=True)), ex(torch.var_mean)],
    "std_mean": [ex(lambda x: torch.std_mean(x, 1, correction=0)), ex(torch.std_mean)],
    "max": pick(torch.max),
    "min": pick(torch.min),
    "amax": [*reduction(torch.amax, 0, (0, 2)), ex(lambda x: torch.amax(x, 1), draw="ties")],
    "amin": [*reduction(torch.amin, 0, (0, 2)), ex(lambda x: torch.amin(x, 1), draw="ties")],
    "argmax": [ex(torch.argmax), *reduction(torch.argmax, 0, -1)],
    "argmin": [ex(torch.argmin), *reduction(torch.argmin, 0, -1)],
    "argsort": [ex(torch.argsort), ex(lambda x: torch.argsort(x, dim=0, descending=True))],
    "sort": [
        ex(lambda x: torch.sort(x, dim=1, stable=True), (3, 40), draw="ties"),
        ex(torch.sort),
        ex(lambda x: torch.sort(x, dim=0, descending=True)),
    ],
    "topk": [ex(lambda x: torch.topk(x, 2)), ex(lambda x: torch.topk(x, 2, 0, largest=False))],
    "cumsum": [ex(lambda x: torch.cumsum(x, 1)), ex(lambda x: torch.cumsum(x, dim=0))],
    "cumprod": [ex(lambda x: torch.cumprod(x, dim=1))],
    "logsumexp": [*reduction(torch.logsumexp, 0, -1, (0, 2)), ex(lambda x: x.logsumexp(1))],
    "special_logsumexp": [ex(lambda x: torch.special.logsumexp(x, 1))],
    "softmax": [
        ex(lambda x: torch.softmax(x, 1), draw="large"),
        ex(lambda x: F.softmax(x, dim=0, dtype=torch.float64)),
    ],
    "special_softmax": [ex(lambda x: torch.special.softmax(x, 1))],
    "log_softmax": [
        ex(lambda x: torch.log_softmax(x, 1), draw="large"),
        ex(lambda x: F.log_softmax(x, dim=0)),
    ],
    "special_log_softmax": [ex(lambda x: torch.special.log_softmax(x, 1))],
    "softmin": [ex(lambda x: F.softmin(x, dim=1))],
    "norm": [
        ex(torch.norm),
        ex(lambda x: torch.norm(x, dim=1, keepdim=True)),
        *(ex(lambda x, p=p: torch.norm(x, p, dim=0)) for p in (1, 2, 3, 0.5, float("inf"))),
    ],
    "linalg_norm": [
        ex(torch.linalg.norm),
        ex(lambda x: torch.linalg.norm(x, dim=1, keepdim=True)),
        ex(lambda x: torch.linalg.norm(x, "fro")),
        ex(lambda x: torch.linalg.norm(x, 1), (4,)),
    ],
    "linalg_vector_norm": [
        ex(torch.linalg.vector_norm),
        ex(lambda x: torch.linalg.vector_norm(x, 3, dim=1, keepdim=True)),
    ],
    # Shape.
    "reshape": [ex(lambda x: torch.reshape(x, (2, -1))), method(lambda x: x.reshape(6, 2))],
    "view": [ex(lambda x: x.view(-1)), ex(lambda x: x.view(2, 6))],
    "reshape_as": [ex(lambda x, y: x.reshape_as(y), (3, 4), (2, 6))],
    "view_as": [ex(lambda x, y: x.view_as(y), (3, 4), (2, 6))],
    "flatten": [
        ex(torch.flatten),
        ex(torch.flatten, ()),
        ex(lambda x: torch.flatten(x, 1), (2, 3, 4)),
        ex(lambda x: torch.flatten(x, start_dim=0, end_dim=-2), (2, 3, 4)),
    ],
    "ravel": [ex(torch.ravel)],
    "unflatten": [ex(lambda x: torch.unflatten(x, 1, (2, -1)))],
    **each(
        "transpose swapaxes swapdims",
        lambda f: [ex(lambda x: f(x, 0, 1)), ex(lambda x: f(x, -1, 0))],
    ),
    "permute": [
        ex(lambda x: torch.permute(x, (2, 0, 1)), (2, 3, 4)),
        ex(lambda x: torch.permute(x, dims=(1, 0))),
        ex(lambda x: x.permute(1, 0)),
    ],
    **each("movedim moveaxis", lambda f: [ex(lambda x: f(x, 0, -1), (2, 3, 4))]),
    "t": [ex(torch.t), ex(torch.t, (3,))],
    "squeeze": [
        ex(torch.squeeze, (1, 3, 1)),
        ex(lambda x: torch.squeeze(x, 0), (1, 3, 1)),
        ex(lambda x: torch.squeeze(x, 1), (1, 3, 1)),
        ex(lambda x: torch.squeeze(x, dim=(0, 1)), (1, 3, 1)),
    ],
    "unsqueeze": [ex(lambda x: torch.unsqueeze(x, 1)), ex(lambda x: x.unsqueeze(-1))],
    "expand": [
        ex(lambda x: x.expand(2, 3, -1), (3, 1)),
        ex(lambda x: x.expand((3, 5)), (3, 1)),
    ],
    "broadcast_to": [ex(lambda x: torch.broadcast_to(x, (2, 3, 4)))],
    "expand_as": [ex(lambda x, y: x.expand_as(y) * 2, (4,), (3, 4))],
    "broadcast_tensors": [ex(torch.broadcast_tensors, (3, 1), (4,))],
    "repeat": [method(lambda x: x.repeat(2, 1, 3)), method(lambda x: x.repeat((2, 2)))],
    "tile": [ex(lambda x: torch.tile(x, (2,))), ex(lambda x: torch.tile(x, dims=(2, 1, 3)))],
    "repeat_interleave": [
        ex(lambda x: torch.repeat_interleave(x, 2)),
        ex(lambda x: torch.repeat_interleave(x, 3, dim=1)),
        ex(lambda x: torch.repeat_interleave(x, torch.tensor([2, 0, 1]), dim=0)),
    ],
    **each(
        "cat concat concatenate",
        lambda f: [
            ex(lambda x, y: f([x, y]), (3, 4), (2, 4)),
            ex(lambda x, y: f((x, NUMBERS, y), dim=1), (3, 4), (3, 2)),
        ],
    ),
    "stack": [
        ex(lambda x, y: torch.stack([x, y]), (3, 4), (3, 4)),
        ex(lambda x: torch.stack((x, NUMBERS), dim=-1)),
    ],
    "hstack": [ex(lambda x, y: torch.hstack([x, y]), (3,), (2,))],
    **each("vstack row_stack", lambda f: [ex(lambda x, y: f([x, y]), (3,), (2, 3))]),
    "split": [
        ex(lambda x: torch.split(x, 2)),
        ex(lambda x: torch.split(x, [1, 3], dim=1)),
        ex(lambda x: x.split(2, dim=1)),
    ],
    "split_with_sizes": [ex(lambda x: torch.split_with_sizes(x, [1, 3], dim=1))],
    "chunk": [ex(lambda x: torch.chunk(x, 2)), ex(lambda x: x.chunk(3, dim=-1))],
    "tensor_split": [ex(lambda x: torch.tensor_split(x, 2)), ex(lambda x: x.tensor_split((1,), 1))],
    "unbind": [ex(torch.unbind), ex(lambda x: torch.unbind(x, dim=-1))],
    "pad": [
        ex(lambda x: F.pad(x, (1, 2))),
        ex(lambda x: F.pad(x, (1, 0, 0, 2), value=1.5)),
        ex(lambda x: F.pad(x, (-1, 2, 0, -1))),
        *(
            ex(lambda x, m=m: F.pad(x, (2, 1), mode=m), (2, 3, 4))
            for m in ("reflect", "replicate", "circular")
        ),
    ],
    "flip": [
        ex(lambda x: torch.flip(x, (0, 1))),
        ex(lambda x: torch.flip(x, dims=(1,))),
        ex(lambda x: x.flip(0)),
    ],
    "roll": [
        ex(lambda x: torch.roll(x, 1)),
        ex(lambda x: torch.roll(x, 1, 0)),
        ex(lambda x: torch.roll(x, (1, -2), dims=(0, 1))),
    ],
    **each("tril triu", lambda f: [ex(f), ex(lambda x: f(x, diagonal=-1), (2, 3, 4))]),
    "diagonal": [
        ex(lambda x: torch.diagonal(x, offset=-1)),
        ex(torch.diagonal),
        method(lambda x: x.diagonal(dim1=-2, dim2=-1), (2, 3, 4)),
    ],
    "diag": [ex(torch.diag), ex(torch.diag, (3,)), ex(lambda x: torch.diag(x, 1))],
    "diag_embed": [ex(torch.diag_embed, (2, 3))],
    "where": [
        ex(lambda x, y: torch.where(MASK, x, y), (3, 4), (4,)),
        method(lambda x: torch.where(x > 0, x, 0.0)),
        ex(lambda x: x.where(MASK, 0.0)),
        ex(lambda x: NUMBERS.where(MASK, x)),
    ],
    "masked_fill": [
        ex(lambda x: torch.masked_fill(x, MASK, 2.5)),
        ex(lambda x: x.masked_fill(MASK, float("-inf")).exp()),
        ex(lambda x, v: NUMBERS.masked_fill(MASK, v) * x, (3, 4), ()),
    ],
    "masked_select": [
        ex(lambda x: torch.masked_select(x, MASK)),
        ex(lambda x: torch.masked_select(x, MASK[0])),
    ],
    "gather": [
        ex(lambda x: torch.gather(x, 1, PLACES)),
        ex(lambda x: x.gather(dim=1, index=PLACES[:2, :1])),
        ex(lambda x: torch.gather(x, 0, ROWS)),
    ],
    "take_along_dim": [ex(lambda x: torch.take_along_dim(x, PLACES, dim=1))],
    "index_select": [
        ex(lambda x: torch.index_select(x, 1, torch.tensor([3, 0, 3]))),
        ex(lambda x: x.index_select(0, LABELS)),
    ],
    "take": [ex(lambda x: torch.take(x, torch.tensor([[0, 11], [4, 4]])))],
    "select": [ex(lambda x: torch.select(x, 1, -1))],
    "narrow": [ex(lambda x: torch.narrow(x, 1, 1, 2))],
    "scatter": [
        ex(lambda x, y: torch.scatter(x, 0, DISTINCT, y), (4, 4), (2, 4)),
        ex(lambda x: torch.scatter(x, 1, PLACES[:, :1], 0.0)),
    ],
    "index_add": [
        ex(lambda x, y: torch.index_add(x, 0, torch.tensor([1, 1, 0]), y), (2, 4), (3, 4)),
        ex(lambda x, y: x.index_add(-1, torch.tensor([3, 3]), y, alpha=0.5), (3, 4), (3, 2)),
    ],
    "scatter_add": [
        ex(lambda x, y: torch.scatter_add(x, 1, PLACES, y), (3, 4), (3, 4)),
        ex(lambda x, y: x.scatter_add(0, ROWS, y), (3, 4), (2, 4)),
    ],
    # Layers.
    "linear": [
        ex(F.linear, (3, 4), (2, 4), (2,)),
        ex(F.linear, (5, 3, 4), (2, 4)),
        ex(lambda w: F.linear(NUMBERS, w), (2, 4)),
    ],
    "bilinear": [ex(F.bilinear, (3, 2), (3, 4), (5, 2, 4), (5,))],
    "embedding": [ex(lambda w: F.embedding(DEEP, w), (3, 4))],
    "layer_norm": [
        ex(lambda x: F.layer_norm(x, (4,))),
        ex(lambda x, w, b: F.layer_norm(x, (3, 4), w, b, eps=1e-3), (2, 3, 4), (3, 4), (3, 4)),
        ex(lambda x, w: F.layer_norm(x, (4,), weight=w), (2, 3, 4), (4,)),
    ],
    "rms_norm": [
        ex(lambda x: F.rms_norm(x, (4,))),
        ex(lambda x, w: F.rms_norm(x, (4,), w, eps=1e-3), (2, 3, 4), (4,)),
    ],
    "batch_norm": [
        ex(lambda x: F.batch_norm(x, None, None, training=True)),
        ex(
            lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True, eps=1e-3),
            (5, 3, 4),
            (3,),
            (3,),
        ),
        ex(lambda x, w: F.batch_norm(x, NUMBERS[0], NUMBERS[1], w), (5, 4), (4,)),
    ],
    "instance_norm": [
        ex(
            lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=1e-3),
            (2, 3, 4, 5),
            (3,),
            (3,),
        )
    ],
    "group_norm": [
        ex(lambda x: F.group_norm(x, 2), (3, 4)),
        ex(lambda x, w, b: F.group_norm(x, 2, w, b, eps=1e-3), (2, 4, 5), (4,), (4,)),
    ],
    "normalize": [
        ex(F.normalize),
        ex(F.normalize, draw="zeros"),
        ex(lambda x: F.normalize(x, p=1, dim=0)),
        ex(lambda x: F.normalize(x, eps=2.0)),
    ],
    "cosine_similarity": [
        ex(F.cosine_similarity, (3, 4), (3, 4)),
        ex(lambda x, y: F.cosine_similarity(x, y, dim=-1), (2, 3, 4), (2, 3, 4)),
    ],
    "pairwise_distance": [
        ex(lambda x, y: F.pairwise_distance(x, y, eps=0.1), (3, 4), (3, 4)),
        ex(F.pairwise_distance, (3, 4), (3, 4)),
        ex(lambda x, y: F.pairwise_distance(x, y, p=1, keepdim=True), (3, 4), (3, 4)),
    ],
    **{
        name: [ex(lambda x, f=f: f(x, 0.5, training=False)), ex(lambda x, f=f: f(x, p=0.0))]
        for name, f in (
            ("dropout", F.dropout),
            ("alpha_dropout", F.alpha_dropout),
        )
    },
    "dropout1d": [ex(lambda x: F.dropout1d(x, training=False), (2, 3, 4))],
    "dropout2d": [ex(lambda x: F.dropout2d(x, training=False), (2, 3, 4, 5))],
    "conv1d": [
        ex(F.conv1d, (2, 3, 7), (4, 3, 3), (4,)),
        ex(lambda x, w: F.conv1d(x, w, stride=2, padding=1), (2, 3, 8), (4, 3, 3)),
        ex(lambda x, w: F.conv1d(x, w, padding="same", dilation=2), (2, 3, 7), (4, 3, 2)),
        ex(lambda x, w: F.conv1d(x, w, padding="valid", groups=2), (2, 4, 7), (6, 2, 3)),
        ex(F.conv1d, (3, 7), (4, 3, 3)),
    ],
    "conv2d": [
        ex(F.conv2d, (2, 3, 6, 5), (4, 3, 3, 2), (4,)),
        ex(lambda x, w: F.conv2d(x, w, padding="same", groups=3), (1, 3, 5, 4), (3, 1, 1, 3)),
        ex(
            lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
            (2, 3, 6, 5),
            (4, 3, 3, 2),
        ),
    ],
    "conv3d": [
        ex(F.conv3d, (1, 2, 3, 4, 3), (2, 2, 2, 2, 2), (2,)),
        ex(
            lambda x, w: F.conv3d(x, w, stride=(1, 2, 1), padding=1, dilation=(2, 1, 1), groups=2),
            (1, 2, 3, 4, 3),
            (2, 1, 2, 2, 2),
        ),
    ],
    "max_pool1d": [
        ex(lambda x: F.max_pool1d(x, 2, dilation=2), (2, 3, 7)),
        ex(lambda x: F.max_pool1d(x, 3, stride=2, padding=1), (2, 3, 7)),
    ],
    "max_pool2d": [
        ex(lambda x: F.max_pool2d(x, (3, 2), stride=(1, 2), padding=1), (2, 3, 6, 5)),
        ex(lambda x: F.max_pool2d(x, 2), (2, 3, 6, 5)),
    ],
    "avg_pool1d": [ex(lambda x: F.avg_pool1d(x, 3, stride=2, padding=1), (2, 3, 7))],
    "avg_pool2d": [
        ex(lambda x: F.avg_pool2d(x, 3, stride=2, padding=(1, 0)), (2, 3, 6, 5)),
        ex(lambda x: F.avg_pool2d(x, (2, 3)), (2, 3, 6, 5)),
    ],
    "unfold": [
        ex(lambda x: F.unfold(x, 2, dilation=2), (2, 3, 6, 5)),
        ex(lambda x: F.unfold(x, (2, 3), padding=1, stride=2), (2, 3, 6, 5)),
    ],
    "scaled_dot_product_attention": [
        ex(F.scaled_dot_product_attention, (2, 5, 4), (2, 6, 4), (2, 6, 3)),
        *(
            ex(lambda q, k, v, o=o: F.scaled_dot_product_attention(q, k, v, **o), *[(2, 5, 4)] * 3)
            for o in (
                {"is_causal": True},
                {"attn_mask": ALLOWED, "scale": 0.3},
                {"attn_mask": PENALTY, "dropout_p": 0.0},
            )
        ),
    ],
    # Losses.
    "cross_entropy": [
        *loss(F.cross_entropy, LABELS),
        *loss(F.cross_entropy, LABELS, draw="large"),
        *loss(F.cross_entropy, SOME),
        *(
            ex(lambda x, t=t, r=r: F.cross_entropy(x, t, label_smoothing=0.1, reduction=r), (5, 3))
            for t in (LABELS, SOME)
            for r in ("mean", "sum", "none")
        ),
        ex(lambda x: F.cross_entropy(x, LABELS, ignore_index=2), (5, 3)),
        ex(lambda x: F.cross_entropy(x, DEEP), (5, 3, 2)),
        ex(lambda x: F.cross_entropy(x, torch.tensor(1)), (3,)),
        *(
            ex(
                lambda x, y, r=r: F.cross_entropy(
                    x, y.softmax(1), label_smoothing=0.2, reduction=r
                ),
                (5, 3),
                (5, 3),
            )
            for r in ("mean", "sum", "none")
        ),
        ex(lambda x: F.cross_entropy(x, torch.full((5, 3, 2), 1 / 3).double()), (5, 3, 2)),
    ],
    "nll_loss": [
        ex(lambda x: F.nll_loss(x, LABELS, ignore_index=2), (5, 3)),
        *loss(F.nll_loss, LABELS),
        *loss(F.nll_loss, SOME),
    ],
    "mse_loss": loss(F.mse_loss),
    "l1_loss": loss(F.l1_loss),
    "huber_loss": [
        *loss(F.huber_loss),
        ex(lambda x, y: F.huber_loss(x, y, delta=0.3), (3, 4), (3, 4)),
    ],
    "smooth_l1_loss": [
        *loss(F.smooth_l1_loss),
        *(ex(lambda x, y, b=b: F.smooth_l1_loss(x, y, beta=b), (3, 4), (3, 4)) for b in (0.3, 0.0)),
    ],
    "binary_cross_entropy": loss(F.binary_cross_entropy, draw="unit"),
    "binary_cross_entropy_with_logits": [
        *loss(F.binary_cross_entropy_with_logits),
        ex(
            lambda x: F.binary_cross_entropy_with_logits(x, NUMBERS, pos_weight=NUMBERS[1]),
            draw="large",
        ),
    ],
    "kl_div": [
        ex(
            lambda x, y, r=r: F.kl_div(x.log(), y, reduction=r),
            (5, 3),
            (5, 3),
            draw="probabilities",
        )
        for r in ("batchmean", "sum", "none")
    ]
    + [
        ex(lambda x, y: F.kl_div(x, y, reduction="sum", log_target=True), (5, 3), (5, 3)),
        ex(lambda x: F.kl_div(x, torch.eye(3).double(), reduction="sum"), (3, 3)),
    ],
    "poisson_nll_loss": [
        *loss(F.poisson_nll_loss),
        ex(
            lambda x, y: F.poisson_nll_loss(x, y, log_input=False, eps=0.1),
            (3,),
            (3,),
            draw="positive",
        ),
    ],
    "gaussian_nll_loss": [
        ex(
            lambda x, y, v, f=f: F.gaussian_nll_loss(x, y, v, full=f, eps=0.4, reduction="sum"),
            (5, 3),
            (5, 3),
            (5, 3),
            draw="positive",
        )
        for f in (True, False)
    ],
    "hinge_embedding_loss": [
        ex(lambda x: F.hinge_embedding_loss(x, SIGNS, margin=0.3, reduction="none"), (5,)),
        ex(lambda x: F.hinge_embedding_loss(x, SIGNS), (5,)),
    ],
    "margin_ranking_loss": [
        ex(lambda x, y: F.margin_ranking_loss(x, y, SIGNS, margin=0.7), (5,), (5,)),
        ex(lambda x, y: F.margin_ranking_loss(x, y, SIGNS, 0.7, reduction="sum"), (5,), (5,)),
    ],
    "soft_margin_loss": [
        ex(lambda x: F.soft_margin_loss(x, SIGNS, reduction="none"), (5,)),
        ex(lambda x: F.soft_margin_loss(x, SIGNS), (5,)),
    ],
    "cosine_embedding_loss": [
        ex(lambda x, y: F.cosine_embedding_loss(x, y, SIGNS, margin=0.1), (5, 3), (5, 3)),
        ex(lambda x, y: F.cosine_embedding_loss(x, y, SIGNS, reduction="sum"), (5, 3), (5, 3)),
    ],
    "triplet_margin_loss": [
        ex(F.triplet_margin_loss, (5, 3), (5, 3), (5, 3)),
        ex(
            lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=2, eps=0.1, reduction="none"),
            *[(5, 3)] * 3,
        ),
        ex(lambda a, p, n: F.triplet_margin_loss(a, p, n, swap=True, p=1), *[(5, 3)] * 3),
    ],
}


def aminmax(x: Any, **options: Any) -> Any:
    """PyTorch 2.7 has the derivatives of its parts alone."""
    if isinstance(x, torch.Tensor):
        return torch.amin(x, **options), torch.amax(x, **options)
    return torch.aminmax(x, **options)


def adaptive(f: Callable[..., Any], n: int) -> list[Example]:
    sizes = (1, 2, (3, None, 4)[:n] if n > 1 else 3)
    return [ex(lambda x, s=s: f(x, s), (2, 3, *(7, 4, 5)[:n])) for s in sizes]


def weighted(f: Callable[..., Any]) -> list[Example]:
    return [
        *(
            ex(lambda x, t=t, r=r: f(x, t, weight=WEIGHTS, reduction=r), (5, 3))
            for t in (LABELS, SOME)
            for r in ("mean", "sum", "none")
        ),
        ex(lambda x: f(x, DEEP, weight=WEIGHTS), (5, 3, 2)),
    ]


WEIGHTS = torch.tensor([0.3, 2.0, 1.1], dtype=torch.float64)
EXAMPLES |= {
    # Elementwise.
    "frac": [ex(torch.frac)],
    "special_xlog1py": [
        ex(lambda x, y: torch.special.xlog1py(torch.relu(x), y), (5,), (5,), draw="positive")
    ],
    "special_entr": [
        ex(torch.special.entr, draw="positive"),
        ex(lambda x: torch.special.entr(x.detach()) * x),
    ],
    "special_ndtr": [ex(torch.special.ndtr)],
    "sinc": [ex(torch.sinc), ex(lambda x: torch.sinc(x * 0))],
    "special_sinc": [ex(torch.special.sinc)],
    "heaviside": [ex(lambda x: torch.heaviside(x.detach(), NUMBERS) * x)],
    "nan_to_num": [
        ex(lambda x: torch.nan_to_num(torch.where(MASK, float("nan"), x))),
        ex(lambda x: torch.nan_to_num(torch.where(MASK, float("inf"), x), nan=1.0, posinf=2.0)),
    ],
    "deg2rad": [ex(torch.deg2rad)],
    "rad2deg": [ex(torch.rad2deg)],
    # Matrices.
    "det": [ex(torch.det, (2, 3, 3))],
    "linalg_det": [ex(torch.linalg.det, (3, 3))],
    "slogdet": [ex(torch.slogdet, (2, 3, 3))],
    "linalg_slogdet": [
        ex(lambda x: torch.linalg.slogdet(-x).logabsdet, (3, 3), draw="invertible"),
        ex(torch.linalg.slogdet, (1, 1)),
    ],
    "linalg_cholesky": [
        ex(torch.linalg.cholesky, (2, 3, 3), draw="symmetric"),
        ex(lambda x: torch.linalg.cholesky(x, upper=True), (3, 3), draw="symmetric"),
    ],
    "logdet": [
        ex(torch.logdet, (2, 3, 3), draw="invertible"),
        ex(lambda x: x.logdet(), (2, 2), draw="invertible"),
    ],
    "linalg_solve_triangular": [
        ex(
            lambda a, b, u=u: torch.linalg.solve_triangular(
                torch.add(a, 3 * torch.eye(3).double()), b, upper=u
            ),
            (3, 3),
            (3, 2),
        )
        for u in (True, False)
    ],
    "cholesky_solve": [  # PyTorch gives the other triangle a gradient, too, though it isn't read
        *(
            ex(
                lambda b, a, u=u: torch.cholesky_solve(
                    b, torch.add((torch.triu if u else torch.tril)(a), 3 * torch.eye(3).double()), u
                ),
                (3, 2),
                (3, 3),
            )
            for u in (True, False)
        ),
        ex(
            lambda b, a: b.cholesky_solve(torch.linalg.cholesky(a)),
            (2, 3, 1),
            (2, 3, 3),
            draw="symmetric",
        ),
    ],
    "matrix_power": [
        *(
            ex(lambda x, n=n: torch.matrix_power(x, n), (3, 3), draw="invertible")
            for n in (1, 3, -2)
        ),
        ex(lambda x: x.matrix_power(2), (2, 3, 3)),
    ],
    "linalg_matrix_power": [ex(lambda x: torch.linalg.matrix_power(x, 2), (3, 3))],
    "linalg_multi_dot": [
        ex(lambda x, y, z: torch.linalg.multi_dot([x, y, z]), (3, 4), (4, 2), (2, 3))
    ],
    "cross": [
        ex(lambda x, y: torch.cross(x, y, dim=1), (4, 3), (4, 3)),
        ex(lambda x, y: x.cross(y, dim=0), (3, 4), (3, 4)),
    ],
    "linalg_cross": [ex(lambda x, y: torch.linalg.cross(x, y), (4, 3), (1, 3))],
    "linalg_vecdot": [
        ex(torch.linalg.vecdot, (3, 4), (3, 4)),
        ex(lambda x, y: torch.linalg.vecdot(x, y, dim=0), (3, 4), (3, 4)),
    ],
    "kron": [ex(torch.kron, (2, 3), (3, 2)), ex(torch.kron, (3,), (2, 2))],
    "addr": [
        ex(torch.addr, (3, 4), (3,), (4,)),
        ex(lambda x, y, z: torch.addr(x, y, z, beta=0.5, alpha=2), (3, 4), (3,), (4,)),
    ],
    "addbmm": [ex(torch.addbmm, (3, 2), (5, 3, 4), (5, 4, 2))],
    "cov": [ex(torch.cov), ex(lambda x: torch.cov(x, correction=0))],
    "corrcoef": [ex(torch.corrcoef, rtol=1e-10)],
    # Reductions.
    "cdist": [
        ex(torch.cdist, (5, 3), (4, 3)),
        ex(torch.cdist, (2, 5, 3), (2, 4, 3)),
        ex(lambda x, y: torch.cdist(x, y, p=1), (5, 3), (4, 3)),
        ex(lambda x: torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist"), (4, 3)),
    ],
    "dist": [ex(torch.dist, (3, 4), (3, 4)), ex(lambda x, y: torch.dist(x, y, 1), (3, 4), (4,))],
    "msort": [ex(torch.msort)],
    "kthvalue": [
        ex(lambda x: torch.kthvalue(x, 2)),
        method(lambda x: x.kthvalue(3, dim=0, keepdim=True)),
    ],
    "median": [
        ex(torch.median),
        ex(torch.median, (5,)),
        ex(torch.median, draw="ties"),
        method(lambda x: x.median(dim=1)),
        ex(lambda x: torch.median(x, 0, keepdim=True)),
    ],
    "quantile": [
        ex(lambda x: torch.quantile(x, 0.3)),
        ex(lambda x: torch.quantile(x, 0.6, dim=1, keepdim=True)),
        ex(lambda x: torch.quantile(x, torch.tensor([0.2, 0.9]).double(), dim=0)),
    ],
    "aminmax": [ex(aminmax), ex(lambda x: aminmax(x, dim=1, keepdim=True))],
    "nansum": [ex(lambda x: torch.nansum(torch.where(MASK, float("nan"), x), dim=1))],
    "nanmean": [
        ex(lambda x: torch.nanmean(torch.where(MASK, float("nan"), x), dim=0)),
        ex(torch.nanmean),
    ],
    "diff": [
        ex(torch.diff),
        ex(lambda x: torch.diff(x, n=2, dim=0)),
        ex(lambda x, y: torch.diff(x, dim=0, prepend=y), (3, 4), (1, 4)),
    ],
    "trapezoid": [
        ex(torch.trapezoid),
        ex(lambda y, x: torch.trapezoid(y, x, dim=0), (3, 4), (3,)),
        ex(lambda y: torch.trapezoid(y, dx=0.5)),
    ],
    "trapz": [ex(torch.trapz)],
    **{
        name: [
            ex(lambda x, f=f: f(x, 1)),
            ex(lambda x, f=f: f(x, dim=0)),
            ex(lambda x, f=f: f(x, -1), draw="ties"),
        ]
        for name, f in (("cummax", torch.cummax), ("cummin", torch.cummin))
    },
    "logcumsumexp": [
        ex(lambda x: torch.logcumsumexp(x, 1)),
        ex(lambda x: torch.logcumsumexp(x, -2), (2, 3, 4), draw="large"),
    ],
    "linalg_matrix_norm": [
        ex(torch.linalg.matrix_norm, (2, 3, 4)),
        ex(lambda x: torch.linalg.matrix_norm(x, keepdim=True)),
    ],
    # Shape and places.
    "fliplr": [ex(torch.fliplr)],
    "flipud": [ex(torch.flipud)],
    "rot90": [
        ex(torch.rot90),
        ex(lambda x: torch.rot90(x, -1, (2, 0)), (2, 3, 4)),
        ex(lambda x: x.rot90(2, [0, 1])),
    ],
    "diagflat": [ex(torch.diagflat), ex(lambda x: torch.diagflat(x, -1), (3,))],
    "block_diag": [ex(torch.block_diag, (2, 3), (1, 2), (3,)), ex(torch.block_diag, (), (2, 2))],
    "dstack": [ex(lambda x, y: torch.dstack([x, y]), (3, 4), (3, 4))],
    "column_stack": [ex(lambda x, y: torch.column_stack([x, y]), (3,), (3, 2))],
    "meshgrid": [
        ex(lambda x, y: torch.meshgrid(x, y, indexing="ij"), (3,), (4,)),
        ex(lambda x, y: torch.meshgrid([x, y], indexing="xy"), (3,), (4,)),
    ],
    **{
        f"atleast_{n}d": [
            ex(f, (3,)),
            ex(f, ()),
            ex(f, (2, 3, 4)),
            ex(lambda x, y, f=f: f(x, y), (3,), (2, 3)),
        ]
        for n, f in ((1, torch.atleast_1d), (2, torch.atleast_2d), (3, torch.atleast_3d))
    },
    "scatter_reduce": [
        ex(
            lambda x, y, r=r, s=s: torch.scatter_reduce(x, 0, DISTINCT, y, r, include_self=s),
            (4, 4),
            (2, 4),
        )
        for r in ("sum", "mean")
        for s in (True, False)
    ],
    "index_fill": [
        ex(lambda x: torch.index_fill(x, 1, torch.tensor([0, 2]), -1.0)),
        ex(lambda x, v: x.index_fill(0, torch.tensor([1]), v), (3, 4), ()),
    ],
    "index_copy": [
        ex(lambda x, y: torch.index_copy(x, 1, torch.tensor([3, 0]), y), (3, 4), (3, 2))
    ],
    "index_put": [
        ex(lambda x, v: torch.index_put(x, (torch.tensor([0, 2]),), v), (3, 4), (2, 4)),
        ex(
            lambda x, v: torch.index_put(
                x, (torch.tensor([0, 0]), torch.tensor([1, 1])), v, accumulate=True
            ),
            (3, 4),
            (2,),
        ),
        ex(lambda x, v: x.index_put((torch.tensor([0, 0]),), v, accumulate=True), (3, 4), ()),
    ],
    "masked_scatter": [ex(lambda x, s: torch.masked_scatter(x, MASK, s), (3, 4), (12,))],
    "select_scatter": [ex(lambda x, s: torch.select_scatter(x, s, 0, 1), (3, 4), (4,))],
    "slice_scatter": [
        ex(lambda x, s: torch.slice_scatter(x, s, dim=1, start=1, step=2), (3, 4), (3, 2))
    ],
    # Layers.
    "embedding_bag": [
        *(
            ex(lambda w, m=m: F.embedding_bag(DEEP, w, mode=m), (3, 4))
            for m in ("mean", "sum", "max")
        ),
        ex(lambda w, s: F.embedding_bag(DEEP, w, mode="sum", per_sample_weights=s), (3, 4), (5, 2)),
    ],
    "dropout3d": [ex(lambda x: F.dropout3d(x, training=False), (2, 3, 4, 2, 2))],
    "max_pool3d": [ex(lambda x: F.max_pool3d(x, 2, stride=1), (1, 2, 3, 4, 3))],
    "avg_pool3d": [ex(lambda x: F.avg_pool3d(x, 2, padding=1), (1, 2, 3, 4, 3))],
    # Pictures.
    "conv_transpose1d": [
        ex(F.conv_transpose1d, (2, 3, 5), (3, 4, 3), (4,)),
        ex(
            lambda x, w: F.conv_transpose1d(
                x, w, stride=3, padding=2, output_padding=1, dilation=2
            ),
            (2, 3, 5),
            (3, 2, 3),
        ),
        ex(lambda x, w: F.conv_transpose1d(x, w, groups=2, stride=2), (2, 4, 3), (4, 3, 2)),
        ex(lambda x, w: F.conv_transpose1d(x, w, padding=2), (3, 5), (3, 2, 2)),
    ],
    "conv_transpose2d": [
        ex(F.conv_transpose2d, (2, 3, 3, 4), (3, 2, 3, 2), (2,)),
        ex(
            lambda x, w: F.conv_transpose2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 2)),
            (1, 2, 3, 4),
            (2, 3, 2, 3),
        ),
    ],
    "conv_transpose3d": [
        ex(lambda x, w: F.conv_transpose3d(x, w, stride=2), (1, 2, 2, 2, 3), (2, 1, 2, 2, 2))
    ],
    **{
        f"adaptive_{kind}_pool{n}d": adaptive(getattr(F, f"adaptive_{kind}_pool{n}d"), n)
        for kind in ("avg", "max")
        for n in (1, 2, 3)
    },
    "interpolate": [
        ex(lambda x: F.interpolate(x, scale_factor=2), (2, 3, 4)),
        ex(lambda x: F.interpolate(x, size=(5, 3), mode="nearest-exact"), (2, 3, 4, 7)),
        ex(lambda x: F.interpolate(x, scale_factor=(2.0, 0.6)), (2, 3, 4, 7)),
        ex(lambda x: F.interpolate(x, size=5, mode="linear"), (2, 3, 4)),
        *(
            ex(
                lambda x, c=c: F.interpolate(x, size=(7, 3), mode="bilinear", align_corners=c),
                (2, 3, 4, 5),
            )
            for c in (True, False)
        ),
        ex(lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"), (1, 2, 4, 5)),
        ex(
            lambda x: F.interpolate(
                x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True
            ),
            (1, 2, 4, 5),
        ),
        ex(lambda x: F.interpolate(x, size=(2, 3, 2), mode="trilinear"), (1, 2, 3, 4, 3)),
        ex(lambda x: F.interpolate(x, size=(2, 3), mode="area"), (1, 2, 5, 4)),
        ex(lambda x: F.interpolate(x, size=1, mode="linear", align_corners=True), (2, 3, 4)),
    ],
    "pixel_shuffle": [
        ex(lambda x: F.pixel_shuffle(x, 2), (2, 8, 3, 2)),
        ex(lambda x: F.pixel_shuffle(x, 3), (9, 2, 2)),
    ],
    "pixel_unshuffle": [
        ex(lambda x: F.pixel_unshuffle(x, 2), (2, 3, 4, 6)),
        ex(lambda x: F.pixel_unshuffle(x, 2), (1, 4, 2)),
    ],
    "fold": [
        ex(lambda x: F.fold(x, (4, 5), 2), (2, 8, 12)),
        ex(
            lambda x: F.fold(x, (5, 6), (2, 3), padding=(1, 0), stride=2, dilation=(2, 1)),
            (2, 12, 6),
        ),
        ex(lambda x: F.fold(x, 4, 2, stride=2), (8, 4)),
    ],
    "local_response_norm": [
        ex(lambda x: F.local_response_norm(x, 3, alpha=0.5), (2, 5, 4)),
        ex(lambda x: F.local_response_norm(x, 2, alpha=0.5, k=2.0), (2, 5, 3, 4)),
    ],
    # Losses.
    "multilabel_soft_margin_loss": [
        *(
            ex(lambda x, r=r: F.multilabel_soft_margin_loss(x, (NUMBERS > 1).double(), reduction=r))
            for r in ("mean", "sum", "none")
        ),
        ex(lambda x: F.multilabel_soft_margin_loss(x, (NUMBERS > 1).double(), weight=NUMBERS[1])),
    ],
}
EXAMPLES["embedding"] += [
    ex(lambda w: F.embedding(DEEP, w, padding_idx=1), (3, 4)),
    ex(lambda w: F.embedding(LABELS, w, padding_idx=-1), (3, 4)),
]
EXAMPLES["div"] = [
    *EXAMPLES["div"],
    ex(lambda x: torch.div(x.detach(), 0.3, rounding_mode="floor") * x),
    ex(lambda x: torch.div(x.detach(), 0.3, rounding_mode="trunc") * x),
]
EXAMPLES["diag"] += [ex(lambda x: torch.diag(x, -2), (3,))]
EXAMPLES["diag_embed"] += [
    ex(lambda x: torch.diag_embed(x, 1), (2, 3)),
    ex(lambda x: torch.diag_embed(x, -1, 0, 2), (2, 3)),
]
EXAMPLES["nll_loss"] += weighted(F.nll_loss)
EXAMPLES["cross_entropy"] += [
    *weighted(F.cross_entropy),
    *(
        ex(
            lambda x, t=t, r=r: F.cross_entropy(x, t, WEIGHTS, label_smoothing=0.1, reduction=r),
            (5, 3),
        )
        for t in (LABELS, SOME)
        for r in ("mean", "sum", "none")
    ),
    *(
        ex(
            lambda x, y, r=r: F.cross_entropy(
                x, y.softmax(1), weight=WEIGHTS, label_smoothing=0.2, reduction=r
            ),
            (5, 3),
            (5, 3),
        )
        for r in ("mean", "sum", "none")
    ),
]
EXAMPLES["binary_cross_entropy"] += [
    ex(lambda x: F.binary_cross_entropy(x, NUMBERS / 3, weight=NUMBERS), draw="unit")
]
EXAMPLES["binary_cross_entropy_with_logits"] += [
    ex(
        lambda x: F.binary_cross_entropy_with_logits(
            x, NUMBERS, weight=NUMBERS[1], pos_weight=NUMBERS[2]
        )
    ),
    ex(lambda x: F.binary_cross_entropy_with_logits(x, NUMBERS, NUMBERS[1], reduction="none")),
]

METHOD_EXAMPLES: dict[str, list[Example]] = {
    **{
        name: [ex(lambda x, name=name: getattr(x, name)() * 2)]
        for name in ("double", "contiguous", "cpu")
    },
    "float": [method(lambda x: x.float().double(), rtol=1e-6)],
    "type_as": [ex(lambda x, y: x.type_as(y) * y, (3,), (3,))],
    "to": [
        ex(lambda x: x.to(torch.float64) * x.to("cpu").to(x.device)),
        method(lambda x: x.to(torch.int64)),
        method(lambda x: x.to(dtype=torch.bool)),
    ],
    "bool": [method(lambda x: x.bool())],
    "int": [method(lambda x: x.int(), draw="large")],
    "long": [method(lambda x: x.long(), draw="large")],
    "detach": [ex(lambda x: x * x.detach())],
    "item": [ex(lambda x: x * x.sum().detach().item(), kinds=(Tensor,))],
    "new_zeros": [method(lambda x: torch.cat([x, x.new_zeros(2, 4)]))],
    "new_ones": [ex(lambda x: x.new_ones((3, 1)) * x)],
    "new_full": [ex(lambda x: x.new_full((4,), 2.5) * x)],
    "unfold": [ex(lambda x: x.unfold(1, 3, 2), (2, 6, 3))],
    "dim": [ex(lambda x: (x.dim(), x.ndim))],
    "ndimension": [ex(lambda x: x.ndimension())],
    "numel": [ex(lambda x: x.numel())],
    "nelement": [ex(lambda x: x.nelement())],
}
# Nothing to compare: PyTorch changes precision or device there, or reads `requires_grad`.
NO_EXAMPLE = {"half", "bfloat16", "cuda", "retain_grad", "requires_grad_"}
