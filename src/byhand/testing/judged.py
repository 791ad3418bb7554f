"""The report on whatever has a hand-written backward: what a test returns, or asserts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.kernels.bench import Bench
from byhand.kernels.differences import truth_by_differences
from byhand.kernels.frameworks.numpy import NUMPY
from byhand.kernels.options import Options
from byhand.kernels.outside import seen_from_outside
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.sources.functions import drawing, forward_alone, problem_of_functions
from byhand.testing.compiled import (
    floats_in,
    judged_as_kernel,
    kernel_of,
    run_of_functions,
    run_of_problem,
    truth_of_problem,
)
from byhand.values import tree


def judged(fn: Any, inputs: Any, **options: Any) -> Report:
    """The report on whatever has a hand-written backward.

    `fn` is a problem, a pair `(forward, backward)`, or a forward with its backward beside it, and
    the options are those of `assert_backward`; or it is something of PyTorch's or JAX's, with the
    options of `byhand.torch.check` or `byhand.jax.check`. Raises ProblemError if it can't be
    checked.
    """
    match fn:
        case Problem():
            return _checked(laid_out(fn, options.pop("layout", None)), **options)
        case (forward, backward):
            return of_pair(forward, backward, inputs, **options)
        case FunctionType():
            if (backward := backward_beside(fn)) is not None:
                return of_pair(fn, backward, inputs, **options)
        case _:
            pass
    if (library := _library_of(fn, inputs)) is not None:
        sizes, layout = options.pop("sizes", None), options.pop("layout", None)
        inputs = partial(inputs, **sizes) if sizes else inputs
        inputs = inputs if layout is None else _laid(inputs, layout)
        referee = options.pop("referee", None)
        report = import_module(f"byhand.{library}").check(fn, inputs, **options)
        said = f"judged by a reference, not by {referee}, since it is of {library}"
        return report if referee is None else replace(report, notes=(said, *report.notes))
    raise ProblemError(
        f"{getattr(fn, '__name__', type(fn).__name__)} is not a problem: give (forward, "
        "backward), or a forward with its NAME_backward in the same module"
    )


def _library_of(fn: Any, inputs: Any) -> str | None:
    """The library, PyTorch or JAX, that something with a backward is from, or its inputs."""
    drawn = inputs(np.random.default_rng(0)) if callable(inputs) else inputs
    kinds = [fn, *type(fn).__mro__, *getattr(fn, "__mro__", ())]
    kinds += [type(leaf) for _, leaf in tree.leaves(drawn)]
    of = [str(getattr(each, "__module__", "")).partition(".")[0] for each in kinds]
    found = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}
    return next((found[each] for each in of if each in found), None)


def backward_beside(forward: Any) -> FunctionType | None:
    """The backward that stands in the module of a forward, if there is one."""
    if not isinstance(forward, FunctionType):
        return None
    for name in (f"{forward.__name__}_backward", "backward"):
        found = forward.__globals__.get(name)
        if isinstance(found, FunctionType) and found is not forward:
            return found
    return None


def of_pair(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    *,
    reference: Callable[..., Any] | None = None,
    referee: str = "engine",
    dtype: Any = None,
    sizes: Mapping[str, int] | None = None,
    layout: str | None = None,
    seed: int = 0,
) -> Report:
    """The report on a forward and its backward, in Python or compiled (see `assert_backward`)."""
    problem, why = _followed(forward, backward, inputs)
    kind = _type(dtype)
    options = Options(dtype=kind, seed=seed)
    if problem is None or reference is not None:
        chosen = _Chosen(sizes or {}, layout, options)
        report = _as_kernel(forward, backward, inputs, problem, reference, chosen, why)
        lines = None if report.ok or problem is None or not _in_python(problem) else problem
    else:
        problem = laid_out(at_sizes(problem, sizes or {}), layout)
        report = check(problem, referee=referee, dtype=kind, seed=seed)
        if _in_python(problem):
            return report
        run, truth = run_of_problem(problem), truth_of_problem(problem)
        kernel = kernel_of(problem, run, truth, floats_in(problem), report.name)
        report = seen_from_outside(report, Bench(kernel, options))
        python = getattr(backward, "py_func", None)
        lines = None if report.ok or python is None else _followed(forward, python, inputs)[0]
    if lines is not None:  # what is wrong may have lines
        found = check(at_sizes(lines, sizes or {}), referee=referee, dtype=kind, seed=seed)
        if not found.ok:
            return replace(found, findings=report.findings)
    return report


@dataclass(frozen=True)
class _Chosen:
    """What was chosen of how a pair is tried."""

    sizes: Mapping[str, int]
    layout: str | None
    options: Options


def _followed(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Any
) -> tuple[Problem | None, str]:
    """The problem of a pair whose forward can be followed, that of Numba as it is in Python; else
    None, and why it can't."""
    try:
        problem = problem_of_functions(getattr(forward, "py_func", forward), backward, inputs)
        trace_problem(problem, problem.inputs())
    except ProblemError as error:
        return None, str(error)
    return problem, ""


def _as_kernel(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    problem: Problem | None,
    reference: Callable[..., Any] | None,
    chosen: _Chosen,
    why: str,
) -> Report:
    """The report on what a pair gives, by a reference or by differences of its forward."""
    if inputs is None:
        raise ProblemError(why)
    if problem is not None:
        run, names = run_of_problem(problem), problem.forward.parameters
    else:
        names = _parameters(forward, inputs, why)
        run = run_of_functions(forward, backward, names)
    name = getattr(forward, "__name__", "forward")
    drawn = drawing(inputs, names)
    if reference is None:
        alone = forward_alone(name, drawn)
        truth, referee = truth_by_differences(run, NUMPY), "finite"
    else:
        alone = forward_alone(name, drawn, reference)
        truth, referee = truth_of_problem(alone), "reference"
    alone, options = laid_out(at_sizes(alone, chosen.sizes), chosen.layout), chosen.options
    kernel = kernel_of(alone, run, truth, floats_in(alone), name)
    if reference is None:  # layouts and edges would take as many differences each
        options = replace(options, layouts=False, edges=False)
    report = judged_as_kernel(kernel, alone.file, referee, options)
    notes = [f"judged by what it gives: {why}"] if why else []
    return replace(report, notes=(*notes, *report.notes))


def _parameters(forward: Callable[..., Any], inputs: Any, why: str) -> Sequence[str]:
    if isinstance(inputs, Mapping):
        return [*map(str, inputs)]  # pyright: ignore[reportUnknownArgumentType]
    try:
        return [*inspect.signature(forward).parameters]
    except (TypeError, ValueError):
        raise ProblemError(
            f"{why}; its arguments can't be read either: give inputs by name"
        ) from None


def _in_python(problem: Problem) -> bool:
    return isinstance(problem.backward, FunctionType)


def _checked(
    problem: Problem,
    *,
    referee: str = "engine",
    dtype: Any = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Report:
    return check(at_sizes(problem, sizes or {}), referee=referee, dtype=_type(dtype), seed=seed)


def _type(dtype: Any) -> str | None:
    """The name of a float type of NumPy's, PyTorch's or JAX's."""
    if dtype is None:
        return None
    return getattr(dtype, "__name__", str(dtype)).removeprefix("torch.")


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


def laid_out(problem: Problem, layout: str | None) -> Problem:
    """The same problem, whose arrays lie in memory so. Raises ProblemError for no such layout."""
    return problem if layout is None else replace(problem, draw=_laid(problem.draw, layout))


def _laid(inputs: Any, layout: str) -> Any:
    """Inputs, or a function that draws them, with every array that can be laid out so."""
    if callable(inputs):

        def draw(rng: np.random.Generator, **sizes: int) -> Any:
            return _laid(inputs(rng, **sizes), layout)

        draw.__signature__ = inspect.signature(inputs)  # pyright: ignore
        return draw

    def leaf(value: Any) -> Any:
        for name, framework in (("numpy", "NUMPY"), ("pytorch", "TORCH")):
            library = "torch" if name == "pytorch" else name
            if type(value).__module__.partition(".")[0] != library:
                continue
            found = getattr(import_module(f"byhand.kernels.frameworks.{name}"), framework)
            known = {each.name: each for each in found.layouts}
            if layout not in known:
                raise ProblemError(f"layout {layout}: choose {', '.join(known)}")
            laid = known[layout].of(value) if found.is_array(value) else None
            return value if laid is None else laid
        return value

    return tree.map(leaf, inputs)
