"""Complex inputs and outputs: the gradient is PyTorch's, which gradcheck asks for, too."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import byhand.torch


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        return g * b.conj(), g * a.conj()


class NotConjugated(Product):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        return g * b, g * a.conj()


class Power(torch.autograd.Function):
    """Real of complex."""

    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        ctx.save_for_backward(a)
        return a.real**2 + a.imag**2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (a,) = ctx.saved_tensors
        return 2 * g * a


class Halved(Power):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (a,) = ctx.saved_tensors
        return g * a


class Fourier(torch.autograd.Function):
    """Complex of real."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return torch.fft.fft(x.to(torch.complex128))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return torch.fft.ifft(g).real * g.shape[-1]


class RealAlone(Fourier):
    """Right for upstreams that are real."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return torch.fft.ifft(g.real.to(g.dtype)).real * g.shape[-1]


def real(rng: Any, n: int) -> Any:
    return torch.from_numpy(rng.normal(size=(n, 3)))


def both(rng: Any, n: int) -> Any:
    return torch.complex(real(rng, n), real(rng, n))


CASES = [
    (Product, NotConjugated, lambda rng, *, n=4: (both(rng, n), both(rng, n))),
    (Power, Halved, lambda rng, *, n=4: (both(rng, n),)),
    (Fourier, RealAlone, lambda rng, *, n=4: (real(rng, n),)),
]


@pytest.mark.parametrize(("right", "wrong", "inputs"), CASES, ids=lambda each: each.__name__)
def test_a_right_one_passes_and_a_wrong_one_is_found(right: Any, wrong: Any, inputs: Any) -> None:
    assert byhand.torch.check(right, inputs).ok
    report = byhand.torch.check(wrong, inputs)
    assert [row.verdict for row in report.rows].count("wrong") == 1


def test_a_module_and_a_reference_may_be_complex() -> None:
    class Weighted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.complex(torch.ones(3), torch.ones(3)).cdouble())

        def forward(self, a: Any) -> Any:
            return Product.apply(a, self.w.expand_as(a))

    def product(a: Any, w: Any) -> Any:
        return a * w

    report = byhand.torch.check(Weighted(), lambda rng: (both(rng, 2),), reference=product)
    assert report.ok
    assert {row.name for row in report.rows} == {"a", "w"}
