"""Values near another, and what a local holds by its value: the true gradient of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from byhand.checking.judging.convention import nearly, times_of
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Way
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.values import tree
from byhand.values.held import array

FAR = 40
"""How many ops before its own value a local may be the gradient of."""

Near: TypeAlias = tuple[Tensor, Way]
"""A value that another was computed from, and the way to it."""

Hold: TypeAlias = Callable[[Any, Tensor, Trial], bool]
"""Whether a value is, in some sense, the gradient of a tensor."""


def values_before(start: Tensor, way: Way, trial: Trial) -> Iterator[Near]:
    """The values that one was computed from, each with the way to it, the nearest first. No way
    goes on from a value that has an answer if it has met another of that name before: beyond is
    another round of a loop, which has locals of its own."""
    steps = trial.drawn.truth.by_key
    own = (answer.key for answer in trial.answers.found if answer.host is None)
    answered = {steps[key].tensor: tree.root(key[0]) for key in own}
    level: list[tuple[Near, frozenset[str]]] = [((start, way), _met(start, answered))]
    seen = {start}
    for _ in range(FAR):
        further: list[tuple[Near, frozenset[str]]] = []
        for (tensor, here), met in level:
            for position, arg in enumerate(tensor.args if tensor.op is not None else ()):
                if isinstance(arg, Tensor) and arg not in seen and tensor.op is not None:
                    seen.add(arg)
                    found = arg, here.further(tensor.op.name, position)
                    new = _met(arg, answered)
                    if new & met:
                        yield found
                    else:
                        further.append((found, met | new))
        yield from (near for near, _ in further)
        level = further


def _met(tensor: Tensor, answered: Mapping[Tensor, str]) -> frozenset[str]:
    return frozenset({answered[tensor]} if tensor in answered else ())


def unturned(near: Iterable[Near]) -> list[Near]:
    """The values but for those that are another with the other sign: their gradients are what a
    wrong sign makes of the other's."""
    return [each for each in near if each[0].op is None or each[0].op.name != "negative"]


def holds(value: Any, tensor: Tensor, trial: Trial) -> bool:
    """Whether a value is, to rounding, the true gradient of a tensor, or as many times that as some
    convention of sums for means would have it."""
    true = trial.drawn.true_gradients.get(tensor)
    return true is not None and is_meant_as(value, true, trial)


def holds_turned(value: Any, tensor: Tensor, trial: Trial) -> bool:
    """The same with the other sign, as where an error is carried back."""
    true = trial.drawn.true_gradients.get(tensor)
    return true is not None and any(times < 0 for times in _times(value, true, trial))


def holds_as(times: frozenset[float]) -> Hold:
    """Whether a value is the gradient itself, or one of so many times that."""

    def hold(value: Any, tensor: Tensor, trial: Trial) -> bool:
        return not (times | {1.0}).isdisjoint(times_held(value, tensor, trial))

    return hold


def times_held(value: Any, tensor: Tensor, trial: Trial) -> frozenset[float]:
    """How many times the true gradient of a tensor a value is, by some convention."""
    true = trial.drawn.true_gradients.get(tensor)
    return frozenset() if true is None else frozenset(_times(value, true, trial))


def holds_exactly(value: Any, tensor: Tensor, trial: Trial) -> bool:
    held, true = array(value), trial.drawn.true_gradients.get(tensor)
    return held is not None and true is not None and nearly(held, true)


def is_meant_as(value: Any, true: Bounded, trial: Trial, turned: bool = False) -> bool:
    """Whether a value is a true gradient, to rounding, or what a convention of sums for means makes
    of it; with `turned`, perhaps with the other sign."""
    return any(times > 0 or turned for times in _times(value, true, trial))


def _times(value: Any, true: Bounded, trial: Trial) -> Iterator[float]:
    """How many times this gradient a value is, by some convention."""
    held = array(value)
    if held is not None and held.shape == true.value.shape:
        for times in (1.0, *times_of(held, true.value, trial.drawn.truth)):
            if nearly(unscaled(held, times), true):
                yield times
