"""A problem file to be completed, with a user's own statements put in where they belong."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from byhand.sources.flow import binds, changes, reads
from byhand.sources.names import base_of
from byhand.sources.unfolding import flat

_EMPTY = """\
x, w = inputs_go_here  # what is computed, each value with a name
out = x @ w
loss = (out * out).sum()
"""


def skeleton(tree: ast.Module | None, title: str) -> str:
    """The text of a problem file with the statements of a module; with an example, if there are
    none."""
    body = list(flat(tree.body)) if tree is not None else []
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    defined = [node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    rest = [node for node in body if node not in imports and node not in defined]
    values = [node for node in rest if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))]
    known = {name for node in values for name in binds(node)}
    gradients = [
        node
        for node in values
        if any(base_of(name) in known for name in binds(node) | changes(node))
    ]
    forward = [node for node in values if node not in gradients]
    if not forward:
        forward = ast.parse(_EMPTY).body[1:]
    made = {name for node in forward for name in binds(node)}
    outside = {
        *(name for node in (*imports, *defined) for name in binds(node)),
        *dir(builtins),
        "np",
    }
    wanted = _read_first(forward, made) - outside or {"x"}
    inputs = sorted(wanted)
    last = next((name for node in reversed(forward) for name in sorted(binds(node))), "loss")
    asked = sorted({n for node in gradients for n in reads(node)} & (made | wanted)) or inputs
    lines = [
        f'"""{title}: say in one line what this computes."""',
        "",
        *(_numpy(imports)),
        *map(ast.unparse, imports),
        "",
        "",
        *(line for node in defined for line in (*ast.unparse(node).split("\n"), "", "")),
        "def inputs(rng, *, n=4, m=3):  # sizes are numbers after the *",
        "    return {",
        *(f'        "{name}": rng.normal(size=(n, m)),  # its shape?' for name in inputs),
        "    }",
        "",
        "",
        f"def forward({', '.join(inputs)}):",
        *_indented(forward),
        f"    return {last}",
        "",
        "",
        f"def backward({', '.join(asked)}):  # any input, any local of forward",
        *(
            _indented(gradients)
            or [f"    d{name} = ...  # the gradient of {last}" for name in inputs]
        ),
    ]
    return "\n".join(lines) + "\n"


def _numpy(imports: Sequence[ast.stmt]) -> list[str]:
    known = {name for node in imports for name in binds(node)}
    return [] if known & {"np", "torch"} else ["import numpy as np"]


def _read_first(nodes: Sequence[ast.stmt], made: set[str]) -> set[str]:
    """The names that statements read before they make them, or never make."""
    found: set[str] = set()
    so_far: set[str] = set()
    for node in nodes:
        found |= reads(node) - so_far
        so_far |= binds(node)
    return found


def _indented(nodes: Sequence[ast.stmt]) -> list[str]:
    return [f"    {line}" for node in nodes for line in ast.unparse(node).split("\n")]
