"""Choices of forward: such as matter are reached on some draw, such as only guard are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from guarded import OF_SQUARES, SQUARES, body

from byhand.checking.check import check
from byhand.program.problem import load

INPUTS = """
import numpy as np

def inputs(rng, *, n=6, d=3):
    y = rng.integers(0, 2, size=(n, 4))
    return {"x": rng.normal(size=(n, d)), "W": rng.normal(size=(d, 4)), "y": y}
"""

SIGMOID = "p = 1 / (1 + np.exp(-z))"
BINARY = "loss = -(y * np.log({0}) + (1 - y) * np.log(1 - {0})).mean()"

GUARDS = {
    "a clipped probability": (
        [SIGMOID, "pc = np.clip(p, 1e-7, 1 - 1e-7)", BINARY.format("pc")],
        ["dz = (p - y) / p.size"],
    ),
    "clipped under its own name": (
        [SIGMOID, "p = np.clip(p, 1e-15, 1 - 1e-15)", BINARY.format("p")],
        ["dp = (p - y) / (p * (1 - p)) / p.size", "dz = dp * p * (1 - p)"],
    ),
    "a clipped probability, masked": (
        [SIGMOID, "pc = np.clip(p, 1e-7, 1 - 1e-7)", BINARY.format("pc")],
        [
            "dpc = -(y / pc - (1 - y) / (1 - pc)) / p.size",
            "dp = dpc * (p > 1e-7) * (p < 1 - 1e-7)",
            "dz = dp * p * (1 - p)",
        ],
    ),
    "the largest of a probability and nearly 0": (
        [
            "e = np.exp(z - z.max(1, keepdims=True))",
            "p = e / e.sum(1, keepdims=True)",
            "t = y / np.maximum(y.sum(1, keepdims=True), 1)",
            "loss = -(t * np.log(np.maximum(p, 1e-12))).sum(1).mean()",
        ],
        ["dz = (p * t.sum(1, keepdims=True) - t) / len(x)"],
    ),
    "a clip before a sigmoid": (
        ["h = 1 / (1 + np.exp(-np.clip(z, -500, 500)))", SQUARES],
        [OF_SQUARES, "dz = dh * h * (1 - h)"],
    ),
    "a narrow clip before a sigmoid": (
        ["h = 1 / (1 + np.exp(-np.clip(z, -20, 20)))", SQUARES],
        [OF_SQUARES, "dz = dh * h * (1 - h)"],
    ),
    "a softplus that goes on as a line": (
        ["h = np.where(z > 30, z, np.log1p(np.exp(np.minimum(z, 30))))", SQUARES],
        [OF_SQUARES, "dz = dh / (1 + np.exp(-z))"],
    ),
    "a norm that is never 0": (
        [
            "n = np.sqrt((z**2).sum(1, keepdims=True))",
            "h = z / np.maximum(n, 1e-12)",
            SQUARES,
        ],
        [OF_SQUARES, "dz = (dh - h * (dh * h).sum(1, keepdims=True)) / n"],
    ),
}

CHOICES = {
    "a relu that ends at 6": (["h = np.clip(z, 0, 6)", SQUARES], [OF_SQUARES, "dz = dh * (z > 0)"]),
    "the same before a clipped loss": (
        [
            "h = np.clip(z, 0, 6)",
            "p = 1 / (1 + np.exp(-h))",
            "pc = np.clip(p, 1e-7, 1 - 1e-7)",
            BINARY.format("pc"),
        ],
        ["dh = (p - y) / p.size", "dz = dh * (z > 0)"],
    ),
    "a wide clip": (["h = np.clip(z, -10, 10)", SQUARES], [OF_SQUARES, "dz = dh"]),
    "Huber's loss": (
        [
            "a = np.abs(z - y)",
            "h = np.where(a < 8, a**2 / 2, 8 * (a - 4))",
            "loss = h.mean()",
        ],
        ["dz = (z - y) / z.size"],
    ),
}


def problem(folder: Path, forward: list[str], backward: list[str]) -> Path:
    file = folder / "guarded.py"
    given = '    return {"x": dx, "W": dW}\n'
    file.write_text(INPUTS + body(forward, backward) + given)
    return file


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_may_be_left_out(name: str, tmp_path: Path) -> None:
    read = load(problem(tmp_path, *GUARDS[name]))
    for seed in range(6):
        report = check(read, seed=seed)
        assert report.ok, str(report)


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_that_no_input_shows_may_not(name: str, tmp_path: Path) -> None:
    read = load(problem(tmp_path, *CHOICES[name]))
    for seed in range(4):
        report = check(read, seed=seed)
        assert report.roots == ("z",), str(report)
        row = next(row for row in report.rows if row.name == "z")
        assert row.at == "inputs moved"
