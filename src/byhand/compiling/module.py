"""The whole source of a compiled step: nests, products, and the function that runs many steps."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from byhand.compiling.buffer import Buffer
from byhand.compiling.memory import Memory
from byhand.compiling.nests import Item, Nest
from byhand.compiling.source import ARENAS, nest_lines
from byhand.compiling.statements import MatrixProduct, NumpyCall, Transposition

_HEAD = '''"""A training step, compiled from its forward and its hand-written backward."""

import math

from numba import njit

from byhand.compiling.products import product
from byhand.compiling.scalars import *
from byhand.compiling.transposes import transpose

quick = njit(
    cache=True, fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy",
    no_cfunc_wrapper=True,
)
'''

_CALLED = ("scalars.py", "products.py", "transposes.py", "vectors.py")
"""What generated code takes machine code from: when it changes, so must the source that is kept."""

_ARRAYS = ", ".join(ARENAS.values())


_ALONE = 64  # items of a step that is one function
_SHORT = 16  # items of each function where there are several


@dataclass(frozen=True)
class Fed:
    """An input that is another in every step: `size` elements from `place` on."""

    name: str
    kind: str
    place: int
    size: int


def module_source(
    items: Sequence[Item],
    memory: Memory,
    buffers: Sequence[Buffer],
    fed: Sequence[Fed],
    loss: tuple[str, int],
) -> str:
    """Source with a function `steps` that feeds, runs and notes the loss, or, where there is too
    much for one function or something is left to NumPy, with functions `region_0`, `region_1`, ...
    """
    kernels: dict[str, str] = {}
    parts = regions(items)
    bodies: list[list[str]] = []
    for part in parts:
        lines: list[str] = []
        for number, item in enumerate(part):
            if isinstance(item, Nest):
                lines += nest_lines(number, item, memory, buffers)
            elif not isinstance(item, NumpyCall):
                lines += _kernel_lines(item, kernels, memory, buffers)
        bodies.append(lines)
    made = "\n".join(f"{name} = {kernel}" for kernel, name in kernels.items())
    blocks = [f"{_HEAD}\n# On kernels {_kernels()}.\n{made}"]
    if len(parts) == 1:
        blocks.append(_steps(bodies[0], fed, loss))
    else:
        blocks += [
            "\n".join([f"@quick\ndef region_{number}({_ARRAYS}):", *_indented(body)])
            for number, body in enumerate(bodies)
            if body
        ]
    return "\n\n\n".join(blocks) + "\n"


@cache
def _kernels() -> str:
    """A word that stands for the code of what is called."""
    found = hashlib.sha256()
    for name in _CALLED:
        found.update(Path(__file__).with_name(name).read_bytes())
    return found.hexdigest()[:12]


def regions(items: Sequence[Item]) -> list[list[Item]]:
    """The items by the function they are in; a call of NumPy stands alone.

    Numba takes far longer for one long function than for several short ones.
    """
    if len(items) <= _ALONE and not any(isinstance(item, NumpyCall) for item in items):
        return [list(items)]
    found: list[list[Item]] = [[]]
    for item in items:
        if isinstance(item, NumpyCall):
            found.append([item])
            found.append([])
            continue
        if len(found[-1]) >= _SHORT:
            found.append([])
        found[-1].append(item)
    return [part for part in found if part]


def _indented(lines: Sequence[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]


def _steps(body: Sequence[str], fed: Sequence[Fed], loss: tuple[str, int]) -> str:
    names = [f"fed_{each.name}" for each in fed]
    lines = [
        f"@quick\ndef steps({', '.join([_ARRAYS, *names, 'losses'])}):",
        "    for step in range(len(losses)):",
    ]
    for each, name in zip(fed, names, strict=True):
        place = f"{each.place} + j" if each.place else "j"
        lines += [
            f"        for j in range({each.size}):",
            f"            {ARENAS[each.kind]}[{place}] = {name}[step, j]",
        ]
    lines += [
        *_indented(body, 2),
        f"        losses[step] = {ARENAS[loss[0]]}[{loss[1]}]",
    ]
    return "\n".join(lines)


def _kernel_lines(
    item: MatrixProduct | Transposition,
    kernels: dict[str, str],
    memory: Memory,
    buffers: Sequence[Buffer],
) -> list[str]:
    """The lines that run a batch of products or transpositions, with loops over the batch."""
    if isinstance(item, MatrixProduct):
        views = (item.target, item.left, item.right)
        kernel = (
            f"product({item.sizes}, {item.left.strides[-2:]}, {item.right.strides[-2]}, "
            f"{item.target.strides[-2]})"
        )
    else:
        views = (item.target, item.source)
        kernel = f"transpose({item.sizes}, {item.source.strides[-2]}, {item.target.strides[-2]})"
    name = kernels.setdefault(kernel, f"kernel_{len(kernels)}")
    loops = [
        f"{'    ' * axis}for i{axis} in range({size}):" for axis, size in enumerate(item.batch)
    ]
    arguments: list[str] = []
    for view in views:
        start = memory.places[view.buffer] + view.offset
        terms = [f"i{axis} * {s}" for axis, s in enumerate(view.strides[:-2]) if s]
        arena = ARENAS[buffers[view.buffer].dtype.str]
        arguments += [arena, " + ".join([str(start), *terms])]
    return [*loops, "    " * len(loops) + f"{name}({', '.join(arguments)})"]
