# pyright: basic
"""What is true of a function in JAX: its gradients by `jax.vjp` of a reference, in float64."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from byhand.jax_dialect.arrays import float64, in_jax
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.referees.engine import sweep
from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_float_array

NEAR = 1e-9
STEP = 1e-5


def takes_gradient(leaf: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(leaf), jnp.floating)


def outputs_of(call: Callable[..., Any], named: Mapping[str, Any]) -> list[Any]:
    """The leaves of what a function returns, on arguments by name."""
    with float64():
        return jax.tree.leaves(call(*in_jax(in_double(dict(named))).values()))


def gradients_of(
    call: Callable[..., Any],
    named: Mapping[str, Any],
    upstream: Sequence[Array],
    handed: Collection[str] = (),
) -> dict[str, Array]:
    """The gradient of every float in the arguments, by name: `x`, `params["w"]`; but for those that
    are `handed` to bwd. `upstream` belongs to the leaves of the output that take a gradient."""
    named = in_double(dict(named))
    asked = [
        name
        for name, value in named.items()
        if name not in handed and any(is_float_array(leaf) for _, leaf in tree.leaves(value))
    ]

    def of_floats(floats: Mapping[str, Any]) -> list[Any]:
        given = {n: floats.get(n, value) for n, value in named.items()}
        leaves = jax.tree.leaves(call(*given.values()))
        return [leaf for leaf in leaves if takes_gradient(leaf)]

    with float64():
        given = in_jax({n: named[n] for n in asked})
        named = in_jax(named)
        outputs, back = jax.vjp(of_floats, given)
        (found,) = back([jnp.asarray(g, o.dtype) for g, o in zip(upstream, outputs, strict=True)])
    return {
        said: np.array(leaf)
        for name, value in found.items()
        for said, leaf in tree.named(name, value)
        if np.dtype(leaf.dtype).kind == "f"
    }


def in_double(value: Any) -> Any:
    """A tree with all floats in float64."""
    return tree.map(lambda leaf: np.float64(leaf) if is_float_array(leaf) else leaf, value)


def disbelieved(
    problem: Problem,
    call: Callable[..., Any],
    named: Mapping[str, Any],
    handed: Collection[str],
    seed: int,
) -> str | None:
    """Why a problem's forward doesn't say what is true of `call`; None where it does.

    Raises ProblemError where it can't be followed.
    """
    program = trace_problem(problem, in_double(problem.inputs(seed)))
    true = [np.array(each) for each in outputs_of(call, named) if takes_gradient(each)]
    for step, output in zip(program.outputs, true, strict=True):
        if not near(step.value, output):
            return f"it computes another {step.name}"
    upstream = program.upstream(seed)
    grads = sweep(program, upstream)
    mine = {step.name: grads[step.tensor].value for step in program.inputs}
    if not differentiable(call, named, handed):
        return _slopes(mine, call, named, handed, upstream, seed)
    for name, gradient in gradients_of(call, named, upstream, handed).items():
        if name in mine and not near(mine[name], gradient):
            return f"the gradient of {name} that follows from its statements is another"
    return None


def _slopes(
    mine: Mapping[str, Array],
    call: Callable[..., Any],
    named: Mapping[str, Any],
    handed: Collection[str],
    upstream: Sequence[Array],
    seed: int,
) -> str | None:
    """Why gradients aren't the slopes of `call`, each along one random direction; None if they
    are."""
    rng = np.random.default_rng([seed, 4])
    named = in_double(dict(named))

    def at(name: str, way: Array, h: float) -> float:
        def moved(path: tree.Path, leaf: Any) -> Any:
            return leaf + h * way if tree.text(root, path) == name else leaf

        root = tree.root(name)
        outputs = outputs_of(call, {**named, root: tree.map_with_path(moved, named[root])})
        floats = [np.asarray(each) for each in outputs if takes_gradient(each)]
        return sum(float(np.sum(o * g)) for o, g in zip(floats, upstream, strict=True))

    for name, gradient in mine.items():
        if tree.root(name) in handed or tree.root(name) not in named:
            continue
        way = rng.normal(size=gradient.shape)
        slope = (at(name, way, STEP) - at(name, way, -STEP)) / (2 * STEP)
        size = float(np.sum(np.abs(gradient * way))) + abs(slope)
        if np.isfinite(slope) and abs(slope - float(np.sum(gradient * way))) > 1e-4 * size:
            return f"the gradient of {name} that follows from its statements is not its slope"
    return None


def differentiable(
    call: Callable[..., Any], named: Mapping[str, Any], handed: Collection[str]
) -> bool:
    """Whether JAX has a gradient of a function: of a loop of unknown length it hasn't."""
    outputs = [each for each in outputs_of(call, named) if takes_gradient(each)]
    try:
        gradients_of(call, named, [np.ones(jnp.shape(each)) for each in outputs], handed)
    except Exception:
        return False
    return True


def near(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    finite = np.abs(b[np.isfinite(b)])
    size = float(np.max(finite, initial=0.0))
    return bool(np.allclose(a, b, rtol=NEAR, atol=NEAR * size, equal_nan=True))


def has_rules(call: Callable[..., Any], named: Mapping[str, Any]) -> bool:
    """Whether a function calls a custom_vjp."""

    def within(jaxpr: Any) -> bool:
        for equation in jaxpr.eqns:
            if "custom_vjp" in equation.primitive.name:
                return True
            for held in equation.params.values():
                for each in held if isinstance(held, (tuple, list)) else (held,):
                    inner = getattr(each, "jaxpr", each)
                    if hasattr(inner, "eqns") and within(inner):
                        return True
        return False

    arrays = {n: v for n, v in named.items() if any(is_array(leaf) for _, leaf in tree.leaves(v))}
    with float64():
        made = jax.make_jaxpr(lambda given: call(*{**named, **given}.values()))(arrays)
    return within(made.jaxpr)
