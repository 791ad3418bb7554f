"""What a run of a hand-written backward showed: who wrote which gradient, and what was damaged."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from byhand.program.statements import Function, StatementError


@dataclass(frozen=True, eq=False)
class Write:
    """A statement wrote one gradient: `name` is what it is the gradient of, such as `h` or `hs[2]`.

    `fresh` tells a new array bound to the name from a change of the one it had. `value` is a copy
    of what it held afterwards, or Raised. `number` counts the statements that ran before. `at` is
    its place in `BackwardRun.writes`; `reads` are the places there of the writes whose gradients
    the statement read, itself or by way of other locals. `through` are the numbers of the
    statements that made those locals. Where items of a list `moved`, another stood at this place
    before; `node` is what made this one.
    """

    name: str
    number: int
    node: ast.stmt
    fresh: bool
    value: Any
    at: int
    reads: frozenset[int]
    through: frozenset[int]
    moved: bool = False

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass(frozen=True)
class Raised:
    """Stands for the value that a statement would have given, had it not raised."""

    message: str
    depends: bool
    """Whether it failed only for want of something that an earlier failure left undone."""


@dataclass(frozen=True, eq=False)
class Damage:
    """The statement at `line` changed `changed` in place, while writing the gradient of `name`.

    `changed` is a value of the forward pass, or (`dh`) a gradient that was already given; the
    statement wrote to it `by` this local. `number` counts the statements that ran before. `read`
    says whether a later statement read it by its own name, before that was bound anew.
    """

    changed: str
    name: str | None
    line: int
    number: int
    by: str = ""
    read: bool = False


@dataclass(frozen=True, eq=False)
class BackwardRun:
    """One run of a hand-written backward.

    `function` is backward taken apart, None where that can't be done; `given` are its arguments, as
    they were before, `upstream` the names of those that are gradients. `writes` are in the order in
    which they happened; `returned` holds the gradients of a returned dict, `unread` says what was
    returned instead of one. `narrow` has the lines of the statements that computed in float32, by
    their numbers. `error` is a statement that raised where no gradient could stand in for what it
    writes, `said` what it raised and what to do about it. `entered` are the simple statements that
    were run, by their numbers. `in_halves`: some computed in a type narrower than float32.
    """

    function: Function | None
    given: Mapping[str, Any]
    writes: tuple[Write, ...]
    returned: Mapping[str, Any]
    damages: tuple[Damage, ...]
    narrow: Mapping[int, int] = field(default_factory=dict[int, int])
    error: StatementError | None = None
    said: str = ""
    unread: str | None = None
    entered: tuple[ast.stmt, ...] = ()
    upstream: frozenset[str] = frozenset()
    in_halves: bool = False

    @property
    def failed(self) -> bool:
        """Whether a statement raised."""
        return self.error is not None or any(isinstance(w.value, Raised) for w in self.writes)
