"""The text of a `torch.autograd.Function`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from textwrap import indent

from byhand.deriving.wrapped.layout import assigned, called, fitting
from byhand.deriving.wrapped.parts import Parts

TAB = "    "
IMPORTS = ("import torch", "from torch.autograd.function import once_differentiable")


def autograd_function(parts: Parts) -> str:
    """A module with one class: forward, what it saves, and the backward that was derived.

    What is saved was made where PyTorch doesn't look, so backward can't be differentiated itself.
    """
    returned = ast.unparse(parts.returned)
    forward = [*parts.forward]
    if not isinstance(parts.returned, ast.Name):
        name = "outputs" if isinstance(parts.returned, ast.Tuple) else "out"
        forward.append(f"{name} = {returned}")
        returned = name
    imports = sorted({*IMPORTS, *parts.imports}, key=lambda line: (line.startswith("from"), line))
    lines = [
        *(f"# {note}" for note in parts.notes),
        *imports,
        "",
        *parts.constants,
        "",
        f"class {class_name(parts.name)}(torch.autograd.Function):",
        f"{TAB}@staticmethod",
        *fitting(f"{TAB}def forward", ["ctx", *parts.arguments], ":"),
        *_indented([*forward, *_kept(parts), f"return {returned}"]),
        "",
        f"{TAB}@staticmethod",
        f"{TAB}@once_differentiable",
        *fitting(f"{TAB}def backward", ["ctx", *parts.upstream], ":"),
        *_indented([*_given_back(parts), *parts.backward]),
        *fitting(f"{2 * TAB}return ", parts.answers, bare=True),
    ]
    return "\n".join(lines) + "\n"


def class_name(name: str) -> str:
    """`rms_norm` as RmsNorm."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_")) or "Derived"


def _kept(parts: Parts) -> Iterator[str]:
    if parts.arrays:
        yield called("ctx.save_for_backward", parts.arrays)
    if parts.others:
        yield assigned([f"ctx.{name}" for name in parts.others], parts.others)


def _given_back(parts: Parts) -> Iterator[str]:
    if parts.arrays:
        yield assigned(parts.arrays, ["ctx.saved_tensors"])
    if parts.others:
        yield assigned(parts.others, [f"ctx.{name}" for name in parts.others])


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield indent(line, 2 * TAB)
