"""Hand-written gradients inside PyTorch: autograd is the referee, on the same forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import byhand
import byhand.torch
from byhand.errors import ProblemError
from byhand.program.problem import load, zoo
from byhand.program.trace import trace_problem
from byhand.referees import find
from byhand.values.arrays import is_array, is_list
from sweeps import a_few

Write = Callable[[str], Path]
PROBLEMS = sorted((Path(__file__).parent.parent / "problems").glob("*.py"))
FILES = {file.stem: file for file in PROBLEMS} | {name: name for name in zoo()}
ROUNDING = 64  # times the referee's bound: a backward by hand adds up in another order


def tensors(inputs: Mapping[str, Any], dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    """Inputs as tensors; those of floats are in `dtype` and require gradients."""

    def tensor(value: Any) -> Any:
        if is_list(value):
            return [tensor(item) for item in value]
        value = torch.from_numpy(np.array(value)) if is_array(value) else value
        if not isinstance(value, torch.Tensor):
            return value
        floats = value.is_floating_point()
        return (value.to(dtype) if floats else value).detach().clone().requires_grad_(floats)

    return {name: tensor(value) for name, value in inputs.items()}


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: value for name, value in values.items() if is_list(value)}
    items = {f"{n}[{i}]": item for n, value in lists.items() for i, item in enumerate(value)}
    return {n: v for n, v in values.items() if n not in lists} | items


@pytest.mark.parametrize("name", a_few(FILES))
def test_its_gradients_are_those_of_autograd(name: str) -> None:
    problem = load(FILES[name])
    inputs = problem.inputs(1)
    program = trace_problem(problem, inputs)
    upstream = program.upstream(2)
    outputs = {step.name for step in program.outputs}
    steps = [s for s in program.inputs if s.name.split("[")[0] not in problem.data]
    keys = [(step.name, 0) for step in steps if step.name not in outputs]
    truth = find("torch")(problem, inputs, keys, upstream)
    engine = find("engine")(problem, inputs, keys, upstream)  # it knows what rounding can do

    given = tensors({name: value for name, value in inputs.items() if name not in problem.data})
    given |= {name: value for name, value in inputs.items() if name in problem.data}
    found = byhand.torch.function(problem)(**given)
    results = found if isinstance(found, tuple) else (found,)
    for out, step in zip(results, program.outputs, strict=True):
        np.testing.assert_allclose(out.detach().numpy(), step.value, rtol=1e-9)
    wanted = {key: flat(given)[key[0]] for key in keys}
    seeds = [torch.from_numpy(np.array(g)) for g in upstream]
    answers = torch.autograd.grad(results, list(wanted.values()), seeds)
    for key, answer in zip(wanted, answers, strict=True):
        allowed = ROUNDING * engine[key].error + 1e-300
        at_a_tie = np.abs(engine[key].value - truth[key].value) > allowed
        wrong = np.abs(answer.numpy() - truth[key].value) > allowed
        assert not np.any(wrong & ~at_a_tie), key[0]
        assert not np.any(at_a_tie) or name == "ties"


@pytest.mark.parametrize("name", ["mlp", "info_nce_cosine", "layer_norm"])
def test_it_keeps_the_dtype(name: str) -> None:
    problem = load(FILES[name])
    given = tensors(problem.inputs(), torch.float32)
    out = byhand.torch.function(problem)(**given)
    out.sum().backward()
    for value in flat(given).values():
        if isinstance(value, torch.Tensor) and value.requires_grad:
            assert value.grad is not None and value.grad.dtype == torch.float32


SCALED = """
    import numpy as np

    def inputs(rng, *, n=5):
        return {"x": rng.normal(size=n), "w": rng.normal(size=n)}

    def forward(x, w, power=2):
        y = x * w
        loss = (y**power).sum()
        return loss

    def backward(x, w, y):
        dy = 2 * y
        dx = dy * w
        dw = dy * x
    """


def test_a_loss_passes_on_what_comes_back_to_it(problem_file: Write) -> None:
    scaled = byhand.torch.function(load(problem_file(SCALED)))
    x, w = (torch.randn(5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    (3 * scaled(x, w)).backward()
    torch.testing.assert_close(x.grad, 6 * x.detach() * w.detach() ** 2)


def test_only_what_requires_a_gradient_gets_one(problem_file: Write) -> None:
    scaled = byhand.torch.function(load(problem_file(SCALED)))
    x, w = torch.randn(5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    assert not scaled(x, w).requires_grad
    scaled(x, w.requires_grad_()).backward()
    assert x.grad is None
    assert w.grad is not None


def test_an_input_changed_before_backward_is_noticed(problem_file: Write) -> None:
    scaled = byhand.torch.function(load(problem_file(SCALED)))
    x, w = (torch.randn(5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    loss = scaled(x, w)
    with torch.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_gradients_of_gradients_are_refused(problem_file: Write) -> None:
    scaled = byhand.torch.function(load(problem_file(SCALED)))
    x, w = (torch.randn(5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    (dx,) = torch.autograd.grad(scaled(x, w), x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        dx.sum().backward()


def test_a_wrong_backward_is_refused(problem_file: Write) -> None:
    file = problem_file(SCALED.replace("dw = dy * x", "dw = dy * y"))
    with pytest.raises(ProblemError, match=rf"dw isn't right: `byhand check {file}` says more"):
        byhand.torch.function(load(file))


def test_a_gradient_of_another_shape_is_refused(problem_file: Write) -> None:
    """PyTorch would add it up without a word."""
    odd = "dw = dy * x if x[0] < 50 else (dy * x)[None]"
    file = problem_file(SCALED.replace("dw = dy * x", odd))
    scaled = byhand.torch.function(load(file))
    x, w = (torch.full((5,), 100.0, requires_grad=True) for _ in range(2))
    with pytest.raises(ProblemError, match=r"dw has the shape \(1, 5\), but w has \(5,\)"):
        scaled(x, w).backward()


def test_numpy_stays_in_main_memory(problem_file: Write) -> None:
    scaled = byhand.torch.function(load(problem_file(SCALED)))
    with pytest.raises(ProblemError, match="x is on meta, but forward is NumPy"):
        scaled(torch.zeros(5, device="meta"), torch.zeros(5))


def test_what_forward_raises_is_one_line(problem_file: Write) -> None:
    file = problem_file(SCALED)
    with pytest.raises(ProblemError, match=rf"{file}:8: forward raised ValueError"):
        byhand.torch.function(load(file))(torch.zeros(5), torch.zeros(4))


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # of PyTorch's own compiler
def test_a_model_around_it_is_compiled() -> None:
    problem = load(FILES["layer_norm"])
    function = byhand.torch.function(problem)
    given = tensors(problem.inputs())
    compiled = torch.compile(lambda **inputs: function(**inputs) * 2, backend="eager")
    out = compiled(**given)
    assert torch.equal(out, function(**given) * 2)
    out.sum().backward()
    assert given["x"].grad is not None
    whole = torch.compile(lambda **inputs: function(**inputs) * 2, backend="eager", fullgraph=True)
    with pytest.raises(Exception, match=r"torch\.compiler\.disable"):
        whole(**given)
