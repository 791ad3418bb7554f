"""The kernels are right, and their mistakes wrong: PyTorch's autograd says so in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from kernel_cases import NAMES, Kernel, floats, kernel, leaves, operator
from kernel_mistakes import MISTAKES

from sweeps import a_few

IN_FLOAT32 = ("rms_norm",)  # these compute in float32, whatever comes in


def gradients(of: Any, given: dict[str, Any], seed: int = 1) -> dict[str, torch.Tensor]:
    """The gradients of the inputs, for random ones of the outputs. None is zero to PyTorch."""
    inputs = leaves(given)
    # What is written in place may be no leaf.
    taken = [v.clone() if torch.is_tensor(v) else v for v in inputs.values()]
    outputs = floats(of(*taken))
    random = torch.Generator().manual_seed(seed)
    upstream = [torch.randn(o.shape, generator=random, dtype=o.dtype) for o in outputs]
    asked = {n: v for n, v in inputs.items() if torch.is_tensor(v) and v.requires_grad}
    found = torch.autograd.grad(outputs, list(asked.values()), upstream, allow_unused=True)
    return {n: g for n, g in zip(asked, found, strict=True) if g is not None}


def differ(case: Kernel, seed: int = 0, **sizes: int) -> set[str]:
    given = case.given(seed, **sizes)
    found = gradients(case.call, given)
    true = gradients(lambda *args: _only(case, given, case.reference(*args)), given)
    rtol = 1e-5 if case.name in IN_FLOAT32 else 1e-9
    return {
        name for name, g in found.items() if not torch.allclose(g, true[name], rtol=rtol, atol=rtol)
    }


def _only(case: Kernel, given: dict[str, Any], returned: Any) -> Any:
    """The reference's outputs without those that the kernel says aren't differentiable."""
    if not isinstance(returned, tuple):
        return returned
    outputs = case.call(*[v.clone() if torch.is_tensor(v) else v for v in leaves(given).values()])
    return tuple(
        out if ours.requires_grad else out.detach()
        for out, ours in zip(returned, outputs, strict=True)
    )


FORMS = pytest.mark.parametrize("form", [kernel, operator], ids=["function", "op"])


@FORMS
@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_is_right(name: str, form: Callable[..., Kernel]) -> None:
    case = form(name)
    given = case.given()
    assert not differ(case)
    assert not differ(case, seed=1)
    ours = case.call(*[v.clone() if torch.is_tensor(v) else v for v in given.values()])
    theirs = case.reference(*given.values())
    if isinstance(ours, tuple) and not isinstance(theirs, tuple):
        ours, *_beside = ours  # what a custom op gives for its backward
    rtol = 1e-5 if name in IN_FLOAT32 else 1e-9
    torch.testing.assert_close(ours, theirs, rtol=rtol, atol=1e-7, check_dtype=False)


@FORMS
@pytest.mark.parametrize("name", a_few(NAMES))
def test_its_mistakes_are_wrong(name: str, form: Callable[..., Kernel]) -> None:
    assert len(MISTAKES[name]) == 3
    for mistake in MISTAKES[name]:
        assert differ(form(name, mistake)), mistake.new
