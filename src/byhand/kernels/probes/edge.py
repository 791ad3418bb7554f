"""Inputs at the edge of what is allowed, where the reference still gives numbers.

Zeros, rows that are alike, whole numbers, elements of minus infinity (as masks are), very large
ones, one row and none. Where a gradient jumps, as at a tie of a maximum or at relu's 0, several
values are right, and no more is asked than a number.

Bad:
    p = torch.exp(scores)            # infinite from 89 on in float32

Good:
    p = torch.exp(scores - scores.amax(-1, keepdim=True))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from byhand.checking.judging.compare import Comparison
from byhand.checking.report import Finding
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.case import Case, Name
from byhand.kernels.judge import judged
from byhand.kernels.probes.probe import Probe, finding, told
from byhand.kernels.probes.sizes import at_one
from byhand.values.arrays import Array

NAME = "edge"

TINY = 1e-7
"""Which part of the usual gradient is nothing."""

JUMP = 1e-3
"""Which part of a gradient is nothing beside its size."""

LARGE = {"float64": 1e3, "float16": 30.0}
"""What large inputs are multiplied with, in other types by 100: their exponentials are infinite."""


def _infinite(array: Array) -> Array:
    """Every third element of the last axis is minus infinity, never all of a row."""
    masked = np.array(array)
    masked[..., 1::3] = -np.inf
    return masked


EDGES: Mapping[str, Callable[[Array], Array]] = {
    "all zeros": np.zeros_like,
    "the same in every row": lambda array: np.broadcast_to(array[:1], array.shape),
    "whole numbers": np.round,
    "minus infinity in places": _infinite,
}


def _find(bench: Bench) -> Iterator[Finding]:
    if not bench.options.edges:
        return
    for name in bench.usual.inputs:
        for what, attempt in _changed(bench, name):
            yield from _found(bench, f"{name} was {what}", attempt)
    for name in bench.kernel.sizes:
        for size in (1, 0):
            attempt = at_one(bench, name, size)
            if attempt is not None:
                yield from _found(bench, f"at {name} = {size}", attempt, refuses=size == 0)


def _changed(bench: Bench, name: str) -> Iterator[tuple[str, Attempt]]:
    framework, usual = bench.kernel.framework, bench.usual
    value = usual.inputs[name]
    if not framework.is_array(value):
        return
    for what, array in _edges(framework.numpy(value), usual.dtype, name in usual.needs):
        attempt = bench.other({**usual.inputs, name: framework.like(array, value)})
        if attempt is not None:
            yield what, attempt


def _edges(array: Array, dtype: str, has_gradient: bool) -> Iterator[tuple[str, Array]]:
    if array.ndim == 0 or not array.size or _has_structure(array):
        return
    if array.dtype.kind == "f" and has_gradient:
        for what, change in EDGES.items():
            yield what, np.array(change(array))
        factor = LARGE.get(dtype, 100.0)
        yield f"{factor:.0f} times as large", factor * array
    elif array.dtype.kind == "i" and array.ndim == 1 and _are_labels(array):
        yield "the same everywhere", np.full_like(array, array[0])


def _has_structure(array: Array) -> bool:
    """Zeros and ones, or rows that add up to 1: other values make no sense there."""
    if np.all((array == 0) | (array == 1)):
        return True
    return bool(np.all(array >= 0) and np.allclose(array.sum(-1), 1.0, atol=1e-2))


def _are_labels(array: Array) -> bool:
    """Whether numbers repeat and stand in any order: else they are places or bounds."""
    return np.unique(array).size < array.size and bool(np.any(np.diff(array) < 0))


def _found(bench: Bench, done: str, attempt: Attempt, refuses: bool = False) -> Iterator[Finding]:
    """What is wrong at an edge, but where the plain reference goes wrong in this type as well.

    A kernel may raise where there is nothing to compute: that is for information.
    """
    if attempt.ran is None:
        for found in finding(NAME, done, attempt, bench.first):
            if not found.wrong or _plain(bench, attempt.case) is not None:
                yield replace(found, wrong=found.wrong and not refuses)
        return
    if not _is_finite(attempt.case) or _is_close(bench, attempt) or not attempt.wrong:
        return
    plain = _plain(bench, attempt.case)
    wrong = {
        name: one
        for name, one in attempt.wrong.items()
        if plain is not None
        and name not in plain
        and name not in bench.first.wrong
        and not _is_negligible(bench, name, one.max_error)
        and not (one.verdict == "wrong" and _jumps(attempt.case, name))
    }
    if wrong:
        yield Finding(NAME, done, told(wrong))


def _is_close(bench: Bench, attempt: Attempt) -> bool:
    """Whether every error is negligible: what rounding explains need not be measured then, which
    takes many runs where numbers are large."""
    assert attempt.ran is not None
    true, found = attempt.case.true, attempt.case.values(attempt.ran)
    return found.keys() == true.keys() and all(
        array.shape == true[name].shape
        and _is_negligible(bench, name, np.max(np.abs(array - true[name]), initial=0.0))
        for name, array in found.items()
    )


def _is_negligible(bench: Bench, name: Name, error: float | None) -> bool:
    """Whether an error is nothing beside the usual gradient. Where a forward cuts numbers off for
    their own sake, as a softplus does that goes on as a line above 20, backward need not."""
    true = bench.usual.true.get(name)
    if true is None or error is None:
        return False
    return error <= TINY * np.max(np.abs(true), initial=0.0, where=np.isfinite(true))


def _jumps(case: Case, name: Name) -> bool:
    """Whether a gradient jumps anywhere, by more than nothing beside its size."""
    true = case.true[name]
    size = np.max(np.abs(true), initial=0.0, where=np.isfinite(true))
    return bool(np.any(case.jumps.get(name, 0.0) > JUMP * size))


def _is_finite(case: Case) -> bool:
    """Whether the reference gives numbers throughout."""
    return not case.upstream or all(np.isfinite(true).all() for true in case.true.values())


def _plain(bench: Bench, case: Case) -> Mapping[Name, Comparison] | None:
    """What the plain reference gets wrong; None where it can't be run.

    Without one, what PyTorch's or JAX's own differentiation of a forward that is right gets wrong.
    """
    plain = bench.kernel.plain
    if plain is None and case.dtype == "float64":
        return {}
    inputs, upstream = bench.copied(case.inputs), [*map(bench.copy, case.upstream)]
    try:
        wrong = judged(case, (plain or bench.kernel.truth)(inputs, upstream, case.needs)).wrong
    except Exception:
        return {} if plain is None else None
    return {} if plain is None and not all(isinstance(n, str) for n in wrong) else wrong


EDGE = Probe(NAME, "tries zeros, ties, masks, large numbers, one row and none", _find)
