"""The kernels of this folder, as they are written and with mistakes planted in them."""

from __future__ import annotations

import itertools
import linecache
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kernel_mistakes import MISTAKES, Mistake

FOLDER = Path(__file__).parent
NAMES = tuple(MISTAKES)
_fresh = itertools.count()

OPS = {
    "distillation": ("student: Tensor, teacher: Tensor, temperature: float", ("logq", "p")),
    "flash_attention": ("q: Tensor, k: Tensor, v: Tensor, block: int", ("lse",)),
    "layer_norm": ("x: Tensor, weight: Tensor, bias: Tensor, eps: float", ("mean", "rstd")),
    "linear_cross_entropy": (
        "x: Tensor, weight: Tensor, target: Tensor, ignore_index: int, chunk: int",
        ("lse",),
    ),
    "lora": (
        "x: Tensor, weight: Tensor, down: Tensor, up: Tensor, scaling: float, p: float, seed: int",
        (),
    ),
    "preference_loss": (
        "chosen: Tensor, rejected: Tensor, weight: Tensor, beta: float, chunk: int",
        ("dchosen", "drejected", "dweight"),
    ),
    "rms_norm": ("x: Tensor, weight: Tensor, eps: float", ("rstd",)),
}
"""Of the Functions whose forward takes a ctx, the arguments as custom ops, and what comes out as
well, so that backward can be given it."""


@dataclass(frozen=True)
class Kernel:
    """Something to be checked, what it is called on, and what is right.

    `kind` is a Function or a custom op, `call` calls it. `inputs(rng, **sizes)` gives its arguments
    by name, in order.
    """

    name: str
    source: str
    kind: Any
    call: Callable[..., Any]
    inputs: Callable[..., dict[str, Any]]
    reference: Callable[..., Any]

    def given(self, seed: int = 0, **sizes: int) -> dict[str, Any]:
        return self.inputs(np.random.default_rng(seed), **sizes)


@cache
def kernel(name: str, mistake: Mistake | None = None) -> Kernel:
    """The kernel as a Function, right or with one mistake."""
    source, made = _run("functions", name, mistake)
    function = _class(made)
    return Kernel(name, source, function, function.apply, made["inputs"], made["reference"])


@cache
def operator(name: str, mistake: Mistake | None = None) -> Kernel:
    """The kernel as a custom op, of the methods of its Function.

    Those of a Function whose forward has no ctx are what `torch.library` asks for: a typed forward,
    setup_context and backward.
    """
    right = kernel(name)
    if name in OPS or name == "softcap":
        source, made = _run(
            "functions" if name in OPS else "ops", name, mistake, *OPS.get(name, ())
        )
        op = next(v for v in made.values() if isinstance(v, torch.library.CustomOpDef))
    else:
        source, made = _run("functions", name, mistake)
        function = _class(made)
        called = f"byhand_tests::{name}_{next(_fresh)}"
        op = torch.library.custom_op(called, function.forward, mutates_args=())
        op.register_autograd(function.backward, setup_context=function.setup_context)
    return Kernel(name, source, op, op, right.inputs, right.reference)


def _run(folder: str, name: str, mistake: Mistake | None, *op: Any) -> tuple[str, dict[str, Any]]:
    """The source of a kernel, as it stands or written as a custom op, and what its module holds."""
    path = FOLDER / folder / f"{name}.py"
    source, file = path.read_text("utf-8"), str(path)
    if op:
        source, file = as_op(source, name, *op), f"{path.with_suffix('')}-op.py"
    if mistake is not None:
        source = mistake.planted(source)
        file = f"{Path(file).with_suffix('')}-{MISTAKES[name].index(mistake) + 1}.py"
    if op or mistake is not None:
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    made: dict[str, Any] = {"__name__": f"{folder}_{name}", "__file__": file}
    source_of_its_own = source.replace("byhand_tests::", f"byhand_tests_{next(_fresh)}::")
    # Without this file's __future__: annotations that are strings are new to PyTorch.
    exec(compile(source_of_its_own, file, "exec", dont_inherit=True), made)
    return source, made


def as_op(source: str, name: str, signature: str, beside: Sequence[str]) -> str:
    """The source of a Function as that of a custom op, whose forward returns what is `beside`, too,
    and whose setup_context does what forward did with ctx."""
    before, _, rest = source.partition("class ")
    methods, _, _ = rest.partition("\ndef ")
    forward, backward = (
        textwrap.dedent(each).strip().partition(":\n")
        for each in re.findall(r"    def \w+\(.*?(?=    @|\Z)", methods, re.DOTALL)
    )
    body = textwrap.dedent(forward[2]).splitlines()
    kept = [line for line in body if line.startswith("ctx.")]
    *computed, end = [line for line in body if line not in kept]
    result = end.removeprefix("return ")
    outputs = ", ".join([result, *beside])
    types = ", ".join(["Tensor"] * (1 + len(beside)))
    given = ", ".join(each.partition(":")[0] for each in signature.split(", "))
    set_up = [f"{given} = inputs"]
    if beside:
        said = result if result.isidentifier() else "_"
        set_up += [f"{said}, {', '.join(beside)} = output"]
        set_up += [f"ctx.mark_non_differentiable({', '.join(beside)})"]
    return f"""\
{before}from torch import Tensor


@torch.library.custom_op("byhand_tests::{name}", mutates_args=())
def {name}({signature}) -> {f"tuple[{types}]" if beside else types}:
{textwrap.indent(chr(10).join([*computed, f"return {outputs}"]), "    ")}


def setup_context(ctx, inputs, output):
{textwrap.indent(chr(10).join([*set_up, *kept]), "    ")}


{backward[0][:-1]}{", *_" if beside else ""}):
{backward[2]}


{name}.register_autograd(backward, setup_context=setup_context)
"""


def _class(made: Mapping[str, Any]) -> type[torch.autograd.Function]:
    base = torch.autograd.Function
    return next(v for v in made.values() if isinstance(v, type) and issubclass(v, base))


def leaves(given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs anew, the float ones as leaves that want a gradient."""
    return {
        name: value.detach().clone().requires_grad_()
        if isinstance(value, torch.Tensor) and value.is_floating_point()
        else value
        for name, value in given.items()
    }


def floats(returned: Any) -> list[torch.Tensor]:
    """The outputs that a gradient can come in at."""
    outputs = returned if isinstance(returned, tuple) else (returned,)
    return [out for out in outputs if out.requires_grad]
