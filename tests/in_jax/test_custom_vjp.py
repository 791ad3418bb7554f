"""`byhand.jax.check`: custom_vjps, line by line or by what they give; the truth is `jax.vjp`."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import byhand.jax
from byhand.errors import ProblemError

RULES = Path(__file__).with_name("rules.py")
_numbers = itertools.count()

long = pytest.mark.long  # JAX compiles every op anew for each shape


def rules(folder: Path, *changes: tuple[str, str]) -> ModuleType:
    """The file of rules, with some text of it exchanged."""
    text = RULES.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / f"rules_{next(_numbers)}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def line_of(module: ModuleType, text: str) -> int:
    lines = Path(str(module.__file__)).read_text().splitlines()
    (found,) = (i for i, line in enumerate(lines, start=1) if text in line)
    return found


ARGS: dict[str, Any] = {
    "rms_norm": "norm_inputs",
    "dense": "dense_inputs",
    "cross_entropy": "ce_inputs",
    "detached": "norm_inputs",
}


def checked(module: ModuleType, name: str, **options: Any) -> byhand.Report:
    return byhand.jax.check(getattr(module, name), getattr(module, ARGS[name]), **options)


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("rms_norm", ["w", "x"]),
        pytest.param("dense", ['params["w"]', 'params["b"]', "x"], marks=long),
        pytest.param("cross_entropy", ["logits"], marks=long),
        pytest.param("detached", ["w", "x"], marks=long),
    ],
)
def test_right_rules_are_right_line_by_line(tmp_path: Path, name: str, judged: list[str]) -> None:
    report = checked(rules(tmp_path), name)
    assert report.ok, str(report)
    assert set(judged) <= {row.name for row in report.rows}
    assert all(row.line is not None for row in report.rows)
    assert report.name == name


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "code"),
    [
        ("rms_norm", "(dn * n).mean(-1", "(dn * n).sum(-1", "x", "unnormalised"),
        ("rms_norm", "(g * n).sum(0)", "g * n", "w", "missing-reduction"),
        ("rms_norm", "return dx, dw\n\n\nrms", "return dw, dx\n\n\nrms", "x", None),
        ("dense", 'dh @ params["w"].T', '2 * dh @ params["w"].T', "x", "factor"),
        ("dense", '"w": x.T @ dh', '"w": -x.T @ dh', 'params["w"]', "sign"),
        ("cross_entropy", "+ g_lse[:, None]", "", "logits", None),
        ("cross_entropy", ".add(-g_loss / len(labels))", ".add(-g_loss)", "logits", None),
        ("detached", "jnp.cos(x)", "jnp.sin(x)", "x", None),
    ],
)
@long
def test_the_line_is_named(
    tmp_path: Path, name: str, old: str, new: str, row: str, code: str | None
) -> None:
    module = rules(tmp_path, (old, new))
    report = checked(module, name)
    assert row in report.roots, str(report)
    if name == "rms_norm":
        assert report[row].line == line_of(module, new.splitlines()[0]), str(report)
    if code is not None:
        mistake = report[row].mistake
        assert mistake is not None, str(report)
        assert mistake.code == code


def test_the_verdict_is_that_of_jax(tmp_path: Path) -> None:
    module = rules(tmp_path, ("(dn * n).mean(-1", "(dn * n).sum(-1"))
    x, w = module.norm_inputs(np.random.default_rng(0)).values()

    def gradients(f: Any) -> Any:
        return jax.grad(lambda x, w: jnp.sin(f(x, w)).sum(), (0, 1))(x, w)

    mine, true = gradients(module.rms_norm), gradients(module.rms_norm.fun)
    wrong = {n for n, a, b in zip("xw", mine, true, strict=True) if not jnp.allclose(a, b)}
    report = checked(module, "rms_norm")
    assert {row.name for row in report.rows if not row.right} == wrong == {"x"}


def test_none_is_zeros_to_jax(tmp_path: Path) -> None:
    module = rules(tmp_path)
    args = (np.array([-2.0, 0.3, 1.5]), -1.0, 1.0)
    report = byhand.jax.check(module.clipped, args)
    assert {row.name: row.right for row in report.rows} == {"x": True, "low": True, "high": False}


def test_a_function_that_calls_one_is_judged_by_what_it_gives(tmp_path: Path) -> None:
    module = rules(tmp_path, ("(g * n).sum(0)", "(g * x).sum(0)"))
    report = byhand.jax.check(module.block, module.norm_inputs)
    assert {row.name for row in report.rows if not row.right} == {"w"}
    assert byhand.jax.check(rules(tmp_path).block, module.norm_inputs).ok


@pytest.mark.long
def test_a_reference_says_what_is_true(tmp_path: Path) -> None:
    module = rules(tmp_path)

    def layer_norm(x: Any, w: Any) -> Any:
        x = x - x.mean(-1, keepdims=True)
        return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6) * w

    report = checked(module, "rms_norm", reference=layer_norm)
    assert not report.ok
    (finding,) = report.findings
    assert finding.name == "forward"
    assert finding.seen.startswith("it is off by up to ")

    def plain(x: Any, w: Any) -> Any:
        return x * w

    assert byhand.jax.check(plain, module.norm_inputs, reference=lambda x, w: w * x).ok
    with pytest.raises(
        ProblemError, match="plain calls no custom_vjp, so JAX derives its backward"
    ):
        byhand.jax.check(plain, module.norm_inputs)


@jax.custom_vjp
def rounded(x: Any) -> Any:
    return jnp.round(x)


def rounded_fwd(x: Any) -> Any:
    return rounded(x), None


def rounded_bwd(kept: Any, dy: Any) -> Any:
    return (dy,)


rounded.defvjp(rounded_fwd, rounded_bwd)


def test_what_is_meant_to_be_another_gradient_is_neither_right_nor_wrong() -> None:
    report = byhand.jax.check(rounded, (np.array([0.2, 1.7]),))
    assert report["x"].verdict == "unjudged"
    assert "stop_gradient" in str(report["x"].note)


@jax.custom_vjp
def log_of_sum(x: Any) -> Any:
    return jax.nn.logsumexp(x, -1)


def log_of_sum_fwd(x: Any) -> Any:
    return log_of_sum(x), x


def log_of_sum_bwd(x: Any, dy: Any) -> Any:
    e = jnp.exp(x)
    return (dy * e / e.sum(-1),)


log_of_sum.defvjp(log_of_sum_fwd, log_of_sum_bwd)


def test_edges_are_tried() -> None:
    x = np.array([0.2, 1.7, -0.4])
    report = byhand.jax.check(log_of_sum, (x,))
    assert [(each.name, each.done) for each in report.findings] == [
        ("edge", "x was 1000 times as large")
    ]
    assert byhand.jax.check(log_of_sum, (x,), edges=False).ok


def test_a_fwd_that_is_another_function_is_found(tmp_path: Path) -> None:
    module = rules(tmp_path, ("return n * w, (x", "return 2 * n * w, (x"))
    report = checked(module, "rms_norm")
    assert [finding.name for finding in report.findings] == ["forward"]
    assert not report.ok


@long
def test_what_jax_does_not_take_is_said(tmp_path: Path) -> None:
    module = rules(tmp_path, ('"b": dh.sum(0)}', '"b": dh.sum(0), "c": dh}'))
    report = checked(module, "dense")
    assert report.roots == ("backward",), str(report)
    assert "must produce an output with the same container" in str(report["backward"].note)


def test_symbolic_zeros_are_left_aside_with_a_line() -> None:
    @jax.custom_vjp
    def sine(x: Any) -> Any:
        return jnp.sin(x)

    def fwd(x: Any) -> Any:
        return jnp.sin(x.value), x.value

    def bwd(x: Any, g: Any) -> Any:
        return (jnp.cos(x) * g,)

    sine.defvjp(fwd, bwd, symbolic_zeros=True)
    report = byhand.jax.check(sine, (np.ones(3),))
    assert report.ok, str(report)
    assert "symbolic_zeros=True" in report.notes[0]


def test_what_the_engine_has_no_rule_for_is_judged_by_what_it_gives() -> None:
    def quantile(x: Any, w: Any) -> Any:
        return jax.scipy.special.erfinv(x) * w

    def fwd(x: Any, w: Any) -> Any:
        return quantile(x, w), (x, w)

    def bwd(res: Any, g: Any) -> Any:
        dx, dw = jax.vjp(quantile, *res)[1](g)
        return dx, 2 * dw

    ruled = jax.custom_vjp(quantile)
    ruled.defvjp(fwd, bwd)
    rng = np.random.default_rng(0)
    args = (rng.uniform(-0.9, 0.9, size=(2, 4)), rng.normal(size=(2, 4)))
    report = byhand.jax.check(ruled, args)
    assert report.referee == "jax"
    assert [row.name for row in report.rows if not row.right] == ["w"]
    assert "erf_inv has no rule" in report.notes[0]

    def caller(x: Any, w: Any) -> Any:
        return jnp.sin(ruled(x, w))

    report = byhand.jax.check(caller, args)
    assert report.referee == "finite"  # its own gradients can't say what is true
    assert [row.name for row in report.rows if not row.right] == ["w"]


@pytest.mark.long
def test_a_loop_that_jax_has_no_gradient_of() -> None:
    def root(a: Any) -> Any:
        def better(held: Any) -> Any:
            return held[1], (held[1] + a / held[1]) / 2

        def far(held: Any) -> Any:
            return jnp.abs(held[0] - held[1]).max() > 1e-6

        return jax.lax.while_loop(far, better, (jnp.zeros_like(a), a))[1]

    def fwd(a: Any) -> Any:
        y = root(a)
        return y, y

    def right(y: Any, g: Any) -> Any:
        return (g / (2 * y),)

    def wrong(y: Any, g: Any) -> Any:
        return (g / y,)

    for bwd, ok in ((right, True), (wrong, False)):
        ruled = jax.custom_vjp(root)
        ruled.defvjp(fwd, bwd)
        report = byhand.jax.check(ruled, (np.array([2.0, 9.0]),))
        assert report.ok == ok, str(report)
        assert report["a"].line is not None


@long
def test_half_precision_is_judged_beside_the_reference(tmp_path: Path) -> None:
    module = rules(tmp_path)
    options = {"dtype": jnp.bfloat16, "reference": module.rms_norm.fun}
    report = checked(module, "rms_norm", **options)
    assert report.ok, str(report)
    assert report.dtype == "bfloat16"
    assert "low-precision" in [finding.name for finding in report.findings]
    module = rules(tmp_path, ("return n * w, (x, w, r)", "return n * w, (x, w, r * 1.05)"))
    assert not checked(module, "rms_norm", **options).ok
    with pytest.raises(ProblemError, match="dtype int64: choose float64, float32, bfloat16 or"):
        checked(module, "rms_norm", dtype=int)


def test_float32_is_judged_as_float32(tmp_path: Path) -> None:
    module = rules(tmp_path)
    report = byhand.jax.check(jax.jit(module.rms_norm), module.norm_inputs, dtype=jnp.float32)
    assert report.ok, str(report)
    assert report.dtype == "float32"


def test_more_sizes_are_tried() -> None:
    @jax.custom_vjp
    def mean(x: Any) -> Any:
        return x.mean()

    def bwd(x: Any, g: Any) -> Any:
        return (jnp.full_like(x, g / 6),)

    mean.defvjp(lambda x: (x.mean(), x), bwd)

    def inputs(rng: np.random.Generator, *, n: int = 6) -> dict[str, Any]:
        return {"x": rng.normal(size=n)}

    assert byhand.jax.check(mean, inputs(np.random.default_rng(0))).ok
    assert byhand.jax.check(mean, inputs, sizes=[{"n": 64}]).roots == ("x",)


@pytest.mark.parametrize(
    ("f", "args", "said"),
    [
        (3, (), "3 can't be checked: give a jax.custom_vjp or a function"),
        (jax.custom_vjp(lambda x: x), (1.0,), "<lambda> has no rules"),
        (lambda *x: x, (1.0,), r"<lambda> takes \*args"),
        (lambda x: x, {"y": 1.0}, "<lambda> has no argument y: x"),
        (lambda x: x, (1.0, 2.0), "<lambda> takes 1 arguments, but is given 2"),
        (lambda x: x @ x, (np.ones((2, 3)),), "<lambda>: forward raised TypeError: dot_general"),
        (lambda x: x > 0, (1.0,), "<lambda>: no output is of floats"),
    ],
)
def test_what_can_not_be_checked_is_one_line(f: Any, args: Any, said: str) -> None:
    with pytest.raises(ProblemError, match=said) as caught:
        byhand.jax.check(f, args)
    assert "\n" not in str(caught.value)
