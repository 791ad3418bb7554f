"""Arrays on which every operation rounds a little more than it must, at random.

Run code on them a few times, and how far its results scatter shows how far rounding may have taken
them, whatever way the code went about it. This is Monte Carlo arithmetic (Parker, Monte Carlo
Arithmetic: exploiting randomness in floating-point arithmetic, UCLA CSD-970002, 1997), after
the CESTAC method (Vignes, A stochastic arithmetic for reliable scientific computation, Mathematics
and Computers in Simulation 35, 1993): what `1 - a` leaves of the rounding of `a`, when `a` is
nearly 1, is seen, as is any other cancellation, and nothing has to be known about the code.

A result is moved by up to `AMPLITUDE` units of its own rounding; for a sum or a product of matrices
every term is, since their rounding goes with the terms and not with what is left of them. What is
only copied, compared or picked out stays as it is. Types that are narrower than float32, and than
the problem, are moved as if they weren't: what they lose by themselves is no excuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from byhand.ops import CALLED, EXACT
from byhand.values import tree
from byhand.values.arrays import Array, is_array, is_float_array
from byhand.values.precision import SINGLE

AMPLITUDE = 16.0
"""Much more than the roundings that the floats themselves add, and small enough to be linear."""

EXACT_UFUNCS = EXACT | {"copysign", "ldexp", "frexp", "nextafter"}

ROUNDING_FUNCTIONS = (CALLED.keys() - EXACT) | {
    *("linalg", "dot", "vdot", "kron", "cross", "norm", "convolve", "correlate", "interp"),
    *("average", "nansum", "nanmean", "cov", "gradient", "diff"),
}
"""Functions that are no ufuncs and round; others move numbers about."""


@dataclass(frozen=True)
class Noise:
    """Where random roundings come from; no type's are taken for more than `coarsest`."""

    rng: np.random.Generator
    coarsest: float = SINGLE


class RandomlyRounded(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array whose operations round at random; `noise` says how, None not at all."""

    noise: Noise | None = None

    def __array_finalize__(self, obj: Any) -> None:
        self.noise = getattr(obj, "noise", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        terms = method != "__call__" or ufunc.__name__ in ("matmul", "vecdot", "vecmat", "matvec")
        exact = ufunc.__name__ in EXACT_UFUNCS
        noise = self.noise  # that of all arrays in a run
        given = [_plain(each) for each in inputs]
        if terms and not exact:
            given = [moved(each, noise) if is_array(each) else each for each in given]
            if method == "at":
                given[0] = _plain(inputs[0])  # it is changed in place: its own items don't move
        out = kwargs.pop("out", None)
        if out is not None:
            kwargs["out"] = tuple(_plain(each) for each in out)
        if "where" in kwargs:
            kwargs["where"] = _plain(kwargs["where"])
        result = getattr(ufunc, method)(*given, **kwargs)
        if out is not None:
            if not (exact or terms):
                for each in out:
                    _plain(each)[...] = moved(_plain(each), noise)
            return out[0] if len(out) == 1 else out
        if isinstance(result, tuple):
            return tuple(_wrapped(each, noise) for each in result)  # pyright: ignore[reportUnknownVariableType]
        return _wrapped(result if exact or terms else moved(result, noise), noise)

    def __array_function__(
        self, func: Any, types: Any, args: Iterable[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        noise = self.noise
        given, options = [_plain(each) for each in args], {k: _plain(v) for k, v in kwargs.items()}
        names = {func.__name__, str(func.__module__).rpartition(".")[2]}
        if names & ROUNDING_FUNCTIONS:
            given = tree.map(partial(moved, noise=noise), given)
        return randomly_rounded(func(*given, **options), noise)

    def __getitem__(self, index: Any) -> Any:
        """An item is an array without axes, so that what is computed with it is seen."""
        return _wrapped(np.asarray(self)[_plain(index)], self.noise)

    def __setitem__(self, index: Any, value: Any) -> None:
        np.asarray(self)[_plain(index)] = _plain(value)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        other = np.asarray(self).astype(*args, **kwargs)
        narrower = other.dtype.kind == "f" and other.dtype.itemsize < self.dtype.itemsize
        return _wrapped(moved(other, self.noise) if narrower else other, self.noise)


def randomly_rounded(value: Any, noise: Noise | None) -> Any:
    """`value`, and the float arrays in it, as arrays that round at random."""
    if not tree.is_container(value):
        return _wrapped(value, noise)
    return tree.map(partial(_wrapped, noise=noise), value)


def _plain(value: Any) -> Any:
    """`value` in plain arrays."""
    return tree.map(_plain_leaf, value) if tree.is_container(value) else _plain_leaf(value)


def _plain_leaf(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, RandomlyRounded) else value


def _floats(value: Any) -> Array | None:
    """A float array, or a float of NumPy's, as an array; None for anything else."""
    if isinstance(value, np.floating):
        return np.asarray(cast("Any", value))
    return value if is_float_array(value) else None


def _wrapped(value: Any, noise: Noise | None) -> Any:
    floats = _floats(value)
    if floats is None:
        return value
    found = np.asarray(floats).view(RandomlyRounded)
    found.noise = noise
    return found


def moved(value: Any, noise: Noise | None) -> Any:
    """`value`, each number moved by up to `AMPLITUDE` units of its rounding, 0 and infinity not."""
    floats = _floats(value)
    if noise is None or floats is None:
        return value
    kind = np.finfo(floats.dtype)
    rounds = (floats != 0) & np.isfinite(floats)
    size = np.where(rounds, np.maximum(np.abs(floats), kind.tiny), 0.0)
    shape: tuple[int, ...] = floats.shape
    drawn = np.asarray(noise.rng.uniform(-1.0, 1.0, shape))
    eps = min(float(kind.eps), noise.coarsest)
    return np.asarray(floats + AMPLITUDE * eps * drawn * size, floats.dtype)
