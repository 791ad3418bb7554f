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
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.running.random_rounding import AMPLITUDE, randomly_rounded
from byhand.checking.sampling.sample_inputs import Draw
from byhand.program.plain_run import plain_locals
from byhand.program.problem import Problem
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, is_float_array
from byhand.values.held import array, copied

RUNS = 8
"""With fewer, two roundings that happen to cancel in all of them would hide what either does."""

SAME = 1e-6
"""How nearly a run without random rounding must give what was judged; else runs tell nothing."""

Values = Mapping[Key, Any]
Run = Callable[[Mapping[str, Any], Callable[[Any], Any]], Values]
"""A backward on these values of forward; what else it is given goes through the function."""


@dataclass(frozen=True, eq=False)
class OwnRounding:
    """Runs of one draw's forward, each rounding at random, on which a backward can be tried."""

    problem: Problem
    drawn: Draw
    seed: int

    def scatter(self, run: Run, judged: Values) -> dict[Key, Array]:
        """For every answer in `judged`, how far rounding moves it, at most of a few runs.

        Empty where that can't be found out: the backward can't be run on such arrays, or doesn't
        give the same each time.
        """
        found: dict[Key, Array] = {}
        for i, forward in enumerate(self._forwards):
            with self._rounding(i) as change, np.errstate(all="ignore"):
                try:
                    values = run(change(copied(dict(forward))), change)
                except Exception:
                    return {}
            for key, value in judged.items():
                moved = _distance(values.get(key), value)
                if moved is None or (i == 0 and not _same(moved, value)):
                    found.pop(key, None)
                elif i == 0:
                    found[key] = np.zeros(moved.shape)
                elif key in found:
                    found[key] = np.maximum(found[key], moved / AMPLITUDE)
        return found

    @cached_property
    def _forwards(self) -> tuple[dict[str, Any], ...]:
        """What forward leaves: first without random rounding, then in `RUNS` runs with it."""
        found: list[dict[str, Any]] = []
        for i in range(RUNS + 1):
            with self._rounding(i) as change, np.errstate(all="ignore"):
                inputs = change(copied(dict(self.drawn.inputs)))
                try:
                    found.append(plain_locals(self.problem, inputs))
                except Exception:
                    return ()
            if i == 0 and not _all_same(found[0], self.drawn.program.locals):
                return ()
        return tuple(found)

    @contextlib.contextmanager
    def _rounding(self, number: int) -> Generator[Callable[[Any], Any]]:
        """Within it, arrays that went through the function given round at random.

        Number 0 doesn't: it shows whether running on such arrays changes anything else.
        """
        if not self.drawn.program.in_torch:
            rng = np.random.default_rng([self.seed, 4, number]) if number else None
            yield lambda value: randomly_rounded(value, rng)
        elif number:
            from byhand.checking.running.random_rounding_torch import RoundingAtRandom

            with RoundingAtRandom(1000 * self.seed + number):
                yield lambda value: value
        else:
            yield lambda value: value


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
