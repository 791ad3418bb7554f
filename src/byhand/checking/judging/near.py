"""Values near another, and what a local holds by its value: the true gradient of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from byhand.checking.judging.convention import nearly, times_of
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Way
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.values.held import array

FAR = 40
"""How many ops before its own value a local may be the gradient of."""

Near: TypeAlias = tuple[Tensor, Way]
"""A value that another was computed from, and the way to it."""


def values_before(start: Tensor, way: Way) -> Iterator[Near]:
    """The values that one was computed from, each with the way to it, the nearest first."""
    level: list[Near] = [(start, way)]
    seen = {start}
    for _ in range(FAR):
        further: list[Near] = []
        for tensor, here in level:
            for position, arg in enumerate(tensor.args if tensor.op is not None else ()):
                if isinstance(arg, Tensor) and arg not in seen and tensor.op is not None:
                    seen.add(arg)
                    further.append((arg, here.further(tensor.op.name, position)))
        yield from further
        level = further


def unturned(near: Iterable[Near]) -> list[Near]:
    """The values but for those that are another with the other sign: their gradients are what a
    wrong sign makes of the other's."""
    return [each for each in near if each[0].op is None or each[0].op.name != "negative"]


def holds(value: Any, tensor: Tensor, trial: Trial) -> bool:
    """Whether a value is, to rounding, the true gradient of a tensor, or as many times that as some
    convention of sums for means would have it."""
    true = trial.drawn.true_gradients.get(tensor)
    return true is not None and is_meant_as(value, true, trial)


def holds_exactly(value: Any, tensor: Tensor, trial: Trial) -> bool:
    held, true = array(value), trial.drawn.true_gradients.get(tensor)
    return held is not None and true is not None and nearly(held, true)


def is_meant_as(value: Any, true: Bounded, trial: Trial) -> bool:
    held = array(value)
    if held is None or held.shape != true.value.shape:
        return False
    times = (1.0, *times_of(held, true.value, trial.drawn.truth))
    return any(nearly(unscaled(held, each), true) for each in times)
