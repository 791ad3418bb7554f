"""One call of a kernel, and what is true of it: the truth, and how far rounding may take it.

The truth is the reference in float64, on the very numbers that the kernel gets. How far rounding
may take a right answer is found by running the reference again, with everything it computes rounded
at random (`byhand.checking.running.random_rounding`), by `AMOUNT` units of the kernel's type: what
an element scatters in a few runs is allowed. So a gradient whose terms cancel is allowed the
rounding of its terms, a branch that rounding may turn is allowed both ways, and no one chooses a
tolerance. That is the rounding of the reference's way. An answer that is further out is allowed
what the kernel's own run scatters, where the library sees into it: another formula may lose more.
In a half type it is allowed last, element by element, what the reference itself is off by when it
computes in that type: inside of one operation nothing can be rounded at random.

Where the truth jumps, as at a tie of a maximum or at relu's 0, any of several values is right: an
element is allowed what it jumps by between inputs that differ by next to nothing, on both sides.
Among numbers of a half type such ties are common.

Where a library can't round at random, the inputs are moved by as much, and that is all that is
known of rounding on the way. Where the truth says itself how much it may be off (the engine's
`units`, the `errors` of finite differences), that is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.judging.compare import FACTOR
from byhand.errors import ProblemError, in_one_line
from byhand.kernels.kernel import Inputs, Kernel, Ran, Upstream
from byhand.values.arrays import Array
from byhand.values.precision import SINGLE, eps_of

Name = str | int
"""Of a gradient, that of its input; of an output, its place."""

AMOUNT = 2.0
"""Times eps, of what goes into an operation and of what comes out. Measured on two dozen kernels
and their larger sizes: with 1, no right one is out in bfloat16 or float16; with 0.5, those are
that compute everything in it."""

GENEROUS = 64.0
"""The same in float32 and float64, where no mistake is as small as that."""

FLOOR = 1.5
"""Times the typical scatter of an array, which is allowed to all of its elements: another formula
may round in an element where the reference's doesn't."""

RUNS = 8

MARGIN = 1.25
"""Times what an element scatters: a few runs show nearly how far it may go."""

OWN = 32.0
"""Units of the largest element that a library in float64 may itself be off, as in
`byhand.referees.rounding`."""

FAR = 1e5
"""What is out by this many times as much as a run scattered anything is out for another reason."""

SHADE = 1e3
"""Times the rounding of float64: what is left of terms that cancel is no larger."""

TINY = 1e-7
"""How far inputs are moved to see where a gradient jumps, of the size of the largest."""

NEARER = 1 / 16
"""A move that is as much smaller changes as much less, but where a gradient jumps."""

EPS = {"tf32": 2.0**-10}
"""Of types that no array has: TF32 multiplies numbers of float32 with 10 bits."""


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs and an upstream as the kernel gets them; `dtype` is what it computes in.

    `needs` are the inputs whose gradient is asked for. What is true is in float64.
    """

    kernel: Kernel
    inputs: Inputs
    upstream: Upstream
    dtype: str
    needs: tuple[str, ...]
    seed: int = 0

    @cached_property
    def truth(self) -> Ran:
        """Raises ProblemError where the reference raises, in one line."""
        try:
            return self.kernel.truth(*self.exact, self.needs)
        except Exception as error:
            why = self._another_shape() or f"the reference raised {in_one_line(error)}, in float64"
            raise ProblemError(f"{self.kernel.name}: {why}") from error

    def _another_shape(self) -> str:
        """Which output of the reference has another shape than the kernel's, if one has."""
        numpy = self.kernel.framework.numpy
        try:
            outputs = self.kernel.truth(self.exact[0], None, self.needs).outputs
        except Exception:
            return ""
        for place, (output, g) in enumerate(zip(outputs, self.upstream, strict=False)):
            if g is not None and numpy(output).shape != numpy(g).shape:
                shapes = f"{numpy(output).shape}, and the kernel's {numpy(g).shape}"
                return f"output {place} of the reference has the shape {shapes}"
        return ""

    @cached_property
    def is_known(self) -> bool:
        """Whether the reference takes these inputs."""
        try:
            _ = self.true
        except Exception:
            return False
        return True

    @property
    def forward_is_known(self) -> bool:
        """Whether the reference's forward takes these inputs, whatever the upstream."""
        try:
            self.kernel.truth(self.exact[0], None, self.needs)
        except Exception:
            return False
        return True

    @cached_property
    def true(self) -> Mapping[Name, Array]:
        return self.values(self.truth)

    @property
    def eps(self) -> float:
        return max(EPS.get(self.dtype) or eps_of(self.dtype), self.kernel.eps)

    def allowed(self, name: Name, error: Array) -> Array:
        """How far rounding may take each element of a right answer from the truth.

        `error` is how far the answer is: no more runs are made than it takes to allow for that.
        """
        bound = self._explained(name, error)
        if np.all(error <= bound) or name in self.truth.errors:
            return bound
        return bound + self.jumps.get(name, 0.0)

    def _explained(self, name: Name, error: Array) -> Array:
        """The same where the truth doesn't jump."""
        bound = self._known(name)
        if isinstance(name, str) and name in self.truth.units:
            return bound + FACTOR * self.eps * self.truth.units[name]
        differences = name in self.truth.errors  # of runs that are rounded they say nothing
        for scattered in (self.own,) if differences else (self.scattered, self.own):
            scatter = np.zeros(bound.shape)
            for number in range(1, RUNS + 1):
                if np.all(error <= bound):
                    return bound
                scatter = np.maximum(scatter, scattered(number).get(name, 0.0))
                bound = np.maximum(
                    bound, self._known(name) + MARGIN * scatter + FLOOR * _typical(scatter)
                )
                if np.max(error, initial=0.0) > FAR * np.max(bound, initial=0.0):
                    if scatter.any():
                        return bound
                    break  # it scatters nothing, or what is no number: that says nothing
        if differences or self.eps <= SINGLE:
            return bound
        return np.maximum(bound, self._known(name) + self.narrow.get(name, 0.0))

    @cached_property
    def jumps(self) -> Mapping[Name, Array]:
        """By how much each value jumps at these inputs; 0 where it doesn't, and nothing where that
        can't be seen."""
        found = {name: np.zeros(value.shape) for name, value in self.true.items()}
        for way in self._ways():
            for side in (TINY, -TINY):  # so that of a kink both are seen
                try:
                    far, near = (self._beside(way, side * part) for part in (1.0, NEARER))
                except Exception:
                    return {}
                for name, least in found.items():
                    jump = np.where(near[name] > far[name] / 2, near[name], 0.0)
                    found[name] = np.maximum(least, jump)
        return found

    def _ways(self) -> Iterator[Mapping[str, Array]]:
        """Where inputs are moved to: each of them as a whole, which takes all of several ties in a
        sum to one side, as a kernel does; and all of them at random."""
        rng = np.random.default_rng([self.seed, 7])
        anywhere: dict[str, Array] = {}
        for name in self.needs:
            array = self.kernel.framework.numpy(self.exact[0][name])
            largest = np.max(np.abs(array), initial=0.0, where=np.isfinite(array))
            size = min(largest or 1.0, 1.0)
            yield {name: np.full(array.shape, size)}
            anywhere[name] = size * rng.uniform(-1.0, 1.0, array.shape)
        yield anywhere

    def _beside(self, way: Mapping[str, Array], step: float) -> Mapping[Name, Array]:
        """How far the truth goes where the inputs go so far. Raises what the reference raises."""
        framework, inputs = self.kernel.framework, self.exact[0]
        moved = {
            name: framework.like(framework.numpy(inputs[name]) + step * each, inputs[name])
            for name, each in way.items()
        }
        found = self.values(self.kernel.truth({**inputs, **moved}, self.exact[1], self.needs))
        return {name: _distance(found[name], true) for name, true in self.true.items()}

    @cached_property
    def narrow(self) -> Mapping[Name, Array]:
        """How far from the truth the reference is in the kernel's own type; empty where it can't be
        run so."""
        inputs = {name: self.kernel.framework.copy(value) for name, value in self.inputs.items()}
        try:
            found = self.values(
                self.kernel.truth(
                    inputs, [*map(self.kernel.framework.copy, self.upstream)], self.needs
                )
            )
        except Exception:
            return {}
        return {name: _distance(found[name], value) for name, value in self.true.items()}

    def vague(self, name: Name, allowed: Array) -> bool:
        """Whether a gradient of nothing but zeros would be allowed as well, though it isn't zero.

        What is zero because its terms cancel is, in float64, far below the rounding of the type.
        """
        size = np.abs(self.true[name])
        if not size.any() or np.any(size > allowed):
            return False
        return bool(np.max(size) > SHADE * eps_of("float64") / self.eps * np.max(allowed))

    def scattered(self, number: int) -> Mapping[Name, Array]:
        """How far from the truth each value is in the run of this number, rounded at random."""
        if number not in self._runs:
            found = self.values(self._rounded(number), gradients=not self.truth.errors)
            self._runs[number] = {
                name: _distance(value, self.true[name]) for name, value in found.items()
            }
        return self._runs[number]

    def own(self, number: int) -> Mapping[Name, Array]:
        """The same of the kernel's own run, from what it gives without; empty where it can't be
        run so. What is wrong by more than its own rounding stays wrong."""
        if number not in self._own_runs:
            found = self._run_rounded(number)
            self._own_runs[number] = {
                name: _distance(found[name], value)
                for name, value in self._steady.items()
                if name in found and found[name].shape == value.shape == self.true[name].shape
            }
        return self._own_runs[number]

    @cached_property
    def _steady(self) -> Mapping[Name, Array]:
        """What the kernel gives without, where two calls give the same, but for another order of
        adding: what differs from call to call says nothing of rounding."""
        once, again = self._run_rounded(0), self._run_rounded(0)

        def is_steady(value: Array, other: Array) -> bool:
            size = float(np.max(np.abs(value), initial=0.0, where=np.isfinite(value)))
            return np.allclose(value, other, rtol=0.0, atol=self._amount * size, equal_nan=True)

        return {
            name: value
            for name, value in once.items()
            if name in again and value.shape == again[name].shape and is_steady(value, again[name])
        }

    def _run_rounded(self, number: int) -> Mapping[Name, Array]:
        """What the kernel gives in the run of this number; in that of 0 nothing is rounded."""
        framework, kernel = self.kernel.framework, self.kernel
        if framework.rounding is None:
            return {}
        inputs = {name: self.kernel.framework.copy(value) for name, value in self.inputs.items()}
        upstream = [self.kernel.framework.copy(value) for value in self.upstream]
        amount = self._amount if number else 0.0
        try:
            with framework.rounding(1000 * self.seed + number, amount):
                return self.values(kernel.run(inputs, upstream, self.needs))
        except Exception:
            return {}

    @property
    def _amount(self) -> float:
        return self.eps * (GENEROUS if self.eps <= SINGLE else AMOUNT)

    def _known(self, name: Name) -> Array:
        """What is allowed at once: one rounding of the answer, and the truth's own error."""
        size = np.abs(self.true[name])
        finite = np.where(np.isfinite(size), size, 0.0)
        own = OWN * eps_of("float64") * np.max(finite, initial=0.0)
        if isinstance(name, str) and name in self.truth.errors:
            own = self.truth.errors[name]
        return self.eps * finite + own + _least(self.dtype)

    def _rounded(self, number: int) -> Ran:
        seed, amount = 1000 * self.seed + number, self._amount
        inputs, upstream = self.exact
        sent = None if self.truth.errors else upstream  # rounded differences say nothing
        rounding = self.kernel.framework.rounding
        if rounding is not None:
            with rounding(seed, amount):
                return self.kernel.truth(inputs, sent, self.needs)
        rng = np.random.default_rng([seed, 6])
        moved = {name: self._moved(value, rng, amount) for name, value in inputs.items()}
        up = None if sent is None else [self._moved(value, rng, amount) for value in sent]
        return self.kernel.truth(moved, up, self.needs)

    def _moved(self, value: Any, rng: np.random.Generator, amount: float) -> Any:
        framework = self.kernel.framework
        if not framework.is_array(value) or framework.float_type(value) is None:
            return value
        array = framework.numpy(value)
        shape: tuple[int, ...] = array.shape
        noise: Array = np.asarray(rng.uniform(-1.0, 1.0, shape))
        return framework.like(array * (1 + amount * noise), value)

    @cached_property
    def exact(self) -> tuple[Inputs, Upstream]:
        """Inputs and upstream as the reference gets them, in float64."""
        inputs = {name: self._exact(value) for name, value in self.inputs.items()}
        return inputs, [*map(self._exact, self.upstream)]

    def _exact(self, value: Any) -> Any:
        framework = self.kernel.framework
        return framework.exact(value) if framework.is_array(value) else value

    def values(self, ran: Ran, gradients: bool = True) -> Mapping[Name, Array]:
        """Outputs that are floats, and gradients that were asked for; 0 where one is None."""
        numpy = self.kernel.framework.numpy
        outputs = {place: numpy(output) for place, output in enumerate(ran.outputs)}
        found: dict[Name, Array] = {i: a for i, a in outputs.items() if a.dtype.kind == "f"}
        for name in self.needs if gradients else ():
            gradient = ran.gradients.get(name)
            like = self.inputs[name]
            found[name] = numpy(gradient) if gradient is not None else np.zeros(numpy(like).shape)
        return found

    @cached_property
    def _runs(self) -> dict[int, Mapping[Name, Array]]:
        return {}

    @cached_property
    def _own_runs(self) -> dict[int, Mapping[Name, Array]]:
        return {}


def _typical(scatter: Array) -> float:
    """The median of what scatters at all."""
    moved = scatter[(scatter > 0) & np.isfinite(scatter)]
    return float(np.median(moved)) if moved.size else 0.0


def _distance(value: Array, truth: Array) -> Array:
    """How far apart; what is no number in a run excuses nothing."""
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(value - truth)
    return np.where(np.isfinite(distance), distance, 0.0)


def _least(dtype: str) -> float:
    """What may be lost where numbers become too small for their type."""
    match dtype:
        case "float16":
            return float(np.finfo(np.float16).smallest_subnormal)
        case "float64":
            return float(np.finfo(np.float64).tiny)
        case _:
            return float(np.finfo(np.float32).tiny)
