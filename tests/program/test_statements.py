"""The statement runner does what Python does, and tells its onlooker of every simple statement."""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError, UnsupportedError
from byhand.program.control_flow import run, run_plainly
from byhand.program.functions import function_of
from byhand.program.statements import Namespace, Statement, StatementError

FACTOR = 3


def early_return(x: int) -> Any:
    for i in range(10):
        if i == x:
            return "found", i
    return "not found"


def for_else(x: int) -> Any:
    for i in range(4):
        if i == x:
            break
    else:
        i = "else"
    return i


def while_else(x: int) -> Any:
    seen = []
    while x < 5:
        x += 1
        if x == 2:
            continue
        seen.append(x)
        if x == 4:
            break
    else:
        seen.append("else")
    return seen, x


def nested_loops(x: int) -> Any:
    pairs = []
    for i in range(3):
        for j in range(3):
            if j == x:
                break
            pairs.append((i, j))
        else:
            pairs.append(i)
    return pairs


def with_blocks(x: int) -> Any:
    with np.errstate(all="ignore") as state, contextlib.nullcontext(x) as held:
        if held > 2:
            return "inside", np.geterr()["over"]
    return state, np.geterr()["over"] == "ignore"


def comprehensions(x: int) -> Any:
    n = x + 1
    grid = [[i * n for i in range(n)] for n in range(n)]
    return grid, {i: n + i for i in range(2)}, sum(n for _ in range(3)), n


def nested_functions(x: int) -> Any:
    scale = x * FACTOR

    def times(y: int, deep: int = 2) -> int:
        return y * scale if deep == 0 else times(y, deep - 1)

    plus = lambda y: y + scale  # noqa: E731
    return times(2), plus(1)


def assignments(x: int) -> Any:
    a = b = x
    a, (b, *rest) = b, (a, 1, 2, 3)
    [c, *_, d] = range(5)
    e: int = 4
    table = {"a": [0, 0]}
    table["a"][1] += x
    held = contextlib.nullcontext()
    held.enter_result = 7  # type: ignore[assignment]
    held.enter_result -= x  # type: ignore[operator]
    del e
    return a, b, rest, c, d, table, held.enter_result


def walruses(x: int) -> Any:
    if (n := x + 1) > 2:
        n = -n
    while (x := x + 1) < 5:
        pass
    last = [y := i for i in range(3)]
    return n, x, last, y


def branches(x: int) -> Any:
    if x == 0:
        kind = "zero"
    elif x < 3:
        kind = "small"
    else:
        kind = "large"
    assert kind
    import math

    return kind, math.floor(2.5) if x else None


class Twice(contextlib.AbstractContextManager[int]):
    """A manager that says how it was left, and swallows zero divisions."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def __enter__(self) -> int:
        return 2

    def __exit__(self, kind: Any, error: Any, _: Any) -> bool:
        self.log.append(kind and kind.__name__)
        return kind is ZeroDivisionError


def managers(x: int) -> Any:
    log: list[Any] = []
    with Twice(log) as two, Twice(log):
        log.append(two // x)
        log.append("went on")
    try:
        with Twice(log):
            {}[x]
    except KeyError as error:
        log.append(error.args)
    for i in range(4):
        with Twice(log):
            if i == x:
                break
    with Twice(log):
        return log
    return "never"


def handlers(x: int) -> Any:
    log: list[Any] = []
    try:
        log.append(3 // x)
        if x > 1:
            raise ValueError(x)
    except ZeroDivisionError:
        log.append("zero")
    except (ValueError, KeyError) as error:
        log.append(error.args)
        try:
            raise
        except ValueError as again:
            log.append(again is error)
    else:
        log.append("else")
    finally:
        log.append("finally")
    try:
        error  # noqa: B018
    except NameError:
        log.append("the name is gone")
    return log


def finals(x: int) -> Any:
    log = []
    for i in range(6):
        try:
            if i == 1:
                continue
            if i == x:
                break
        finally:
            log.append(i)
    try:
        try:
            if x == 3:
                return log
        finally:
            log.append("last")
            if x == 9:
                return log  # noqa: B012
    finally:
        log.append("the very last")
    return "end", log


def matches(x: int) -> Any:
    found: list[Any] = []
    for subject in (x, [x, 2, 3], {"k": [x], "more": 1}, slice(x, 4), "text", None, (1, (2, x))):
        match subject:
            case 0 | 9:
                found.append("number")
            case int(n) if n > 2:
                found.append(("large", n))
            case [first, *rest] if first < 2 and rest[-1] == 3:
                found.append((first, rest))
            case {"k": [item], **others}:
                found.append((item, others))
            case slice(start=a, stop=4 as b):
                found.append((a, b))
            case str() as text:
                found.append(text)
            case None:
                continue
            case (1, (_, last)):
                found.append(last)
                if last == 1:
                    break
    match x:
        case 100:
            return "never"
    return found


def nonlocals(x: int) -> Any:
    total, log = 0, []

    def add(i: int) -> None:
        nonlocal total
        mine = i

        def twice() -> None:
            nonlocal total, mine
            mine += i
            total += mine

        twice()
        log.append(mine)

    class Adder:
        def __call__(self, i: int) -> None:
            nonlocal total
            total += i

    for i in range(x):
        add(i)
        Adder()(i)
    return total, log


def global_in_a_comprehension(x: int) -> Any:
    return [FACTOR + 1 for FACTOR in range(x)], FACTOR


def nothing(x: int) -> None:
    """Only a docstring."""


LIKE_PYTHON = [
    early_return,
    for_else,
    while_else,
    nested_loops,
    with_blocks,
    comprehensions,
    nested_functions,
    assignments,
    walruses,
    branches,
    managers,
    handlers,
    finals,
    matches,
    nonlocals,
    global_in_a_comprehension,
    nothing,
]


@pytest.mark.parametrize("x", [0, 1, 3, 9])
@pytest.mark.parametrize("function", LIKE_PYTHON)
def test_runs_as_python_does(function: Callable[[int], Any], x: int) -> None:
    returned, _ = run_plainly(function_of(function), {"x": x})
    assert returned.value == function(x)


def executed(function: Callable[..., Any], **arguments: Any) -> list[str]:
    """The simple statements that an onlooker is told of, as text."""
    seen: list[str] = []

    def execute(statement: Statement, namespace: Namespace) -> None:
        seen.append(ast.unparse(statement.node))
        statement.execute(namespace)

    taken = function_of(function)
    run(taken, taken.namespace(arguments), execute)
    return seen


def test_the_onlooker_is_told_of_simple_statements_in_the_order_they_run() -> None:
    def forward(x: list[int]) -> int:
        total = 0
        for item in x:
            if item > 1:
                total += item
        with contextlib.nullcontext():
            total = -total
        return total + 1

    assert executed(forward, x=[1, 2, 3]) == [
        "total = 0",
        "total += item",
        "total += item",
        "total = -total",
    ]


def test_a_walrus_in_a_condition_is_an_assignment_like_any_other() -> None:
    def forward(x: int) -> int:
        if (n := x + 1) > 2 and (m := x) > 100:
            return m
        return n

    assert executed(forward, x=5) == ["n = n", "m = m"]
    assert executed(forward, x=0) == ["n = n"], "the second one never ran"


def test_the_line_of_whatever_raises_is_known() -> None:
    def forward(x: dict[str, int]) -> int:
        a = 1
        if x:
            while a < 9:
                a = x["b"]
        return x["c"]

    first = forward.__code__.co_firstlineno
    for given, line in (({"a": 1}, 4), ({}, 5)):
        with pytest.raises(StatementError) as raised:
            run_plainly(function_of(forward), {"x": given})
        assert raised.value.line == first + line
        assert isinstance(raised.value.__cause__, KeyError)


def test_returned_tells_the_value_and_its_line() -> None:
    def forward(x: int) -> int:
        y = x
        return y + 1

    returned, namespace = run_plainly(function_of(forward), {"x": 1})
    assert (returned.value, namespace["y"]) == (2, 1)
    assert returned.node is not None
    assert ast.unparse(returned.node) == "y + 1"
    assert returned.line == forward.__code__.co_firstlineno + 2


def test_the_functions_own_names_are_left_alone() -> None:
    before = dict(globals())
    run_plainly(function_of(nested_functions), {"x": 2})
    assert dict(globals()) == before


def test_what_no_handler_takes_is_raised_with_its_line() -> None:
    def forward(x: int) -> int:
        try:
            with contextlib.suppress(KeyError):
                x = x // 0
        except (ValueError, KeyError):
            return 0
        return x

    with pytest.raises(StatementError) as raised:
        run_plainly(function_of(forward), {"x": 1})
    assert raised.value.line == forward.__code__.co_firstlineno + 3
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_what_the_engine_lacks_is_no_failure_of_the_users_code() -> None:
    def unsupported() -> int:
        raise UnsupportedError("no rule")

    def forward(x: int) -> int:
        try:
            return unsupported()
        except Exception:
            return x

    with pytest.raises(StatementError, match="no rule"):
        run_plainly(function_of(forward), {"x": 1})


def test_a_statement_knows_whether_what_it_raises_may_be_caught() -> None:
    def forward(x: list[str]) -> None:
        x += "a"
        with np.errstate(all="ignore"):
            x += "b"
        with contextlib.suppress(ValueError):
            x += "c"
        try:
            x += "d"
            if x:
                x += "e"
        except ValueError:
            pass
        else:
            x += "f"
        finally:
            x += "g"

    guarded: dict[str, bool] = {}

    def execute(statement: Statement, namespace: Namespace) -> None:
        statement.execute(namespace)
        guarded[namespace["x"][-1]] = statement.guarded

    taken = function_of(forward)
    run(taken, taken.namespace({"x": []}), execute)
    assert guarded == {n: n in "cde" for n in "abcdefg"}


def test_a_global_that_the_function_binds_is_its_own_name() -> None:
    def forward(x: int) -> Any:
        y = FACTOR * x  # type: ignore[used-before-def]  # noqa: F823
        FACTOR = [y]
        return FACTOR, y

    with pytest.raises(StatementError, match="FACTOR"):
        run_plainly(function_of(forward), {"x": 1})


def test_a_function_taken_apart_knows_its_parameters_defaults_and_closure() -> None:
    outside = 5

    def backward(x: int, scale: float = 0.5) -> float:
        return x * scale + outside

    taken = function_of(backward)
    assert taken.parameters == ("x", "scale")
    assert taken.defaults == {"scale": 0.5}
    assert taken.closure == {"outside": 5}
    assert taken.source(taken.line + 1) == "return x * scale + outside"
    assert run_plainly(taken, {"x": 2})[0].value == 6.0


def test_a_decorator_is_looked_through() -> None:
    def passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **options: Any) -> Any:
            return function(*args, **options)

        return wrapper

    @passing_on
    def forward(x: int) -> int:
        return x + 1

    assert function_of(forward).parameters == ("x",)
    assert run_plainly(function_of(forward), {"x": 1})[0].value == 2


def star_arguments(*arrays: Any) -> Any:
    return arrays


def options(x: Any, **others: Any) -> Any:
    return others


def generator(x: Any) -> Any:
    yield x


NOT_PLAIN: list[tuple[Any, str]] = [
    (star_arguments, r"star_arguments takes \*args or \*\*kwargs: name every parameter"),
    (options, r"options takes \*args or \*\*kwargs"),
    (generator, "generator has a `yield`: it must return instead"),
    (lambda x: x, "must be a plain `def`, not a lambda"),
    (functools.partial(nothing, 1), "is a partial, not a plain Python function"),
    (np.exp, "exp is a ufunc, not a plain Python function"),
    (eval("lambda x: x"), "the source of <lambda> can't be read: write it as a plain `def`"),
]


@pytest.mark.parametrize(("function", "message"), NOT_PLAIN)
def test_what_is_no_plain_function_is_refused(function: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        function_of(function)
