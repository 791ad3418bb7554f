"""Zeros that are made only to be filled, in one expression: `torch.zeros_like(h).index_add_(...)`.

Gradients are compared with PyTorch's own, and the derived backward with the engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from byhand import derive
from byhand.engine import gradients
from byhand.program.problem import load
from byhand.program.trace import trace_problem

FORMS = {
    "index_add_": "torch.zeros_like(h).index_add_(0, i, m)",
    "scatter_add_": "torch.zeros_like(h).scatter_add_(0, i[:, None].expand(-1, h.shape[1]), m)",
    "with a size": "torch.zeros(h.shape, dtype=h.dtype).index_add_(0, i, m, alpha=0.5)",
    "of a tensor's kind": "h.new_zeros(h.shape).index_add_(0, i, m)",
    "ones": "torch.ones_like(h).index_add_(0, i, m)",
    "at places": "torch.zeros_like(h).index_put_((i,), m, accumulate=True)",
    "copied to": "torch.zeros_like(h).index_copy_(0, torch.arange(4), m[:4])",
    "one after the other": "torch.zeros_like(h).index_add_(0, i, m).mul_(h).add_(1.0)",
    "within": "torch.tanh(torch.zeros_like(h).index_add_(0, i, m) * 0.5 + h)",
    "in a function": "spread(h, i, m)",
    "of numbers alone": "h * torch.zeros_like(h).fill_(2.0) + m.sum()",
}
FILE = """
import torch


def spread(h, i, m):
    return torch.zeros_like(h).index_add_(0, i, m)


def inputs(rng):
    h, m = torch.tensor(rng.normal(size=(4, 3))), torch.tensor(rng.normal(size=(6, 3)))
    return {{"h": h, "m": m, "i": torch.tensor([0, 2, 2, 3, 0, 1])}}


def forward(h, m, i):
    out = {form}
    loss = (out**2).sum() + out.sum()
    return loss
"""


@pytest.mark.parametrize("said", FORMS)
def test_it_is_followed(tmp_path: Path, said: str) -> None:
    file = tmp_path / "filled.py"
    file.write_text(FILE.format(form=FORMS[said]), encoding="utf-8")
    problem = load(file)
    inputs = problem.inputs()
    program = trace_problem(problem, inputs)
    found = gradients((step.tensor, np.ones_like(step.value)) for step in program.outputs)
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items() if v.is_floating_point()}
    scope: dict[str, object] = {}
    exec(file.read_text(encoding="utf-8"), scope)
    forward: Any = scope["forward"]
    forward(**{**inputs, **leaves}).backward()
    for name, leaf in leaves.items():
        expected = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        mine = found.get(program[name].tensor, np.zeros(leaf.shape))
        np.testing.assert_allclose(mine, expected.numpy(), rtol=1e-12, atol=1e-12)
    assert "def backward" in derive(problem).source
