"""Functions of many kinds: the right ones pass in every type, a mistake is found and has a true
name."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import Any

import functions_in_use
import pytest
import torch

import byhand.torch
from byhand.checking.report import Report
from sweeps import a_few

SOURCE = Path(functions_in_use.__file__).read_text("utf-8")
NAMES = [name.removesuffix("_in") for name in vars(functions_in_use) if name.endswith("_in")]

MISTAKES = [
    ("ScaleShift", "(go * x).sum(dim=dims) * scale", "(go * x).sum(dim=dims)", "factor"),
    ("LeakyInplace", "out[~mask] *= ctx.slope", "out[mask] *= ctx.slope", "sign"),
    ("ChunkedLinearMSE", "return g * gx, g * gw", "return gx, g * gw", "missing-upstream"),
    ("Checkpoint", "(y, (x, w), gy)", "(y, (x, w), torch.ones_like(gy))", "missing-upstream"),
    # The division is in what is returned, not where dlogits is made.
    ("SigmoidFocal", "return grad * dlogits", "return grad * dlogits / p.numel()", "mean-for-sum"),
    # A padding mode isn't an axis, and one size at which backward raises isn't a hard-coded one.
    ("GridSample", "grid, 0, 0, False", "grid, 0, 1, False", "unknown"),
    ("DeformGather", "lo + 1, g * frac[:, None]", "lo, g * frac[:, None]", "wrong-index"),
    ("MaxPool2d", "g.flatten(2))", "g.flatten(2) / 4)", "factor"),
    # What comes in is called dq, and so is the gradient of q.
    ("Rotary", "d2 * cos - d1 * sin", "d2 * cos + d1 * sin", "sign"),
    # Forward has a dA itself, which is no gradient of A.
    ("StateSpaceScan", "dh = dh * dA[:, t]", "dh = dh * 1.0", "missing-local"),
    # What forward has left in ctx is returned as it is, under the name of a gradient.
    ("JensenShannon", "return dlog_q * grad_output,", "return dlog_q,", "missing-upstream"),
    # What it lacks is 7.5 over the words at both sizes that tell, by chance.
    ("DistillIgnored", "grad = grad / n", "grad = grad / len(keep)", "unnormalised"),
    # Ten digits of a constant are enough.
    ("BiasGelu", "tmp.sum(dim=tuple(range(tmp.dim() - 1)))", "tmp.sum(dim=0)", "missing-reduction"),
    # What is returned in another shape was made where it is added up.
    ("BilinearSample", "j, g * (1 - fx) * fy)", "j, g * fx * fy)", "wrong-operand"),
    # dS is no gradient before it is multiplied by what comes in.
    ("GaussianNLL", "2 * dS @ A", "2 * dS @ A.flip(0)", "unknown"),
    # The sizes of what was saved are at hand in a local that two gradients read.
    ("EmbeddingBagMean", "g = g / idx.shape[1]", "g = g / 3", "hard-coded-size"),
    ("FusedAddRMSNorm", "return dx, dx, dw", "return dx, dx - dh, dw", "unknown"),
]


def checked(made: Any, name: str, **options: Any) -> Report:
    reference = getattr(made, f"{name}_ref", None)
    return byhand.torch.check(
        getattr(made, name), getattr(made, f"{name}_in"), reference=reference, **options
    )


@pytest.mark.parametrize("name", a_few(NAMES))
def test_a_right_one_passes(name: str) -> None:
    report = checked(functions_in_use, name)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    ("name", "dtype"),
    a_few(
        [
            ("AlibiWindowAttention", torch.float32),  # integers don't widen a tensor of float32
            ("GridSample", torch.bfloat16),  # which rounds inside of one operation
            ("Sparsemax", torch.bfloat16),  # of a thousand rows, rounding turns some
            (
                "GRPOLoss",
                torch.float32,
            ),  # autograd's gradient isn't a number of large inputs, either
        ]
    ),
    ids=str,
)
def test_a_right_one_passes_in_a_narrow_type(name: str, dtype: torch.dtype) -> None:
    report = checked(functions_in_use, name, dtype=dtype)
    assert report.ok, str(report)


NO_BFLOAT16 = ("GaussianNLL",)
"""PyTorch solves no systems in it."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in NAMES
        for dtype in (torch.float32, torch.bfloat16)
        if dtype != torch.bfloat16 or name not in NO_BFLOAT16
    ],
    ids=str,
)
def test_every_right_one_passes_in_narrow_types(name: str, dtype: torch.dtype) -> None:
    report = checked(functions_in_use, name, dtype=dtype)
    assert report.ok, str(report)


def test_a_mistake_is_found_where_no_bound_on_rounding_tells() -> None:
    class Turned(functions_in_use.NewtonRoot):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            a, x = ctx.saved_tensors
            w = g / (3 * x**2 + a)
            return w * x, w

    report = byhand.torch.check(Turned, functions_in_use.NewtonRoot_in)
    assert report.roots == ("a",)


@pytest.mark.parametrize(
    ("name", "old", "new", "code"), a_few(MISTAKES), ids=lambda each: str(each)[:16]
)
def test_a_mistake_has_its_true_name(name: str, old: str, new: str, code: str) -> None:
    before, found, after = SOURCE.partition(f"class {name}(")
    assert after.partition("\ndef ")[0].count(old) == 1
    source = before + found + after.replace(old, new, 1)
    file = f"{name}-wrong.py"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    made: dict[str, Any] = {"__name__": "functions_in_use"}
    exec(compile(source, file, "exec"), made)
    report = checked(type("made", (), made), name)
    assert not report.ok
    named = {row.mistake.code for row in report.rows if row.mistake is not None}
    assert named == {code}, str(report)
    changed = (before + found + after.partition(old)[0]).count("\n") + 1
    if name in ("SigmoidFocal", "DistillIgnored", "BilinearSample"):
        assert [row.line for row in report.rows if row.name in report.roots] == [changed]
