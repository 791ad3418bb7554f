"""The kernels of this folder, as they are written and with mistakes planted in them."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Kernel:
    """A Function, its inputs `(rng, **sizes) -> dict` in the order of `apply`, and a reference."""

    name: str
    source: str
    function: type[torch.autograd.Function]
    inputs: Callable[..., dict[str, Any]]
    reference: Callable[..., Any]

    def given(self, seed: int = 0, **sizes: int) -> dict[str, Any]:
        return self.inputs(np.random.default_rng(seed), **sizes)


@cache
def kernel(name: str, mistake: Mistake | None = None) -> Kernel:
    """The kernel, right or with one mistake."""
    path = FOLDER / "functions" / f"{name}.py"
    source = path.read_text("utf-8")
    file = str(path)
    if mistake is not None:
        source = mistake.planted(source)
        file = f"{path.with_suffix('')}-{MISTAKES[name].index(mistake) + 1}.py"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    namespace: dict[str, Any] = {"__name__": f"kernels_{name}", "__file__": file}
    exec(compile(source, file, "exec"), namespace)
    (function,) = (
        value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, torch.autograd.Function)
    )
    return Kernel(name, source, function, namespace["inputs"], namespace["reference"])


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
