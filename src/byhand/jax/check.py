# pyright: basic
"""`byhand.jax.check`: people's own `custom_vjp`s, judged.

Where bwd is Python its statements are judged one by one, as those of a problem file; where it
isn't, or the custom_vjp is called somewhere inside of a function, what it gives is judged.
"""

from __future__ import annotations

import inspect
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from byhand.checking.check import check as check_problem
from byhand.checking.meant import unjudged_where_meant
from byhand.checking.notes import BACKWARD_DIVIDES
from byhand.checking.report import Finding, Report, Row
from byhand.errors import ProblemError, in_one_line
from byhand.jax.kernel import kernel_of
from byhand.jax.outside import problem_outside
from byhand.jax.subject import (
    Arguments,
    JaxSubject,
    given_by,
    is_of_arrays,
    is_of_floats,
    subject_of,
)
from byhand.jax.truth import (
    differentiable,
    disbelieved,
    gradients_of,
    has_rules,
    near,
    outputs_of,
    takes_gradient,
)
from byhand.jax_dialect.arrays import float64, in_jax
from byhand.kernels.bench import Bench
from byhand.kernels.options import Options
from byhand.kernels.outside import (
    by_outputs_alone,
    gradients_from_outside,
    seen_from_outside,
)
from byhand.kernels.probes import EDGE
from byhand.program.problem import Problem
from byhand.program.trace import trace_problem
from byhand.sources.autograd_functions.problem import problem_of_function
from byhand.sources.custom_vjps import LEAVES, PUT_IN, REBUILT, ZEROS, Rules, written_rules
from byhand.values.precision import HALVES

WIDTHS = ("float64", "float32", *HALVES)
TYPES = f"choose {', '.join(WIDTHS[:-1])} or {WIDTHS[-1]}"


def check(
    f: Any,
    args: Any,
    *,
    reference: Callable[..., Any] | None = None,
    dtype: Any = None,
    sizes: Sequence[Mapping[str, int]] | None = None,
    edges: bool = True,
    seed: int = 0,
) -> Report:
    """Checks the hand-written backward of a `jax.custom_vjp`, or of one that a function calls.

    `args` are its arguments: a tuple, a dict by name, or a function `(rng, *, n=8, ...)` that draws
    one, which lets other sizes be tried; each may be a tree of arrays. `sizes` are more of them to
    try. What is no array is handed on as it is.

    What is true is what `jax.vjp` of `reference` gives in float64; without one, that of the
    function itself without its rules. `dtype` is the float type that the backward is run in; in
    bfloat16 and float16 it is judged by what it gives, too, and beside the reference in that type.
    `edges`: whether zeros, ties, masks and large numbers are tried.

    Raises ProblemError, in one line, if it can't be checked.
    """
    start = time.perf_counter()
    subject = subject_of(f)
    given = given_by(subject, args)
    kind = _type(dtype)
    with float64(), np.errstate(all="ignore"):
        named = given.make(np.random.default_rng(seed))
        truth = subject.primal if reference is None else _by_arguments(reference, subject, named)
        problem, notes = _problem(subject, given, named, truth, reference is not None, seed)
        # A function that calls rules can't say what is true of them.
        own = subject.rules is None and reference is None
        by_jax = not own and differentiable(truth, named, subject.untouched)
        if kind in HALVES and not by_jax:
            raise ProblemError(f"dtype {kind}: give a reference that JAX can differentiate")
        kernel = kernel_of(subject, given, truth, plain=reference is not None, by_jax=by_jax)
        chosen = Options(dtype=kind, sizes=tuple(sizes or ()), edges=False, seed=seed)
        bench = Bench(kernel, chosen)
        findings = tuple(_forwards_apart(subject, named, truth))
        try:
            report = _line_by_line_at(problem, kind, sizes or (), seed, reference is not None)
        except ProblemError as error:  # what the engine has no rule for, JAX may have
            report = by_outputs_alone(bench, subject.file)
            notes = notes or [f"judged by what it gives: {error}"]
            report = replace(report, referee="jax" if by_jax else "finite")
        else:
            if report.unjudged:
                report = gradients_from_outside(report, bench)
            if report.ok and kind in HALVES:
                report = replace(seen_from_outside(report, bench), dtype=kind)
            if report.ok and edges:
                report = replace(report, findings=(*report.findings, *_at_edges(bench, report)))
        if report.ok and subject.rules is not None:
            said = _as_called(subject, named)
            if said is not None:
                report = replace(report, rows=(*report.rows, said), roots=("backward",))
    report = replace(report, findings=(*findings, *report.findings))
    report = replace(report, name=subject.name, notes=(*notes, *report.notes))
    return replace(report, seconds=time.perf_counter() - start)


def _at_edges(bench: Bench, report: Report) -> list[Finding]:
    """What goes wrong at zeros, ties, masks and large numbers, at the usual sizes: for others JAX
    would compile each operation anew. Zeros that a note tells of are no finding."""
    noted = " ".join(note for note in report.notes if note.endswith(BACKWARD_DIVIDES))
    at_one_size = replace(bench.kernel, sizes={})
    tried = Bench(at_one_size, replace(bench.options, edges=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = dict.fromkeys(EDGE.find(tried))
    zeros = {f"{name} was all zeros" for name in re.findall(r"\w+(?=(?: or \w+)* is 0)", noted)}
    return [each for each in found if each.done not in zeros]


def _type(dtype: Any) -> str | None:
    if dtype is None:
        return None
    try:
        kind = jnp.dtype(dtype)
    except TypeError:
        raise ProblemError(f"dtype {dtype}: {TYPES}") from None
    if kind.name not in WIDTHS:
        raise ProblemError(f"dtype {kind.name}: {TYPES}")
    return kind.name


def _line_by_line_at(
    problem: Problem,
    dtype: str | None,
    sizes: Sequence[Mapping[str, int]],
    seed: int,
    referred: bool,
) -> Report:
    """The report on a problem at its own sizes, or on the first others where it isn't right.

    Statements are judged in float64 where they run in a type that is narrower than float32.
    """
    kind = dtype if dtype in ("float64", "float32") else None
    reports = [check_problem(_at(problem, each), dtype=kind, seed=seed) for each in ({}, *sizes)]
    report = next((each for each in reports if not each.ok), reports[0])
    return unjudged_where_meant(report, problem, seed, referred)


def _at(problem: Problem, sizes: Mapping[str, int]) -> Problem:
    draw = partial(problem.draw, **sizes)
    return replace(problem, draw=draw, dimensions={**problem.dimensions, **sizes})


def _problem(
    subject: JaxSubject,
    given: Arguments,
    named: Mapping[str, Any],
    truth: Callable[..., Any],
    referred: bool,
    seed: int,
) -> tuple[Problem, list[str]]:
    """The subject as a problem, and what there is to say of how it was read. `referred`: the truth
    is a reference of the user's."""
    try:
        outputs = outputs_of(truth, named)
    except Exception as error:
        raise ProblemError(f"{subject.name}: forward raised {in_one_line(error)}") from error
    takes = tuple(map(takes_gradient, outputs))
    if not any(takes):
        raise ProblemError(f"{subject.name}: no output is of floats: nothing to check")
    if subject.rules is None:
        if not referred and not has_rules(subject.call, named):
            raise ProblemError(
                f"{subject.name} calls no custom_vjp, so JAX derives its backward: there is "
                "nothing to check, but against a reference"
            )
        return problem_outside(subject, given, truth, takes, seed), []
    if getattr(subject.rules, "symbolic_zeros", False):
        said = "defvjp(symbolic_zeros=True): its statements aren't judged, but what it gives"
        return problem_outside(subject, given, truth, takes, seed), [said]
    try:
        made = _line_by_line(subject, given, named, takes)
        own = made()
        if disbelieved(own, truth, named, subject.untouched, seed) is None:
            return own, []
        by_truth = made(reference=partial(_taken, truth, takes), keep=partial(_kept, subject))
        trace_problem(by_truth, by_truth.inputs(seed))
        return by_truth, []
    except ProblemError as error:
        return problem_outside(subject, given, truth, takes, seed), [
            f"judged by what it gives: {error}"
        ]


def _line_by_line(
    subject: JaxSubject, given: Arguments, named: Mapping[str, Any], takes: tuple[bool, ...]
) -> Callable[..., Problem]:
    """What makes a problem of the two rules. Raises ProblemError if they can't be read."""
    names = _parameters(subject.rules.fwd)[: len(named)]
    back = dict(zip(subject.names, names, strict=False))
    tensors = [n for n, v in named.items() if is_of_arrays(v) and n not in subject.untouched]
    asked = [n for n in tensors if is_of_floats(named[n])]
    with float64():
        shape = jax.tree.structure(subject.primal(*in_jax(dict(named)).values()))
    rules = Rules(
        name=subject.name,
        fwd=subject.rules.fwd,
        bwd=subject.rules.bwd,
        arguments=names,
        handed=subject.handed,
        asked=tuple(back[n] for n in asked),
        takes=takes,
        single=shape == jax.tree.structure(0),
        helpers={
            LEAVES: jax.tree.leaves,
            REBUILT: partial(_rebuilt, shape),
            ZEROS: lambda value: jax.tree.map(jnp.zeros_like, value),
            PUT_IN: _put_in,
        },
    )

    def draw(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        return {back[name]: value for name, value in given.make(rng, **sizes).items()}

    return partial(
        problem_of_function,
        written_rules(rules),
        draw,
        arguments=names,
        defaults={},
        tensors=[back[n] for n in tensors],
        takes=takes,
        asked=rules.asked,
        dimensions=given.sizes,
        library="jax",
    )


def _rebuilt(shape: Any, gradients: Sequence[Any], others: Sequence[Any]) -> Any:
    """The gradients of an output that is a tree; those of what is no float have no bits."""
    rest = iter(others)
    leaves = [
        np.zeros(jnp.shape(next(rest)), jax.dtypes.float0) if each is None else each
        for each in gradients
    ]
    return jax.tree.unflatten(shape, leaves)


def _put_in(returned: Any, count: int, *places: int) -> tuple[Any, ...]:
    """What bwd returned, with a None for each argument that it was handed."""
    found: list[Any] = [None] * count
    for place, gradient in zip(places, returned, strict=True):
        found[place] = gradient
    return tuple(found)


def _taken(truth: Callable[..., Any], takes: Sequence[bool], *arguments: Any) -> Any:
    """The outputs of the truth that take a gradient."""
    leaves = jax.tree.leaves(truth(*arguments))
    found = [leaf for leaf, wanted in zip(leaves, takes, strict=True) if wanted]
    return found[0] if len(found) == 1 else tuple(found)


def _kept(subject: JaxSubject, kept: Sequence[str], arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What fwd leaves for bwd, by name; nothing is known of it while JAX records."""
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(arguments)):
        return (None,) * (len(kept) + 1)
    returned = subject.rules.fwd(*arguments)
    own = _parameters(subject.rules.fwd)
    held = {f"given_{name}": each for name, each in zip(own, arguments, strict=False)}
    held |= {f"output{i}": leaf for i, leaf in enumerate(jax.tree.leaves(returned[0]))}
    held |= {"residuals": returned[1], "returned": returned}
    return (*(held[name] for name in kept), None)


def _parameters(rule: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(rule).parameters)


def _by_arguments(
    reference: Callable[..., Any], subject: JaxSubject, named: Mapping[str, Any]
) -> Callable[..., Any]:
    """A reference that takes the arguments by name, or the first of them by place."""
    try:
        takes = list(inspect.signature(reference).parameters)
    except (TypeError, ValueError):
        return reference
    if not set(takes) <= set(named):
        if len(takes) < len(named):
            return lambda *given: reference(*given[: len(takes)])
        return reference

    def by_name(*given: Any) -> Any:
        return reference(**{n: v for n, v in zip(named, given, strict=True) if n in takes})

    return by_name


def _forwards_apart(
    subject: JaxSubject, named: Mapping[str, Any], truth: Callable[..., Any]
) -> Iterator[Finding]:
    """What fwd returns, or the function itself, that isn't what the truth gives."""
    if subject.rules is None or getattr(subject.rules, "symbolic_zeros", False):
        who, call = subject.name, subject.call
    else:
        who, call = "fwd", lambda *given: subject.rules.fwd(*given)[0]
    mine, true = outputs_of(call, named), outputs_of(truth, named)
    done = f"compared what {who} returns with what is true"
    if len(mine) != len(true):
        yield Finding("forward", done, f"it has {len(mine)} arrays, not {len(true)}")
        return
    for i, (one, other) in enumerate(zip(mine, true, strict=True)):
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        which = "it" if len(true) == 1 else f"array {i + 1} of {len(true)}"
        if one.shape != other.shape:
            yield Finding("forward", done, f"{which} has shape {one.shape}, not {other.shape}")
        elif not near(one, other):
            off = float(np.nanmax(np.abs(one - other)))
            yield Finding("forward", done, f"{which} is off by up to {off:.1e}")


def _as_called(subject: JaxSubject, named: Mapping[str, Any]) -> Row | None:
    """Runs the custom_vjp as JAX calls it: a row for what JAX says of what the rules give."""
    outputs = [each for each in outputs_of(subject.primal, named) if takes_gradient(each)]
    try:
        ones = [np.ones(jnp.shape(each)) for each in outputs]
        gradients_of(subject.call, named, ones, subject.untouched)
    except Exception as error:
        note = f"jax.vjp of {subject.name} raised {in_one_line(error)}"
        return Row("backward", "error", note=note)
    return None
