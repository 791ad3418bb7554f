"""What the dimensions of a forward's arguments are called, and their shapes in docstrings."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from byhand.sources.docstrings import Said, shapes_said
from byhand.sources.guesses import AxisLengths
from byhand.sources.names import plain_name
from byhand.sources.proposal import PART, Proposal
from byhand.sources.uses import uses


def said_of(arguments: Sequence[str], *nodes: ast.FunctionDef | ast.ClassDef) -> dict[str, Said]:
    """The shapes that docstrings give of arguments, or else of their gradients."""
    found: dict[str, Said] = {}
    for node in reversed(nodes):
        said = shapes_said(ast.get_docstring(node))
        gradients = {plain_name(name): shape for name, shape in said.items()}
        found |= {n: s for each in (gradients, said) for n, s in each.items() if n in arguments}
    return found


def called(forward: ast.FunctionDef, proposal: Proposal) -> dict[str, str]:
    """What the dimensions are called: as forward's unpacking says, or `x.shape[1]`; `C // 2` where
    one is the half of a size."""
    how, said = uses(forward), dict[str, str]()
    for name, use in how.items():
        for axis, size in use.sizes.items():
            root = proposal.root(f"{name}.{axis}")
            if size not in said.values():
                said.setdefault(root, size)
    names: dict[str, str] = {}
    for root in proposal.dimensions:
        whole, *part = root.split(PART)
        name, _, axis = whole.partition(".")
        held = name if isinstance(proposal.guesses.get(name), AxisLengths) else f"{name}.shape"
        names[root] = PART.join([said.get(whole, f"{held}[{axis}]" if axis else name), *part])
    return names
