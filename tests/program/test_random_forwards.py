"""Random forwards: the trace gives what NumPy gives, and the gradients that PyTorch gives."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from byhand.engine import gradients
from byhand.program.problem import load
from byhand.program.trace import trace_problem
from random_forwards import RandomForward, random_forwards

# What forward calls np, for PyTorch's tensors; operators and methods are PyTorch's own.
TORCH = types.SimpleNamespace(
    tanh=torch.tanh,
    sin=torch.sin,
    cos=torch.cos,
    exp=torch.exp,
    abs=torch.abs,
    sqrt=torch.sqrt,
    log=torch.log,
    square=torch.square,
    maximum=torch.maximum,
    where=torch.where,
    concatenate=torch.cat,
    max=lambda x, axis, keepdims: torch.amax(x, axis, keepdim=keepdims),
)

Key = tuple[str, int]


def run(drawn: RandomForward, np_: Any, inputs: dict[str, Any]) -> dict[Key, Any]:
    """Every binding of every name, from running the statements one by one."""
    namespace = {"np": np_, **inputs}
    counts = dict.fromkeys(inputs, 1)
    found = {(name, 0): value for name, value in inputs.items()}
    for line in drawn.lines:
        name = line.split(" = ")[0]
        exec(line, namespace)
        found[name, counts.get(name, 0)] = namespace[name]
        counts[name] = counts.get(name, 0) + 1
    return found


def torch_gradients(drawn: RandomForward) -> dict[Key, Any]:
    leaves = {n: torch.tensor(value, requires_grad=True) for n, value in drawn.inputs.items()}
    found = run(drawn, TORCH, leaves)
    for tensor in found.values():
        tensor.retain_grad()
    found["loss", 0].backward()
    zeros = {key: torch.zeros_like(tensor) for key, tensor in found.items()}
    return {
        key: (zeros[key] if tensor.grad is None else tensor.grad).numpy()
        for key, tensor in found.items()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forwards")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=random_forwards())
def test_values_are_numpys_and_gradients_are_torchs(folder: Path, drawn: RandomForward) -> None:
    file = folder / "forward.py"
    file.write_text(drawn.source + "\ndef inputs(rng): return {}\n")
    program = trace_problem(load(file), drawn.inputs)
    values = run(drawn, np, drawn.inputs)
    assert set(program.by_key) == set(values)
    for key, step in program.by_key.items():
        np.testing.assert_array_equal(step.value, values[key], err_msg=f"value of {key}")
    (loss,) = program.outputs
    mine = gradients([(loss.tensor, np.ones(()))])
    for key, theirs in torch_gradients(drawn).items():
        gradient = mine.get(program.by_key[key].tensor, np.zeros_like(theirs))
        assert gradient.shape == theirs.shape
        largest = float(np.abs(theirs).max(initial=1.0))
        np.testing.assert_allclose(
            gradient, theirs, rtol=0, atol=1e-12 * largest, err_msg=f"gradient of {key}"
        )
