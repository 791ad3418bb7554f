"""A problem file to type into."""

from __future__ import annotations

GOOD = '''\
"""A line through data: the mean squared error."""
import numpy as np

data = ("t",)

def inputs(rng, *, n=8, width=5):
    return {"x": rng.normal(size=(n, width)), "w": rng.normal(size=width), "t": rng.normal(size=n)}

def forward(x, w, t):
    y = x @ w
    error = y - t
    loss = (error * error).mean()
    return loss

def backward(x, w, error):
    derror = 2 * error / len(error)
    dy = derror
    dw = x.T @ dy
    dx = np.outer(dy, w)
'''
"""A problem file whose backward is right; tests change a line of it."""


def edited(*changes: tuple[str, str], source: str = GOOD) -> str:
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the file"
        source = source.replace(old, new)
    return source
