# pyright: basic
"""JAX as a referee: `jax.grad`, in float64.

The NumPy forward runs through `jax.numpy` (`byhand.referees.namespace`), with a zero added to every
step; the gradient by that zero is the gradient of the step. The whole is compiled at once, which is
quicker than compiling op by op. While it is being compiled, no value is known; so what NumPy or
Python needs to know, an index or the outcome of a comparison, comes from a rehearsal in NumPy. A
forward that is written in JAX runs as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.bindings import (
    Borrowed,
    cannot_differentiate,
    missing,
)
from byhand.referees.jax_forward import JaxForward
from byhand.referees.namespace import Library, LibraryArray
from byhand.referees.referee import Gradient, Key
from byhand.referees.rehearsal import rehearse
from byhand.referees.rounding import rounded
from byhand.values.arrays import Array, speaks_torch
from byhand.values.numpy_composites import COMPOSITES

try:
    import jax as library
    import jax.numpy as namespace
    from jax.scipy.special import erf, expit, logsumexp
except ImportError:
    raise RefereeError(
        'the jax referee needs JAX: pip install "byhand[jax]", or use --referee finite'
    ) from None

from byhand.jax_dialect.arrays import float64


def jax(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by one call of `jax.grad` (see `Referee`).

    The error is that of the library's own rounding (`rounding.rounded`).
    """
    if speaks_torch(inputs):
        raise RefereeError(
            "the jax referee runs NumPy forwards; this problem is in PyTorch: use --referee torch"
        )
    with float64():
        rehearsal = rehearse(problem, inputs)
    for key in steps:
        if key not in rehearsal.values:
            raise missing(problem, key)
    # The inputs' zeros keep the compiler from working out the whole forward as a constant.
    shapes = {key: rehearsal.values[key].shape for key in (*rehearsal.inputs, *steps)}

    def loss(zeros: Mapping[Key, Any]) -> Any:
        if problem.in_jax:
            outputs = JaxForward(problem, zeros).outputs(inputs)
            return sum(
                (out * np.asarray(g)).sum() for out, g in zip(outputs, upstream, strict=True)
            )
        known = replace(NUMPY, plain=_known(iter(rehearsal.looked_at)))
        outputs = OnJax(problem, known, zeros).outputs(inputs)
        return sum(
            (out.value * np.asarray(g)).sum() for out, g in zip(outputs, upstream, strict=True)
        )

    with float64():
        zeros = {key: np.zeros(shape) for key, shape in shapes.items()}
        try:
            if problem.in_jax:  # op by op, so that it may look at its values
                gradients = library.grad(loss)(zeros)
            else:
                lowered = library.jit(library.grad(loss)).lower(zeros)
                gradients = lowered.compile(compiler_options=QUICKLY)(zeros)
        except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            raise cannot_differentiate(problem, "JAX", error) from error
        found = {key: np.asarray(gradient) for key, gradient in gradients.items()}
    return {key: rounded(found[key]) for key in steps}


class OnJax(Borrowed):
    """A NumPy forward on JAX's NumPy, with a zero added to steps."""

    def __init__(self, problem: Problem, library: Library, zeros: Mapping[Key, Any]) -> None:
        super().__init__(problem, library)
        self.zeros = zeros

    def step(self, key: Key, array: Any) -> Any:
        zero = self.zeros.get(key)
        return LibraryArray(array.value if zero is None else array.value + zero, self.library)


# It runs once: compiling is what takes time. At level 0, which is quicker still, the compiler of
# JAX 0.10 makes a softmax after a deep net infinite where it isn't.
QUICKLY: dict[str, Any] = {"xla_backend_optimization_level": 1}


def _known(values: Iterator[Array]) -> Any:
    """Answers what a value is by what it was in the rehearsal."""

    def plain(value: Any) -> Array:
        known = next(values)
        if known.shape != value.shape:
            raise RefereeError(
                "forward goes another way in JAX than in NumPy: use --referee finite"
            )
        return known

    return plain


def _bincount(x: Any, weights: Any, minlength: int = 0) -> Any:
    places = np.asarray(x)
    length = max(minlength, int(places.max(initial=-1)) + 1)
    return namespace.zeros(length, weights.dtype).at[places].add(weights)


NUMPY = Library(
    name="jax",
    namespace=namespace,
    kind=library.Array,
    array=namespace.asarray,
    plain=np.asarray,
    others={
        "logsumexp": logsumexp,
        "expit": expit,
        "erf": erf,
        "take": lambda x, indices, axis=None: namespace.take(x, namespace.array(indices), axis),
        "repeat": lambda x, repeats, axis=None: namespace.repeat(x, np.array(repeats), axis),
        "fix": namespace.trunc,
        "bincount": _bincount,
    },
    # JAX must know the shape of what these give before it knows a value.
    composed={
        func: COMPOSITES[func]
        for func in (np.choose, np.compress, np.extract, np.delete, np.insert)
    },
)
