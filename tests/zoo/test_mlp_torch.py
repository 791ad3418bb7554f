"""The backward of mlp and mlp_fused against PyTorch's autograd, on the same forward in PyTorch."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from byhand.program.control_flow import run_plainly
from byhand.program.functions import function_of
from byhand.program.problem import Problem, load

# fmt: off
ALL = [
    "logprobs", "probs", "counts_sum_inv", "counts_sum", "counts", "norm_logits", "logit_maxes",
    "logits", "h", "W2", "b2", "hpreact", "bngain", "bnbias", "bnraw", "bnvar_inv", "bnvar",
    "bndiff2", "bndiff", "bnmeani", "hprebn", "embcat", "W1", "b1", "emb", "C",
]
FUSED = [
    "logits", "h", "W2", "b2", "hpreact", "bngain", "bnbias", "hprebn", "embcat", "W1", "b1",
    "emb", "C",
]
PARAMETERS = ["C", "W1", "b1", "W2", "b2", "bngain", "bnbias"]
# fmt: on

SIZES = [
    {},
    {"hidden": 200},
    {"n": 7, "hidden": 13, "vocabulary": 11, "embedding": 5, "block": 2},
    {"n": 61, "hidden": 3, "vocabulary": 5, "embedding": 2, "block": 7},
    {"n": 2, "hidden": 1, "vocabulary": 2, "embedding": 1, "block": 1},
]


def gradients_by_torch(inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """The gradient of the loss by each of the 26 names, by autograd, in float64."""
    t = {name: torch.tensor(value) for name, value in inputs.items()}
    for name in PARAMETERS:
        t[name].requires_grad_()
    n = len(t["Y"])
    t["emb"] = t["C"][t["X"]]
    t["embcat"] = t["emb"].flatten(1)
    t["hprebn"] = torch.addmm(t["b1"], t["embcat"], t["W1"])
    t["bnmeani"] = t["hprebn"].mean(0, keepdim=True)
    t["bndiff"] = t["hprebn"] - t["bnmeani"]
    t["bndiff2"] = t["bndiff"].square()
    t["bnvar"] = t["bndiff2"].sum(0, keepdim=True) / (n - 1)
    t["bnvar_inv"] = (t["bnvar"] + 1e-5).rsqrt()
    t["bnraw"] = t["bndiff"] * t["bnvar_inv"]
    t["hpreact"] = torch.addcmul(t["bnbias"], t["bngain"], t["bnraw"])
    t["h"] = t["hpreact"].tanh()
    t["logits"] = torch.addmm(t["b2"], t["h"], t["W2"])
    t["logit_maxes"] = t["logits"].max(1, keepdim=True).values
    t["norm_logits"] = t["logits"] - t["logit_maxes"]
    t["counts"] = t["norm_logits"].exp()
    t["counts_sum"] = t["counts"].sum(1, keepdim=True)
    t["counts_sum_inv"] = t["counts_sum"].reciprocal()
    t["probs"] = t["counts"] * t["counts_sum_inv"]
    t["logprobs"] = t["probs"].log()
    loss = torch.nn.functional.nll_loss(t["logprobs"], t["Y"])
    grads = torch.autograd.grad(loss, [t[name] for name in ALL])
    return {name: grad.numpy() for name, grad in zip(ALL, grads, strict=True)}


def gradients_by_hand(problem: Problem, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every local d<name> of the backward, run on the values of the problem's own forward."""
    _, local = run_plainly(problem.forward, inputs)
    backward = function_of(problem.backward, problem.tree)
    _, answers = run_plainly(backward, {name: local[name] for name in backward.parameters})
    return {name: answers[f"d{name}"] for name in ALL if f"d{name}" in answers}


def disagreements(by_hand: dict[str, np.ndarray], by_torch: dict[str, np.ndarray]) -> list[str]:
    """The names with another shape, or a difference that rounding in float64 can't explain."""
    return [
        name
        for name, gradient in by_hand.items()
        if gradient.shape != by_torch[name].shape
        or np.abs(gradient - by_torch[name]).max() > 1e-13 * max(1, np.abs(by_torch[name]).max())
    ]


@pytest.mark.parametrize("sizes", SIZES, ids=lambda s: "-".join(map(str, s.values())) or "default")
@pytest.mark.parametrize(("model", "names"), [("mlp", ALL), ("mlp_fused", FUSED)])
def test_every_gradient_equals_autograd(
    model: str, names: list[str], sizes: dict[str, int]
) -> None:
    problem = load(model)
    for seed in range(3):
        inputs = problem.inputs(seed, **sizes)
        by_hand = gradients_by_hand(problem, inputs)
        assert list(by_hand) == names
        assert disagreements(by_hand, gradients_by_torch(inputs)) == []


@pytest.mark.parametrize(
    ("model", "right", "wrong", "named"),
    [
        ("mlp", "* dbnvar / (n - 1)", "* dbnvar / n", "bndiff2"),
        ("mlp", "dprobs * counts_sum_inv + dcounts_sum", "dprobs * counts_sum_inv", "counts"),
        ("mlp", "np.add.at(dC, X, demb)", "dC[X] += demb", "C"),
        ("mlp", "-0.5 * bnvar_inv**3", "-0.5 * bnvar_inv", "bnvar"),
        ("mlp_fused", "bnraw * dbngain / (n - 1)", "bnraw * dbngain / n", "hprebn"),
        ("mlp_fused", "(probs - onehot) / n", "probs - onehot", "logits"),
    ],
)
def test_a_mistake_would_be_seen(
    tmp_path: Path, model: str, right: str, wrong: str, named: str
) -> None:
    source = Path(load(model).file).read_text()
    assert source.count(right) == 1
    changed = tmp_path / "changed.py"
    changed.write_text(source.replace(right, wrong))
    problem = load(changed)
    inputs = problem.inputs(0)
    found = disagreements(gradients_by_hand(problem, inputs), gradients_by_torch(inputs))
    assert named in found


def test_both_draw_the_same_inputs_and_run_the_same_forward() -> None:
    mlp, fused = load("mlp"), load("mlp_fused")
    assert [ast.dump(a) for a in mlp.forward.body] == [ast.dump(a) for a in fused.forward.body]
    one, other = mlp.inputs(3, hidden=5), fused.inputs(3, hidden=5)
    assert list(one) == ["X", "Y", *PARAMETERS] == list(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_the_loss_is_that_of_torch() -> None:
    problem = load("mlp")
    inputs = problem.inputs(0)
    returned, local = run_plainly(problem.forward, inputs)
    logits, Y = torch.tensor(local["logits"]), torch.tensor(inputs["Y"])
    expected = torch.nn.functional.cross_entropy(logits, Y).item()
    assert returned.value == pytest.approx(expected, rel=1e-14)


def test_the_lectures_size_has_12297_parameters() -> None:
    inputs = load("mlp").inputs(0, hidden=200)
    assert sum(inputs[name].size for name in PARAMETERS) == 12297


@pytest.mark.parametrize("model", ["mlp", "mlp_fused"])
def test_a_zoo_file_imports_numpy_alone(model: str) -> None:
    tree = ast.parse(Path(load(model).file).read_text())
    imports = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(n) for n in imports] == ["import numpy as np"]


@pytest.mark.parametrize("model", ["mlp", "mlp_fused"])
def test_the_inputs_are_left_alone(model: str) -> None:
    problem = load(model)
    inputs = problem.inputs(0)
    before = {name: value.copy() for name, value in inputs.items()}
    gradients_by_hand(problem, inputs)
    assert all(np.array_equal(inputs[name], before[name]) for name in inputs)
