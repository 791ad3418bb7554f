"""How far rounding may take a backward's answers on the way that it went itself.

The engine's bound (`byhand.engine.bounded`) is that of the engine's own way. Another right formula
may read values that forward has rounded where the engine reads others: `a * (1 - a)` loses what
`1 - a` cancels, `exp(-z) * a**2` does not. So where an answer is out by more than that bound,
forward and backward are run a few times more, with every operation rounding at random
(`byhand.checking.running.random_rounding`), and what the answer scatters is allowed as well. What
is wrong by more than its own rounding stays wrong: a formula is excused for no more than it would
be in any case, were the truth not known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.running.random_rounding import AMPLITUDE, Noise, moved, randomly_rounded
from byhand.checking.sampling.sample_inputs import Draw
from byhand.program.plain_run import plain_locals
from byhand.program.problem import Problem
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, as_jax, is_float_array, is_jax
from byhand.values.held import array, copied
from byhand.values.precision import SINGLE

RUNS = (2, 4, 8)
"""After so many runs it is asked whether they excuse an answer. What these don't excuse is wrong:
with fewer, two roundings that happen to cancel in all of them would hide what either does."""

FAR = 1e5
"""What is out by this many times as much as rounding moved it once is out for another reason."""

FEW = 8
"""Of fewer numbers, one random run may by chance not move any."""

SAME = 1e-6
"""How nearly a run without random rounding must give what was judged; else runs tell nothing."""

NOTHING = np.zeros(0)

Values = Mapping[Key, Any]
Run = Callable[[Mapping[str, Any], Callable[[Any], Any]], Values]
"""A backward on these values of forward; what else it is given goes through the function."""


@dataclass(frozen=True, eq=False)
class OwnRounding:
    """Runs of one draw's forward, each rounding at random, on which a backward can be tried."""

    problem: Problem
    drawn: Draw
    seed: int

    def run(self, number: int, run: Run) -> Values:
        """What a backward gives in the run of this number; nothing where it can't be run."""
        with self._rounding(number) as change, np.errstate(all="ignore"):
            try:
                return run(change(copied(self._forward(number, change))), change)
            except Exception:
                return {}

    @cached_property
    def tells(self) -> bool:
        """Whether forward, run as it stands without random rounding, gives what it gave before."""
        with self._rounding(0) as change, np.errstate(all="ignore"):
            try:
                return _all_same(self._forward(0, change), self.drawn.program.locals)
            except Exception:
                return False

    def _forward(self, number: int, change: Callable[[Any], Any]) -> dict[str, Any]:
        if number not in self._forwards:
            inputs = change(copied(dict(self.drawn.given)))
            self._forwards[number] = plain_locals(self.problem, inputs)
        return self._forwards[number]

    @cached_property
    def _forwards(self) -> dict[int, dict[str, Any]]:
        return {}

    @contextlib.contextmanager
    def _rounding(self, number: int) -> Generator[Callable[[Any], Any]]:
        """Within it, arrays that went through the function given round at random.

        Number 0 doesn't: it shows whether running on such arrays changes anything else.
        """
        coarsest = max(SINGLE, self.drawn.eps)
        if self.drawn.program.in_jax:
            rng = np.random.default_rng([self.seed, 4, number])
            noise = Noise(rng, coarsest) if number else None
            yield lambda value: tree.map(lambda leaf: _moved_in_jax(leaf, noise), value)
        elif not self.drawn.program.in_torch:
            rng = np.random.default_rng([self.seed, 4, number])
            noise = Noise(rng, coarsest) if number else None
            yield lambda value: randomly_rounded(value, noise)
        elif number:
            from byhand.checking.running.random_rounding_torch import RoundingAtRandom

            with RoundingAtRandom(1000 * self.seed + number, coarsest):
                yield lambda value: value
        else:
            yield lambda value: value


def _moved_in_jax(leaf: Any, noise: Noise | None) -> Any:
    """JAX has no arrays that round at random: what goes into a backward is moved instead."""
    return as_jax(moved(array(leaf), noise)) if is_jax(leaf) else leaf


@dataclass(frozen=True, eq=False)
class Scatter:
    """How far rounding moves each of the values `judged`, which `run` gives.

    Most of what is wrong is so by far more than that: then one run is enough to tell.
    """

    rounding: OwnRounding
    run: Run
    judged: Values

    def of(self, key: Key, error: float) -> Iterator[Array]:
        """How far rounding moves a value that is out by `error`, at most of a few runs, and then of
        more.

        Nothing where that is out of proportion, or can't be found out: the backward can't be run on
        such arrays, or doesn't give the same each time. What is no number in a run excuses nothing.
        """
        most = self._most(key, 1)
        if not most and self._moved(1).get(key, NOTHING).size < FEW:
            most = self._most(key, 2)
        if FAR * most < error or not self.rounding.tells:
            return
        for runs in RUNS:
            moved = [self._moved(number).get(key) for number in range(runs + 1)]
            found = [each for each in moved if each is not None]
            if len(found) < len(moved) or not _same(found[0], self.judged[key]):
                return
            moves = np.stack(found[1:])
            yield np.max(moves, axis=0, initial=0.0, where=np.isfinite(moves)) / AMPLITUDE

    @cached_property
    def noise(self) -> float:
        """How far a run moved a value, at most, as a part of its largest element; infinite where
        it tells nothing."""
        if self._moved(1).keys() != self.judged.keys():
            return np.inf
        found = (self.noise_of(key) for key in self.judged)
        return max((each for each in found if each < np.inf), default=np.inf)

    def noise_of(self, key: Key) -> float:
        """The same of one value; infinite also where that is 0, or so small that chance decides."""
        moved = self._moved(1).get(key)
        if moved is None:
            return np.inf
        most, value = self._most(key, 1), np.asarray(array(self.judged[key]), np.float64)
        size = float(np.max(np.abs(value), initial=0.0))
        tells = size > 0 and (most > 0 or moved.size >= FEW)
        return most / size if tells else np.inf

    def _most(self, key: Key, number: int) -> float:
        return float(np.max(self._moved(number).get(key, NOTHING), initial=0.0)) / AMPLITUDE

    def _moved(self, number: int) -> dict[Key, Array]:
        """How far the run of this number took each value."""
        if number not in self._runs:
            values = self.rounding.run(number, self.run)
            moved = {key: _distance(values.get(key), value) for key, value in self.judged.items()}
            self._runs[number] = {k: each for k, each in moved.items() if each is not None}
        return self._runs[number]

    @cached_property
    def _runs(self) -> dict[int, dict[Key, Array]]:
        return {}


def _distance(value: Any, judged: Any) -> Array | None:
    """How far a value is from the one that was judged; infinite where it is no number."""
    there, here = array(value), array(judged)
    if there is None or here is None or there.shape != here.shape or here.dtype.kind != "f":
        return None
    there, here = np.asarray(there, np.float64), np.asarray(here, np.float64)
    distance = np.where(there == here, 0.0, np.abs(there - here))
    return np.where(np.isnan(distance), np.inf, distance)


def _same(distance: Array, judged: Any) -> bool:
    size = np.abs(np.asarray(array(judged), np.float64))
    return bool(np.all(distance <= SAME * np.max(size, initial=0.0, where=np.isfinite(size))))


def _all_same(found: Mapping[str, Any], traced: Mapping[str, Any]) -> bool:
    """Whether forward, run as it stands, gives what it gave when it was traced."""
    plain = {key: leaf for name, value in found.items() for key, leaf in tree.named(name, value)}
    for name, value in traced.items():
        for key, leaf in tree.named(name, value):
            known = array(leaf)
            if known is None or not is_float_array(known):
                continue
            distance = _distance(plain.get(key), known)
            if distance is None or not _same(distance, known):
                return False
    return True
