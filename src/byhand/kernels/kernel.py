"""What a kernel is to the check: something that can be called, and what is true of it.

A `Kernel` says how the user's function and its hand-written backward are run, and how the truth is.
A `Framework` says how arrays of one library are handled. Nothing else here knows PyTorch, JAX or
NumPy: what is built on this package (`byhand.torch.check`, `byhand.jax.check`, `byhand.testing`)
makes a kernel of what people have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

from byhand.values.arrays import Array

Inputs: TypeAlias = Mapping[str, Any]
"""A kernel's arguments by name: arrays of its framework, and whatever else it takes."""

Upstream: TypeAlias = Sequence[Any]
"""The gradient for each output, in order; None for an output that takes none."""


@dataclass(frozen=True, eq=False)
class Ran:
    """What one call gave, in arrays of the framework.

    `outputs` are all that forward returned, in order; `takes` says of each whether a gradient can
    be sent back to it (masks, indices and outputs marked as not differentiable take none).
    `gradients` has, by name of an input, what backward gave for it: None where it gave none. It is
    empty where no upstream was given. `again(upstream)` runs the backward of that same forward once
    more; None where that can't be done. `parts` are the hand-written pieces that the gradients went
    through, such as a `Function` class or the name of a custom op; None where that isn't known.
    `draws` tells that the library's own random numbers were used: which go where depends on how
    arrays lie.

    A truth may say how well it is known, by name of an input, each in an array of NumPy's: `errors`
    are its own absolute errors, as of finite differences; `units` how many units of rounding its
    own way collects (`byhand.engine.bounded`).
    """

    outputs: tuple[Any, ...]
    takes: tuple[bool, ...]
    gradients: Mapping[str, Any]
    again: Callable[[Upstream], Mapping[str, Any]] | None = None
    parts: frozenset[Any] | None = None
    draws: bool = False
    errors: Mapping[str, Array] = field(default_factory=dict[str, Array])
    units: Mapping[str, Array] = field(default_factory=dict[str, Array])


class Run(Protocol):
    """Forward, and then backward.

    `upstream` is None for forward alone. `needs` are the inputs whose gradient is asked for; the
    others are frozen (`requires_grad=False`, `needs_input_grad` false), and may get None.

    Inputs and upstream are handed on as they are, in the layout and the type that they have: a run
    copies nothing, so that it is seen if they are overwritten. What the user's code raises comes
    out as it is.
    """

    def __call__(
        self, inputs: Inputs, upstream: Upstream | None, needs: Collection[str]
    ) -> Ran: ...


@dataclass(frozen=True)
class Layout:
    """One way for an array to lie in memory.

    `of` gives the same numbers laid out so, in new memory; None where this array can't be: a vector
    can't be transposed. An expanded array is the exception: it repeats its first row.
    """

    name: str
    of: Callable[[Any], Any | None]


@dataclass(frozen=True)
class Framework:
    """How the arrays of one library are handled. Nothing here changes what it is given.

    - `is_array(value)`: whether it is one of this library's arrays; what isn't is handed on as is.
    - `float_type(array)`: "float64", "float32", "float16", "bfloat16"; None if it isn't of floats.
    - `numpy(array)`: a copy as a NumPy array; floats as float64, others in their own type.
    - `like(values, array)`: a NumPy array as an array of the library, with the type and on the
      device of `array`, laid out as new ones are.
    - `cast(array, float_type)`: the array in this float type on its device, rounded; what isn't of
      floats as it is. Always new memory.
    - `exact(array)`: the array in float64 on the CPU, for the truth; others in their own type.
    - `layouts`: all that the library knows but the usual one.
    - `poisoned()`: within it, memory that isn't written yet is full of NaN (the largest number,
      where it holds integers); None where the library has no such memory.
    - `watched()`: within it, the list that it gives gathers whatever is computed, each operation's
      name with the float type of its result, but for whole numbers; None where the library can't
      tell.
    - `rounding(seed, amount)`: within it, all that the library computes in float64 is rounded at
      random, each result by up to `amount` times its size; None where the library can't.
    """

    name: str
    is_array: Callable[[Any], bool]
    float_type: Callable[[Any], str | None]
    numpy: Callable[[Any], Array]
    like: Callable[[Array, Any], Any]
    cast: Callable[[Any, str], Any]
    exact: Callable[[Any], Any]
    layouts: tuple[Layout, ...] = ()
    poisoned: Callable[[], AbstractContextManager[object]] | None = None
    watched: Callable[[], AbstractContextManager[list[tuple[str, str]]]] | None = None
    rounding: Callable[[int, float], AbstractContextManager[object]] | None = None

    def copy(self, value: Any) -> Any:
        """An array in new memory; what isn't one as it is."""
        if not self.is_array(value):
            return value
        return self.cast(value, self.float_type(value) or "float64")


@dataclass(frozen=True)
class Kernel:
    """A function with a hand-written backward, and what is true of it.

    `run` is the user's. `truth` is a run of something else, by which it is judged: it is given
    arrays in float64, and an upstream of them. `plain` runs the reference in the kernel's own type,
    on its device; None where there is none, as where finite differences are the truth.

    `make(rng, sizes)` gives inputs, drawn anew; `sizes` are its usual sizes by name, and empty
    where inputs are of one size only. `differentiable` are the inputs that have a gradient.

    `eps` is the rounding of the constants that its backward is written with.

    Within `without()` the hand-written backward raises as soon as it is called; None where that
    can't be arranged. `run`, `truth` and `plain` seed whatever draws at random in the user's code,
    so that one call is as the next, and the kernel drops what its reference does.
    """

    name: str
    framework: Framework
    run: Run
    truth: Run
    make: Callable[[np.random.Generator, Mapping[str, int]], Inputs]
    differentiable: tuple[str, ...]
    sizes: Mapping[str, int]
    plain: Run | None = None
    without: Callable[[], AbstractContextManager[object]] | None = None
    eps: float = 0.0
