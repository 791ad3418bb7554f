"""Guards that `inputs()` itself reaches: a backward that leaves them out is judged where they cut
off nothing, and says so; a mistake beside them has its own name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from guarded import OF_SQUARES, SQUARES, body

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import load
from sweeps import a_few

NUMPY = """
import numpy as np

data = ("y",)

def inputs(rng, *, n=6, c=4):
    x = rng.normal(size=(n, 3)) * {large}
    y = rng.integers(0, 2, size=(n, c)).astype({dtype})
    return {{"x": x.astype({dtype}), "W": rng.normal(size=(3, c)).astype({dtype}), "y": y}}
"""
TORCH = """
import torch

data = ("y",)

def inputs(rng, *, n=6, c=4):
    x = torch.tensor(rng.normal(size=(n, 3)) * {large}, dtype=torch.{dtype})
    y = torch.tensor(rng.integers(0, 2, size=(n, c)), dtype=torch.{dtype})
    return {{"x": x, "W": torch.tensor(rng.normal(size=(3, c)), dtype=torch.{dtype}), "y": y}}
"""


class Guarded(NamedTuple):
    """Lines of a forward with a guard and of a backward without it, and how large inputs are."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    large: float = 10.0


BINARY = "loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()"
SOFTMAX = ("e = np.exp(z - z.max(1, keepdims=True))", "p = e / e.sum(1, keepdims=True)")
PICKED = "dz = (p - np.eye(p.shape[1])[np.arange(len(z)) % p.shape[1]]) / len(z)"

GUARDED = {
    "a clipped sigmoid": Guarded(
        ("s = 1 / (1 + np.exp(-z))", "p = np.clip(s, 1e-6, 1 - 1e-6)", BINARY),
        ("dz = (p - y) / p.size",),
    ),
    "a clipped sigmoid in steps": Guarded(
        ("s = 1 / (1 + np.exp(-z))", "p = np.clip(s, 1e-6, 1 - 1e-6)", BINARY),
        ("ds = (-y / p + (1 - y) / (1 - p)) / p.size", "dz = ds * s * (1 - s)"),
    ),
    "a clipped softmax": Guarded(
        (
            *SOFTMAX,
            "q = np.clip(p, 1e-6, 1.0)",
            "loss = -np.log(q[np.arange(len(z)), np.arange(len(z)) % p.shape[1]]).mean()",
        ),
        (PICKED,),
    ),
    "a softmax with a least value": Guarded(
        (
            *SOFTMAX,
            "q = np.maximum(p, 1e-6)",
            "loss = -np.log(q[np.arange(len(z)), np.arange(len(z)) % p.shape[1]]).mean()",
        ),
        (PICKED,),
    ),
    "a clip before a tanh": Guarded(
        ("h = np.tanh(np.clip(z, -6, 6))", SQUARES), (OF_SQUARES, "dz = dh * (1 - h**2)"), 5.0
    ),
    "a clip before a sigmoid": Guarded(
        ("h = 1 / (1 + np.exp(-np.clip(z, -12, 12)))", SQUARES),
        (OF_SQUARES, "dz = dh * h * (1 - h)"),
    ),
}
IN_TORCH = {
    "a clamped sigmoid": Guarded(
        (
            "p = torch.sigmoid(z).clamp(1e-6, 1 - 1e-6)",
            "loss = torch.nn.functional.binary_cross_entropy(p, y)",
        ),
        ("dz = (p - y) / y.numel()",),
    ),
    "a clamped softmax": Guarded(
        ("p = torch.softmax(z, 1)", "loss = -(y * torch.log(p.clamp(min=1e-6))).sum() / len(z)"),
        ("dz = (p * y.sum(1, keepdim=True) - y) / len(z)",),
    ),
    "a clamp before a tanh": Guarded(
        ("h = torch.tanh(z.clamp(-6, 6))", "loss = ((h - y) ** 2).mean()"),
        ("dh = 2 * (h - y) / h.numel()", "dz = dh * (1 - h**2)"),
        5.0,
    ),
}
ALL = [(NUMPY, *case) for case in GUARDED.items()] + [(TORCH, *case) for case in IN_TORCH.items()]


def reports(folder: Path, template: str, dtype: str, case: Guarded) -> list[Report]:
    file = folder / "saturated.py"
    inputs = template.format(large=case.large, dtype=repr(dtype) if template is NUMPY else dtype)
    file.write_text(inputs + body(case.forward, case.backward))
    problem = load(file)
    return [check(problem, seed=seed) for seed in range(4)]


def noted(report: Report) -> bool:
    return any(re.search(r"guard in \w+ cuts off \d+ elements?", note) for note in report.notes)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("template", "name", "case"), a_few(ALL), ids=[name for _, name, _ in ALL])
def test_a_guard_that_works_may_be_left_out(
    template: str, name: str, case: Guarded, dtype: str, tmp_path: Path
) -> None:
    found = reports(tmp_path, template, dtype, case)
    for report in found:
        assert report.ok, str(report)
    assert any(map(noted, found))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("(p - y)", "(y - p)", "sign"), ("/ p.size", "/ len(p)", "unnormalised")],
)
def test_a_mistake_beside_it_has_its_name(old: str, new: str, code: str, tmp_path: Path) -> None:
    forward, (line,), large = GUARDED["a clipped sigmoid"]
    wrong = Guarded(forward, (line.replace(old, new),), large)
    for report in reports(tmp_path, NUMPY, "float64", wrong):
        assert report.roots == ("z",)
        assert report["z"].mistake is not None
        assert report["z"].mistake.code == code, str(report)


def test_a_backward_that_keeps_the_guard_is_judged_with_it(tmp_path: Path) -> None:
    forward, lines, large = GUARDED["a clip before a tanh"]
    kept = Guarded(forward, (*lines[:1], lines[1] + " * (np.abs(z) < 6)"), large)
    for report in reports(tmp_path, NUMPY, "float64", kept):
        assert report.ok, str(report)
        assert not noted(report)
    twice = kept._replace(backward=(*kept.backward, "dz *= 2"))
    for report in reports(tmp_path, NUMPY, "float64", twice):
        assert report.roots == ("z",)
        assert not noted(report)


def test_a_choice_that_matters_may_not_be_left_out(tmp_path: Path) -> None:
    clipped = Guarded(("h = np.clip(z, -6, 6)", SQUARES), (OF_SQUARES, "dz = dh * 1"), 5.0)
    for report in reports(tmp_path, NUMPY, "float64", clipped):
        assert report.roots == ("z",)
        assert not noted(report)


@pytest.mark.parametrize(
    ("little", "said"), [("np.exp(1e-11)", "rows 2"), ("1 + 1e-11", "without `1e-11` the line is")]
)
def test_what_is_off_by_little_in_a_few_elements_says_where(
    tmp_path: Path, little: str, said: str
) -> None:
    """A constant of too few digits is off everywhere. What is one term too many is underlined."""
    off = Guarded(
        ("h = np.tanh(z)", SQUARES),
        (OF_SQUARES, "dz = dh * (1 - h**2)", f"dz[2] *= {little}"),
        1.0,
    )
    for report in reports(tmp_path, NUMPY, "float64", off):
        mistake = report["z"].mistake
        assert mistake is not None
        assert "digits" not in mistake.message
        assert said in mistake.message, mistake.message
