"""The statement runner does what Python does, and tells its onlooker of every simple statement."""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.program.statements import (
    Namespace,
    Statement,
    StatementError,
    function_of,
    run,
    run_plainly,
)

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


def with_try(x: int) -> int:
    try:
        return x
    finally:
        pass


def with_match(x: int) -> int:
    match x:
        case _:
            return x


@pytest.mark.parametrize(("function", "word"), [(with_try, "try"), (with_match, "match")])
def test_what_cant_be_followed_is_refused_with_its_line(
    function: Callable[[int], int], word: str
) -> None:
    with pytest.raises(StatementError, match=f"`{word}` can't be followed") as raised:
        run_plainly(function_of(function), {"x": 1})
    assert raised.value.line == function.__code__.co_firstlineno + 1


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
