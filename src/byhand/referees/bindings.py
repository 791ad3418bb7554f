"""The steps of a forward that runs on a referee's own arrays, numbered as the tracer numbers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ByhandError, ProblemError, RefereeError
from byhand.program.follow import Follower
from byhand.program.problem import Problem
from byhand.program.statements import Namespace, Returned, StatementError, run

Key: TypeAlias = tuple[str, int]


@dataclass
class Bindings(Follower):
    """Follows a forward and calls `seen(key, value)` for every step, inputs first.

    `lend` makes an array of the referee's of a float one of the problem's, `kind` is its type, and
    `write` gives a copy of one with items changed. What `seen` returns is what the name holds.
    """

    problem: Problem
    kind: type
    lend: Callable[[Any], Any]
    write: Callable[[Any, Any, Any], Any]
    seen: Callable[[Key, Any], Any]
    counts: dict[str, int] = field(default_factory=dict[str, int])
    held: dict[int, Any] = field(default_factory=dict[int, Any])

    def outputs(self, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """What forward returns, one item for each returned value. Raises RefereeError."""
        forward = self.problem.forward
        arguments = {name: self.argument(name, value) for name, value in inputs.items()}
        given = {name: arguments[name] for name in forward.parameters if name in arguments}
        try:
            returned = run(forward, forward.namespace(given), self.execute)
        except StatementError as error:
            raise RefereeError(explain(self.problem, error)) from error.__cause__
        return tuple(self.result(value) for value in returned_values(returned))

    def argument(self, name: str, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            items: list[Any] = [self.argument(f"{name}[{i}]", v) for i, v in enumerate(value)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, (float, np.floating)):
            value = np.asarray(value)  # pyright: ignore[reportUnknownArgumentType]
        return self.bind_array(name, value, 0) if self.is_array(value) else value

    def result(self, value: Any) -> Any:
        """A returned number without a name is a step too: `loss`, or `return` if that is taken."""
        if self.is_array(value) and id(value) not in self.held and np.ndim(value) == 0:
            return self.bind_array("loss" if "loss" not in self.counts else "return", value, 0)
        return value

    # What a follower must know.

    def is_array(self, value: Any) -> bool:
        return isinstance(value, (self.kind, np.ndarray)) and is_float(value)

    def bind_array(self, name: str, value: Any, line: int) -> Any:
        key = (name, self.counts.get(name, 0))
        self.counts[name] = key[1] + 1
        bound = self.seen(key, self.lend(value))
        self.held[id(bound)] = bound  # kept, so that its id stays its own
        return bound

    def put(self, held: Any, index: Any, value: Any) -> Any:
        return self.write(held, index, value)
