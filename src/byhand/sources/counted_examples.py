"""The number of examples that a script counts at its top, `m, n = data.shape`, for its functions.

    def backward_prop(A2, X, Y):
        dZ2 = A2 - one_hot(Y)
        dW2 = 1 / m * dZ2.dot(A1.T)

A pair is tried on fewer examples, and without what the script loads: m is then the number of labels
that it is handed.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from byhand.program.scopes import bound_names
from byhand.sources.cells import Cells
from byhand.sources.flow import binds, reads
from byhand.sources.guesses import is_labels
from byhand.sources.signature import parameters

_IN_COLUMNS = re.compile(r"axis ?= ?1\b|, 1\)")
"""How a sum over examples is written where each is a column."""


def with_counted_examples(cells: Cells) -> Cells:
    """The same with functions that count the labels, in the place of the number of all examples."""
    counts = {name for node in cells.tree.body for name in _counts(node)}
    said: dict[str, str] = {}
    body = [
        _counting(node, counts, said) if isinstance(node, ast.FunctionDef) else node
        for node in cells.tree.body
    ]
    if not said:
        return cells
    notes = (f"{name} is {of}, the number of the examples" for name, of in sorted(said.items()))
    tree = ast.Module(body, cells.tree.type_ignores)
    return replace(cells, tree=tree, notes=(*cells.notes, *notes))


def _counts(node: ast.stmt) -> frozenset[str]:
    """The names for the sizes of an array: `m, n = data.shape`, `m = len(X)`, `m = Y.shape[1]`."""
    match node:
        case ast.Assign(
            value=ast.Attribute(attr="shape" | "size")
            | ast.Subscript(value=ast.Attribute(attr="shape"))
            | ast.Call(func=ast.Name(id="len"))
        ):
            return binds(node)
        case _:
            return frozenset()


def _counting(
    function: ast.FunctionDef, counts: Collection[str], said: dict[str, str]
) -> ast.FunctionDef:
    labels = [name for name in parameters(function) if is_labels(name)]
    own = (reads(function) - bound_names(function) - {*parameters(function)}) & {*counts}
    divided = {
        node.right.id
        for node in ast.walk(function)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Name)
        and node.right.id in own
    }
    if len(labels) != 1 or not divided:
        return function
    columns = _IN_COLUMNS.search(ast.unparse(function))
    of = f"{labels[0]}.shape[-1]" if columns else f"len({labels[0]})"
    said |= dict.fromkeys(divided, of)
    return _Counting(divided, of).visit(copy.deepcopy(function))


class _Counting(ast.NodeTransformer):
    def __init__(self, names: Collection[str], of: str) -> None:
        self.names, self.of = names, of

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.names:
            return node
        made = ast.parse(self.of, mode="eval").body
        for part in ast.walk(made):
            ast.copy_location(part, node)
        return made
