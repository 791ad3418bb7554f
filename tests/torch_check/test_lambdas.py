"""Rules that are written as lambdas have lines, whichever of several in a line they are."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from jax import custom_vjp

import byhand.jax
import byhand.torch
from byhand.sources.autograd_functions.written import methods


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    backward = staticmethod(lambda ctx, dy: 3 * ctx.saved_tensors[0] * dy)


@custom_vjp
def scaled(x: Any, w: Any) -> Any:
    return x * w


def _bwd(kept: Any, g: Any) -> Any:
    _, w = kept
    dx = g * w
    dw = g * w
    return dx, dw


scaled.defvjp(lambda x, w: (scaled(x, w), (x, w)), _bwd)


@custom_vjp
def shifted(x: Any, w: Any) -> Any:
    return x + 2.0 * w


shifted.defvjp(
    lambda x, w: (shifted(x, w), ()),
    lambda _, g: (g, 3.0 * g),
)


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_a_backward_that_is_a_lambda_is_blamed_at_its_line() -> None:
    report = byhand.torch.check(Square, (torch.randn(3, dtype=torch.float64),))
    assert [(row.name, row.line) for row in report.rows] == [("x", line_of("3 * ctx.saved"))]
    assert report.roots == ("x",)


@pytest.mark.parametrize(
    ("f", "name", "text"), [(scaled, "w", "dw = g * w"), (shifted, "w", "3.0 * g)")]
)
def test_rules_beside_a_lambda_are_blamed_at_theirs(f: Any, name: str, text: str) -> None:
    def inputs(rng: Any, *, n: int = 4) -> dict[str, Any]:
        return {"x": rng.normal(size=n), "w": rng.normal(size=n)}

    report = byhand.jax.check(f, inputs)
    assert report.roots == (name,)
    assert next(row.line for row in report.rows if row.name == name) == line_of(text)


# fmt: off
ROW = [lambda x: x, lambda x, y=2: (x *
    y), lambda: [lambda z: -z, lambda z: z + 1]]
# fmt: on


@pytest.mark.parametrize("number", range(3))
def test_each_of_several_lambdas_in_a_line_is_found(number: int) -> None:
    _is_found(ROW[number])


@pytest.mark.parametrize("number", range(2))
def test_and_those_inside_of_another(number: int) -> None:
    _is_found(ROW[2]()[number])  # type: ignore[operator]


def _is_found(function: Any) -> None:
    """What was read gives, compiled anew, the same code."""
    found = methods("f", function, function, None, ctx=False).backward
    module = ast.fix_missing_locations(ast.Module([found], []))
    space: dict[str, Any] = {}
    exec(compile(module, __file__, "exec"), space)
    assert space["rule"].__code__.co_code == function.__code__.co_code
    assert space["rule"].__code__.co_varnames == function.__code__.co_varnames
