# pyright: basic
"""PyTorch as a referee: `torch.autograd`, in float64.

A PyTorch forward runs as it stands. A NumPy forward runs through `torch._numpy`, the NumPy that
comes with PyTorch and keeps its graph (`byhand.referees.namespace`). Item assignment and `+=` make
new tensors in both, so that every step keeps the value its gradient belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.bindings import (
    Bindings,
    Borrowed,
    cannot_differentiate,
    is_floats,
    missing,
    put,
)
from byhand.referees.namespace import Library, LibraryArray
from byhand.referees.referee import Gradient, Key
from byhand.referees.rounding import rounded
from byhand.values.arrays import Array, is_torch, speaks_torch
from byhand.values.numpy_composites import COMPOSITES

try:
    import torch as pytorch

    namespace: Any = import_module("torch._numpy")
except ImportError:
    raise RefereeError(
        'the torch referee needs PyTorch: pip install "byhand[torch]", or use --referee finite'
    ) from None


def torch(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by one call of `torch.autograd.grad` (see `Referee`).

    The error is that of the library's own rounding (`rounding.rounded`).
    """
    if problem.in_jax:
        raise RefereeError(
            "the torch referee runs NumPy and PyTorch; this forward is in JAX: use --referee jax"
        )
    follower = TorchForward(problem) if speaks_torch(inputs) else OnTorch(problem, NUMPY)
    with pytorch.enable_grad():
        outputs = [tensor_of(output) for output in follower.outputs(inputs)]
        terms = [
            (out * pytorch.as_tensor(np.asarray(g))).sum()
            for out, g in zip(outputs, upstream, strict=True)
        ]
    for key in steps:
        if key not in follower.steps:
            raise missing(problem, key)
    if not steps:
        return {}
    wanted = {key: tensor_of(follower.steps[key]) for key in steps}
    try:
        found = pytorch.autograd.grad(
            terms, list(wanted.values()), allow_unused=True, materialize_grads=True
        )
    except RuntimeError as error:
        raise cannot_differentiate(problem, "PyTorch", error) from error
    # A copy, since a gradient may be a zero without memory.
    return {key: rounded(g.detach().clone().numpy()) for key, g in zip(wanted, found, strict=True)}


def node(tensor: pytorch.Tensor) -> pytorch.Tensor:
    """A node of its own in the graph, also where a name is the second one for a tensor."""
    return tensor.clone() if tensor.requires_grad else tensor.detach().clone().requires_grad_()


class OnTorch(Borrowed):
    """A NumPy forward on PyTorch's NumPy."""

    def step(self, key: Key, array: Any) -> Any:
        return LibraryArray(namespace.asarray(node(array.value.tensor)), self.library)


class TorchForward(Bindings):
    """A PyTorch forward on PyTorch's tensors."""

    def is_step(self, value: Any) -> bool:
        return is_floats(value)

    def lend(self, value: Any) -> Any:
        return value if is_torch(value) else pytorch.from_numpy(value)

    def step(self, key: Key, array: Any) -> Any:
        return node(array)

    def put(self, held: Any, index: Any, value: Any) -> Any:
        return put(held, index, value)


def tensor_of(value: Any) -> Any:
    return value.value.tensor if isinstance(value, LibraryArray) else value


def _solve(a: Any, b: Any) -> Any:
    """NumPy takes `b` for a vector only if it has one axis; PyTorch also where the shapes fit."""
    if b.ndim == 1:
        return namespace.linalg.solve(a, b[:, None])[..., 0]
    return namespace.linalg.solve(a, b.reshape((1,) * (a.ndim - b.ndim) + b.shape))


def _dot(x: Any, y: Any) -> Any:
    """PyTorch takes more than two axes for a stack of matrices; NumPy for one sum over a pair."""
    return namespace.tensordot(x, y, ([-1], [-2])) if y.ndim > 2 else namespace.dot(x, y)


def _squeeze(x: Any, axis: Any = None) -> Any:
    for a in _last_first(axis, x):
        x = namespace.squeeze(x, a)
    return namespace.squeeze(x) if axis is None else x


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    for a in _last_first(axis, x):
        x = namespace.prod(x, a, keepdims=keepdims)
    return namespace.prod(x, keepdims=keepdims) if axis is None else x


def _last_first(axis: Any, x: Any) -> list[int]:
    axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return sorted((a % x.ndim for a in axes), reverse=True)


def _of_tensors(func: Any) -> Any:
    """A function of PyTorch's, for the arrays of its NumPy."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        taken = [a.tensor if isinstance(a, namespace.ndarray) else a for a in args]
        return namespace.asarray(func(*taken, **kwargs))

    return answer


def _ddof(correction: float = 0, **options: Any) -> dict[str, Any]:
    return {"ddof": correction, **options}


def _vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    return namespace.asarray(pytorch.linalg.vector_norm(x.tensor, ord, axis, keepdims))


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return namespace.asarray(pytorch.logsumexp(x.tensor, axes, keepdims))


def _bincount(x: Any, weights: Any, minlength: int = 0) -> Any:
    places = namespace.asarray(x).tensor
    n = max(minlength, int(places.max()) + 1 if places.numel() else 0)
    summed = pytorch.zeros(n, dtype=weights.tensor.dtype).index_add(0, places, weights.tensor)
    return namespace.asarray(summed)


_SIGN_AND_LOG: Any = type(np.linalg.slogdet(np.eye(1)))


NUMPY = Library(
    name="torch",
    namespace=namespace,
    kind=namespace.ndarray,
    array=lambda array: namespace.asarray(pytorch.from_numpy(np.array(array))),
    plain=lambda value: value.tensor.detach().numpy(),
    others={
        "cbrt": lambda x: namespace.sign(x) * namespace.absolute(x) ** (1 / 3),
        "floor_divide": lambda x, y: namespace.floor(x / y),
        "remainder": lambda x, y: x - y * namespace.floor(x / y),
        "std": lambda *args, **options: namespace.std(*args, **_ddof(**options)),
        "var": lambda *args, **options: namespace.var(*args, **_ddof(**options)),
        "outer": lambda x, y: namespace.outer(namespace.ravel(x), namespace.ravel(y)),
        "reshape": lambda x, shape: namespace.reshape(x, tuple(np.atleast_1d(shape).tolist())),
        "dot": _dot,
        "squeeze": _squeeze,
        "prod": _prod,
        "linalg.solve": _solve,
        "linalg.slogdet": lambda x: _SIGN_AND_LOG(*namespace.linalg.slogdet(x)),
        "linalg.vector_norm": _vector_norm,
        "linalg.matmul": namespace.matmul,
        "linalg.outer": namespace.outer,
        "linalg.tensordot": namespace.tensordot,
        "linalg.trace": lambda x, offset=0: namespace.trace(x, offset, -2, -1),
        "logsumexp": _logsumexp,
        "expit": _of_tensors(pytorch.sigmoid),
        "erf": _of_tensors(pytorch.erf),
        "bincount": _bincount,
        "fmod": _of_tensors(pytorch.fmod),
        "fix": namespace.trunc,
    },
    # PyTorch's NumPy has not all of these, and cuts some gradients off.
    composed=COMPOSITES,
)
