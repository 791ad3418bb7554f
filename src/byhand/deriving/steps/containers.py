"""Where gradients go whose values are parts of lists and dicts: containers like theirs, in which
every gradient is then put in its place."""

# Trees have parts of any type.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from byhand.codegen import nodes as nd
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line
from byhand.errors import UnsupportedError
from byhand.values import tree


def containers(context: Context, statements: Sequence[Assignment]) -> Iterator[Line]:
    """The statements that begin them: `dWs = [None] * len(Ws)`, `dparams = {}`."""
    names = [s.step.name for s in statements if s.step is not None]
    parts = [name for name in names if tree.root(name) != name]
    for root in dict.fromkeys(map(tree.root, parts)):
        held = context.program.locals[root]
        zeros = _zeros(context) if root in context.accumulating else None
        if any(isinstance(part, tree.Attribute) for path, _ in tree.leaves(held) for part in path):
            raise UnsupportedError(
                f"{context.recording.problem.file}: the values in {root} are attributes, and "
                "gradients are derived of what is in arrays, lists and dicts: make "
                f"{root} a dict"
            )
        made = f"d{root} = {_begun(held, root, zeros)}"
        yield Line((ast.parse(made).body[0],), root, "")


def _zeros(context: Context) -> Callable[[str], str]:
    return lambda said: nd.text(context.dialect.zeros_like(ast.parse(said, mode="eval").body))


def _begun(held: Any, said: str, zeros: Callable[[str], str] | None) -> str:
    """A container like `held`, which the code `said` stands for, with zeros in it, if they are
    needed, or with nothing yet."""
    children = tree.children(held)
    if children is None:
        return "None" if zeros is None else zeros(said)
    flat = not any(tree.is_container(child) for _, child in children)
    if isinstance(held, dict):
        if flat and zeros is None:
            return "{}"
        items = (f"{k!r}: {_begun(each, f'{said}[{k!r}]', zeros)}" for k, each in held.items())
        return f"{{{', '.join(items)}}}"
    if flat and zeros is None:
        return f"[None] * len({said})"
    each = "part" if tree.root(said) == "each" else "each"
    alike = {_begun(child, each, zeros) for _, child in children}
    if len(alike) == 1:
        return f"[{alike.pop()} for {each} in {said}]"
    items = (_begun(child, f"{said}[{i}]", zeros) for i, (_, child) in enumerate(children))
    return f"[{', '.join(items)}]"
