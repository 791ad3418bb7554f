"""Classes whose parameters have sizes of their own, which no argument decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load
from sweeps import a_few

NET = """import numpy as np
{above}
class Net:
    def __init__(self{arguments}):
        self.W1 = np.random.randn({i}, {h}) * 0.3
        self.b1 = np.zeros({h})
        self.W2 = np.random.randn({h}, {o}) * 0.3
        self.b2 = np.zeros({o})

    def forward(self, X):
        self.X = X
        self.h = np.tanh(X @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        self.db2 = dout.sum(axis=0)
        dh = dout @ self.W2.T
        dpre = dh * (1 - self.h ** 2)
        self.dW1 = self.X.T @ dpre
        self.db1 = dpre.sum(axis=0)
        return dpre @ self.W1.T
"""
IN_TORCH = NET.replace("numpy as np", "torch").replace("np.random.", "torch.")
IN_TORCH = IN_TORCH.replace("np.", "torch.").replace("axis=", "dim=")
# Each of its own, equal ones, those of the first guesses, one of 1, those of a real net.
SIZES = [(13, 4, 5), (2, 2, 1), (3, 3, 2), (4, 4, 4), (7, 5, 7), (4, 5, 3), (5, 7, 11), (6, 7, 8)]
SIZES += [(784, 30, 10), (1, 6, 1)]
WRITTEN = ("as numbers", "by default", "at the top")
SLIPS = [
    ("(1 - self.h ** 2)", "(1 - self.h)", {"W1", "b1", "X"}),
    ("self.h.T @ dout", "2 * self.h.T @ dout", {"W2"}),
    ("self.db1 = dpre.sum(", "self.db1 = dpre.mean(", {"b1"}),
]


def text(net: str, sizes: tuple[int, int, int], how: str) -> str:
    i, h, o = sizes
    match how:
        case "by default":
            arguments = f", ins={i}, hidden={h}, outs={o}"
            return net.format(above="", arguments=arguments, i="ins", h="hidden", o="outs")
        case "at the top":
            return net.format(above=f"D, H, C = {i}, {h}, {o}", arguments="", i="D", h="H", o="C")
        case _:
            return net.format(above="", arguments="", i=i, h=h, o=o)


def loaded(file: Path, source: str) -> Problem:
    file.write_text(source)
    found = load(file)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("sizes", "how", "net"),
    a_few(
        [
            *((each, how, NET) for each in SIZES for how in WRITTEN),
            *((each, "by default", IN_TORCH) for each in SIZES[::3]),
        ]
    ),
)
def test_they_are_taken_from_the_class(
    sizes: tuple[int, int, int], how: str, net: str, tmp_path: Path
) -> None:
    file, source = tmp_path / "net.py", text(net, sizes, how)
    problem = loaded(file, source)
    report = check(problem)
    assert report.ok, str(report)
    assert not [note for note in report.notes if "not tried" in note]
    rows, columns = problem.inputs()["X"].shape
    assert columns == sizes[0]
    assert rows not in {1, *sizes}  # no sum along the wrong axis is hidden
    for right, wrong, roots in SLIPS:
        report = check(loaded(file, source.replace(right, wrong)))
        line = source[: source.index(right)].count("\n") + 1
        found = [row for row in report.rows if row.name in report.roots]
        assert {row.name for row in found} <= roots, str(report)
        assert {row.line for row in found if row.line is not None} & {line, line + 1, line + 2}
