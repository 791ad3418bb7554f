# pyright: basic
"""A subject as a kernel: how it is run, and a run of what is true of it by `jax.vjp`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from byhand.jax.rounding import called, rounding
from byhand.jax.subject import Arguments, JaxSubject, is_of_arrays
from byhand.jax.truth import takes_gradient
from byhand.jax_dialect.arrays import in_jax
from byhand.kernels.differences import truth_by_differences
from byhand.kernels.kernel import Framework, Inputs, Kernel, Ran, Run, Upstream
from byhand.values import tree
from byhand.values.arrays import Array, is_float_array, is_jax


def _float_type(array: Any) -> str | None:
    return array.dtype.name if jnp.issubdtype(array.dtype, jnp.floating) else None


def _numpy(array: Any) -> Array:
    return np.asarray(array).astype(np.float64 if _float_type(array) else array.dtype)


def _cast(array: Any, kind: str) -> Any:
    return jnp.array(array, kind if _float_type(array) else array.dtype)


JAX = Framework(
    name="JAX",
    is_array=is_jax,
    float_type=_float_type,
    numpy=_numpy,
    like=lambda values, array: jnp.asarray(values, array.dtype),
    cast=_cast,
    exact=lambda array: _cast(array, "float64"),
    rounding=rounding,
)
"""Memory is JAX's own affair: it has no layouts that a program sees, and nothing is changed."""


def kernel_of(
    subject: JaxSubject, given: Arguments, truth: Callable[..., Any], *, plain: bool, by_jax: bool
) -> Kernel:
    """The subject as a kernel, whose truth is `jax.vjp` of `truth`, if that is known `by_jax`, or
    differences of it; `plain` tells that it may be run in the kernel's own type, too."""
    named = given.make(np.random.default_rng(0))
    arrays = [name for name, value in named.items() if is_of_arrays(value)]

    def make(rng: np.random.Generator, sizes: Mapping[str, int]) -> Inputs:
        values = in_jax(given.make(rng, **sizes))
        found: dict[str, Any] = {}
        for name, value in values.items():
            found |= dict(tree.named(name, value)) if name in arrays else {name: value}
        return found

    def whole(inputs: Inputs) -> dict[str, Any]:
        """The arguments, put together of their leaves."""

        def put_in(name: str, value: Any) -> Any:
            return tree.map_with_path(lambda path, _: inputs[tree.text(name, path)], value)

        return {n: put_in(n, v) if n in arrays else inputs[n] for n, v in named.items()}

    differentiable = [
        said
        for name in arrays
        if name not in subject.untouched
        for said, leaf in tree.named(name, named[name])
        if is_float_array(leaf)
    ]
    true = _run_of(truth, whole)
    known = true if by_jax else truth_by_differences(true, JAX)
    return Kernel(
        name=subject.name,
        framework=JAX,
        run=_run_of(subject.call, whole),
        truth=known,
        make=make,
        differentiable=tuple(differentiable),
        sizes=dict(given.sizes),
        plain=true if plain and by_jax else None,
    )


def _run_of(call: Callable[..., Any], whole: Callable[[Inputs], dict[str, Any]]) -> Run:
    """A run of a function, whose gradients JAX gives."""

    def run(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        def of_floats(floats: Mapping[str, Any]) -> list[Any]:
            return jax.tree.leaves(call(*whole({**inputs, **floats}).values()))

        if upstream is None:
            outputs = of_floats({})
            return Ran(tuple(outputs), tuple(map(takes_gradient, outputs)), {})

        def both(floats: Mapping[str, Any], sent: Upstream) -> tuple[list[Any], Mapping[str, Any]]:
            outputs, back = jax.vjp(of_floats, floats)
            (found,) = back([_sent(g, output) for g, output in zip(sent, outputs, strict=True)])
            return outputs, found

        def gradients(sent: Upstream) -> tuple[list[Any], Mapping[str, Any]]:
            return called(both, {name: inputs[name] for name in needs}, [*sent])

        outputs, found = gradients(upstream)
        takes = tuple(map(takes_gradient, outputs))
        return Ran(tuple(outputs), takes, found, again=lambda sent: gradients(sent)[1])

    return run


def _sent(gradient: Any, output: Any) -> Any:
    """What JAX wants sent back to an output; nothing has no bits where that is no float."""
    if not takes_gradient(output):
        return np.zeros(jnp.shape(output), jax.dtypes.float0)
    return jnp.zeros_like(output) if gradient is None else jnp.asarray(gradient, output.dtype)
