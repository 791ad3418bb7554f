"""A problem put together from statements that stand somewhere else.

A reader hands over a forward and a backward as syntax trees whose nodes keep the lines of the
user's file, so that whatever is said of a statement is said of the user's own line.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from byhand.program.functions import function_of
from byhand.program.item_assignments import HOOKS, rewritten
from byhand.program.problem import Inputs, Problem
from byhand.sources.intermediates import Renames

Node = TypeVar("Node", bound=ast.AST)


def function(
    name: str, parameters: Sequence[str], body: Sequence[ast.stmt], line: int
) -> ast.FunctionDef:
    """The definition of a function whose parameters are filled by name."""
    made = ast.parse(f"def {name}({', '.join(parameters)}): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = [*body] or made.body
    made.lineno = made.end_lineno = line
    for part in ast.walk(made.args):
        if isinstance(part, ast.arg):
            part.lineno = part.end_lineno = line
    return made


def assign(name: str, value: ast.expr, where: ast.AST) -> ast.stmt:
    """The statement `name = value`, standing at `where`."""
    return located(ast.Assign([ast.Name(name, ast.Store())], value), where)


def statement(text: str, where: ast.stmt) -> ast.stmt:
    """A statement that is written for the user's at `where`."""
    made = ast.parse(text).body[0]
    for part in ast.walk(made):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
            part.end_lineno = where.lineno  # pyright: ignore[reportAttributeAccessIssue]
    return made


def located(node: ast.stmt, where: ast.AST) -> ast.stmt:
    """A statement that was made, with the place of `where` for every part that has none."""
    return ast.fix_missing_locations(ast.copy_location(node, where))


def placed(node: Node, where: ast.AST) -> Node:
    """Code that was parsed from somewhere else, with every part of it at `where`."""
    for part in ast.walk(node):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
    return node


def at(text: str, where: ast.AST) -> ast.stmt:
    """The statement of a text, with every part of it at `where`."""
    return placed(ast.parse(text).body[0], where)


def assembled(
    *,
    name: str,
    file: str,
    forward: ast.FunctionDef,
    backward: ast.FunctionDef,
    namespace: Mapping[str, Any],
    draw: Callable[..., Inputs],
    dimensions: Mapping[str, int] | None = None,
    data: Sequence[str] = (),
    kept: Collection[str] = (),
    notes: Sequence[str] = (),
    cells: Sequence[int] = (),
    doc: str = "",
    library: str = "",
    inner: bool = False,
    called: Mapping[str, str] | None = None,
    unmatched: Mapping[str, int] | None = None,
    keyed: Collection[str] = (),
) -> Problem:
    """The problem whose two functions see what `namespace` holds; a function of the file's own that
    is called as one of them is stays what it is."""
    own = {name: f"{name}_of_the_file" for name in ("forward", "backward") if name in namespace}
    renames = Renames(own)
    forward, backward = (renames.visit(each) if own else each for each in (forward, backward))
    tree = ast.Module([forward, backward], [])
    seen = {**namespace, **{new: namespace[old] for old, new in own.items()}, **HOOKS}
    exec(compile(rewritten(tree), file, "exec"), seen)
    return Problem(
        name=name,
        file=file,
        doc=doc,
        forward=function_of(seen["forward"], tree),
        backward=seen["backward"],
        draw=draw,
        dimensions=dict(dimensions or {}),
        data=tuple(data),
        kept=frozenset(kept),
        tree=tree,
        notes=tuple(notes),
        cells=tuple(cells),
        library=library,
        inner=inner,
        called={**{new: old for old, new in own.items()}, **(called or {})},
        unmatched=dict(unmatched or {}),
        keyed=frozenset(keyed),
    )
