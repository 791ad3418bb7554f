"""The draws on inputs that were moved: to a generic point, to where branches go the other way, to
zeros that backward may divide by, to equal values, and to masks that let nothing through."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from byhand.checking.sampling.choices import new_sides, one_sided
from byhand.checking.sampling.moved_inputs import (
    Move,
    emptied,
    far_away,
    farthest,
    moved,
    nearby,
    to_both_sides,
    with_repeats,
    with_zeros,
)
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.ops.op import POSITIVE_DEFINITE, Op
from byhand.program.problem import Problem
from byhand.program.program import Program, Step
from byhand.program.scopes import all_names
from byhand.program.statements import Function
from byhand.values import tree
from byhand.values.precision import eps_of

MOVED = "moved"
FAR = "moved far"
ZEROS = "with zeros"
REPEATS = "with equal values"
EMPTY = "with empty masks"

DOUBLE = eps_of("float64")

EXTREME = 1e150
"""Larger numbers than this, and smaller ones than one over it, aren't tried."""


def generic(
    problem: Problem, seed: int, known: Draw, sizes: Mapping[str, int] = MappingProxyType({})
) -> Draw | None:
    """A draw of these sizes, the default ones if none are given, at a generic point; None where
    forward allows none on which no guard works that doesn't on a known one."""
    return _first(problem, seed, MOVED, to_both_sides, nearby, known=known, sizes=sizes)


def holds_still(problem: Problem, known: Draw) -> bool:
    """Whether an input is a gain of ones, a matrix of zeros: of one value only."""
    return any(
        step.value.size > 1 and np.all(step.value == step.value.flat[0])
        for step in known.truth.inputs
        if tree.root(step.name) not in problem.data
    )


def other_branches(problem: Problem, seed: int, known: Draw) -> Draw | None:
    """A draw on which a branch is taken that a known one doesn't take; None if there is none, or if
    guards work wherever there is one."""
    for move in (far_away, farthest) if one_sided(known.truth) else ():
        found = _first(problem, seed, FAR, move, known=known)
        if found is not None and new_sides(known.truth, found.truth).matter:
            return found
    return None


def zeros(problem: Problem, seed: int, backward: Function | None, known: Draw) -> Draw | None:
    """A draw with zeros in inputs that forward takes products, powers or quotients of; None if
    backward divides by nothing that has any then."""
    divisors = _divisors(backward) if backward is not None else frozenset[str]()
    delicate = _delicate(known.truth) if divisors else frozenset[str]()
    if not delicate:
        return None
    found = _first(problem, seed, ZEROS, with_zeros, only=delicate)
    return found if found is not None and zero_divisors(found, backward) else None


def empty_masks(problem: Problem, seed: int) -> Draw | None:
    """A draw on which no mask lets anything through; None if there is none or forward needs one."""
    if emptied(problem.inputs(seed)) is None:
        return None
    try:
        found = draw(problem, {}, "float64", seed, lambda given: emptied(given) or given, EMPTY)
    except ProblemError:
        return None
    return found if _finite(found) else None


def divided_by(problem: Problem, seed: int, backward: Function | None) -> Draw | None:
    """A draw with zeros in all inputs; None if backward divides by nothing that has any then."""
    divisors = _divisors(backward) if backward is not None else frozenset[str]()
    if not divisors & {*problem.forward.parameters}:
        return None
    found = _first(problem, seed, ZEROS, with_zeros)
    return found if found is not None and zero_divisors(found, backward) else None


def equal_values(problem: Problem, seed: int, known: Draw) -> Draw | None:
    """A draw as it came, with equal values where forward takes a maximum; None if it takes none of
    an input."""
    names = _maximized(known.truth)
    if not names:
        return None
    change = partial(moved, data=problem.data, move=with_repeats, seed=seed, only=names)
    try:
        found = draw(problem, {}, "float64", seed, change, REPEATS).as_it_came
    except ProblemError:
        return None
    return found if found is not None and _finite(found) else None


def zero_divisors(found: Draw, backward: Function | None) -> list[str]:
    """The values of forward with zeros that backward divides by, by name."""
    names = _divisors(backward) if backward is not None else frozenset[str]()
    held = {s.name: s.value for s in found.truth if s.name in names and s.value.ndim}
    return [name for name, value in held.items() if not np.all(value)]


def _delicate(program: Program) -> frozenset[str]:
    """The inputs at whose zeros an op of forward, or a usual form of its derivative, may have a
    pole."""
    reached: set[Tensor] = set()
    for tensor in program.tensors[::-1]:
        for position, arg in enumerate(tensor.args):
            if not isinstance(arg, Tensor) or tensor.op is None:
                continue
            pole = position in tensor.op.poles or (tensor.op.quotient and position == 0)
            pole = pole and not _smooth_power(tensor)
            if pole or (tensor in reached and _keeps_zeros(tensor.op, position, len(tensor.args))):
                reached.add(arg)
    return frozenset(step.name for step in program.inputs if step.tensor in reached)


def _keeps_zeros(op: Op, position: int, count: int) -> bool:
    """Whether a zero of an argument is a zero of the result."""
    if op.structure != "elementwise":
        return op.view or op.permutes or op.indexed
    args = [0.0 if i == position else 2.0 for i in range(count)]
    with np.errstate(all="ignore"):
        return bool(op.forward(*map(np.asarray, args)) == 0)


def _smooth_power(tensor: Tensor) -> bool:
    """Whether this is a power such as `x**3`, which has a slope at 0 whoever divides by x."""
    exponent = tensor.args[-1]
    named = tensor.op is not None and tensor.op.name == "power"
    return named and not isinstance(exponent, Tensor) and bool(np.all(np.asarray(exponent) >= 1))


def _first(
    problem: Problem,
    seed: int,
    how: str,
    *moves: Move,
    only: Container[str] | None = None,
    known: Draw | None = None,
    sizes: Mapping[str, int] = MappingProxyType({}),
) -> Draw | None:
    """The first move on which every gradient is finite and no chaos, no value is extreme, and the
    gradients of the inputs aren't all zero; else the first but for the last. No guard works that
    doesn't on the known draw, if there is one."""
    dead: Draw | None = None
    kept = (*problem.data, *(() if known is None else _symmetric(known.truth)))
    for move in moves:
        change = partial(moved, data=kept, move=move, seed=seed, only=only)
        try:
            found = draw(problem, sizes, "float64", seed, change, how)
        except ProblemError:
            continue
        if not _finite(found) or _chaotic(found) or _is_extreme(found):
            continue
        if known is not None and new_sides(known.truth, found.truth).guard:
            continue
        if all(each.value.any() for each in _gradients(found, found.truth.inputs)):
            return found
        dead = dead or found
    return dead


def _symmetric(program: Program) -> Iterator[str]:
    """The inputs that are symmetric matrices because forward asks for that, as Cholesky factors
    do: there is no generic point for them."""
    wanted: set[Tensor] = set()
    for tensor in program.tensors[::-1]:
        if tensor in wanted or (tensor.op is not None and POSITIVE_DEFINITE in tensor.op.domains):
            wanted.update(tensor.parents)
    for step in program.inputs:
        value, square = step.value, step.value.ndim > 1 and len({*step.shape[-2:]}) == 1
        if square and step.tensor in wanted and np.array_equal(value, value.swapaxes(-1, -2)):
            yield step.name


def _finite(found: Draw) -> bool:
    """Whether every gradient is."""
    return all(np.isfinite(each.value).all() for each in _gradients(found, found.truth))


def _chaotic(found: Draw) -> bool:
    """Whether rounding may take half of the digits of an input's gradient: forward isn't meant for
    such inputs, as an iteration isn't for those where it doesn't converge. One that may be nothing
    but rounding is 0, as a bias' below batch norm."""
    for each in _gradients(found, found.truth.inputs):
        bound = np.max(each.error, initial=0.0) * DOUBLE
        size = np.max(np.abs(each.value), initial=0.0)
        if np.sqrt(DOUBLE) * size < bound < size:
            return True
    return False


def _is_extreme(found: Draw) -> bool:
    """Whether a value is so large or small that its square is no number, or has lost digits: then
    the gradient of `1 / x` isn't known, either."""
    for tensor in found.truth.tensors:
        size = np.abs(tensor.value)
        if np.any(size > EXTREME) or np.any((size > 0) & (size < 1 / EXTREME)):
            return True
    return False


def _gradients(found: Draw, steps: Iterable[Step]) -> Iterator[Any]:
    for step in steps:
        if step.tensor in found.true_gradients:
            yield found.true_gradients[step.tensor]


def _maximized(program: Program) -> frozenset[str]:
    """The inputs of whose elements forward takes a maximum, as they are or one by one changed."""
    repeating: set[Tensor] = set()
    for tensor in program.tensors:  # a sum with what has no equal elements has none
        if _one_by_one(tensor) and all(
            arg in repeating or arg.value.size == 1 for arg in tensor.parents
        ):
            repeating.add(tensor)
    reached: set[Tensor] = set()
    for tensor in program.tensors[::-1]:
        largest = tensor.op is not None and tensor.op.kink == "elements"
        if largest or (tensor in reached and _one_by_one(tensor)):
            reached.update(repeating.intersection(tensor.parents))
    return frozenset(step.name for step in program.inputs if step.tensor in reached)


def _one_by_one(tensor: Tensor) -> bool:
    """Whether every element is one of an input, or is made of one of each argument."""
    op = tensor.op
    return op is None or op.structure == "elementwise" or bool(op.view) or op.permutes


@lru_cache(maxsize=1 << 6)
def _divisors(function: Function) -> frozenset[str]:
    """The names in what a function divides by."""
    found: set[str] = set()
    for node in function.nodes:
        match node:
            case (
                ast.BinOp(op=ast.Div(), right=divisor) | ast.AugAssign(op=ast.Div(), value=divisor)
            ):
                found |= all_names(divisor)
            case ast.BinOp(left=base, op=ast.Pow()):
                found |= all_names(base)
            case ast.Call(func=ast.Attribute(attr="reciprocal" | "divide"), args=args):
                found |= set[str]().union(*map(all_names, args[-1:]))
            case _:
                pass
    return frozenset(found)
