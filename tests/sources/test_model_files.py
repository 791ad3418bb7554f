"""Models made of layers: right ones without alarm, mistakes in their layers and around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load, sources
from sweeps import a_few

MODELS = Path(__file__).with_name("forms") / "models"
CLASSES = ["Linear", "BatchNorm1d", "Tanh"]
Written = Callable[[str], Path]
# How people use the same classes.
USED = {
    "criterion": """

rng = np.random.default_rng(0)
data, target = rng.normal(size=(10, 4)), rng.integers(0, 3, size=10)
network = [Linear(4, 6), ReLU(), Linear(6, 3)]
criterion = SoftmaxLoss()

def train_step():
    pass

out = data
for l in network:
    out = l.forward(out)
cost = criterion.forward(out, target)
grad = criterion.backward()
for l in network[::-1]:
    grad = l.backward(grad)
""",
    "net_with_loss": """

net = TwoLayerNet(4, 6, 3)
x = np.random.randn(8, 4)
t = np.random.randint(0, 3, 8)
for i in range(1000):
    loss = net.forward(x, t)
    net.backward()
    for l in net.layers:
        if hasattr(l, "W"):
            l.W -= 0.1 * l.dW
            l.b -= 0.1 * l.db
""",
    "sequential": """

np.random.seed(1)
X = np.random.randn(8, 4)
T = np.random.randint(0, 3, 8)
model = Sequential([Linear(4, 6), ReLU(), Linear(6, 3)])
losses = []
for epoch in range(200000):
    scores = model.forward(X)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(len(T)), T]).mean()
    losses.append(loss)
    dscores = probs.copy()
    dscores[np.arange(len(T)), T] -= 1
    dscores /= len(T)
    model.backward(dscores)
    for layer in model.layers:
        if isinstance(layer, Linear):
            layer.W -= 0.1 * layer.dW
            layer.b -= 0.1 * layer.db
    if epoch % 100 == 0:
        print(epoch, loss)
""",
}


def text_of(name: str) -> str:
    """A model as it was written."""
    if name in USED:
        return (MODELS / "two_layers.py").read_text() + USED[name]
    return (MODELS / f"{name}.py").read_text()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "model.py"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize(
    ("name", "model", "rows"),
    a_few(
        [
            ("list_of_layers", "layers", 11),
            ("sequential", "model", 5),  # in a training loop of 200,000 rounds
            ("net_with_loss", "net", 4),
            ("criterion", "network", 4),
            ("handed_gradient", "net", 4),  # of what it gives, by an object that has no other part
            ("in_torch", "layers", 5),
            ("filled_later", "model", 4),
            ("with_settings", "layers", 12),  # eps and a batch size that are numbers of the script
        ]
    ),
)
def test_right_ones(written: Written, name: str, model: str, rows: int) -> None:
    if name in ("in_torch", "with_settings"):
        pytest.importorskip("torch")
    report = judged(written(text_of(name)), model)
    assert report.ok, str(report)
    assert len(report.rows) == rows


def judged(file: Path, model: str) -> Report:
    problem = load(f"{file}:{model}")
    assert isinstance(problem, Problem)
    return check(problem)


def test_each_layer_and_the_model(written: Written) -> None:
    assert [s.name for s in sources(MODELS / "list_of_layers.py")] == [*CLASSES, "layers"]
    names = [source.name for source in sources(written(text_of("sequential")))]
    assert names == ["Linear", "ReLU", "TwoLayerNet", "SoftmaxLoss", "model"]  # no Sequential


@pytest.mark.parametrize(
    ("name", "model", "old", "new", "roots"),
    a_few(
        [
            ("list_of_layers", "layers", "dlogits /= 6", "dlogits /= 5", {76}),
            (
                "list_of_layers",
                "layers",
                "self.dbeta = dout.sum(0)",
                "self.dbeta = dout.mean(0)",
                {46},
            ),
            ("list_of_layers", "layers", "(1 - self.out**2)", "(1 - self.out)", {79}),
            (
                "list_of_layers",
                "layers",
                "in reversed(layers)",
                "in layers",
                {14, 16, 45, 46, 77, 79},
            ),
            ("sequential", "model", "reversed(self.layers)", "self.layers[1:]", {11, 12, 79}),
            ("sequential", "model", "dscores /= len(T)", "dscores /= 1", {78}),
            (
                "net_with_loss",
                "net",
                "self.dW = self.x.T @ dout",
                "self.dW = -self.x.T @ dout",
                {11},
            ),
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
            (
                "handed_gradient",
                "net",
                "in reversed(self.layers)",
                "in self.layers[::-2]",
                {29, 30},
            ),
            ("in_torch", "layers", "+= demb[k, j]", "= demb[k, j]", {54}),
            (
                "filled_later",
                "model",
                "self.dW = self.x.T @ grad",
                "self.dW = -self.x.T @ grad",
                {17},
            ),
        ]
    ),
)
def test_mistakes(
    written: Written, name: str, model: str, old: str, new: str, roots: set[int]
) -> None:
    if name == "in_torch":
        pytest.importorskip("torch")
    text = text_of(name)
    assert old in text
    report = judged(written(text.replace(old, new, 1)), model)
    assert not report.ok
    lines = {row.line for row in report.rows if row.name in report.roots and not row.right}
    assert lines <= roots, str(report)


def test_weights_divided_by_a_size_where_biases_are_not_are_wrong(written: Written) -> None:
    """Four units aren't four examples."""
    text = text_of("handed_gradient")
    report = judged(
        written(text.replace("self.inputs.T @ grad", "self.inputs.T @ grad / 4")), "net"
    )
    assert {row.line for row in report.rows if row.name in report.roots} == {30}


def test_a_net_of_layers_that_nothing_makes(written: Written) -> None:
    text = text_of("handed_gradient")
    file = written(text[: text.index("inputs = np.array")])
    by_name = {source.name: source for source in sources(file)}
    assert [*by_name] == ["Linear", "Tanh", "NeuralNet"]
    with pytest.raises(ProblemError, match=r"is judged with the layers .*NeuralNet\(\[\.\.\.\]\)"):
        by_name["NeuralNet"].read()


def test_a_net_that_nothing_uses(written: Written) -> None:
    """Its layers are made with the sizes that are proposed for it."""
    text = text_of("net_with_loss")
    report = judged(written(text[: text.index("\nnet = ")]), "TwoLayerNet")
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {
        "x",
        *(f"layers_{i}_{name}" for i in (0, 2) for name in "Wb"),
    }
