"""At a kink any slope between the two sides is right, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.program.problem import load

TEMPLATE = """
import numpy as np
def inputs(rng, *, n={n}, k=5):
    x = rng.normal(size=(n, k))
    x[0, 1:] = 0
    mask = rng.random((n, k)) < 0.5
    return {{"x": x, "mask": mask}}
def forward(x, mask):
    {forward}
    return h
def backward(x, mask, {names}dh):
    {backward}
"""

TORCH = (
    ("import numpy as np", "import torch"),
    ('"x": x, "mask": mask', '"x": torch.tensor(x), "mask": torch.tensor(mask)'),
)

MASKED = "a = x * mask"
RELUS = ("h = np.maximum(a, 0)", "h = np.where(a > 0, a, 0)", "h = a * (a >= 0)", "h = abs(a) + a")
SLOPES = ("a > 0", "a >= 0", "(a > 0) + 0.3 * (a == 0)")
SHARP = "da = dh * ({slope}); dx = da * mask"


def judged(
    folder: Path, forward: str, backward: str, names: str = "a, ", n: int = 4, torch: bool = False
) -> tuple[bool, tuple[str, ...], str]:
    text = TEMPLATE.format(forward=forward, backward=backward, names=names, n=n)
    for old, new in TORCH if torch else ():
        assert old in text
        text = text.replace(old, new)
    file = folder / "problem.py"
    file.write_text(text)
    report = check(load(file))
    return report.ok, report.roots, str(report)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("relu", RELUS)
def test_relus_of_zeros_that_a_mask_makes(tmp_path: Path, relu: str, slope: str) -> None:
    times = "2 * " if "abs" in relu else ""
    backward = SHARP.format(slope=f"{times}({slope})")
    ok, _, text = judged(tmp_path, f"{MASKED}; {relu}", backward)
    assert ok, text


@pytest.mark.parametrize(
    "slope", ["(a > 0) + 1.5 * (a == 0)", "(a > 0) - 0.5 * (a == 0)", "1.1 * (a > 0)", "a < 0"]
)
@pytest.mark.parametrize("relu", RELUS[:3])
def test_other_slopes_are_wrong(tmp_path: Path, relu: str, slope: str) -> None:
    ok, roots, text = judged(tmp_path, f"{MASKED}; {relu}", SHARP.format(slope=slope))
    assert not ok, text
    assert "a" in roots


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("h = np.clip(np.clip(x, -1, 1), -1, 1)", "dx = dh * (abs(x) <= 1)"),
        (
            "a = np.clip(x, -1, 1); h = np.clip(a, -1, 1)",
            "da = dh * (abs(a) <= 1); dx = da * (abs(x) < 1)",
        ),
        ("a = np.clip(x, -1, 1); h = a.clip(-1, 1)", "da = dh; dx = da * (abs(x) < 1)"),
        ("a = x * mask; h = np.abs(a)", "da = dh * np.where(a >= 0, 1, -1); dx = da * mask"),
        ("a = x * mask; h = np.abs(a)", "da = dh * np.sign(a); dx = da * mask"),
        ("a = np.maximum(x, 0); h = np.maximum(a, 0)", "da = dh; dx = da * (x > 0)"),
        ("a = x; h = np.where(a > 0, a, 0.1 * a)", "dx = dh * np.where(a >= 0, 1, 0.1)"),
    ],
)
def test_kinks_that_stay_when_inputs_are_moved(tmp_path: Path, forward: str, backward: str) -> None:
    ok, _, text = judged(tmp_path, forward, backward, "a, " if "a =" in forward else "")
    assert ok, text


def test_many_kinks(tmp_path: Path) -> None:
    """More than finite differences look at."""
    forward = f"{MASKED}; {RELUS[0]}"
    ok, _, text = judged(tmp_path, forward, SHARP.format(slope="a >= 0"), n=50)
    assert ok, text
    assert not judged(tmp_path, forward, SHARP.format(slope="1.01 * (a >= 0)"), n=50)[0]


@pytest.mark.parametrize(
    "relu", ["torch.relu(a)", "a.clamp(min=0)", "torch.where(a > 0, a, 0.0)", "a * (a > 0)"]
)
@pytest.mark.parametrize("slope", SLOPES[:2])
def test_in_pytorch(tmp_path: Path, relu: str, slope: str) -> None:
    pytest.importorskip("torch")
    forward, backward = f"{MASKED}; h = {relu}", SHARP.format(slope=slope)
    ok, _, text = judged(tmp_path, forward, backward, torch=True)
    assert ok, text
