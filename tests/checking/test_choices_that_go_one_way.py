"""A local that holds the gradient of what stands inside a choice, on inputs that go one way.

Where every element of a ReLU is positive, that is the gradient of its output, too: what the local
is meant for shows on moved inputs alone.
"""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

LAYER = """
import numpy as np

def inputs(rng, *, n=5, d=4):
    return {{"x": rng.normal(size=(n, d)) + {shift}, "v": rng.normal(size=d)}}

def forward(x, v):
    h = {forward}
    s = h * v
    loss = np.sin(s).sum()
    return loss

def backward(x, v, h, s):
    ds = {ds}
    dh = ds * v{same}
    {masked}
    dv = {dv}
    dx = {dx}
"""
CHOICES = [
    ("np.maximum(x - 1, 0)", "h > 0"),
    ("np.where(x - 1 > 0, x - 1, 0)", "h > 0"),
    ("np.clip(x - 1, 0, 60)", "(h > 0) & (h < 60)"),
    ("np.minimum(x - 1, 50)", "h < 50"),
]
HERE = {"same": " * ({mask})", "masked": "pass"}
"""The choice is a factor of the statement that makes dh."""
LATER = {"same": "", "masked": "dh = dh * ({mask})"}
SHIFTS = [1, 30]
"""With the first both sides are taken, with the second only one."""
RIGHT = {"ds": "np.cos(s)", "dv": "(ds * h).sum(0)", "dx": "1.0 * dh"}
WRONG = {
    "ds": ("-np.cos(s)", "s"),
    "dv": ("(ds * h).sum(0) * 3", "v"),
    "dx": ("2.5 * dh", "x"),
}


def layer(choice: tuple[str, str], style: dict[str, str], shift: int, **said: str) -> str:
    forward, mask = choice
    masked = {key: text.format(mask=mask) for key, text in style.items()}
    return LAYER.format(forward=forward, shift=shift, **masked, **RIGHT | said)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("style", [HERE, LATER], ids=["at once", "later"])
@pytest.mark.parametrize("choice", CHOICES, ids=[forward for forward, _ in CHOICES])
def test_a_right_one_is_right(
    checked: Checked, choice: tuple[str, str], style: dict[str, str], shift: int
) -> None:
    report = checked(layer(choice, style, shift))
    assert_right(report)
    assert {"h", "x", "v", "s"} <= {row.name for row in report.rows}


@pytest.mark.parametrize("place", a_few(WRONG))
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("style", [HERE, LATER], ids=["at once", "later"])
@pytest.mark.parametrize("choice", CHOICES, ids=[forward for forward, _ in CHOICES])
def test_a_mistake_elsewhere_is_the_only_root(
    checked: Checked, choice: tuple[str, str], style: dict[str, str], shift: int, place: str
) -> None:
    said, root = WRONG[place]
    report = checked(layer(choice, style, shift, **{place: said}))
    assert report.roots == (root,)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("choice", CHOICES, ids=[forward for forward, _ in CHOICES])
def test_a_mask_that_is_left_out_is_found(
    checked: Checked, choice: tuple[str, str], shift: int
) -> None:
    report = checked(layer(choice, {"same": "", "masked": "pass"}, shift))
    assert report.roots == ("x",)


TWO_READERS = """
import numpy as np

def inputs(rng, *, n=5):
    low = rng.random(size=(n, 2))
    return {{"box": np.concatenate([low, low + 1 + rng.random(size=(n, 2))], 1)}}

def forward(box):
    wh = np.maximum(box[:, 2:] - box[:, :2], 0)
    area = wh[:, 0] * wh[:, 1]
    side = box[:, 0] * box[:, 3]
    loss = (area * side).sum()
    return loss

def backward(box, wh, area, side):
    darea = {darea}
    dside = {dside}
    dwh = np.stack([wh[:, 1], wh[:, 0]], 1) * darea[:, None] * (wh > 0)
    dbox = np.zeros_like(box)
    dbox[:, 2:] += dwh
    dbox[:, :2] {op} dwh
    dbox[:, 0] += dside * box[:, 3]
    dbox[:, 3] += dside * box[:, 0]
"""


@pytest.mark.parametrize(
    ("said", "roots"),
    [
        ({}, ()),
        ({"darea": "-side"}, ("area",)),
        ({"dside": "2.5 * area"}, ("side",)),
        ({"op": "+="}, ("box",)),
        ({"op": "="}, ("box",)),
    ],
    ids=str,
)
def test_the_only_reader_is_filled_piece_by_piece(
    checked: Checked, said: dict[str, str], roots: tuple[str, ...]
) -> None:
    right = {"darea": "side", "dside": "area", "op": "-="}
    assert checked(TWO_READERS.format(**right | said)).roots == roots


CAPPED = """
import numpy as np
data = ("x",)

def inputs(rng, *, n=3, d=4, c=5):
    return {"P": {"W0": rng.normal(size=(d, c)), "b0": rng.normal(size=c) * 0.3},
            "x": rng.normal(size=(n, d)), "y": rng.integers(0, c, n)}

def forward(P, x, y):
    z0 = x @ P["W0"] + P["b0"]
    h0 = np.clip(z0, 0, 6)
    logits = h0 - h0.max(1, keepdims=True)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss

def backward(p, y, P, x, z0):
    dh0 = 2 * p.copy()
    dh0[np.arange(len(y)), y] -= 1
    dP = {}
    n = x.shape[0]
    dh0 *= (z0 > 0) & (z0 < 6)
    dP["W0"] = x.T @ dh0 / n
    dP["b0"] = dh0.sum(axis=0) / n
"""


def test_a_cap_that_only_far_inputs_reach_is_not_asked_for(checked: Checked) -> None:
    """There a softmax is nothing but ones and zeros, in which nothing is to be seen."""
    row = checked(CAPPED)["h0"]
    assert row.source == "dh0 = 2 * p.copy()"
    assert row.mistake is not None
    assert row.mistake.code == "factor"
