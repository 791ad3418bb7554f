"""`byhand derive --as`: a derived backward as an object of a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from byhand.codegen.recording import record
from byhand.codegen.torch_words import PyTorch
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.steps.context import context_of
from byhand.deriving.wrapped.autograd_function import autograd_function, class_name
from byhand.deriving.wrapped.custom_vjp import custom_vjp
from byhand.deriving.wrapped.parts import Parts, own_text, parts_of, statements_of, unsupported
from byhand.deriving.wrapped.prove import prove
from byhand.deriving.wrapped.restated import making_of, restated
from byhand.deriving.wrapped.running import FunctionText
from byhand.deriving.wrapped.triton_kernels import triton_kernels
from byhand.errors import UnsupportedError
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.values.arrays import is_array, is_torch


def written(problem: Problem, kind: str, names: Sequence[str] | None = None) -> str:
    """What `--as` asks for: "function", "custom-vjp" or "triton"."""
    match kind:
        case "triton":
            return as_triton(problem, names)
        case "function" if not problem.in_jax:
            return as_function(problem, names)
        case _:
            return as_custom_vjp(problem, names)


def as_function(problem: Problem, names: Sequence[str] | None = None) -> str:
    """The closed form as a `torch.autograd.Function`, as text.

    `names` are the inputs that get a gradient: every float input that isn't data, unless told
    otherwise. It was run, and gave what PyTorch's autograd gives for forward, at other sizes too.
    Raises UnsupportedError if forward can't be written so.
    """
    _needs("torch", "byhand[torch]")
    derivation, parts, _ = _in_torch(problem, names, own=True)
    function = _function(problem, parts, autograd_function(parts))
    prove(problem, function.here(), function.wanted, derivation.fixed_sizes)
    return function.source


def as_triton(problem: Problem, names: Sequence[str] | None = None) -> str:
    """The closed form as two Triton kernels and the `torch.autograd.Function` that calls them.

    It was run by Triton's interpreter, and gave what PyTorch's autograd gives for forward. Raises
    UnsupportedError for a form that isn't elementwise with reductions over the last axis.
    """
    _needs("torch", "byhand[torch]")
    _needs("triton", "triton")
    derivation, parts, program = _in_torch(problem, names, own=False)
    try:
        source = triton_kernels(parts, program.locals)
    except UnsupportedError as error:
        raise unsupported(problem, str(error)) from None
    function = _function(problem, parts, source)
    with function.interpreted() as run:
        prove(problem, run, function.wanted, derivation.fixed_sizes)
    return source


def as_custom_vjp(problem: Problem, names: Sequence[str] | None = None) -> str:
    """The closed form as a `jax.custom_vjp`, as text: of a forward in NumPy, or in JAX's NumPy.

    It was run, and gave what JAX's own differentiation gives for forward; and it can be compiled.
    Raises UnsupportedError if forward can't be written so.
    """
    _needs("jax", "byhand[jax]")
    spoken = in_numpy(problem)
    inputs = spoken.inputs()
    names = names or _arrays(problem, inputs)
    derivation = derive(spoken, names=names, dialect="numpy", closed=True)
    program = record(spoken, inputs).program
    forward, returned = own_text(problem)
    parts = parts_of(problem, inputs, program, derivation, forward, returned)
    own, _ = statements_of(problem)
    making = making_of(own, set(parts.others), {step.name for step in program.steps})
    static = [k for k, name in enumerate(parts.arguments) if not is_array(inputs[name])]
    source = custom_vjp(parts, making, static, module_of(problem))
    function = _function(problem, parts, source, problem.name)
    prove(problem, function.in_jax(), function.wanted, derivation.fixed_sizes, "jax")
    return source


def in_numpy(problem: Problem) -> Problem:
    """A problem whose forward says `jnp`, with NumPy in the place of that."""
    spoken = {
        name: np if getattr(value, "__name__", "") == "jax.numpy" else value
        for name, value in problem.forward.globals.items()
    }

    def draw(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        with problem.in_double():
            drawn = problem.draw(rng, **sizes)
            return {n: np.asarray(v) if hasattr(v, "__array__") else v for n, v in drawn.items()}

    forward = replace(problem.forward, globals=spoken)
    return replace(problem, forward=forward, draw=draw, library="")


def module_of(problem: Problem) -> str:
    """What the file calls NumPy, or JAX's."""
    named = {getattr(v, "__name__", ""): n for n, v in problem.forward.globals.items()}
    alias = named.get("jax.numpy", named.get("numpy", "np"))
    return f"(?:np|{alias})"


def _function(problem: Problem, parts: Parts, source: str, name: str = "") -> FunctionText:
    pairs = zip(parts.arguments, parts.gradients, strict=True)
    wanted = tuple(name for name, d in pairs if d is not None)
    if not wanted:
        raise unsupported(problem, "no input has a gradient")
    name = name or class_name(problem.name)
    return FunctionText(source, name, parts.arguments, wanted)


def _arrays(problem: Problem, inputs: Mapping[str, Any]) -> list[str] | None:
    """The inputs that get a gradient: arrays of floats that are no data. A number gets none."""
    found = [
        name
        for name, value in inputs.items()
        if (is_array(value) or is_torch(value))
        and "float" in str(value.dtype)
        and name not in problem.data
    ]
    return found or None


def _in_torch(
    problem: Problem, names: Sequence[str] | None, own: bool
) -> tuple[Derivation, Parts, Program]:
    """The closed form in PyTorch, its parts, and forward as it ran.

    A NumPy forward is restated; one in PyTorch stands in its `own` text, if that is asked for.
    """
    inputs = problem.inputs()
    names = names or _arrays(problem, inputs)
    derivation = derive(problem, names=names, dialect="torch", closed=True)
    recording = record(problem, inputs)
    program = recording.program
    if program.in_torch and own:
        forward, returned = own_text(problem)
    else:
        forward, returned = restated(context_of(recording, PyTorch(), program.inputs), derivation)
    return derivation, parts_of(problem, inputs, program, derivation, forward, returned), program


def _needs(module: str, package: str) -> None:
    if find_spec(module) is None:
        said = f'pip install "{package}"' if "[" in package else f"pip install {package}"
        raise UnsupportedError(f"what is written is run first, which needs {module}: {said}")
