"""Tiny numbers in logarithms: a backward may leave them out, and may not."""

from __future__ import annotations

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.program.problem import problem_of

FORWARD = """
import numpy as np
def forward(x, W, y):
    z = x @ W
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y] + {guard}).mean()
    return loss
def backward(x, W, y, z, p):
    n = len(y)
    dz = {dz}
    dW = x.T @ dz
    dx = dz @ W.T
"""
USUAL = "(p - np.eye(p.shape[1])[y]) / n"
HOT = "np.eye(p.shape[1])[y]"
EXACT = f"((p - {HOT}) * ((p * {HOT}) / (p + 1e-7)).sum(1, keepdims=True)) / n"

IN_STEPS = f"""0
    dp = -{HOT} / (p + 1e-7) / n
    dz = p * (dp - (p * dp).sum(1, keepdims=True))
    grads = {{}}
    def add(name, value):
        grads[name] = value
    add("W", 2 * x.T @ dz)
    add("x", 2 * dz @ W.T)
    return grads
"""


def report(guard: str, dz: str):
    space: dict[str, object] = {}
    source = FORWARD.format(guard=guard, dz=dz)
    file = f"guarded_{hash(source)}.py"
    import linecache

    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), space)
    rng = np.random.default_rng(0)
    inputs = {
        "x": rng.normal(size=(4, 3)),
        "W": rng.normal(size=(3, 5)),
        "y": np.array([1, 0, 4, 2]),
    }
    return check(problem_of(space["forward"], space["backward"], inputs))  # pyright: ignore


@pytest.mark.parametrize(("guard", "dz"), [("1e-7", USUAL), ("1e-7", EXACT), ("0.0", USUAL)])
def test_right_ones(guard: str, dz: str) -> None:
    found = report(guard, dz)
    assert found.ok, str(found)
    assert any("as a guard" in note for note in found.notes) == (guard != "0.0" and dz == USUAL)


def test_a_number_that_is_no_guard() -> None:
    assert report("1e-2", USUAL).roots == ("z",)


def test_a_backward_that_keeps_it_is_judged_with_it() -> None:
    """Another mistake, that leaves its traces in more rows, is no reason to leave the guard out."""
    wrong = report("1e-7", IN_STEPS)
    assert wrong["p"].right
    assert {*wrong.roots} == {"W", "x"}
    assert not any("as a guard" in note for note in wrong.notes)


def test_a_mistake_beside_it() -> None:
    assert report("1e-7", USUAL.replace("/ n", "")).roots == ("z",)
