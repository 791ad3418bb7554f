"""The backward sweep: from the outputs to the inputs, one local derivative at a time.

Reverse mode, as in Griewank and Walther, Evaluating Derivatives, chapter 3: visit the tensors in
the reverse of the order in which they were computed; by then the gradient of each is complete, and
each passes its share on to the arguments it was computed from. Shares of several uses are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor

_VALUE: Callable[[Tensor], Any] = attrgetter("value")
_NO_FEEDS: Mapping[Tensor, Any] = {}


def gradients(
    seeds: Iterable[tuple[Tensor, Any]],
    value: Callable[[Tensor], Any] = _VALUE,
    feeds: Mapping[Tensor, Any] = _NO_FEEDS,
    passing: Callable[[Any], Any] | None = None,
) -> dict[Tensor, Any]:
    """The gradient of every tensor that the seeds were computed from.

    A seed is an output and its upstream gradient, of the same shape. `value` says what to feed the
    local derivatives for a tensor: its array, unless told otherwise. A tensor in `feeds` passes on
    that gradient in place of its own. Every gradient is passed on as `passing` makes it, for each
    argument anew.
    """
    grads = _added(seeds)
    for tensor in computed_first_to_last([*grads, *feeds])[::-1]:
        op = tensor.op
        g = feeds[tensor] if tensor in feeds else grads.get(tensor)
        if op is None or g is None:
            continue
        inputs = [value(a) if isinstance(a, Tensor) else a for a in tensor.args]
        for position, arg in enumerate(tensor.args):
            if not isinstance(arg, Tensor):
                continue
            vjp = op.vjp(position) if op.variadic else op.vjps[position]
            if vjp is None:
                continue
            passed = g if passing is None else passing(g)
            share = fit(vjp(passed, value(tensor), *inputs, **tensor.params), arg.value.shape)
            grads[arg] = grads[arg] + share if arg in grads else share
    return grads


class Gradients(Mapping[Tensor, Any]):
    """The same as `gradients` gives, each found when it is asked for: where many tensors are fed,
    the gradient of one needs no more than the ops between it and those.

    From some of the `rest` nothing may come back: of these it is `nothing`.
    """

    def __init__(
        self,
        seeds: Iterable[tuple[Tensor, Any]],
        value: Callable[[Tensor], Any],
        feeds: Mapping[Tensor, Any],
        rest: Iterable[Tensor],
        nothing: Callable[[Tensor], Any],
    ) -> None:
        self._value, self._feeds, self._nothing = value, feeds, nothing
        self._seeds = _added(seeds)
        self._known: dict[Tensor, Any] = {}
        self._uses: dict[Tensor, list[tuple[Tensor, int]]] = {each: [] for each in self._seeds}
        for tensor in computed_first_to_last([*self._seeds, *feeds])[::-1]:
            op = tensor.op
            if op is None or not (tensor in feeds or tensor in self._uses):
                continue
            for position, arg in enumerate(tensor.args):
                if isinstance(arg, Tensor) and op.vjp(position) is not None:
                    self._uses.setdefault(arg, []).append((tensor, position))
        for tensor in rest:
            self._uses.setdefault(tensor, [])

    def __getitem__(self, tensor: Tensor) -> Any:
        open_ones = [tensor]
        while open_ones:
            now = open_ones[-1]
            if now in self._known:
                open_ones.pop()
            elif ahead := [user for user, _ in self._uses[now] if not self._passes_on(user)]:
                open_ones += ahead
            else:
                self._known[now] = self._sum(now)
        return self._known[tensor]

    def _passes_on(self, tensor: Tensor) -> bool:
        """Whether it is known what a tensor passes on."""
        return tensor in self._feeds or tensor in self._known

    def _sum(self, tensor: Tensor) -> Any:
        """The gradient of a tensor, where those of all that use it are known or fed."""
        total = self._seeds.get(tensor)
        for user, position in self._uses[tensor]:
            assert user.op is not None
            vjp = user.op.vjp(position)
            assert vjp is not None
            g = self._feeds[user] if user in self._feeds else self._known[user]
            inputs = [self._value(a) if isinstance(a, Tensor) else a for a in user.args]
            found = vjp(g, self._value(user), *inputs, **user.params)
            share = fit(found, tensor.value.shape)
            total = share if total is None else total + share
        return self._nothing(tensor) if total is None else total

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._uses)

    def __len__(self) -> int:
        return len(self._uses)

    def __contains__(self, tensor: object) -> bool:
        return tensor in self._uses


def _added(seeds: Iterable[tuple[Tensor, Any]]) -> dict[Tensor, Any]:
    """The upstream gradient of each output; of one that is returned twice, both."""
    found: dict[Tensor, Any] = {}
    for tensor, upstream in seeds:
        found[tensor] = found[tensor] + upstream if tensor in found else upstream
    return found


def computed_first_to_last(outputs: list[Tensor]) -> list[Tensor]:
    """The outputs and all they were computed from, every tensor after its arguments.

    Arguments that were changed in place since are made what they were when they were used.
    """
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[tuple[Tensor, bool]] = [(tensor, False) for tensor in outputs]
    while stack:
        tensor, arguments_done = stack.pop()
        if arguments_done:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            for arg in tensor.args:
                if isinstance(arg, Tensor):
                    if arg.before is not None:
                        used = arg.as_used_by(tensor)
                        tensor.args = tuple(used if each is arg else each for each in tensor.args)
                        arg = used
                    stack.append((arg, False))
    return order


def fit(gradient: Any, shape: tuple[int, ...]) -> Any:
    """`gradient` in the shape of the value it belongs to.

    Forward, broadcasting copies a value along new and length-1 axes; backward, the gradients of the
    copies are added. The other way round, a gradient that is the same along an axis is spread out.
    """
    have = gradient.shape
    if have == shape:
        return gradient
    extra = len(have) - len(shape)
    if extra > 0:
        gradient = gradient.sum(tuple(range(extra)))
        have = gradient.shape
    front = len(shape) - len(have)  # axes of length 1 that the gradient lacks
    copied = tuple(i for i, n in enumerate(have) if n != 1 and shape[front + i] == 1)
    if copied:
        gradient = gradient.sum(copied, keepdims=True)
    return gradient if gradient.shape == shape else np.broadcast_to(gradient, shape)
