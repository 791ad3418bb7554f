"""How long a newcomer waits: from `pip install byhand` to the first verdict in a run of pytest.

    python -m benchmarks.newcomer

For NumPy, PyTorch and JAX a virtual environment is made that has the library and pytest; that isn't
timed. What is: to install a wheel of this checkout, with what it needs from the package index, and
to run pytest on a file with one mistake in it. The verdict must name the line. What the plugin
costs a run without problems is shown last.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from pathlib import Path

from . import ROOT

INSTALLED = Path(sysconfig.get_path("purelib"))

BROUGHT = ("byhand", "_byhand", "_editable", "rich", "click", "safetensors", "markdown_it", "mdurl")
"""What a newcomer doesn't have yet, by the beginnings of the names."""

NUMPY = """\
import byhand.testing
import numpy as np


def softmax(x):
    e = np.exp(x)
    s = e.sum(axis=1, keepdims=True)
    p = e / s
    return p


def softmax_backward(dp, x, p):
    dx = p * (dp - dp.sum(axis=1, keepdims=True))
    return dx


def test_softmax():
    byhand.testing.assert_backward(softmax, softmax_backward, {"x": np.eye(3)})
"""

TORCH = """\
import byhand
import torch


class SwiGLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        s = torch.sigmoid(a)
        ctx.save_for_backward(a, b, s)
        return a * s * b

    @staticmethod
    def backward(ctx, g):
        a, b, s = ctx.saved_tensors
        db = g * a * s
        da = g * b * s * (1 - a * (1 - s))
        return da, db


@byhand.problem
def swiglu():
    return SwiGLU, (torch.randn(4, 3), torch.randn(4, 3))
"""

JAX = """\
import byhand
import jax
import jax.numpy as jnp


@jax.custom_vjp
def rms_norm(x, w):
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True)) * w


def fwd(x, w):
    r = jax.lax.rsqrt((x * x).mean(-1, keepdims=True))
    return x * r * w, (x, w, r)


def bwd(res, g):
    x, w, r = res
    n = x * r
    dw = (g * n).sum(0)
    dn = g * w
    dx = r * (dn - n * (dn * n).sum(-1, keepdims=True))
    return dx, dw


rms_norm.defvjp(fwd, bwd)


@byhand.problem
def norm():
    return rms_norm, lambda rng, *, n=4, d=3: (rng.normal(size=(n, d)), rng.normal(size=d))
"""

CASES = {"NumPy": (NUMPY, 13), "PyTorch": (TORCH, 16), "JAX": (JAX, 21)}
"""A file with one mistake for each library, and its line."""

LIMIT = 60.0

ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTEST_ADDOPTS")}


def environment(folder: Path) -> Path:
    """A virtual environment that has all that is installed here but byhand and what it brings."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    told = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    there = folder / "libraries" / "site-packages"
    there.mkdir(parents=True)
    for each in INSTALLED.iterdir():
        if not each.name.startswith(BROUGHT) and each.suffix != ".pth":
            (there / each.name).symlink_to(each)
    (Path(told.strip()) / "libraries.pth").write_text(f"{there}\n")
    return python


def wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    (found,) = folder.glob("byhand-*.whl")
    return found


def seconds_to_a_verdict(python: Path, made: Path, folder: Path, test: str, line: int) -> float:
    """From the start of pip to the end of the run. Raises if the verdict isn't there."""
    (folder / "test_first.py").write_text(test)
    start = time.perf_counter()
    install = [python, "-m", "pip", "install", "--quiet", made]
    subprocess.run(install, check=True, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_first.py"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - start
    if f"line {line}: " not in done.stdout:
        raise SystemExit(f"the verdict doesn't name line {line}:\n{done.stdout}{done.stderr}")
    return taken


def plugin(folder: Path, *options: str) -> float:
    """Seconds of a run of pytest without problems: the median of some."""
    (folder / "test_plain.py").write_text("def test_nothing():\n    pass\n")
    taken: list[float] = []
    for _ in range(7):
        start = time.perf_counter()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        subprocess.run(
            [*command, "test_plain.py"],
            cwd=folder,
            check=True,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        )
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = wheel(folder)
        slow = False
        for library, (test, line) in CASES.items():
            own = folder / library
            python = environment(own)
            taken = seconds_to_a_verdict(python, made, own, test, line)
            slow |= taken > LIMIT
            print(f"{library:8} {taken:5.1f} s", flush=True)
        without, beside = plugin(folder, "-p", "no:byhand"), plugin(folder)
        print(f"a run of pytest without problems: {without:.2f} s, with the plugin {beside:.2f} s")
        if slow:
            raise SystemExit(f"longer than {LIMIT:.0f} s")


if __name__ == "__main__":
    main()
