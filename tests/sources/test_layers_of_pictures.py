"""Layers that are made with kernels, that fill what they return, and that have one gradient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load, load_one

TEXT = """
import numpy as np

def columns(x, fh, fw):
    N, C, H, W = x.shape
    out = np.zeros((N, C, fh, fw, H - fh + 1, W - fw + 1))
    for i in range(fh):
        for j in range(fw):
            out[:, :, i, j] = x[:, :, i:i + H - fh + 1, j:j + W - fw + 1]
    return out.transpose(0, 4, 5, 1, 2, 3).reshape(N * (H - fh + 1) * (W - fw + 1), -1)

def picture(columns, shape, fh, fw):
    N, C, H, W = shape
    parts = columns.reshape(N, H - fh + 1, W - fw + 1, C, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    x = np.zeros(shape)
    for i in range(fh):
        for j in range(fw):
            x[:, :, i:i + H - fh + 1, j:j + W - fw + 1] += parts[:, :, i, j]
    return x

class Convolution:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        self.x, self.columns = x, columns(x, FH, FW)
        out = self.columns @ self.W.reshape(FN, -1).T + self.b
        return out.reshape(N, H - FH + 1, W - FW + 1, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = dout.sum(axis=0)
        self.dW = (self.columns.T @ dout).T.reshape(FN, C, FH, FW)
        return picture(dout @ self.W.reshape(FN, -1), self.x.shape, FH, FW)

class Largest:
    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        self.out = np.zeros((n, c, h // 2, w // 2))
        for i in range(h // 2):
            for j in range(w // 2):
                part = x[:, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
                self.out[:, :, i, j] = part.max(axis=(2, 3))
        return self.out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                part = self.x[:, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
                mask = part == part.max(axis=(2, 3), keepdims=True)
                more = mask * dout[:, :, i:i + 1, j:j + 1]
                dx[:, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2] += more
        return dx

class Embedding:
    def __init__(self, num, dim):
        self.W = np.random.randn(num, dim)

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.grad = np.zeros_like(self.W)
        np.add.at(self.grad, self.idx, dout)

class Reshape:
    def __init__(self, input_shape, output_shape):
        self.input_shape = input_shape
        self.output_shape = output_shape

    def forward(self, x):
        return np.reshape(x, self.output_shape)

    def backward(self, dout):
        return np.reshape(dout, self.input_shape)
"""
ROWS = {"Convolution": {"W", "b", "x"}, "Largest": {"x"}, "Embedding": {"W"}}


def report_on(name: str, text: str, folder: Path) -> Report:
    file = folder / "layers.py"
    file.write_text(text)
    return check(load_one(f"{file}:{name}"))


@pytest.mark.parametrize("name", ROWS)
def test_right_ones(name: str, tmp_path: Path) -> None:
    report = report_on(name, TEXT, tmp_path)
    assert report.ok, str(report)
    assert ROWS[name] <= {row.name for row in report.rows}


@pytest.mark.parametrize(
    ("name", "old", "new", "root", "code"),
    [
        ("Convolution", "dout.sum(axis=0)", "dout.mean(axis=0)", "b", "mean-for-sum"),
        (
            "Convolution",
            "(self.columns.T @ dout).T",
            "(self.columns.T @ dout / 2).T",
            "W",
            "factor",
        ),
        ("Largest", "mask = part == part.max(", "mask = part == part.min(", "x", "unknown"),
        ("Embedding", "np.add.at(self.grad, self.idx, dout)", "self.grad[self.idx] += dout", "W",
         "scatter"),
    ],
)  # fmt: skip
def test_wrong_ones(name: str, old: str, new: str, root: str, code: str, tmp_path: Path) -> None:
    text = TEXT.replace(old, new)
    report = report_on(name, text, tmp_path)
    assert report.roots == (root,)
    (row,) = (row for row in report.rows if row.name == root)
    assert row.mistake is not None and row.mistake.code == code
    assert row.line == text[: text.index(new)].count("\n") + 1


def test_pictures_are_larger_than_kernels(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(TEXT)
    found = load(f"{file}:Convolution")
    assert isinstance(found, Problem)
    values = found.inputs()
    assert np.shape(values["x"])[1] == np.shape(values["W"])[1]
    assert np.shape(values["x"])[2] > np.shape(values["W"])[2]


def test_a_shape_that_backward_alone_reads_is_that_of_the_input(tmp_path: Path) -> None:
    report = report_on("Reshape", TEXT, tmp_path)
    assert report.ok
    assert any("input_shape [2, 3]" in note and "x (2, 3)" in note for note in report.notes)


OTHER_SHAPE = """
import numpy as np

class Padded:
    def __init__(self, padded_shape):
        self.padded_shape = padded_shape

    def forward(self, x):
        self.size = x.shape[1]
        return np.concatenate([x, np.zeros((x.shape[0], 2))], axis=1)

    def backward(self, dout):
        return np.reshape(dout, self.padded_shape)[:, : self.size]
"""


def test_another_shape_is_asked_for(tmp_path: Path) -> None:
    """It is no array, and one that backward alone reads can't be found by running forward."""
    with pytest.raises(ProblemError, match="padded_shape is a shape, and is not given"):
        report_on("Padded", OTHER_SHAPE, tmp_path)


FILLED = """
import numpy as np

class Row:
    def forward(self, x):
        self.x = x
        FILL
        return END

    def backward(self, dout):
        return dout * (1 - np.tanh(self.x) ** 2)
"""
_LOOP = "\n        for i in range(len(x)):\n            "


@pytest.mark.parametrize(
    ("fill", "end", "other"),
    [
        ("self.out = out = np.zeros(len(x))" + _LOOP + "self.out[i] = np.tanh(x[i])", "out", "out"),
        (
            "self.out = np.zeros(len(x))\n        view = self.out"
            + _LOOP
            + "view[i] = np.tanh(x[i])",
            "self.out",
            "self.out",
        ),
        (
            "self.out = np.zeros(len(x))\n        self.kept = self.out"
            + _LOOP
            + "self.out[i] = np.tanh(x[i])",
            "self.kept",
            "self.kept",
        ),
    ],
)
def test_what_has_two_names_is_not_filled_by_one(
    fill: str, end: str, other: str, tmp_path: Path
) -> None:
    """The other would keep its zeros; so it is said, and nothing is judged."""
    file = tmp_path / "row.py"
    file.write_text(FILLED.replace("FILL", fill).replace("END", end))
    with pytest.raises(ProblemError, match=f"this also changes {other}, which shares the memory"):
        check(load_one(file))
