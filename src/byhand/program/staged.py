"""A forward that is written in JAX, followed: JAX records it, and every name that is bound to
floats is marked in the record. The record is run again on the engine's tensors
(`byhand.jax_dialect`)."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.engine import Tensor
from byhand.jax_dialect.stage import explained, is_traced, marked, staged
from byhand.program.control_flow import run
from byhand.program.follow import Follower
from byhand.program.problem import Problem
from byhand.program.statements import Namespace, Returned, Statement, StatementError
from byhand.values import tree


@dataclass(frozen=True, eq=False)
class BoundName:
    """A name that forward bound to floats."""

    name: str
    line: int
    tensor: Tensor


@dataclass(frozen=True, eq=False)
class Staged:
    """What a forward in JAX did.

    `bound` are its bindings in order, `returned` is what it returned, in tensors, `casts` are the
    float types that it casts to, each with its line, and `entered` the statements that ran.
    """

    bound: tuple[BoundName, ...]
    returned: Returned
    casts: tuple[tuple[int, str], ...]
    entered: frozenset[ast.stmt]


def follow(problem: Problem, inputs: Mapping[str, Any]) -> Staged:
    """Follows a forward on inputs in which every array of floats is a tensor.

    Raises StatementError where it raises, UnsupportedError for a primitive without a rule.
    """
    follower = _Marking(problem)
    ended: list[Returned] = []

    def forward(arguments: Mapping[str, Any]) -> Sequence[Any]:
        function = problem.forward
        given = {name: arguments[name] for name in function.parameters if name in arguments}
        ended.append(run(function, function.namespace(given), follower.execute))
        returned = [leaf for _, leaf in tree.leaves(ended[0].value) if is_traced(leaf)]
        return [*follower.marks, *returned]

    try:
        found, casts = staged(forward, inputs)
    except StatementError as error:
        cause = explained(error.__cause__)
        raise StatementError(error.line, cause) from cause
    lines = [*follower.lines, ended[0].line]
    known = dict(zip(map(id, follower.marks), found, strict=False))
    rest = iter(found[len(follower.marks) :])

    def leaf(value: Any) -> Any:
        if not is_traced(value):
            return value
        unnamed = next(rest)
        return known.get(id(value), unnamed)

    value = tree.map(leaf, ended[0].value)
    returned = Returned(value, ended[0].node, ended[0].line)
    bound = map(BoundName, follower.names, follower.lines, found)
    cast = tuple((lines[min(at, len(lines) - 1)], kind) for at, kind in casts)
    return Staged(tuple(bound), returned, cast, frozenset(follower.entered))


class _Marking(Follower):
    """Marks in JAX's record what each name is bound to."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.names: list[str] = []
        self.lines: list[int] = []
        self.marks: list[Any] = []
        self.entered: set[ast.stmt] = set()

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        self.entered.add(statement.node)
        super().execute(statement, namespace)

    def keeps(self, name: str) -> bool:
        return tree.root(name) in self.problem.kept

    def is_array(self, value: Any) -> bool:
        return is_traced(value) and str(value.dtype).startswith(("float", "bfloat"))

    def bind_array(self, name: str, value: Any, line: int) -> Any:
        made = marked(value)
        self.names.append(name)
        self.lines.append(line)
        self.marks.append(made)
        return made

    def put(self, held: Any, index: Any, value: Any) -> Any:
        held[index] = value  # JAX says what is to be written instead
        return held
