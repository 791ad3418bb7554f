"""`byhand derive --as function`: what is given out is a Function that PyTorch agrees with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import torch
from deriving_cases import ALL, GOLDEN

import byhand.torch
import forked
from byhand.deriving.wrapped import wrap
from byhand.deriving.wrapped.running import FunctionText
from byhand.deriving.wrapped.wrap import as_custom_vjp, as_function, as_triton, written
from byhand.errors import UnsupportedError
from byhand.program.problem import load
from sweeps import some

REFUSED = {
    "gru": "loops or branches",
    "rnn": "loops or branches",
    "transformer": "loops or branches",
    "in_place": "loops or branches",
    "rnn_list": "loops or branches",
    "rnn_running": "loops or branches",
    "deep_linear": "loops or branches",
    "mlp_list": "Ws holds arrays",
    "conv1d": "didn't pass its check",
}
ROW_WISE = [
    "elu",
    "gelu_erf",
    "gelu_tanh",
    "l2_normalise",
    "layer_norm",
    "layer_norm_closed",
    "layer_norm_one_pass",
    "log_softmax",
    "mish",
    "rms_norm",
    "rms_norm_torch",
    "silu",
    "softmax",
    "softplus",
    "softplus_stable",
    "ties",
]
needs_triton = pytest.mark.skipif(
    find_spec("triton") is None, reason="Triton isn't installed: pip install triton"
)
WALKED = [name for name, file in ALL.items() if file.parent.name in ("zoo", "problems")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run("derive", *arguments)


def made(source: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(source, "<pasted>", "exec"), namespace)
    (function,) = [
        each
        for each in namespace.values()
        if isinstance(each, type) and issubclass(each, torch.autograd.Function)
    ]
    return function


@pytest.mark.parametrize("name", ["rms_norm_torch", "softmax_cross_entropy", "layer_norm", "bow"])
def test_what_people_read(name: str) -> None:
    golden = (GOLDEN / f"function_{name}.txt").read_text(encoding="utf-8")
    assert as_function(load(ALL[name])) == golden
    if name == "rms_norm_torch":
        assert golden in (GOLDEN.parent.parent / "docs" / "deriving.md").read_text(encoding="utf-8")


def test_the_command_prints_it() -> None:
    done = run("softmax_cross_entropy", "--as", "function")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == as_function(load(ALL["softmax_cross_entropy"]))


@pytest.mark.parametrize("name", ["rms_norm_torch", "attention", "group_norm", "kl"])
def test_gradcheck_passes_it(name: str) -> None:
    problem = load(ALL[name])
    function = made(as_function(problem))
    given = [
        t.clone().requires_grad_() if t.is_floating_point() else t
        for t in map(torch.as_tensor, problem.inputs(3).values())
    ]
    fixed = [name in problem.data for name in problem.inputs()]
    given = [t.detach() if held else t for t, held in zip(given, fixed, strict=True)]
    assert torch.autograd.gradcheck(function.apply, given)


@pytest.mark.parametrize("name", ["rms_norm_torch", "layer_norm"])
def test_byhand_checks_it_in_the_class(name: str, tmp_path: Path) -> None:
    """What is pasted into a file is judged there, statement by statement."""
    problem = load(ALL[name])
    file = tmp_path / "pasted.py"
    file.write_text(as_function(problem), encoding="utf-8")
    spec = spec_from_file_location("pasted", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    (function,) = [v for v in vars(module).values() if isinstance(v, type)]
    report = byhand.torch.check(function, lambda rng: problem.inputs(1), layouts=False, repeats=1)
    assert report.ok, str(report)
    assert all(row.line for row in report.rows)


@pytest.mark.long
@pytest.mark.parametrize("name", some(WALKED))
def test_every_model_is_written_or_refused_in_one_line(name: str) -> None:
    problem = load(ALL[name])
    if name in REFUSED:
        with pytest.raises(UnsupportedError, match=REFUSED[name]) as refused:
            as_function(problem)
        assert "\n" not in str(refused.value)
    else:
        made(as_function(problem))


def test_the_file_may_be_used_as_it_is(tmp_path: Path) -> None:
    """Comments, constants, functions and imports of the file come along."""
    file = tmp_path / "scaled.py"
    file.write_text(
        "import torch\nimport torch.nn.functional as F\n\nSLOPE = 0.5\n\n\n"
        "def bent(x):\n    return F.silu(x) * SLOPE\n\n\n"
        "def inputs(rng, *, n=3):\n    return {'x': torch.from_numpy(rng.normal(size=n))}\n\n\n"
        "def forward(x, power=2.0):\n    y = bent(x)  # a little\n    z = y * power\n"
        "    return y, z\n"
    )
    source = as_function(load(file))
    assert "y = bent(x)  # a little\n" in source and "SLOPE = 0.5" in source
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(made(source).apply, x)


def test_what_is_wrong_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    write = wrap.autograd_function
    problem = load(ALL["layer_norm"])
    for old, new, said in (
        ("dout.sum(0)", "dout.mean(0)", "its dbias isn't what PyTorch's autograd gives"),
        ("* gain + bias", "+ bias", "its out isn't that of forward"),
        ("return dx, dgain", "return dx", "it raises RuntimeError"),
    ):
        monkeypatch.setattr(
            wrap, "autograd_function", lambda parts, o=old, n=new: write(parts).replace(o, n)
        )
        with pytest.raises(UnsupportedError, match=said):
            as_function(problem)


IN_JAX = """
import jax.numpy as jnp
def inputs(rng, *, n=3, width=5):
    return {"x": jnp.asarray(rng.normal(size=(n, width))), "gain": jnp.ones(width) + n}
def forward(x, gain, power=-0.5):
    inv = (jnp.mean(x**2, axis=-1, keepdims=True) + 1e-6) ** power
    out = x * inv * gain
    return out
"""


def test_the_custom_vjp_that_people_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed; that it is right is proved by the tests below, which take JAX long."""
    monkeypatch.setattr(wrap, "prove", lambda *given: None)
    golden = (GOLDEN / "custom_vjp_softmax_cross_entropy.txt").read_text(encoding="utf-8")
    assert as_custom_vjp(load(ALL["softmax_cross_entropy"])) == golden
    assert golden in (GOLDEN.parent.parent / "docs" / "deriving.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_forward_in_jax_gets_a_custom_vjp(problem_file: Callable[[str], Path]) -> None:
    file = problem_file(IN_JAX)
    source = written(load(file), "function")
    assert "def jax_norm(x, gain):" in source.replace(Path(file).stem, "jax_norm")
    assert "    power = -0.5\n" in source and "np.mean(x**2" in source and " np." not in source


@pytest.mark.long
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "group_norm"])
def test_a_numpy_forward_gets_a_custom_vjp(name: str) -> None:
    assert ".defvjp(" in as_custom_vjp(load(ALL[name]))


@pytest.mark.long
def test_a_wrong_custom_vjp_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    write = wrap.custom_vjp
    for old, new, said in (
        ("dout.sum(axis=0)", "dout.mean(axis=0)", "its dbias isn't what jax.grad gives"),
        ("/ std", "/ float(std.sum())", "it raises ConcretizationTypeError"),
    ):
        monkeypatch.setattr(
            wrap, "custom_vjp", lambda *given, o=old, n=new: write(*given).replace(o, n)
        )
        with pytest.raises(UnsupportedError, match=said):
            as_custom_vjp(load(ALL["layer_norm"]))


def test_triton_is_asked_for_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrap, "find_spec", lambda name: None if name == "triton" else name)
    with pytest.raises(UnsupportedError, match=r"which needs triton: pip install triton$"):
        as_triton(load(ALL["softmax"]))


def test_what_is_no_row_wise_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrap, "find_spec", lambda name: name)
    for name, said in (
        ("swiglu", "`x @ W` isn't elementwise, nor a reduction over the last axis"),
        ("batch_norm", r"`x.mean\(0\)` isn't elementwise, nor a reduction over the last axis"),
        ("cross_entropy_softmax", "what forward returns is a number, a sum over all rows"),
        ("tanh_layer", "no input has the shape of what forward returns"),
    ):
        with pytest.raises(UnsupportedError, match=said) as refused:
            as_triton(load(ALL[name]))
        assert "\n" not in str(refused.value)


@needs_triton
@pytest.mark.parametrize(
    "name", ["softmax", pytest.param("rms_norm_torch", marks=pytest.mark.long)]
)
def test_the_kernels_that_people_read(name: str) -> None:
    """Golden, and right in float32 for rows of another length, strided in memory."""
    source = as_triton(load(ALL[name]))
    assert source == (GOLDEN / f"triton_{name}.txt").read_text(encoding="utf-8")
    if name == "softmax":
        page = (GOLDEN.parent.parent / "docs" / "deriving.md").read_text(encoding="utf-8")
        assert source.partition("\n\n\nclass")[0] in page
        assert_right_when_strided(source)


def assert_right_when_strided(source: str) -> None:
    x, dout = torch.randn(33, 5).T, torch.randn(33, 5).T
    with FunctionText(source, "Softmax", ("x",), ("x",)).interpreted() as run:
        outputs, found = run({"x": x}, [dout])
    leaf = x.clone().requires_grad_()
    true = torch.softmax(leaf, -1)
    torch.testing.assert_close(outputs[0], true.detach())
    torch.testing.assert_close(found["x"], torch.autograd.grad(true, leaf, dout)[0])


@needs_triton
@pytest.mark.long
def test_a_wrong_kernel_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    write = wrap.triton_kernels
    for old, new, said in (
        ("out * (dout - tl.sum(", "out * (dout + tl.sum(", "its dx isn't what PyTorch's autograd"),
        ("mask = cols < width", "mask = cols < width - 1", "its out isn't that of forward"),
    ):
        monkeypatch.setattr(
            wrap, "triton_kernels", lambda *given, o=old, n=new: write(*given).replace(o, n)
        )
        with pytest.raises(UnsupportedError, match=said):
            as_triton(load(ALL["softmax"]))


@needs_triton
@pytest.mark.long
@pytest.mark.parametrize("name", some(ROW_WISE))
def test_row_wise_forms_are_written(name: str) -> None:
    assert "@triton.jit" in as_triton(load(ALL[name]))


@pytest.mark.parametrize("kind", ["function", pytest.param("triton", marks=needs_triton)])
def test_numbers_are_given_on_and_defaults_are_kept(
    kind: str, problem_file: Callable[[str], Path]
) -> None:
    capped = """
        import torch
        def inputs(rng, *, n=3):
            return {"x": torch.from_numpy(rng.normal(size=(n, 4))), "cap": 4.0}
        def forward(x, cap, eps=1e-6):
            rstd = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
            out = cap * torch.tanh(x * rstd / cap)
            return out
        """
    source = written(load(problem_file(capped)), kind)
    assert "def forward(ctx, x, cap):" in source and "return dx, None\n" in source


def test_only_some_gradients() -> None:
    source = as_function(load(ALL["layer_norm"]), ["gain"])
    assert "return None, dgain, None\n" in source


def test_refusals(problem_file: Callable[[str], Path]) -> None:
    early = """
        import torch
        def inputs(rng): return {"x": torch.from_numpy(rng.normal(size=3))}
        def forward(x):
            if x.shape[0] == 0:
                return x.sum()
            return (x * x).sum()
        """
    for file, said in (
        (problem_file(early), "one return, at its end"),
        (ALL["rnn"], "loops or branches: write it in PyTorch"),
    ):
        with pytest.raises(UnsupportedError, match=said):
            as_function(load(file))


def test_options_that_do_not_go_together_are_one_line() -> None:
    for arguments, said in (
        (("mlp", "--as", "function", "--numbers"), "leave out --format, --dialect and --numbers"),
        (("mlp", "--as", "module"), "'module' is not"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and said in done.stderr
        assert done.stdout == "" and done.stderr.count("\n") == 1
