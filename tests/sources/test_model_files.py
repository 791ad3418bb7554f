"""Models made of layers: right ones without alarm, mistakes in their layers and around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load, sources

MODELS = Path(__file__).with_name("forms") / "models"
CLASSES = ["Linear", "BatchNorm1d", "Tanh"]


@pytest.mark.parametrize(
    ("name", "model", "rows"),
    [
        ("list_of_layers", "layers", 11),
        ("sequential", "model", 5),  # in a training loop of 200,000 rounds
        ("net_with_loss", "net", 4),
        ("criterion", "network", 4),
        ("handed_gradient", "net", 4),  # of what it gives, by an object that has no other part
        ("in_torch", "layers", 5),
        ("filled_later", "model", 4),
        ("with_settings", "layers", 12),  # eps and a batch size that are numbers of the script
    ],
)
def test_right_ones(name: str, model: str, rows: int) -> None:
    if name in ("in_torch", "with_settings"):
        pytest.importorskip("torch")
    report = judged(MODELS / f"{name}.py", model)
    assert report.ok, str(report)
    assert len(report.rows) == rows


def judged(file: Path, model: str) -> Report:
    problem = load(f"{file}:{model}")
    assert isinstance(problem, Problem)
    return check(problem)


def test_each_layer_and_the_model() -> None:
    assert [s.name for s in sources(MODELS / "list_of_layers.py")] == [*CLASSES, "layers"]
    names = [source.name for source in sources(MODELS / "sequential.py")]
    assert names == ["Linear", "ReLU", "TwoLayerNet", "SoftmaxLoss", "model"]  # no Sequential


@pytest.mark.parametrize(
    ("name", "model", "old", "new", "roots"),
    [
        ("list_of_layers", "layers", "dlogits /= 6", "dlogits /= 5", {75}),
        ("list_of_layers", "layers", "self.dbeta = dout.sum(0)", "self.dbeta = dout.mean(0)", {46}),
        ("list_of_layers", "layers", "(1 - self.out**2)", "(1 - self.out)", {79}),
        ("list_of_layers", "layers", "in reversed(layers)", "in layers", {14, 16, 45, 46, 77, 79}),
        ("sequential", "model", "reversed(self.layers)", "self.layers[1:]", {11, 12, 79}),
        ("sequential", "model", "dscores /= len(T)", "dscores /= 1", {78}),
        ("net_with_loss", "net", "self.dW = self.x.T @ dout", "self.dW = -self.x.T @ dout", {11}),
        ("criterion", "network", "l in network[::-1]", "l in network[:0:-1]", {11, 12}),
        ("handed_gradient", "net", "np.sum(grad, axis=0)", "np.sum(grad, axis=1)[:1]", {29}),
        ("handed_gradient", "net", "self.inputs.T @ grad", "2 * self.inputs.T @ grad", {30}),
        (
            "handed_gradient",
            "net",
            "(1 - self.out**2) * grad",
            "(1 - self.out) * grad",
            {29, 30, 40},
        ),
        ("handed_gradient", "net", "in reversed(self.layers)", "in self.layers[::-2]", {29, 30}),
        ("in_torch", "layers", "+= demb[k, j]", "= demb[k, j]", {54}),
        ("filled_later", "model", "self.dW = self.x.T @ grad", "self.dW = -self.x.T @ grad", {17}),
    ],
)
def test_mistakes(
    name: str, model: str, old: str, new: str, roots: set[int], tmp_path: Path
) -> None:
    if name == "in_torch":
        pytest.importorskip("torch")
    text = (MODELS / f"{name}.py").read_text()
    assert old in text
    file = tmp_path / "model.py"
    file.write_text(text.replace(old, new, 1))
    report = judged(file, model)
    assert not report.ok
    lines = {row.line for row in report.rows if row.name in report.roots and not row.right}
    assert lines <= roots, str(report)


def test_weights_divided_by_a_size_where_biases_are_not_are_wrong(tmp_path: Path) -> None:
    """Four units aren't four examples."""
    text = (MODELS / "handed_gradient.py").read_text()
    file = tmp_path / "model.py"
    file.write_text(text.replace("self.inputs.T @ grad", "self.inputs.T @ grad / 4"))
    report = judged(file, "net")
    assert {row.line for row in report.rows if row.name in report.roots} == {30}


def test_a_net_of_layers_that_nothing_makes(tmp_path: Path) -> None:
    text = (MODELS / "handed_gradient.py").read_text()
    file = tmp_path / "model.py"
    file.write_text(text[: text.index("inputs = np.array")])
    by_name = {source.name: source for source in sources(file)}
    assert [*by_name] == ["Linear", "Tanh", "NeuralNet"]
    with pytest.raises(ProblemError, match=r"is judged with the layers .*NeuralNet\(\[\.\.\.\]\)"):
        by_name["NeuralNet"].read()


def test_a_net_that_nothing_uses(tmp_path: Path) -> None:
    """Its layers are made with the sizes that are proposed for it."""
    text = (MODELS / "net_with_loss.py").read_text()
    file = tmp_path / "net.py"
    file.write_text(text[: text.index("\nnet = ")])
    report = judged(file, "TwoLayerNet")
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {
        "x",
        *(f"layers_{i}_{name}" for i in (0, 2) for name in "Wb"),
    }
