"""`byhand check` on a file with PyTorch's Functions."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import run_byhand

FILE = """import torch


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, grad_out):
        x, w = ctx.saved_tensors
        grad_x = grad_out * w
        return grad_x, (grad_out * x).sum(0)


class Negate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return -x

    @staticmethod
    def backward(ctx, grad_out):
        return grad_out


def inputs_Negate(rng, *, n=4):
    return torch.from_numpy(rng.normal(size=n))


def negated(x):
    return Negate.apply(x)


class Model(torch.nn.Module):
    pass
"""


def written(folder: Path) -> str:
    file = folder / "k.py"
    file.write_text(FILE, encoding="utf-8")
    return str(file)


def test_one_function_by_its_name(tmp_path: Path) -> None:
    done = run_byhand("check", written(tmp_path) + ":Negate")
    assert done.returncode == 1, done.stderr
    assert "line 24: dx is wrong" in done.stdout
    assert "dx has the wrong sign" in done.stdout


def test_all_functions_of_a_file(tmp_path: Path) -> None:
    file = written(tmp_path)
    done = run_byhand("check", file, "--shape", "x=4,3", "--shape", "w=3", "--json")
    assert done.returncode == 1, done.stderr
    one, other = json.loads(done.stdout)["problems"]
    assert (one["name"], one["ok"]) == ("Scale", True)
    assert (other["name"], other["roots"]) == ("Negate", ["x"])


def test_inputs_that_nobody_knows(tmp_path: Path) -> None:
    file = written(tmp_path)
    done = run_byhand("check", file + ":Scale")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "the inputs of Scale aren't known: write `def inputs_Scale(rng)`" in done.stderr
    done = run_byhand("check", file + ":Skale", "--shape", "x=4")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean Scale?" in done.stderr


def test_a_function_that_calls_one(tmp_path: Path) -> None:
    done = run_byhand("check", written(tmp_path) + ":negated", "--shape", "x=4")
    assert done.returncode == 1, done.stderr
    assert "negated calls Negate, which is judged here" in done.stdout
    done = run_byhand("check", written(tmp_path) + ":Model", "--shape", "x=4")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Model is a class, but no torch.autograd.Function" in done.stderr
