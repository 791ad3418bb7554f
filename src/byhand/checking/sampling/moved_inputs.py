"""Moving inputs to a generic point, where nothing hides a mistake.

A gain that is all ones, a diagonal W, an x that is all positive: on these a factor may be left out,
a transpose forgotten, a sign lost. So backward is tried where every float input whose gradient is
asked for has moved by its own scale, and to both sides of zero where forward allows it. What looks
made on purpose stays as it is: arrays of two values (masks, one-hot rows), rows that add up to 1,
pairs such as sine and cosine, and what is in order.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from byhand.values import tree
from byhand.values.arrays import Array, as_torch, is_array, is_torch

Move: TypeAlias = Callable[[Array, np.random.Generator], Array]
"""Gives a generic array in the place of one of floats."""

STEP = 0.5
"""How far an element moves, times the spread of its array."""

WIDE = 8.0
"""How many times as large every other element becomes where a branch was never reached."""

FARTHEST = 200.0
"""Up to how large the largest element becomes where that wasn't enough: `exp` of three times that
is a number."""

MOST = 1e4
"""How many times as large that may be: what is still smaller is nothing beside other values."""


def to_both_sides(value: Array, rng: np.random.Generator) -> Array:
    """Every element moved, and each made positive or negative by chance."""
    moved = nearby(value, rng)
    return moved * rng.choice([-1.0, 1.0], value.shape) if value.ndim else moved


def nearby(value: Array, rng: np.random.Generator) -> Array:
    """Every element moved, with its sign: by a part of itself; from zero, by the array's scale."""
    scale = float(np.std(value)) or float(np.max(np.abs(value), initial=0.0)) or 1.0
    shape: tuple[int, ...] = value.shape
    away = STEP * scale * np.asarray(rng.uniform(0.5, 1.0, shape))
    part = value * np.asarray(rng.uniform(1 - STEP, 1 + STEP, shape))
    return np.where(value == 0, away, part)


def far_away(value: Array, rng: np.random.Generator) -> Array:
    """As `to_both_sides`, with every other element many times as large."""
    return _stretched(to_both_sides(value, rng), WIDE, rng)


def farthest(value: Array, rng: np.random.Generator) -> Array:
    """As `to_both_sides`, with every other element as large as is sensible."""
    moved = to_both_sides(value, rng)
    largest = float(np.max(np.abs(moved), initial=0.0))
    far = FARTHEST * rng.uniform(1 - STEP, 1)
    return _stretched(moved, far / largest if far / MOST < largest < far else 1.0, rng)


def _stretched(value: Array, times: float, rng: np.random.Generator) -> Array:
    return value * np.where(np.asarray(rng.random(np.shape(value))) < 0.5, times, 1.0)


def with_repeats(value: Array, rng: np.random.Generator) -> Array:
    """Every element rounded to one of a few values, so that many are equal."""
    step = float(np.std(value)) or 1.0
    return np.asarray(np.round(value / step) * step)


def with_zeros(value: Array, rng: np.random.Generator) -> Array:
    """As it was, with one exact zero along the last axis."""
    if value.ndim == 0 or value.size < 2:
        return value
    found = value.copy()
    at = rng.integers(0, value.shape[-1], (*value.shape[:-1], 1))
    np.put_along_axis(found, at, 0.0, axis=-1)
    return found


def emptied(inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The inputs where every mask lets nothing through; None if none is a mask: booleans, or whole
    numbers that are 0 or 1."""
    leaves = [leaf for _, leaf in tree.leaves(dict(inputs))]
    if not any(_is_mask(leaf) for leaf in leaves):
        return None
    return {name: tree.map(_emptied, value) for name, value in inputs.items()}


def _emptied(leaf: Any) -> Any:
    if not _is_mask(leaf):
        return leaf
    nothing = np.zeros_like(_whole(leaf))
    return as_torch(nothing) if is_torch(leaf) else nothing


def _is_mask(leaf: Any) -> bool:
    found = _whole(leaf)
    return found is not None and len(np.unique(found)) == 2 and bool(np.isin(found, (0, 1)).all())


def _whole(leaf: Any) -> Array | None:
    """An array of booleans or whole numbers as one of NumPy's; None for anything else."""
    if is_torch(leaf):
        return None if leaf.is_floating_point() or leaf.is_complex() else leaf.numpy()
    return leaf if is_array(leaf) and leaf.dtype.kind in "biu" else None


def moved(
    inputs: Mapping[str, Any],
    data: tuple[str, ...],
    move: Move,
    seed: int,
    only: Container[str] | None = None,
) -> dict[str, Any]:
    """The inputs, moved, but for `data` and what looks made on purpose; or `only` some of them.
    Whole numbers are put into another order, with one of them twice."""
    floats = {
        said: held
        for name, value in inputs.items()
        for said, leaf in tree.named(name, value)
        if (held := _float(leaf)) is not None
    }
    kept = {said for said, value in floats.items() if _on_purpose(value)} | {*_pairs(floats)}
    kept |= {said for said in floats if {said, tree.root(said)} & {*data}}

    def leaf(name: str, rng: np.random.Generator, path: tree.Path, held: Any) -> Any:
        said = tree.text(name, path)
        if said in kept or (only is not None and said not in only):
            return held
        if said not in floats:
            return _shuffled(held, rng)
        new = np.asarray(move(floats[said], rng), floats[said].dtype)
        return as_torch(new).to(held.dtype) if is_torch(held) else new

    found: dict[str, Any] = {}
    for place, (name, value) in enumerate(inputs.items()):
        rng = np.random.default_rng([seed, 4, place])
        found[name] = tree.map_with_path(partial(leaf, name, rng), value)
    return found


def special(inputs: Mapping[str, Any], data: tuple[str, ...]) -> Iterator[str]:
    """What is special about inputs as they came, and may hide a mistake: "g is all ones"."""
    for name, value in inputs.items():
        for said, leaf in tree.named(name, value):
            held = _float(leaf)
            if held is None or held.size < 2 or {said, name} & {*data}:
                continue
            what = _special(held)
            if what is not None:
                yield f"{said} is {what}"


def _special(value: Array) -> str | None:
    if np.ptp(value) == 0:
        first = float(value.flat[0])
        return {1.0: "all ones", 0.0: "all zeros"}.get(first, f"{first:.4g} everywhere")
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        if not value[~np.eye(len(value), dtype=bool)].any():
            return "diagonal"
        if np.array_equal(value, value.T):
            return "symmetric"
    if (value > 0).all():
        return "positive everywhere"
    return "negative everywhere" if (value < 0).all() else None


def _float(leaf: Any) -> Array | None:
    """An array of floats as one of NumPy's; None for anything else."""
    if is_torch(leaf):
        return leaf.detach().double().numpy() if leaf.is_floating_point() else None
    found = np.asarray(leaf) if isinstance(leaf, (np.ndarray, float, np.floating)) else None
    return found if found is not None and found.dtype.kind == "f" else None


def _on_purpose(value: Array) -> bool:
    """Whether an array looks made on purpose: of two values, adding up to 1, or in order. An
    identity looks like the first state of a weight."""
    if value.size < 2 or not np.isfinite(value).all():
        return not np.isfinite(value).all()
    if _is_identity(value):
        return False
    if len(np.unique(value)) == 2 and value.size > 2:
        return True
    if (value >= 0).all() and any(
        value.shape[axis] > 1 and np.allclose(value.sum(axis), 1.0) for axis in range(value.ndim)
    ):
        return True
    return value.ndim == 1 and value.size > 2 and bool((np.diff(value) > 0).all())


def _is_identity(value: Array) -> bool:
    """Whether an array is the identity, or a multiple of it."""
    if value.ndim != 2 or value.shape[0] != value.shape[1] or not value[0, 0]:
        return False
    return np.array_equal(value, value[0, 0] * np.eye(len(value)))


def _pairs(floats: Mapping[str, Array]) -> Iterator[str]:
    """The inputs that are the sine and the cosine of the same angles."""
    for one, a in floats.items():
        for other, b in floats.items():
            varied = one != other and a.shape == b.shape and np.ptp(a) > 0 and np.ptp(b) > 0
            if varied and np.allclose(a * a + b * b, 1.0):
                yield one


def _shuffled(held: Any, rng: np.random.Generator) -> Any:
    """Whole numbers in another order, one of them twice; what is in order already stays so."""
    found = held.numpy() if is_torch(held) else held
    if not is_array(found) or found.dtype.kind not in "iu" or found.size < 3:
        return held
    flat: Array = np.asarray(rng.permutation(found.ravel()))
    if (np.diff(found.ravel()) >= 0).all():
        return held
    if not np.array_equal(np.sort(flat), np.arange(flat.size)):
        flat[0] = flat[-1]  # but in a permutation each occurs once
    new = flat.reshape(found.shape)
    return as_torch(new) if is_torch(held) else new
