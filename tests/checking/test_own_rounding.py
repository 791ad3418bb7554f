"""A right formula stays right where rounding that comes from forward is all that is left of it, and
a wrong one stays wrong."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from derivative_forms import FORMS
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.checking.running.random_rounding import AMPLITUDE, Noise, randomly_rounded
from byhand.errors import ProblemError
from byhand.program.problem import load
from sweeps import a_few

EPS = float(np.finfo(np.float64).eps)

# How the inputs are drawn: small, ordinary, and so large that everything is saturated.
DRAWS = {
    "real": (
        "rng.normal(size=(n, 3)) * {scale}",
        "rng.normal(size=(n, 3)) + {scale}",
        "rng.normal(size=(n, 3)) - {scale}",
    ),
    "positive": ("np.abs(rng.normal(size=(n, 3))) * {scale} + 1e-300",),
    "unit": (
        "rng.uniform(-1, 1, size=(n, 3)) * np.tanh({scale})",
        "1 - rng.uniform(0, 1, size=(n, 3)) * np.exp(-{scale})",
    ),
    "unit positive": (
        "rng.uniform(0, 1, size=(n, 3)) * np.exp(-{scale})",
        "1 - rng.uniform(0, 1, size=(n, 3)) * np.exp(-min({scale}, 30))",
    ),
}
SCALES = (1e-8, 1e-3, 0.5, 1.0, 5.0, 10.0, 20.0, 30.0)
WRONG = (" * 1.001", " + dh * 1e-3", " * (1 + 1e-6)")


def source(forward: tuple[str, ...], dx: str, x: str) -> str:
    names = [line.partition(" =")[0] for line in forward]
    return "\n".join(
        (
            "import numpy as np",
            "def inputs(rng, *, n=4):",
            f"    return {{'x': {x}}}",
            "def forward(x):",
            *(f"    {line}" for line in forward),
            "    return h",
            f"def backward(x, {', '.join(names)}, dh):",
            f"    dx = {dx}",
            "",
        )
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, str]:
    """The source of a problem, and its `dx`."""
    form = FORMS[draw(st.sampled_from(list(FORMS)))]
    x = draw(st.sampled_from(DRAWS[form.domain])).format(scale=draw(st.sampled_from(SCALES)))
    if draw(st.booleans()):
        x = f"({x}).astype(np.float32)"
    dx = draw(st.sampled_from(form.backward))
    return source(form.forward, dx, x), dx


def checked(text: str, folder: Path) -> Report | None:
    """The report; None where forward itself isn't finite on such inputs."""
    file = folder / "problem.py"
    file.write_text(text)
    try:
        return check(load(file))
    except ProblemError as error:
        assert "choose inputs" in str(error) or "NaN or infinity" in str(error)
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(case=cases())
def test_usual_forms_of_a_derivative_get_no_alarm(folder: Path, case: tuple[str, str]) -> None:
    report = checked(case[0], folder)
    if report is not None:
        assert not report.roots, f"{case[0]}\n{report}"


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("name", FORMS)
def test_every_usual_form_on_every_draw(folder: Path, name: str) -> None:
    form = FORMS[name]
    for x, scale, kind, dx in itertools.product(
        DRAWS[form.domain], SCALES, ("", ".astype(np.float32)"), form.backward
    ):
        text = source(form.forward, dx, f"({x.format(scale=scale)}){kind}")
        report = checked(text, folder)
        assert report is None or not report.wrong, f"{text}\n{report}"


@pytest.mark.parametrize("extra", a_few(WRONG))
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "softplus", "layernorm"])
def test_what_is_off_by_more_than_rounding_stays_wrong(folder: Path, name: str, extra: str) -> None:
    form = FORMS[name]
    text = source(form.forward, form.backward[0] + extra, DRAWS["real"][0].format(scale=6))
    report = checked(text, folder)
    assert report is not None
    assert report.roots == ("x",), str(report)


def test_random_rounding_moves_what_rounds_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    a = randomly_rounded(np.array([1.0, 2.0, 0.0]), Noise(rng))
    for exact in (-a, a.max(), a[1:], np.maximum(a, 1.5), np.where(a > 1, a, 0.0), a.copy(), a.T):
        assert set(np.abs(np.asarray(exact)).ravel().tolist()) <= {0.0, 1.0, 1.5, 2.0}
    for result, value in (
        (a * 3, [3.0, 6.0, 0.0]),
        (a.sum(), 3.0),
        (a @ a, 5.0),
        (np.exp(a), np.exp([1, 2, 0])),
    ):
        off = np.abs(np.asarray(result) - value)
        assert 0 < off.max() <= 3 * AMPLITUDE * EPS * np.max(value)
    assert (1 - a)[0] == 0.0, "what is exact stays exact"
    saturated = 1 / (1 + np.exp(-40 * a))
    assert abs(float((1 - saturated)[0])) > EPS, "what forward rounded is seen when it cancels"


def test_random_rounding_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    from byhand.checking.running.random_rounding_torch import RoundingAtRandom

    a = torch.tensor([1.0, 2.0, 0.0], dtype=torch.float64)
    with RoundingAtRandom(1):
        exact = [
            -a,
            a.max(),
            a[1:],
            a.clamp_min(0.5),
            torch.where(a > 1, a, 0.0),
            a.clone(),
            a[None].T,
        ]
        rounded = [a * 3, a.sum(), a @ a, torch.exp(a)]
        b = a.clone()
        b += 1
        low = a.float()
    assert all(set(each.abs().ravel().tolist()) <= {0.0, 0.5, 1.0, 2.0} for each in exact)
    for result, value in zip(
        [*rounded, b], [a * 3, a.sum(), a @ a, torch.exp(a), a + 1], strict=True
    ):
        assert 0 < (result - value).abs().max() <= 3 * AMPLITUDE * EPS * value.abs().max()
    assert (low - a).abs().max() > 1e-7


MASKED = """
import numpy as np
def inputs(rng, *, n=5):
    return {"x": rng.normal(size=(n, n + 1))}
def forward(x):
    seen = np.where(np.tri(*x.shape, dtype=bool), x, -np.inf)
    e = np.exp(seen - seen.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p
def backward(p, dp):
    dx = p * (dp - (dp * p).sum(axis=1, keepdims=True)) WRONG
"""
IN_TORCH = (
    ("import numpy as np", "import torch"),
    ("rng.normal(size=(n, n + 1))", "torch.from_numpy(rng.normal(size=(n, n + 1)))"),
    ("np.where(np.tri(*x.shape, dtype=bool), x, -np.inf)",
     "x.masked_fill(torch.ones_like(x).triu(1) > 0, -torch.inf)"),
    ("np.exp", "torch.exp"),
    ("seen.max(axis=1, keepdims=True)", "seen.amax(1, keepdim=True)"),
    ("sum(axis=1, keepdims=True)", "sum(1, keepdim=True)"),
)  # fmt: skip


@pytest.mark.parametrize("torch", [False, True], ids=["numpy", "torch"])
def test_infinity_doesnt_round(folder: Path, torch: bool) -> None:
    """A mask of `-inf` makes no NaN of a run that rounds at random, which would excuse anything."""
    text = MASKED
    for old, new in IN_TORCH if torch else ():
        text = text.replace(old, new)
    right, wrong = (checked(text.replace("WRONG", each), folder) for each in ("", "* 1.1"))
    assert right is not None
    assert wrong is not None
    assert right.ok, str(right)
    assert wrong.roots == ("x",), str(wrong)
