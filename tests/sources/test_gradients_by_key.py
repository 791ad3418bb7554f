"""Scripts whose gradients are in a dict, `grads["dW1"]`, and the steps in a loop over its keys.
Right without alarm, by finite differences too; a mistake is found in its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanged import exchanged

from byhand.checking.check import check
from byhand.checking.explain import explain
from byhand.program.problem import Problem
from byhand.sources.load import load
from sweeps import a_few

FORMS = Path(__file__).with_name("forms") / "keys"

PLANTED: dict[str, tuple[tuple[str, str], ...]] = {
    "cached_by_key": (
        ("dZ.sum(axis=0, keepdims=True)", "dZ.mean(axis=0, keepdims=True)"),
        ('cache[f"A{l-1}"].T @ dZ', '2 * cache[f"A{l-1}"].T @ dZ'),
        ('grads[f"db{l}"] = dZ.sum(axis=0', 'grads[f"db{l}"] = dZ.sum(axis=1'),
    ),
    "cached_in_a_list": (
        ("dA_prev * (1 - A_prev ** 2)", "dA_prev * (1 - A_prev)"),
        ("dZ @ A_prev.T / m", "dZ @ A_prev.T"),
        ("np.sum(dZ, axis=1, keepdims=True)", "np.sum(dZ, axis=1)"),
    ),
    "gathered": (
        ("dZ2 = A2 - Y", "dZ2 = Y - A2"),
        ("(1 - A1 ** 2)", "(1 - A1)"),
        ("dZ1 = parameters", "dZ1 = -parameters"),
    ),
    "items": (
        ("dscores.sum(axis=0)", "dscores.mean(axis=0)"),
        ('g["w1"] = X.T @ dh', 'g["w1"] = X.T @ dh / 2'),
        ('dh = dscores @ p["w2"].T', 'dh = 2 * dscores @ p["w2"].T'),
    ),
    "layers_by_number": (
        ("kept[l - 1].T @ dZ", "kept[l].T @ dZ"),
        ("dscale = (dA * kept[2]).sum()", "dscale = dA.sum()"),
        ("dA = 2 * (A - Y) / len(Y)", "dA = (A - Y) / len(Y)"),
    ),
    "named": (
        ("dZ1 @ X.T / m", "dZ1 @ X.T"),
        ("W2.T @ dZ2 * (1 - A1 ** 2)", "W2.T @ dZ2"),
        ("db1 = dZ1.sum(axis=1, keepdims=True) / m", "db1 = dZ1.sum(axis=1) / m"),
    ),
}


def loaded(file: Path) -> Problem:
    found = load(file)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize("referee", ["engine", "finite"])
@pytest.mark.parametrize("name", a_few(PLANTED))
def test_right_ones(name: str, referee: str) -> None:
    report = check(loaded(FORMS / f"{name}.py"), referee=referee)
    assert report.ok, str(report)


def test_every_parameter_is_judged() -> None:
    report = check(loaded(FORMS / "cached_in_a_list.py"))
    assert {row.name for row in report.rows} >= {f"{kind}{i}" for kind in "Wb" for i in (1, 2, 3)}


@pytest.mark.parametrize(
    ("name", "old", "new"), a_few((name, *each) for name, some in PLANTED.items() for each in some)
)
def test_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FORMS / f"{name}.py", old, new, tmp_path)
    report = check(loaded(file))
    assert line in {row.line for row in report.rows if row.name in report.roots}, str(report)


ABOVE = """
import numpy as np

rng = np.random.default_rng(7)
X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 1))
sizes = [4, 5, 3, 1]
Ws = [rng.normal(size=(a, b)) for a, b in zip(sizes, sizes[1:])]
scale = np.array(1.5)
for step in range(20):
    acts = [X]
    for W in Ws:
        acts.append(np.tanh(acts[-1] @ W))
    A = scale * acts[-1]
    loss = ((A - Y) ** 2).mean()
    dA = 2 * (A - Y) / len(Y)
    dscale = (dA * acts[-1]).sum()
    dA *= scale
    steps = []
    for W, a, out in zip(Ws[::-1], acts[-2::-1], acts[::-1]):
        dA = dA * (1 - out ** 2)
        steps.insert(0, a.T @ dA)
        dA = dA @ W.T
    for W, s in zip(Ws, steps):
        W -= 0.1 * s
    scale -= 0.1 * dscale
"""

BEGUN = """
import numpy as np

rng = np.random.default_rng(0)
X, y = rng.normal(size=(30, 3)), rng.integers(0, 4, 30)
p = {"w": rng.normal(size=(3, 8)), "v": rng.normal(size=(8, 4))}

h = np.maximum(0, X @ p["w"])
scores = h @ p["v"]
e = np.exp(scores)
probs = e / e.sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(len(y)), y]).mean()

dscores = probs.copy()
dscores[np.arange(len(y)), y] -= 1
dscores /= len(y)
dh = dscores @ p["v"].T
dh[h <= 0] = 0
"""


@pytest.mark.parametrize(
    ("text", "old", "new", "line"),
    [
        (ABOVE, "", "", None),
        (ABOVE, "dA * acts[-1]", "dA * acts[-2][:, :1]", 16),
        (BEGUN, "", "", None),
        (BEGUN, "dscores /= len(y)", "pass", 15),
    ],
)
def test_a_gradient_goes_on_to_what_has_none(
    text: str, old: str, new: str, line: int | None, tmp_path: Path
) -> None:
    """What is above the first answered value is forward, too, where dA and dh go on to it."""
    file = tmp_path / "layers.py"
    file.write_text(text.replace(old, new))
    report = check(loaded(file))
    assert [row.line for row in report.rows if row.name in report.roots] == [line][: bool(line)]


def test_steps_of_a_list_are_said_not_to_be_judged(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(ABOVE)
    said = "line 24: W is changed by s, which isn't judged"
    assert said in check(loaded(file)).notes


PLAIN = """
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((10, 3)), rng.standard_normal((10, 2))
W1, b1 = rng.standard_normal((3, 5)), np.zeros(5)
W2, b2 = rng.standard_normal((5, 2)), np.zeros(2)
h = np.tanh(X @ W1 + b1)
out = h @ W2 + b2
loss = ((out - Y) ** 2).mean()
"""
ITEMS = """
grads = {}
dout = 2 * (out - Y) / out.size
grads["W2"] = h.T @ dout
grads["b2"] = dout.sum(0)
dh = dout @ W2.T * (1 - h ** 2)
grads["W1"] = X.T @ dh
grads["b1"] = dh.sum(0)
"""
LITERAL = """
dout = 2 * (out - Y) / out.size
dz = dout @ W2.T * (1 - h ** 2)
grads = {
    "dW1": X.T @ dz,
    "db1": dz.sum(0),
    "dW2": h.T @ dout,
    "db2": dout.sum(0),
}
"""
IN_A_DICT = """
import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((10, 3)), rng.standard_normal((10, 2))
params = {"W2": rng.standard_normal((3, 2)), "b2": np.zeros(2)}
out = X @ params["W2"] + params["b2"]
loss = ((out - Y) ** 2).mean()
gradients = {}
dout = 2 * (out - Y) / out.size
gradients["W2"] = X.T @ dout
gradients["b2"] = dout.sum(0)
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PLAIN + ITEMS, {"W1", "b1", "W2", "b2"}),
        (PLAIN + LITERAL, {"W1", "b1", "W2", "b2"}),
        (IN_A_DICT, {"W2", "b2"}),
        (IN_A_DICT.replace("gradients", "dparams"), {'params["W2"]', 'params["b2"]'}),
    ],
)
def test_the_keys_tell_where_no_step_is_taken(text: str, names: set[str], tmp_path: Path) -> None:
    file = tmp_path / "keys.py"
    file.write_text(text)
    report = check(loaded(file))
    assert report.ok, str(report)
    assert names <= {row.name for row in report.rows}
    wrong = text.replace("dout.sum(0)", "dout.mean(0)")
    file.write_text(wrong)
    report = check(loaded(file))
    (line,) = {row.line for row in report.rows if row.name in report.roots}
    assert line == wrong[: wrong.index("dout.mean")].count("\n") + 1


def test_they_are_called_so_wherever_they_are_named(tmp_path: Path) -> None:
    file = tmp_path / "keys.py"
    file.write_text(IN_A_DICT.replace("dout.sum(0)", "dout.mean(0)"))
    report = check(loaded(file))
    assert report.roots == ("b2",)
    assert "db2" in str(report)
    assert "dparams" not in str(report)
    assert {"W2", "b2"} <= {step.name for step in report.program}
    for name in ("b2", "db2", 'params["b2"]'):
        assert explain(loaded(file), name).step.name == 'params["b2"]'


def test_a_key_that_is_the_name_of_something_else_tells_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys.py"
    text = IN_A_DICT.replace('params["b2"]\n', 'params["b2"]\n', 1)
    text = text.replace('out = X @ params["W2"]', 'b2 = X * 2\nout = b2 @ params["W2"]')
    file.write_text(text.replace("X.T @ dout", "b2.T @ dout"))
    report = check(loaded(file))
    assert report.ok, str(report)
    assert {"W2", 'params["b2"]'} <= {row.name for row in report.rows}
