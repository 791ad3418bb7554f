"""Functions and custom ops, judged inside the class: the line that is blamed, and right ones.

Autograd is the referee: a right Function is right by gradcheck too.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.autograd.function import once_differentiable

import byhand.torch
from byhand.errors import ProblemError


def tensors(*shapes: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)


class Scaled(torch.autograd.Function):
    """The old style: forward has the ctx."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, scale: float = 2.0) -> Any:
        h = torch.tanh(x)
        ctx.save_for_backward(h, w)
        ctx.scale = scale
        return h * w * scale

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        h, w = ctx.saved_tensors
        grad_w = None
        if ctx.needs_input_grad[1]:
            grad_w = (grad_output * h).sum(0) * ctx.scale
        grad_h = grad_output * w * ctx.scale
        grad_x = grad_h * (1 - h**2)
        return grad_x, grad_w, None


class Forgotten(Scaled):
    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        h, w = ctx.saved_tensors
        grad_w = (grad_output * h).sum(0) * ctx.scale
        grad_h = grad_output * w
        return grad_h * (1 - h**2), grad_w, None  # here it is multiplied by tanh's derivative


def line_of(function: Any, text: str) -> int:
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def test_a_right_function_passes_as_gradcheck_says() -> None:
    x, w = tensors((3, 4), (4,))
    assert torch.autograd.gradcheck(
        Scaled.apply, (x.clone().requires_grad_(), w.clone().requires_grad_())
    )
    report = byhand.torch.check(Scaled, (x, w))
    assert report.ok
    assert {row.name for row in report.rows} == {"x", "w"}


def test_the_statement_is_blamed_not_what_it_spoils() -> None:
    report = byhand.torch.check(Forgotten, {"x": tensors((3, 4))[0], "w": tensors((4,))[0]})
    assert report.roots == ("h",)
    assert report["h"].line == line_of(Forgotten.backward, "grad_h = grad_output * w")
    assert report["x"].verdict == "inherited"


def test_inputs_are_asked_for_by_their_names() -> None:
    with pytest.raises(ProblemError, match="did you mean x"):
        byhand.torch.check(Scaled, {"xx": tensors((3, 4))[0], "w": tensors((4,))[0]})
    with pytest.raises(ProblemError, match="takes 3 arguments"):
        byhand.torch.check(Scaled, tensors((3, 4), (4,), (1,), (1,)))


class Padded(torch.autograd.Function):
    """What is looked up has no gradient where it is padding: no forward says so."""

    @staticmethod
    def forward(ctx: Any, index: Any, weight: Any) -> Any:
        ctx.save_for_backward(index)
        ctx.shape = weight.shape
        return weight[index]

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (index,) = ctx.saved_tensors
        rows = grad * (index != 0)[:, None]
        return None, grad.new_zeros(ctx.shape).index_add_(0, index, rows)


def padded(index: Any, weight: Any) -> Any:
    return torch.nn.functional.embedding(index, weight, padding_idx=0)


def test_a_reference_says_what_is_true() -> None:
    inputs = torch.tensor([0, 2, 2, 1]), tensors((3, 2))[0]
    assert not byhand.torch.check(Padded, inputs).ok
    assert byhand.torch.check(Padded, inputs, reference=padded).ok


class InPlace(torch.autograd.Function):
    """Writes over its input, with functions that only autograd can follow."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x.tanh_())
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (out,) = ctx.saved_tensors
        return grad * (1 - out * out)


class WrongInPlace(InPlace):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (out,) = ctx.saved_tensors
        slope = 1 - out
        return grad * slope


def test_a_forward_that_writes_over_its_input() -> None:
    assert byhand.torch.check(InPlace, tensors((3, 4))).ok
    report = byhand.torch.check(WrongInPlace, tensors((3, 4)))
    assert report.roots == ("x",)


class Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return (x * x).sum()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x  # as if it were the last


def test_a_loss_may_be_a_part_of_another() -> None:
    report = byhand.torch.check(Loss, tensors((3, 4)))
    assert report["x"].mistake is not None
    assert report["x"].mistake.code == "missing-upstream"


class Saved(torch.autograd.Function):
    """Saves what forward computed: a constant to a second backward."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        cosine = torch.cos(x)
        ctx.save_for_backward(cosine)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (cosine,) = ctx.saved_tensors
        return grad * cosine


class FromInputs(Saved):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * torch.cos(x)


class Once(Saved):
    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        (cosine,) = ctx.saved_tensors
        return grad * cosine


@pytest.mark.parametrize("function", [Saved, FromInputs, Once])
def test_gradients_of_gradients_are_looked_at(function: Any) -> None:
    (x,) = tensors((3,))
    report = byhand.torch.check(function, (x,), edges=False, layouts=False)
    assert report.ok
    told = any("gradients of gradients are wrong" in note for note in report.notes)
    if function is not Once:  # which gradgradcheck can't ask
        right = torch.autograd.gradgradcheck(
            function.apply, (x.clone().requires_grad_(),), raise_exception=False
        )
        assert told != right
    assert told == (function is Saved)


class SwappedSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        w, x = ctx.saved_tensors
        return g * w, g * x


class SwappedReturned(SwappedSaved):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        dx = g * w
        dw = g * x
        return dw, dx


class Misplaced(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, eps: float, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * w + eps

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w, g * x, None


@pytest.mark.parametrize("function", [SwappedSaved, SwappedReturned])
def test_what_is_swapped_is_called_so(function: Any) -> None:
    report = byhand.torch.check(function, tensors((3, 4), (3, 4)))
    assert report.roots == ("x", "w")
    assert {row.mistake.code for row in report.rows if row.mistake} == {"swapped"}
    assert report["x"].line == line_of(function.backward, "return")
    assert not report.findings  # nothing that only repeats it


def test_a_gradient_in_the_wrong_place_is_said_in_pytorchs_words() -> None:
    x, w = tensors((3, 4), (3, 4))
    report = byhand.torch.check(Misplaced, (x, 0.1, w))
    assert "position 2, but the corresponding forward input was not" in str(report["x"].note)


class Forward(torch.autograd.Function):
    @staticmethod
    def forward(x: Any, w: Any) -> Any:
        return torch.sin(x) * w

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        return dy * w * x.cos(), dy * x.sin()

    @staticmethod
    def jvp(ctx: Any, tx: Any, tw: Any) -> Any:
        x, w = ctx.saved_tensors
        sent = torch.zeros_like(x)
        if tx is not None:
            sent = sent + tx * w * x.cos()
        if tw is not None:
            sent = sent + tw * x.sin()
        return sent


class WrongForward(Forward):
    @staticmethod
    def jvp(ctx: Any, tx: Any, tw: Any) -> Any:
        return Forward.jvp(ctx, tx, None if tw is None else 2 * tw)


def test_a_jvp_is_held_against_backward() -> None:
    inputs = tensors((3, 2), (3, 2))
    assert byhand.torch.check(Forward, inputs).ok
    report = byhand.torch.check(WrongForward, inputs)
    (found,) = report.findings
    assert (found.name, found.wrong) == ("jvp", True)
    assert found.seen.endswith(": of w")


class OfItsClass(torch.autograd.Function):
    """Methods of the class, which holds what they share."""

    power = 3

    @classmethod
    def forward(cls, ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x**cls.power * w

    @classmethod
    def backward(cls, ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dw = (dy * x**cls.power).sum(0)
        dx = dy * w * cls.power * x ** (cls.power - 1)
        return dx, dw


class OfItsClassWrong(OfItsClass):
    @classmethod
    def backward(cls, ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dw = (dy * x**cls.power).sum(0)
        dx = dy * w * cls.power * x**cls.power  # the power isn't one less
        return dx, dw


def test_methods_of_a_class_have_lines_too() -> None:
    given = tensors((4, 3), (3,))
    right = byhand.torch.check(OfItsClass, given)
    assert right.ok
    assert {row.name: row.line for row in right.rows} == {
        "x": line_of(OfItsClass.backward, "dx ="),
        "w": line_of(OfItsClass.backward, "dw ="),
    }
    wrong = byhand.torch.check(OfItsClassWrong, given)
    assert wrong.roots == ("x",)
    assert next(row.line for row in wrong.rows if row.name == "x") == line_of(
        OfItsClassWrong.backward, "dx ="
    )


class WithStatistics(torch.autograd.Function):
    """It gives new running statistics, too; backward ignores their gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any, running: Any) -> Any:
        mean = x.mean(0)
        new = 0.9 * running + 0.1 * mean
        return x - mean, new

    @staticmethod
    def backward(ctx: Any, dy: Any, dnew: Any) -> Any:
        return dy - dy.mean(0), None


class WithMarkedStatistics(WithStatistics):
    @staticmethod
    def forward(ctx: Any, x: Any, running: Any) -> Any:
        mean = x.mean(0)
        new = 0.9 * running + 0.1 * mean
        ctx.mark_non_differentiable(new)
        return x - mean, new


def test_an_output_that_nothing_flows_back_through_is_to_be_marked() -> None:
    given = tensors((4, 3), (3,))
    advice = "say ctx.mark_non_differentiable(new) in forward"
    report = byhand.torch.check(WithStatistics, given)
    assert report.roots == ("x",)
    assert [note for note in report.notes if advice in note]
    assert byhand.torch.check(WithMarkedStatistics, given).ok


def test_a_gradient_that_is_wrong_for_another_reason_needs_no_such_advice() -> None:
    report = byhand.torch.check(Forgotten, tensors((4, 3), (3,)))
    assert not [note for note in report.notes if "mark_non_differentiable" in note]
