"""What byhand.torch.check finds beside wrong statements: dangers, types, devices."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from right_functions import R

import byhand.torch
from byhand.errors import ProblemError

sys.path.insert(0, str(Path(__file__).parent.parent / "kernels"))
import wrong_kernels as wrong
from kernel_cases import kernel
from kernel_mistakes import MISTAKES


def names(report: Any) -> set[str]:
    return {each.name for each in report.findings if each.wrong}


@pytest.mark.parametrize(
    ("name", "fn", "reference"),
    [
        ("layout", wrong.Layout, wrong.square),
        ("alignment", wrong.Alignment, None),
        ("in-place", wrong.InPlace, wrong.square),
        ("needs", wrong.Needs, None),
        ("edge", wrong.Softmax, wrong.softmax),
        ("self-comparison", wrong.Square, wrong.calls_square),
    ],
)
def test_a_danger_makes_it_not_ok(name: str, fn: Any, reference: Any) -> None:
    report = byhand.torch.check(fn, wrong.inputs, reference=reference)
    assert not report.ok
    assert all(row.right for row in report.rows), report.rows
    assert names(report) == {name}
    assert f"{name}: " in str(report)


def test_what_runs_nothing_by_hand_is_said() -> None:
    report = byhand.torch.check(wrong.product, wrong.inputs, reference=wrong.product)
    assert names(report) == {"never-ran"}


def test_what_may_be_overwritten_must_be_there() -> None:
    with pytest.raises(ProblemError, match="allow_inplace names upstrem"):
        byhand.torch.check(wrong.InPlace, wrong.inputs, allow_inplace="upstrem")


@pytest.mark.long
def test_what_is_tried_in_the_place_of_a_line_warns_of_nothing() -> None:
    class Blocks(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            dx = torch.zeros_like(x)
            for i in range(0, x.shape[0] // 4 * 4, 4):
                dx[i : i + 4] = 2 * g[i : i + 4] * x[i : i + 4]
            return dx

    def inputs(rng: Any, *, n: int = 8) -> Any:
        return (torch.from_numpy(rng.normal(size=(n, 3))),)

    wrong_mask = kernel("linear_cross_entropy", MISTAKES["linear_cross_entropy"][0])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        report = byhand.torch.check(Blocks, inputs)
        other = byhand.torch.check(wrong_mask.kind, wrong_mask.inputs)
    assert not report.ok
    assert not other.ok
    assert not seen, [str(each.message) for each in seen]


def test_a_right_one_has_none() -> None:
    for dtype in (None, "float32", "bfloat16"):
        report = byhand.torch.check(wrong.Square, wrong.inputs, dtype=dtype)
        assert report.ok, str(report)
        assert {each.name for each in report.findings} <= {"low-precision"}


def test_what_forward_cuts_off_for_the_sake_of_numbers_backward_may_leave() -> None:
    class Softplus(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, beta: Any) -> Any:
            z = beta * x
            y = torch.where(z > 20, x, torch.log1p(torch.exp(z.clamp(max=20))) / beta)
            ctx.save_for_backward(x, beta, y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, beta, y = ctx.saved_tensors
            s = torch.sigmoid(beta * x)
            return g * s, (g * (x * s - y) / beta).sum(0)

    def inputs(rng: Any, *, n: int = 4, d: int = 3) -> Any:
        x, beta = rng.normal(size=(n, d)), rng.random(d) + 0.5
        return {"x": torch.from_numpy(x), "beta": torch.from_numpy(beta)}

    for seed in range(4):
        report = byhand.torch.check(Softplus, inputs, seed=seed)
        assert report.ok, str(report)


def test_what_is_wrong_in_one_type_alone() -> None:
    class Branches(wrong.Square):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            return 2 * g * x * w, (g * x * x).sum(0) * (2 if x.dtype == torch.bfloat16 else 1)

    assert byhand.torch.check(Branches, wrong.inputs).ok
    report = byhand.torch.check(Branches, wrong.inputs, dtype=torch.bfloat16)
    assert not report["w"].right
    assert report["x"].right


def test_a_forward_that_is_not_the_reference() -> None:
    def cubed(x: Any, w: Any) -> Any:
        return x**2 * w + 1

    report = byhand.torch.check(wrong.Square, wrong.inputs, reference=cubed)
    assert not report.ok
    assert names(report) == {"forward"}
    assert "output 0 differs by up to 1;" in report.findings[0].seen


@torch.library.custom_op("byhand_findings::centred", mutates_args=())
def centred(x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = x.mean(-1, keepdim=True)
    return (x - mean) * w, mean


def keep(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(*inputs, output[1])


def centred_backward(ctx: Any, dy: Any, _: Any) -> Any:
    x, w, mean = ctx.saved_tensors
    dcentre = dy * w
    return dcentre - dcentre.mean(-1, keepdim=True), (dy * (x - mean)).sum(0)


centred.register_autograd(centred_backward, setup_context=keep)


def test_a_reference_may_leave_out_what_is_returned_for_backward_alone() -> None:
    def reference(x: Any, w: Any) -> Any:
        return (x - x.mean(-1, keepdim=True)) * w

    plain = {"layouts": False, "edges": False, "repeats": 1}
    for options in ({}, plain):
        report = byhand.torch.check(centred, wrong.inputs, reference=reference, **options)
        assert report.ok, str(report)
        assert (
            report.notes[0] == "reference returns 1: nothing was sent back to output 1 of forward"
        )
    assert not byhand.torch.check(centred, wrong.inputs).ok
    report = byhand.torch.check(centred, wrong.inputs, reference=lambda x, w: reference(x, w * 2))
    assert names(report) == {"forward"}


def test_an_overflow_is_found_without_a_reference() -> None:
    report = byhand.torch.check(wrong.Softmax, wrong.inputs, dtype="float32")
    assert names(report) == {"edge"}


def test_a_device_that_is_not_here_is_one_line() -> None:
    for options in ({"device": "cuda"}, {"dtype": "tf32"}, {"device": "nowhere"}):
        if options.get("device") == "cuda" and torch.cuda.is_available():
            continue
        with pytest.raises(ProblemError, match=r"^d(evice|type) ") as caught:
            byhand.torch.check(wrong.Square, wrong.inputs, **options)
        assert "\n" not in str(caught.value)


def test_options_turn_tries_off() -> None:
    plain = {"layouts": False, "edges": False, "repeats": 1}
    assert byhand.torch.check(wrong.Softmax, wrong.inputs, reference=wrong.softmax, **plain).ok
    again = byhand.torch.check(wrong.InPlace, wrong.inputs, allow_inplace="upstream", **plain)
    assert "in-place" not in names(again)


def test_sizes_that_the_user_runs_are_tried() -> None:
    class Short(wrong.Square):
        """Forgets what is past 4000 columns."""

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            dx = 2 * g * x * w
            dx[:, 4000:] = 0
            return dx, (g * x * x).sum(0)

    assert byhand.torch.check(Short, wrong.inputs).ok
    report = byhand.torch.check(Short, wrong.inputs, sizes=[{"width": 4100}])
    assert names(report) == {"alignment"}
    assert report.findings[0].done == "at width = 4100"


def in_float32(x: Any, w: Any) -> Any:
    return (x @ torch.eye(8)) ** 2 * w


def summed(x: Any, w: Any) -> Any:
    return (x**2 * w).sum()


def raises(x: Any, w: Any) -> Any:
    raise ValueError("no\nway")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (in_float32, "in_float32 raised RuntimeError: .* on float64"),
        (summed, r"shape|returns \(\)"),
        (raises, "raises raised ValueError: no way"),
    ],
)
def test_a_reference_that_cannot_be_used_is_one_line(reference: Any, said: str) -> None:
    with pytest.raises(ProblemError, match=said) as caught:
        byhand.torch.check(wrong.Square, wrong.inputs, reference=reference)
    assert "\n" not in str(caught.value)


def test_a_reference_that_halves_are_too_narrow_for_gives_no_measure() -> None:
    def inverts(x: Any, w: Any) -> Any:
        return x**2 * w * torch.linalg.inv(torch.eye(1, dtype=x.dtype))

    report = byhand.torch.check(wrong.Square, wrong.inputs, reference=inverts, dtype="bfloat16")
    assert report.ok
    assert not report.findings


class Normalised(torch.autograd.Function):
    """Forward keeps statistics, as a batch norm does."""

    @staticmethod
    def forward(ctx: Any, x: Any, mean: Any) -> Any:
        mean.mul_(0.9).add_(0.1 * x.mean(0))
        ctx.rows = x.shape[0]
        return x - x.mean(0)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy - dy.sum(0) / ctx.rows, None


def test_statistics_that_forward_keeps_are_told_of() -> None:
    report = byhand.torch.check(Normalised, (R(4, 3), R(3)), reference=lambda x: x - x.mean(0))
    assert report.ok
    (found,) = (each for each in report.findings if each.name == "in-place")
    assert found.seen == "forward wrote into mean"


class InEighths(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        x, w = (each.to(torch.float8_e4m3fn).to(each.dtype) for each in (x, w))
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        return dy @ w.T, x.T @ dy


@pytest.mark.parametrize("reference", [torch.matmul, None])
def test_float8_is_judged_as_that(reference: Any) -> None:
    named = None if reference is None else lambda x, w: torch.matmul(x, w)
    report = byhand.torch.check(InEighths, (R(4, 3), R(3, 2)), reference=named)
    assert not report.roots, str(report)
    assert not any(each.wrong for each in report.findings), str(report)


def test_differences_are_not_found_of_many_elements() -> None:
    """Sizes at which each of a thousand elements would have to be moved are left out."""
    calls = 0

    class Cut(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            nonlocal calls
            calls += 1
            ctx.save_for_backward(x)
            return torch.from_numpy(np.sin(x.numpy()))

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            (x,) = ctx.saved_tensors
            return dy * x.cos()

    def inputs(rng: Any, *, n: int = 5) -> Any:
        return (torch.from_numpy(rng.normal(size=n)),)

    report = byhand.torch.check(Cut, inputs)
    assert report.ok, str(report)
    assert calls < 4000


class DropsAnew(torch.autograd.Function):
    """What it drops is another each time, whatever seed PyTorch has."""

    rng = np.random.default_rng(0)

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.kept = torch.from_numpy(DropsAnew.rng.random(x.shape) > 0.5)
        return x * ctx.kept

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        return dy * ctx.kept


@pytest.mark.parametrize("fn", [DropsAnew, lambda x: DropsAnew.apply(x)])
def test_what_gives_something_else_each_time_is_said_to(fn: Any) -> None:
    report = byhand.torch.check(fn, (R(3, 4),), reference=lambda x: x)
    assert "nondeterministic" in names(report)
    with pytest.raises(ProblemError, match="the same call gives something else each time: "):
        byhand.torch.check(fn, (R(3, 4),))
