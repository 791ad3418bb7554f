"""A forward and its backward as two functions, and what goes between them, as their texts tell."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from byhand.sources.flow import binds
from byhand.sources.names import plain_name
from byhand.sources.signature import (
    KEPT,
    elements,
    is_kept,
    parameters,
    returns,
    upstream_parameters,
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A forward and its backward, with what each of their results is.

    `outputs` are the places in what forward returns of the results that have a gradient, `kept`
    those that backward is handed, by the name of its parameter. `upstream` are backward's
    parameters for the gradients of the outputs, none where the output is a loss. `rewritten` tells
    functions that aren't the module's own, and `top` those arguments that are arrays at its top.
    `labels` is what backward starts from where the module has no loss, `sign` that of the loss
    where it is known, `penalty` what is added to it, and `own` the loss that is computed beside it,
    of which the gradients may be, or of another. `numbers` are the arguments that are one number;
    `of_one` is the label, where the others are those of one example of many. `unmatched` are the
    gradients that belong to nothing in forward, with their lines.
    """

    name: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    outputs: tuple[int, ...]
    kept: Mapping[str, int]
    upstream: tuple[str, ...]
    rewritten: bool = False
    top: tuple[str, ...] = ()
    labels: str = ""
    sign: str | None = None
    penalty: str = ""
    own: ast.FunctionDef | None = None
    numbers: frozenset[str] = frozenset()
    of_one: str = ""
    unmatched: Mapping[str, int] = field(default_factory=dict[str, int])

    def output_names(self) -> list[str]:
        """What the outputs are called: as backward says, or else as forward does."""
        last = elements(returns(self.forward)[-1].value)
        names: list[str] = []
        for i, place in enumerate(self.outputs):
            said = plain_name(self.upstream[i]) if self.upstream else ""
            match last[place]:
                case ast.Name(id=name) if not said or said == self.upstream[i]:
                    names.append(name)
                case _:
                    usable = said.isidentifier() and said != (self.upstream or [""])[i]
                    names.append(said if usable else "out" if self.upstream else "loss")
        return names


def paired(
    name: str,
    forward: ast.FunctionDef,
    backward: ast.FunctionDef,
    *,
    rewritten: bool = False,
    top: Sequence[str] = (),
) -> Pair:
    """What goes between a forward and its backward, as their texts tell."""
    ends = elements(returns(forward)[-1].value)
    in_forward = {n.id for n in ast.walk(forward) if isinstance(n, ast.Name)}
    in_forward |= {*parameters(forward)}
    optional = {*parameters(backward)[len(parameters(backward)) - len(backward.args.defaults) :]}
    asked = parameters(backward)
    gradients = upstream_parameters(backward, in_forward)
    results = [i for i, node in enumerate(ends) if not is_kept(node, forward)]
    if not gradients and all(_is_asked(ends[i], asked) for i in results):
        results.sort(key=lambda i: _made_at(ends[i], forward), reverse=True)  # what comes out last
    kept_ends = [i for i in range(len(ends)) if i not in results]
    named = {node.id: i for i, node in enumerate(ends) if isinstance(node, ast.Name)}
    kept: dict[str, int] = {}
    for parameter in sorted(asked, key=lambda p: (p not in named, not KEPT.search(p))):
        if parameter in gradients or parameter in optional:
            continue
        if parameter in named and named[parameter] not in results[:1]:
            kept[parameter] = named[parameter]
        elif parameter not in in_forward or KEPT.search(parameter):
            free = [i for i in kept_ends if i not in kept.values()]
            if not free and (gradients or KEPT.search(parameter)):  # or it is the upstream gradient
                free = [i for i in results[max(len(gradients), 1) :] if i not in kept.values()]
            if free:
                kept[parameter] = free[0]
    if gradients and gradients[0] in optional:
        gradients = gradients[:1]
    results = [i for i in results if i not in kept.values()]
    outputs = results[: len(gradients)] if gradients else results[:1]
    return Pair(name, forward, backward, tuple(outputs), kept, tuple(gradients), rewritten, (*top,))


def _is_asked(node: ast.expr, asked: Sequence[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in asked


def _made_at(node: ast.expr, function: ast.FunctionDef) -> int:
    """The line on which a function last makes what it returns there."""
    name = node.id if isinstance(node, ast.Name) else ""
    return max((each.lineno for each in function.body if name in binds(each)), default=0)
