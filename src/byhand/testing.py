"""Hand-written gradients in a test: `byhand.testing.assert_backward(forward, backward, inputs)`.

def test_gelu():
    byhand.testing.assert_backward(gelu, gelu_backward, {"x": x})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.rendering.report.familiar import failure
from byhand.sources.functions import problem_of_functions
from byhand.values import tree


def assert_backward(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any] | Sequence[Any] | Callable[..., Inputs],
    *,
    referee: str = "engine",
    dtype: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Report:
    """Passes if every gradient is right, with the report; else an AssertionError says what isn't.

    `forward` is NumPy or PyTorch, or compiled from that by Numba. `backward` is any callable whose
    parameters are named after what they take: inputs, locals of forward, or the gradient of what it
    returns. Its answers are its locals `d<name>` or a returned dict, or what it returns, in the
    order of forward's arguments. Where it is Python, its statements are judged one by one; else
    what it returns. `inputs` are forward's arguments, by name or in order, or a function
    `(rng, *, n=8)` that draws them, whose `sizes` may be said here. The other options are those of
    `byhand.check`.

    Raises ProblemError if the two can't be checked.
    """
    __tracebackhide__ = True
    problem = problem_of_functions(forward, backward, inputs)
    report = _checked(problem, referee=referee, dtype=dtype, sizes=sizes, seed=seed)
    if not report.ok:
        raise AssertionError(failure(report))
    return report


def judged(fn: Any, inputs: Any, **options: Any) -> Report:
    """The report on whatever has a hand-written backward.

    `fn` is a problem, a pair `(forward, backward)`, or a forward with its backward beside it, and
    the options are those of `assert_backward`; or it is something of PyTorch's or JAX's, with the
    options of `byhand.torch.check` or `byhand.jax.check`. Raises ProblemError if it can't be
    checked.
    """
    match fn:
        case Problem():
            return _checked(fn, **options)
        case (forward, backward):
            return _checked(problem_of_functions(forward, backward, inputs), **options)
        case FunctionType():
            if (backward := backward_beside(fn)) is not None:
                return _checked(problem_of_functions(fn, backward, inputs), **options)
        case _:
            pass
    if (library := _library_of(fn, inputs)) is not None:
        sizes = options.pop("sizes", None)
        inputs = partial(inputs, **sizes) if sizes else inputs
        _refuse_referee(options, library)
        return import_module(f"byhand.{library}").check(fn, inputs, **options)
    raise ProblemError(
        f"{getattr(fn, '__name__', type(fn).__name__)} is not a problem: give (forward, backward), "
        "or a forward with its NAME_backward in the same module"
    )


def _library_of(fn: Any, inputs: Any) -> str | None:
    """The library, PyTorch or JAX, that something with a backward is from, or its inputs."""
    drawn = inputs(np.random.default_rng(0)) if callable(inputs) else inputs
    kinds = [fn, *type(fn).__mro__, *getattr(fn, "__mro__", ())]
    kinds += [type(leaf) for _, leaf in tree.leaves(drawn)]
    of = [str(getattr(each, "__module__", "")).partition(".")[0] for each in kinds]
    found = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}
    return next((found[each] for each in of if each in found), None)


def _refuse_referee(options: dict[str, Any], library: str) -> None:
    referee = options.pop("referee", "engine")
    if referee != "engine":
        raise ProblemError(f"referee {referee}: what is {library}'s own is judged by a reference")


def backward_beside(forward: Any) -> FunctionType | None:
    """The backward that stands in the module of a forward, if there is one."""
    if not isinstance(forward, FunctionType):
        return None
    for name in (f"{forward.__name__}_backward", "backward"):
        found = forward.__globals__.get(name)
        if isinstance(found, FunctionType) and found is not forward:
            return found
    return None


def _checked(
    problem: Problem,
    *,
    referee: str = "engine",
    dtype: Any = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Report:
    kind = None if dtype is None else getattr(dtype, "__name__", str(dtype)).removeprefix("torch.")
    return check(at_sizes(problem, sizes or {}), referee=referee, dtype=kind, seed=seed)


def at_sizes(problem: Problem, sizes: Mapping[str, int]) -> Problem:
    """The same problem with other default sizes. Raises ProblemError if it has no such."""
    for name in sizes:
        if name not in problem.dimensions:
            known = ", ".join(problem.dimensions)
            raise ProblemError(
                f"{problem.file}: there is no size {name}"
                + (f": {known}" if known else ": give the inputs as a function (rng, *, n=8)")
            )
    draw = partial(problem.draw, **sizes)
    return replace(problem, draw=draw, dimensions={**problem.dimensions, **sizes})
