"""Pairs of functions as problems: right ones without alarm, planted mistakes in their line."""

from __future__ import annotations

import json
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import PLANTED, STYLED

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem, executed, parsed
from byhand.sources.load import Source, load, sources
from byhand.sources.pairs import pairs_in, problem_of_pair
from forked import run as byhand
from sweeps import a_few, some

FILE = Path(__file__).with_name("forms") / "course_layers.py"
TEXT = FILE.read_text()
STYLES = FILE.with_name("styled_layers.py")


@cache
def backwards(form: Path) -> dict[str, str]:
    return {pair.name: pair.backward.name for pair in pairs_in(parsed(form.read_text(), form))}


def checked(name: str, text: str, file: Path) -> Report:
    tree = parsed(text, file)
    (pair,) = (pair for pair in pairs_in(tree) if pair.name == name)
    module = executed(tree, file, text)
    return check(problem_of_pair(pair, module, str(file), {}))


@cache
def right(name: str) -> Report:
    return checked(name, TEXT, FILE)


@pytest.mark.parametrize("name", a_few(backwards(FILE)))
def test_right_ones(name: str) -> None:
    report = right(name)
    assert report.ok, str(report)
    assert any(" was tried on x (" in note for note in report.notes)


MORE = Path(__file__).with_name("forms") / "more_layers.py"


@pytest.mark.parametrize(
    "source", [*sources(MORE), *sources(STYLES)], ids=lambda source: source.name
)
def test_other_ways_of_writing_them(source: Source) -> None:
    report = check(source.read())
    assert report.ok, str(report)
    assert report.rows


PLACES = [*((FILE, *each) for each in PLANTED), *((STYLES, *each) for each in STYLED)]
SLOW = ("conv_naive", "max_pool_naive", "conv2d", "maxpool", "lstm", "lstm_over_time", "lstm_cell")
QUICK = [each for each in PLACES[::12] if each[1] not in SLOW]


@pytest.mark.long
@pytest.mark.parametrize(("form", "name", "old", "new"), some(PLACES, 2))
def test_planted_mistakes(form: Path, name: str, old: str, new: str, tmp_path: Path) -> None:
    plant(form, name, old, new, tmp_path)


@pytest.mark.parametrize(("form", "name", "old", "new"), QUICK)
def test_a_planted_mistake(form: Path, name: str, old: str, new: str, tmp_path: Path) -> None:
    plant(form, name, old, new, tmp_path)


def plant(form: Path, name: str, old: str, new: str, tmp_path: Path) -> None:
    whole = form.read_text()
    before, found, after = whole.partition(f"def {backwards(form)[name]}(")
    assert old in after, old
    file = tmp_path / "layers.py"
    text = before + found + after.replace(old, new, 1)
    file.write_text(text)
    report = checked(name, text, file)
    assert not report.ok
    line = text[: text.index(new, len(before))].count("\n") + 1
    lines = range(line - 1, line + new.count("\n") + 2)  # a statement may begin one above
    at: list[Any] = [row.line for row in report.rows if row.name in report.roots]
    assert {*at} & {*lines}, f"{lines}\n{report}"


PAIRS = """\
import numpy as np

def scale_fwd(inp, gate):
    y = inp * gate
    return y, (inp, gate)

def scale_bwd(upstream, saved):
    inp, gate = saved
    grad_gate = (upstream * inp).sum(0)
    return upstream * gate, grad_gate

def split_forward(x):
    left = x[:, :2] * 2.0
    right = x[:, 2:] ** 2
    return left, right, x

def split_backward(dleft, dright, x):
    dx = np.zeros_like(x)
    dx[:, :2] = 2.0 * dleft
    dx[:, 2:] = 2 * x[:, 2:] * dright
    return dx

def mse_forward(pred, target):
    diff = pred - target
    loss = (diff ** 2).mean()
    return loss, diff

def mse_backward(diff):
    return 2 * diff / diff.size
"""


def loaded(tmp_path: Path, text: str, **options: Any) -> Any:
    file = tmp_path / "pairs.py"
    file.write_text(text)
    return load(file, **options)


def test_other_names_and_conventions(tmp_path: Path) -> None:
    scale, split, mse = loaded(tmp_path, PAIRS, shapes=["gate=3", "x=2,5"])
    reports = [check(problem) for problem in (scale, split, mse)]
    assert [[row.name for row in report.rows] for report in reports] == [
        ["gate", "inp"],
        ["x"],
        ["pred"],
    ]
    assert all(report.ok for report in reports), "\n".join(map(str, reports))
    assert reports[0]["gate"].line == 9
    assert any("no gradient of target: treated as data" in note for note in reports[2].notes)
    assert split.inputs()["x"].shape == (2, 5)


def test_one_of_them(tmp_path: Path) -> None:
    file = tmp_path / "pairs.py"
    file.write_text(PAIRS)
    problem = load(f"{file}:mse")
    assert isinstance(problem, Problem)
    assert problem.name == "mse"
    with pytest.raises(ProblemError, match=r"has no mes; did you mean mse\?"):
        load(f"{file}:mes")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shapes": ["x=2,3.5"]}, "--shape x=2,3.5: write NAME=4,6"),
        ({"given": ["x=np.zeros"]}, "--given x=np.zeros: write NAME=VALUE"),
        ({"shapes": ["pred=2,3", "target=4,5"]}, "no arguments were found on which it runs"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ProblemError, match=re.escape(said)):
        loaded(tmp_path, PAIRS, **options)


def test_returned_gradients_are_what_is_promised(tmp_path: Path) -> None:
    text = (
        PAIRS[: PAIRS.index("def scale")]
        + """
def square_forward(x):
    y = x * 2
    z = y * y
    return z, (x, y)

def square_backward(dz, cache):
    x, y = cache
    dy = y * dz + x      # not the gradient of y
    dx = 4 * (dy - x)
    return dx
"""
    )
    report = check(loaded(tmp_path, text))
    assert report.ok
    assert any("dy (line 11) holds something other" in note for note in report.notes)
    wrong = check(loaded(tmp_path, text.replace("4 * (dy", "2 * (dy")))
    assert not wrong.ok


def test_the_command_with_several(tmp_path: Path) -> None:
    file = tmp_path / "pairs.py"
    file.write_text(PAIRS.replace("2 * diff / diff.size", "diff / diff.size"))
    done = byhand("check", str(file), "--json", "--shape", "gate=3", "--shape", "x=2,5")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert not said["ok"]
    assert [each["name"] for each in said["problems"]] == ["scale", "split", "mse"]
    assert said["problems"][2]["rows"][0]["mistake"]["code"] == "factor"


def test_a_problem_file_without_inputs(tmp_path: Path) -> None:
    problem = loaded(tmp_path, """
import numpy as np
def forward(x, w, t):
    y = x @ w
    error = y - t
    loss = (error**2).mean()
    return loss

def backward(x, w, error):
    derror = 2 * error / error.size
    dy = derror
    dw = x.T @ dy
    dx = np.outer(dy, w)
""")  # fmt: skip
    report = check(problem)
    assert report.ok, str(report)
    assert np.ndim(problem.inputs()["w"]) == 1


def test_one_mistake_is_one_row_where_locals_are_called_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    old, new = "dbeta = dout.sum(axis=(0, 2, 3))", "dbeta = dout.sum(axis=(0, 2))"
    file.write_text(STYLES.read_text().replace(old, new))
    problem = load(f"{file}:group_norm")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.roots == ("beta",)
    assert any(note.startswith("dr isn't judged") for note in report.notes)


def test_a_loss_that_ignores_its_upstream(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(STYLES.read_text().replace("return dloss * dlogits", "return dlogits"))
    problem = load(f"{file}:log_softmax_loss")
    assert isinstance(problem, Problem)
    assert any("doesn't read dloss: right only where that is 1" in note for note in problem.notes)


def test_in_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    problem = loaded(tmp_path, """
import torch
def linear_forward(x, w, b):
    out = torch.relu(x @ w + b)
    return out, (x, w, b, out)

def linear_backward(dout, cache):
    x, w, b, out = cache
    dz = dout * (out > 0)
    return dz @ w.T, x.T @ dz, dz.sum(0)
""")  # fmt: skip
    report = check(problem)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} == {"x", "w", "b"}


LABELS = (Path(__file__).with_name("forms") / "torch_labels.py").read_text()


@pytest.mark.parametrize(
    ("name", "integers", "old", "new", "wrong"),
    a_few(
        [
            ("crossed", {"y": ("x.0", "w.1")}, "dlogits /= n", "dlogits /= n + 1", "logits"),
            ("gathered", {"labels": ("x.0", "x.1")}, "dx = d / n", "dx = d", "x"),
            ("hot", {"target": ("x.0", "x.1")}, "(p.exp() - one)", "(p.exp() + one)", "x"),
            (
                "words",
                {"X": ("X.0", "C.0"), "Y": ("X.0", "W.1")},
                "W.T).view",
                "W.T / 2).view",
                "emb",
            ),
        ]
    ),
)
def test_labels_in_pytorch(
    name: str, integers: dict[str, tuple[str, str]], old: str, new: str, wrong: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    file = tmp_path / "labels.py"
    file.write_text(LABELS)
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    for draw in (problem.inputs(), problem.inputs(1, **dict.fromkeys(problem.dimensions, 9))):
        for label, places in integers.items():
            rows, below = (draw[p].shape[int(i)] for p, i in (each.split(".") for each in places))
            assert draw[label].shape == (rows,)
            assert int(draw[label].max()) < below
    report = check(problem)
    assert report.ok, str(report)
    assert len(report.rows) >= 1
    assert not any("not tried" in note for note in report.notes), str(report)
    file.write_text(LABELS.replace(old, new))
    found = load(f"{file}:{name}")
    assert isinstance(found, Problem)
    assert check(found).roots == (wrong,)


def test_a_search_that_finds_nothing_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.sources.proposals.SECONDS", 0.2)
    text = """
import numpy as np
def odd_forward(a, b, c, d, e, f):
    if a.shape != (17, 1):
        raise ValueError("a has the wrong shape")
    return a, (b, c)

def odd_backward(dout, cache):
    da = dout
    return da
"""
    start = time.monotonic()
    with pytest.raises(ProblemError, match="no arguments were found on which it runs"):
        loaded(tmp_path, text)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "wrong",
    ["dx = dout * (x < 0)", "dx = dout.copy(); dx[x < 1] = 0", "dx = dout * (x > 1)"],
)
def test_a_placeholder_is_not_blamed(wrong: str, tmp_path: Path) -> None:
    problem = loaded(tmp_path, f"""
import numpy as np
def relu_forward(x):
    out = np.maximum(0, x)
    cache = x
    return out, cache

def relu_backward(dout, cache):
    dx, x = None, cache
    {wrong}
    return dx
""")  # fmt: skip
    row = check(problem)["x"]
    assert not row.right
    assert row.line == 10


LAST = """\
import numpy as np

def layernorm_forward(x, gamma, beta):
    mean = x.mean(axis=-1, keepdims=True)
    std = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    xhat = (x - mean) / std
    return gamma * xhat + beta, (xhat, gamma, std)

def layernorm_backward(dout, cache):
    xhat, gamma, std = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    d = dout * gamma
    dmean = d.mean(axis=-1, keepdims=True)
    dx = (d - dmean - xhat * (d * xhat).mean(axis=-1, keepdims=True)) / std
    return dx, dgamma, dbeta
"""


def test_a_backward_for_two_axes_of_a_forward_for_any_is_said(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(LAST)
    (source,) = sources(file)
    report = check(source.read())
    assert report.ok
    assert any("--shape x=2,4,3 tells where" in note for note in report.notes)
    (source,) = sources(file, ["x=2,4,3"])
    assert {*check(source.read()).roots} == {"beta", "gamma"}
    axes = "axis=tuple(range(dout.ndim - 1))"
    file.write_text(LAST.replace("axis=0", axes))
    (source,) = sources(file)
    report = check(source.read())
    assert report.ok
    assert not any("tells where" in note for note in report.notes)
