"""Problem files to check: models of the zoo with a few lines changed, and a line as a small one."""

from __future__ import annotations

from byhand.program.problem import zoo

LINE = """
import numpy as np

def inputs(rng, *, n=6, wide=4):
    return {"x": rng.normal(size=(n, wide)), "W": rng.normal(size=(wide, 3)),
            "b": rng.normal(size=3), "y": rng.integers(0, 3, n)}

def forward(x, W, b, y):
    n = x.shape[0]
    h = np.tanh(x @ W + b)
    picked = h[np.arange(n), y]
    loss = (picked * picked).sum() / n
    return loss

def backward(x, W, h, picked, y, n):
    dpicked = 2 * picked / n
    dh = np.zeros_like(h)
    dh[np.arange(n), y] = dpicked
    dpre = (1 - h**2) * dh
    dx = dpre @ W.T
    dW = x.T @ dpre
    db = dpre.sum(0)
"""


def line(*changes: tuple[str, str]) -> str:
    """The source of a small problem, with replacements."""
    return changed(LINE, *changes)


def model(name: str, *changes: tuple[str, str]) -> str:
    """The source of a model of the zoo, with replacements."""
    return changed(zoo()[name].read_text(encoding="utf-8"), *changes)


def changed(source: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        found = source.count(old)
        assert found == 1, f"{old!r} stands {found} times in the source"
        source = source.replace(old, new)
    return source
