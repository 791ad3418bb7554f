"""What a backward costs: counted by hand for small ones, and counted at all for every problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from deriving_cases import ALL, derivation_of

from byhand.deriving.cost import cost
from byhand.deriving.derivation import Cost
from byhand.deriving.derive import derive
from byhand.errors import ProblemError, UnsupportedError
from byhand.program.problem import load

SETTING = """\
import numpy as np

def inputs(rng, *, n=2, m=3, k=4):
    return {
        "x": rng.normal(size=(n, m)),
        "W": rng.normal(size=(m, k)),
        "y": rng.integers(0, k, n),
        "ws": [rng.normal(size=k), rng.normal(size=k)],
    }

def forward(x, W, y, ws):
    n = len(y)
    z = x @ W + ws[0] * ws[1]
    out = np.tanh(z)
    return out

"""

COUNTED = {
    # 12 for x.T @ dz, twice; 8 for the square, the difference and the product
    "def backward(x, out, dout):\n    dz = dout * (1 - out**2)\n    dW = x.T @ dz\n": Cost(
        3 * 8 + 2 * 3 * 2 * 4, 1, 64, 1, 48
    ),
    # a copy is free; 2 are read, made less by 1 and written back; 8 are divided
    "def backward(out, y, n):\n    dz = out.copy()\n    dz[np.arange(n), y] -= 1\n    dz /= n\n": (
        Cost(3 * 2 + 8, 1, 64, 1, 16)
    ),
    # a sum counts what it sums, a mean one more; views are free
    "def backward(z):\n    a = z.T.sum(0)\n    b = z[:, 1:].mean()\n    c = z.reshape(-1)\n": (
        Cost(8 + 6 + 1, 1, 64)
    ),
    # added at 2 rows of 4; an einsum of two operands, 2 * 3 * 4 each; an indexed row of W twice
    "def backward(z, y, x, W):\n    d = np.zeros((4, 4))\n    np.add.at(d, y, z)\n"
    "    e = np.einsum('ij,jk->ik', x, W)\n    f = W[y - y]\n": (
        Cost(2 * 4 + 2 * 24 + 2 + 2 * 4, 1, 64, 3, 16 + 48 + 96)
    ),
    # lists, an upstream gradient, and 2 rows of a one-hot matrix
    "def backward(ws, dout, y):\n    dws = [w * dout.sum(0) for w in ws]\n    e = np.eye(4)[y]\n": (
        Cost(2 * (8 + 4) + 2 * 4, 0, 0, 3, 2 * 32 + 16)
    ),
}


@pytest.mark.parametrize("source", COUNTED)
def test_counted_by_hand(source: str, problem_file: Callable[[str], Path]) -> None:
    problem = load(problem_file(SETTING + source))
    assert cost(problem, problem.inputs(), problem.backward) == COUNTED[source]
    assert cost(problem, problem.inputs(), source) == COUNTED[source]


TORCH = {
    "    dz = dout * (1 - out**2)\n    dW = x.T @ dz\n": 3 * 8 + 2 * 3 * 2 * 4,
    "    dz = out.clone()\n    dz[torch.arange(n), y] -= 1\n    dz /= n\n": 3 * 2 + 8,
    "    a = z.T.sum(0)\n    b = z[:, 1:].mean()\n": 8 + 6,
    "    d = z.new_zeros(4, 4)\n    d.index_add_(0, y, z)\n    d[1:] += z.sum()\n": 8 + 8 + 12,
    "    a = torch.softmax(z, 1)\n": 5 * 8,
}


@pytest.mark.parametrize("body", TORCH)
def test_counted_by_hand_in_torch(body: str, problem_file: Callable[[str], Path]) -> None:
    problem = load(problem_file(SETTING + "def backward():\n    pass\n"))
    inputs = problem.inputs()
    source = f"def backward(x, y, n, z, out, dout):\n{body}"
    assert cost(problem, inputs, source, dialect="torch").operations == TORCH[body]


@pytest.mark.parametrize("name", ALL)
def test_every_problem(name: str) -> None:
    problem = load(ALL[name])
    inputs = problem.inputs()
    derived = cost(problem, inputs, derivation_of(name))
    assert derived.operations > 0
    if problem.backward is not None:
        by_hand = cost(problem, inputs, problem.backward)
        assert 0.1 < by_hand.operations / derived.operations < 2


def test_both_dialects_count_alike() -> None:
    problem = load(ALL["mlp"])
    inputs = problem.inputs()
    in_numpy, in_torch = (
        cost(problem, inputs, derive(problem, dialect=dialect), dialect=dialect)
        for dialect in ("numpy", "torch")
    )
    assert in_numpy == in_torch


def test_errors_are_one_line(problem_file: Callable[[str], Path]) -> None:
    problem = load(problem_file(SETTING + "def backward(z):\n    dz = z + missing\n"))
    with pytest.raises(ProblemError, match="backward raised NameError"):
        cost(problem, problem.inputs(), problem.backward)
    with pytest.raises(ProblemError, match="asks for nothing"):
        cost(problem, problem.inputs(), "def backward(nothing):\n    pass\n")
    with pytest.raises(UnsupportedError, match="can't be counted: "):
        cost(problem, problem.inputs(), max)
