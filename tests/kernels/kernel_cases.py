"""The kernels of this folder, as they are written and with mistakes planted in them."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kernel_mistakes import MISTAKES, Mistake

FOLDER = Path(__file__).parent
NAMES = tuple(MISTAKES)
BY_HAND = tuple(sorted(path.stem for path in (FOLDER / "ops").glob("*.py")))
_fresh = itertools.count()


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
    """The kernel as a custom op: by hand, or of the methods of a Function whose forward has no ctx.

    Those are what `torch.library` asks for: a typed forward, setup_context and backward.
    """
    right = kernel(name)
    if name in BY_HAND:
        source, made = _run("ops", name, mistake)
        op = next(v for v in made.values() if isinstance(v, torch.library.CustomOpDef))
        reference = made.get("reference", right.reference)
    else:
        source, made = _run("functions", name, mistake)
        function = _class(made)
        called = f"byhand_tests::{name}_{next(_fresh)}"
        op = torch.library.custom_op(called, function.forward, mutates_args=())
        op.register_autograd(function.backward, setup_context=function.setup_context)
        reference = right.reference
    return Kernel(name, source, op, op, right.inputs, reference)


def _run(folder: str, name: str, mistake: Mistake | None) -> tuple[str, dict[str, Any]]:
    """The source of a kernel and what its module holds."""
    path = FOLDER / folder / f"{name}.py"
    source, file = path.read_text("utf-8"), str(path)
    if mistake is not None:
        source = mistake.planted(source)
        file = f"{path.with_suffix('')}-{MISTAKES[name].index(mistake) + 1}.py"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    made: dict[str, Any] = {"__name__": f"{folder}_{name}", "__file__": file}
    exec(
        compile(source.replace("byhand_tests::", f"byhand_tests_{next(_fresh)}::"), file, "exec"),
        made,
    )
    return source, made


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
