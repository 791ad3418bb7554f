"""Finite differences: gradients from the values of forward alone.

This referee imports neither the engine nor a rule, and needs no autograd: it runs the forward of
the problem in plain NumPy (or plain PyTorch), moves one step a little at a time, and looks at the
loss (`byhand.referees.differences`). It samples: at most `SAMPLE` elements of a step, and one
random direction through all of them.

(To import `byhand.program` brings the tracer and the ops along; nothing of theirs runs here, as
`tests/referees` proves.)

What it can't know is that a forward cuts a gradient off (`detach`); such a forward it refuses.
"""

from __future__ import annotations

import ast
import math
import warnings
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from byhand.errors import RefereeError
from byhand.program.problem import Problem
from byhand.referees.bindings import missing
from byhand.referees.differences import Line, Slope, noise, one_sided, row, slope
from byhand.referees.perturbed import Perturbed
from byhand.referees.referee import Gradient, Key
from byhand.referees.rehearsal import rehearse
from byhand.values.arrays import Array, speaks_torch

SAMPLE = 64
CUTS = ("detach", "inference_mode", "item", "no_grad")
EPS = float(np.finfo(np.float64).eps)


def finite(
    problem: Problem, inputs: Mapping[str, Any], steps: Sequence[Key], upstream: Sequence[Array]
) -> Mapping[Key, Gradient]:
    """The gradients by finite differences, with `places` and a `direction` (see `Referee`).

    Raises RefereeError if forward can't be run in this way, or its loss isn't finite.
    """
    return _gradients(problem, inputs, dict.fromkeys(steps), upstream)


def differences_at(
    problem: Problem,
    inputs: Mapping[str, Any],
    places: Mapping[Key, Array],
    upstream: Sequence[Array],
) -> Mapping[Key, Gradient]:
    """The gradients of these elements, counted flat, of each step: `SAMPLE` of them, if there are
    more. Where a slope can't be told, its error isn't finite."""
    return _gradients(problem, inputs, places, upstream)


def _gradients(
    problem: Problem,
    inputs: Mapping[str, Any],
    steps: Mapping[Key, Array | None],
    upstream: Sequence[Array],
) -> Mapping[Key, Gradient]:
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))  # a perturbed forward may take log(-0.1)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if speaks_torch(inputs):
            _refuse_cuts(problem)
            stack.enter_context(_one_thread())
        rehearsal = rehearse(problem, inputs)
        for key in steps:
            if key not in rehearsal.values:
                raise missing(problem, key)
        forward = Perturbed(problem, inputs, upstream, rehearsal)
        least = _rounding(problem, forward)
        return {
            key: _gradient(
                key,
                rehearsal.values[key],
                partial(forward.along, rehearsal.calls[key]),
                least,
                places,
            )
            for key, places in steps.items()
        }


@contextmanager
def _one_thread() -> Generator[None, None, None]:
    """PyTorch on one thread: to hand out thousands of small sums costs more than to do them."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _refuse_cuts(problem: Problem) -> None:
    """Refuses a forward that declares a gradient to be zero where its values say otherwise."""
    for statement in problem.forward.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and node.attr in CUTS:
                raise RefereeError(
                    f"{problem.where(node.lineno)}: {node.attr} cuts a gradient off, which finite "
                    "differences can't know: use --referee torch"
                )


def _rounding(problem: Problem, forward: Perturbed) -> float:
    """Of the loss, if its terms are rounded once. Raises RefereeError if no term is finite."""
    terms = [(o * g).ravel() for o, g in zip(forward.outputs, forward.upstream, strict=True)]
    finite = [term[np.isfinite(term)] for term in terms]
    if any(f.size < t.size and not f.size for f, t in zip(finite, terms, strict=True)):
        raise RefereeError(
            f"{problem.file}: forward returns {forward.outputs[0].flat[0]}: "
            "finite differences need a finite loss"
        )
    return EPS * float(np.linalg.norm(np.concatenate(finite)))


def _gradient(
    key: Key,
    value: Array,
    along: Callable[[Array], Line],
    least: float,
    wanted: Array | None = None,
) -> Gradient:
    if not value.size:
        return Gradient(np.zeros(value.shape), np.zeros(value.shape))
    rng = np.random.default_rng([zlib.crc32(key[0].encode()), key[1]])
    places = np.arange(value.size) if wanted is None else wanted
    if places.size > SAMPLE:
        places = np.sort(rng.choice(places, SAMPLE, replace=False))
    finite = value[np.isfinite(value)]
    size = float(np.sqrt(np.mean(finite**2))) if finite.any() else 1.0  # of an element, typically
    largest = max(size, 1.0) / 4

    many = math.sqrt(value.size)
    drawn = np.asarray(rng.normal(size=tuple(value.shape)))
    way: Array = drawn / max(float(np.linalg.norm(drawn)), EPS)
    line = along(way)
    # Every element in proportion to itself, so that nothing but noise is seen in the small ones.
    own = np.where(value == 0, size, np.where(np.isfinite(value), value, 0.0))
    level = noise(along(way * own), least)
    all_at_once = slope(line, size * many / 4, largest * many, level)
    for _ in range(8):  # small values that forward takes large changes of: look further out
        if not all_at_once.settled or all_at_once.start >= largest * many:
            break
        further = row(line, min(16 * all_at_once.start, largest * many), level)
        if not further.settled or further.error > all_at_once.error / 4:
            break
        all_at_once = further

    found: list[Slope] = []
    start = min(max(size / 4, all_at_once.start / many), largest)
    for place in places:
        one = np.zeros(value.shape)
        one.flat[place] = 1.0
        found.append(slope(along(one), start, largest, level))
        if math.isfinite(found[-1].error):
            start = found[-1].start
        elif wanted is not None:
            found[-1] = one_sided(along(one), size / 4, least)
    values = np.array([each.value for each in found])
    errors = np.array([each.error for each in found])
    direction = (way, all_at_once.value, all_at_once.error)
    if all_at_once.kink or any(each.kink for each in found):
        # Which slope is taken at a kink is free for each element: all at once they fit no line.
        direction = None
    if wanted is not None:
        return Gradient(values, errors, places, kinks=np.array([each.kink for each in found]))
    if value.size > SAMPLE:
        return Gradient(values, errors, places, direction)
    return Gradient(values.reshape(value.shape), errors.reshape(value.shape), None, direction)
