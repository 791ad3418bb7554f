"""Scripts that start from numbers, `b = 0.0`, and take steps of them: they are parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load

LINE = """
import numpy as np

x = np.random.rand(30)
y = 3 * x + 0.5
w = {start}
b = {start}
lr = 0.1
for epoch in range(100):
    y_pred = w * x + b
    error = y_pred - y
    dw = 2 * (error * x).mean()
    db = 2 * error.mean()
    w -= lr * dw
    b -= lr * db
    if epoch % 10 == 0:
        print(epoch, (error ** 2).mean())
"""
PLANE = """
import numpy as np

X = np.random.randn(50, 3)
t = np.random.randn(50, 1)
w, b = np.zeros((3, 1)), 0.0
b = {start}
for i in range(200):
    y = X.dot(w) + b
    e = y - t
    dw = 2 * X.T.dot(e) / len(X)
    db = 2 * e.mean()
    w -= 0.1 * dw
    b -= 0.1 * db
"""


def loaded(file: Path, text: str) -> Problem:
    file.write_text(text)
    found = load(file)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize("start", ["0.0", "0", "0.5", "1"])
@pytest.mark.parametrize(
    ("text", "slips"),
    [
        (LINE, ["2 * error.mean()|error.sum()", "(error * x).mean()|(error * x).sum()"]),
        (PLANE, ["2 * e.mean()|-2 * e.mean()", "2 * e.mean()|e.mean()"]),
    ],
)
def test_they_are_judged(text: str, slips: list[str], start: str, tmp_path: Path) -> None:
    file, text = tmp_path / "line.py", text.format(start=start)
    report = check(loaded(file, text))
    assert report.ok, str(report)
    assert {"w", "b"} <= {row.name for row in report.rows}
    for slip in slips:
        right, _, wrong = slip.partition("|")
        assert not check(loaded(file, text.replace(right, wrong))).ok
