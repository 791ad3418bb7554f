"""The whole source of a compiled step: nests, products, and the function that runs many steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from byhand.compiling.memory import Memory
from byhand.compiling.nests import Item, Nest
from byhand.compiling.source import ARENAS, nest_source
from byhand.compiling.statements import Call, Product
from byhand.compiling.storage import Storage

_HEAD = '''"""A training step, compiled from its forward and its hand-written backward."""

import math

from numba import njit

from byhand.compiling.products import product
from byhand.compiling.scalars import *

quick = njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy")
'''

_ARRAYS = ", ".join(ARENAS.values())


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
    storages: Sequence[Storage],
    fed: Sequence[Fed],
    loss: tuple[str, int],
) -> str:
    """Source with a function `region_<n>` for what stands between two calls of NumPy, and, where
    there is no such call, a function `steps` that feeds, runs and notes the loss."""
    functions: dict[str, str] = {}
    regions: list[list[str]] = [[]]
    for item in items:
        if isinstance(item, Call):
            regions.append([])
        elif isinstance(item, Nest):
            name = f"nest_{len(functions)}"
            functions[name] = "@quick\n" + nest_source(name, item, memory, storages)
            regions[-1].append(f"    {name}({_ARRAYS})")
        else:
            regions[-1] += _product_calls(item, functions, memory, storages)
    blocks = [_HEAD, *functions.values()]
    for number, lines in enumerate(regions):
        decorator = "@njit" if len(regions) == 1 else "@njit(cache=True)"
        blocks.append(
            "\n".join([f"{decorator}\ndef region_{number}({_ARRAYS}):", *(lines or ["    pass"])])
        )
    if len(regions) == 1:
        blocks.append(_steps(fed, loss))
    return "\n\n\n".join(blocks) + "\n"


def _steps(fed: Sequence[Fed], loss: tuple[str, int]) -> str:
    names = [f"fed_{each.name}" for each in fed]
    lines = [
        f"@njit(cache=True)\ndef steps({', '.join([_ARRAYS, *names, 'losses'])}):",
        "    for step in range(len(losses)):",
    ]
    for each, name in zip(fed, names, strict=True):
        place = f"{each.place} + j" if each.place else "j"
        lines += [
            f"        for j in range({each.size}):",
            f"            {ARENAS[each.kind]}[{place}] = {name}[step, j]",
        ]
    lines += [
        f"        region_0({_ARRAYS})",
        f"        losses[step] = {ARENAS[loss[0]]}[{loss[1]}]",
    ]
    return "\n".join(lines)


def _product_calls(
    item: Product, functions: dict[str, str], memory: Memory, storages: Sequence[Storage]
) -> list[str]:
    """The lines that run a batch of products, with loops over the batch."""
    kernel = (
        f"product({item.sizes}, {item.left.strides[-2:]}, {item.right.strides[-2]}, "
        f"{item.target.strides[-2]})"
    )
    name = next((n for n, source in functions.items() if source.endswith(f"= {kernel}")), None)
    if name is None:
        name = f"product_{len(functions)}"
        functions[name] = f"{name} = {kernel}"
    lines: list[str] = []
    indent = "    "
    for axis, size in enumerate(item.batch):
        lines.append(f"{indent}for b{axis} in range({size}):")
        indent += "    "
    arguments: list[str] = []
    for window in (item.target, item.left, item.right):
        start = memory.places[window.storage] + window.offset
        terms = [f"b{axis} * {s}" for axis, s in enumerate(window.strides[:-2]) if s]
        arena = ARENAS[storages[window.storage].dtype.str]
        arguments += [arena, " + ".join([str(start), *terms])]
    lines.append(f"{indent}{name}({', '.join(arguments)})")
    return lines


def loss_place(memory: Memory, storages: Mapping[int, Storage], number: int) -> tuple[str, int]:
    return storages[number].dtype.str, memory.places[number]
