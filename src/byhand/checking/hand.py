"""Running a backward: which statement wrote which gradient, what it wrote, and what it damaged.

The backward is run statement by statement. After each one, the locals that it may have written are
compared with what they were: a new array bound to `dh` is a fresh gradient, a changed one was added
to in place, and a changed forward value was damaged.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.ops.op import Array
from byhand.program.problem import Problem, did_you_mean
from byhand.program.statements import (
    Function,
    Namespace,
    Returned,
    Statement,
    StatementError,
    function_of,
    run,
)
from byhand.program.trace import is_torch


@dataclass(frozen=True, eq=False)
class Write:
    """A statement wrote one gradient: `name` is what it is the gradient of, such as `h` or `hs[2]`.

    `fresh` tells a new array bound to the name from a change of the one it had. `value` is a copy of
    what it held afterwards. `number` counts the statements that ran before.
    """

    name: str
    number: int
    node: ast.stmt
    fresh: bool
    value: Any

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass(frozen=True, eq=False)
class Damage:
    """The statement at `line` changed `given`, a value of the forward pass, writing `name`."""

    given: str
    name: str | None
    line: int


@dataclass(frozen=True, eq=False)
class Hand:
    """One run of a hand-written backward.

    `writes` are in the order in which they happened; `returned` holds the gradients of a returned
    dict. `error` is the statement that raised, if one did: what came before stands.
    """

    writes: tuple[Write, ...]
    returned: Mapping[str, Any]
    damages: tuple[Damage, ...]
    error: StatementError | None = None
    taken_apart: bool = True


def run_backward(
    problem: Problem, available: Mapping[str, Any], upstream: Mapping[str, Any]
) -> Hand:
    """Runs the backward of `problem` on copies of the values it asks for.

    `available` are the inputs and the locals of forward; `upstream` the gradients `d<output>`.
    Raises ProblemError if it asks for something else.
    """
    assert problem.backward is not None
    function = backward_function(problem)
    given = arguments(problem, function, available, upstream)
    if function is None:
        return _call(problem.backward, given)
    recorder = _Recorder(_arrays(given), upstream)
    namespace = function.namespace(given)
    error, returned = None, None
    try:
        returned = run(function, namespace, recorder.execute).value
    except StatementError as raised:
        error = raised
    return Hand(tuple(recorder.writes), _dict(returned), tuple(recorder.damages), error)


def backward_function(problem: Problem) -> Function | None:
    """The backward taken apart; None for code without Python statements (compiled, a callable)."""
    try:
        return function_of(problem.backward, problem.tree)
    except ProblemError:
        if isinstance(problem.backward, type(function_of)):
            raise
        return None


def arguments(
    problem: Problem,
    function: Function | None,
    available: Mapping[str, Any],
    upstream: Mapping[str, Any],
) -> dict[str, Any]:
    """What backward's parameters are filled with: copies, so that it can't change the originals."""
    if function is None:
        import inspect

        parameters = tuple(inspect.signature(problem.backward).parameters)  # pyright: ignore[reportArgumentType]
        defaults: Mapping[str, Any] = {}
        line = None
    else:
        parameters, defaults, line = function.parameters, function.defaults, function.line
    given: dict[str, Any] = {}
    for name in parameters:
        if name in available:
            given[name] = copied(available[name])
        elif name in upstream:
            given[name] = copied(upstream[name])
        elif name not in defaults:
            known = [*available, *upstream]
            raise ProblemError(
                f"{problem.where(line)}: backward asks for {name}, which is no input and no local "
                f"of forward{did_you_mean(name, known) or ': it can ask for ' + ', '.join(known)}"
            )
    return given


def copied(value: Any) -> Any:
    """A copy of arrays, and of lists and tuples of them; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.copy()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if is_torch(value):
        return value.clone()
    if type(value) in (list, tuple):
        return type(value)(copied(item) for item in value)
    return value


def array(value: Any) -> Array | None:
    """A float array or number as a NumPy array that shares its memory; None for anything else."""
    if isinstance(value, np.ndarray):
        return value  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (float, np.generic)) and not isinstance(value, np.bool_):
        return np.asarray(value)
    if is_torch(value):
        return value.detach().numpy()
    return None


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """`value` by name; the items of a list or a tuple one by one, as `name[0]`, `name[1]`, ..."""
    if type(value) in (list, tuple):
        for i, item in enumerate(value):
            yield from leaves(f"{name}[{i}]", item)
    else:
        yield name, value


@dataclass
class _Recorder:
    """What has happened so far in one run of a backward."""

    given: Mapping[str, Array]
    upstream: Mapping[str, Any]
    pristine: dict[str, Array] = field(init=False)
    held: dict[str, Any] = field(default_factory=dict[str, Any])
    seen: dict[str, Any] = field(default_factory=dict[str, Any])
    writes: list[Write] = field(default_factory=list[Write])
    damages: list[Damage] = field(default_factory=list[Damage])
    number: int = 0

    def __post_init__(self) -> None:
        self.pristine = {name: value.copy() for name, value in self.given.items()}

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        statement.execute(namespace)
        touched = touched_names(statement.node)
        written: list[str] = []
        for root, rebinds in touched.items():
            if root.startswith("d") and root not in self.upstream and root in namespace:
                written += self.record(root, namespace[root], rebinds, statement.node)
        for root, rebinds in touched.items():
            if not rebinds and root in namespace:
                self.look_for_damage(namespace[root], statement, written[0] if written else None)
        self.number += 1

    def record(self, root: str, value: Any, rebinds: bool | None, node: ast.stmt) -> list[str]:
        """Notes which gradients in the local `root` this statement wrote."""
        written: list[str] = []
        for key, leaf in leaves(root, value):
            known = key in self.held
            same = known and leaf is self.held[key]
            if rebinds is None:  # a call that got it: it wrote if something is different now
                if same and unchanged(leaf, self.seen[key]):
                    continue
            elif not rebinds and key != root and same and unchanged(leaf, self.seen[key]):
                continue  # another item of the list was assigned to
            fresh = (
                rebinds is True or not known or (key != root and not same and not _augments(node))
            )
            self.held[key], self.seen[key] = leaf, copied(leaf)
            self.writes.append(Write(key[1:], self.number, node, fresh, self.seen[key]))
            written.append(key[1:])
        return written

    def look_for_damage(self, touched: Any, statement: Statement, name: str | None) -> None:
        """Notes the forward values that changed among those that share memory with `touched`."""
        changed = [found for _, leaf in leaves("", touched) if (found := array(leaf)) is not None]
        for given, value in self.given.items():
            near = any(np.may_share_memory(value, each) for each in changed)
            if near and not unchanged(value, self.pristine[given]):
                self.damages.append(Damage(given, name, statement.line))
                self.pristine[given] = value.copy()


def unchanged(value: Any, before: Any) -> bool:
    now, then = array(value), array(before)
    if now is None or then is None:
        return value is before
    return now.shape == then.shape and now.dtype == then.dtype and now.tobytes() == then.tobytes()


@lru_cache(maxsize=1 << 12)
def touched_names(node: ast.stmt) -> Mapping[str, bool | None]:
    """The names a statement may write: True where it binds the name anew, False where it changes
    what the name holds (an item, `+=`), None where it only hands it to a call."""
    names: dict[str, bool | None] = {}
    for part in ast.walk(node):
        match part:
            case ast.Call(func=func, args=args, keywords=keywords):
                if isinstance(func, ast.Attribute):
                    _hand_over(func.value, names)
                for arg in [*args, *(k.value for k in keywords)]:
                    _hand_over(arg, names)
            case _:
                pass
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store()):
                names[name] = True
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                name = root_name(part)
                if name is not None:
                    names[name] = False
            case _:
                pass
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            names[name] = False
        case _:
            pass
    return names


def _hand_over(expression: ast.expr, names: dict[str, bool | None]) -> None:
    name = root_name(expression)
    if name is not None:
        names.setdefault(name, None)


def root_name(expression: ast.expr) -> str | None:
    """`d` of `d`, `d[i]`, `d.T` and `d[i].real`; None for what isn't rooted in a name."""
    while isinstance(expression, (ast.Subscript, ast.Attribute, ast.Starred)):
        expression = expression.value
    return expression.id if isinstance(expression, ast.Name) else None


def _augments(node: ast.stmt) -> bool:
    return isinstance(node, ast.AugAssign)


def _arrays(given: Mapping[str, Any]) -> dict[str, Array]:
    return {
        key: found
        for name, value in given.items()
        for key, leaf in leaves(name, value)
        if (found := array(leaf)) is not None
    }


def _dict(returned: Any) -> dict[str, Any]:
    return dict(returned) if isinstance(returned, dict) else {}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _call(backward: Callable[..., Any], given: Mapping[str, Any]) -> Hand:
    """A backward without statements: it is called, and what it returns is all there is."""
    arrays = _arrays(given)
    pristine = {name: value.copy() for name, value in arrays.items()}
    try:
        returned = backward(**given)
    except Exception as error:
        return Hand((), {}, (), StatementError(0, error), taken_apart=False)
    damages = tuple(
        Damage(name, None, 0)
        for name, value in arrays.items()
        if not unchanged(value, pristine[name])
    )
    return Hand((), _dict(returned), damages, taken_apart=False)
