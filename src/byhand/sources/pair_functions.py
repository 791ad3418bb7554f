"""The two functions of a pair as a problem has them: forward keeps what backward is handed, and
backward's results have the names of what they are the gradients of.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import TypeGuard

from byhand.program.expressions import is_name
from byhand.sources.assemble import assign, function, located, placed
from byhand.sources.flow import binds
from byhand.sources.intermediates import Renames
from byhand.sources.pair import Pair
from byhand.sources.returns import with_answers, with_returns
from byhand.sources.signature import (
    body_of,
    elements,
    owners,
    parameters,
    returns,
    said_by,
)


def forward_of(pair: Pair) -> ast.FunctionDef:
    """Forward as a problem has it: it returns its outputs alone, and keeps the rest."""
    names = pair.output_names()
    body = with_returns(
        body_of(copy.deepcopy(pair.forward)), lambda node: _outputs(pair, names, node)
    )
    if _draws(pair.forward):
        seed = ast.parse("__import__('numpy').random.seed(0)").body[0]
        body.insert(0, placed(seed, pair.forward))
    made = function("forward", parameters(pair.forward), body, pair.forward.lineno)
    made.args = copy.deepcopy(pair.forward.args)
    return made


def _draws(forward: ast.FunctionDef) -> bool:
    """Whether forward draws random numbers."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"rand", "randn", "random", "random_sample", "binomial", "uniform"}
        for node in ast.walk(forward)
    )


def _outputs(pair: Pair, names: Sequence[str], node: ast.Return) -> list[ast.stmt]:
    """`return out, cache` as `return out`, with what backward is handed under its name there."""
    ends = elements(node.value)
    made: list[ast.stmt] = []
    for parameter, place in pair.kept.items():
        if place < len(ends) and not is_name(ends[place], parameter):
            made.append(assign(parameter, ends[place], node))
    for name, place in zip(names, pair.outputs, strict=True):
        if place < len(ends) and not is_name(ends[place], name):
            made.append(assign(name, ends[place], node))
    results: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    value = results[0] if len(results) == 1 else ast.Tuple(results, ast.Load())
    return [*made, located(ast.Return(value), node)]


def backward_of(pair: Pair) -> tuple[ast.FunctionDef, list[str]]:
    """Backward with its answers under the names of forward's arguments, and these names."""
    inputs = parameters(pair.forward)
    renamed = {
        old: f"d{new}"
        for old, new in zip(pair.upstream, pair.output_names(), strict=False)
        if old != f"d{new}"
    }
    for name in parameters(pair.forward):  # dropout_param is the gradient of nothing
        asked = name in parameters(pair.backward)
        if name.startswith("d") and name[1:] not in inputs and not asked:
            renamed[name] = f"given_{name}"
    answered: dict[str, None] = {}
    taken = {n.id for n in ast.walk(pair.backward) if isinstance(n, ast.Name)}
    taken |= {*parameters(pair.backward)}
    plans: dict[ast.Return, list[tuple[str | None, ast.expr]]] = {}
    body = body_of(copy.deepcopy(pair.backward))
    shell = function("backward", [], body, pair.backward.lineno)
    for end in returns(shell):
        ends = elements(end.value)
        said = [said_by(node) for node in ends]
        plans[end] = list(zip(owners(said, inputs), ends, strict=True))
        for owner, node in plans[end]:
            if owner is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            answered[owner] = None
            match node:
                case ast.Name(id=name) if name != f"d{owner}" and name not in pair.upstream:
                    if (
                        said.count(name) == 1
                        and f"d{owner}" not in taken
                        and not _in_turns(name, shell)
                    ):
                        renamed[name] = f"d{owner}"
                case _:
                    pass

    def answers(end: ast.Return) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for owner, node in plans[end]:
            if owner is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            if not is_name(node, f"d{owner}") and not (
                isinstance(node, ast.Name) and renamed.get(node.id) == f"d{owner}"
            ):
                made.append(assign(f"d{owner}", node, node))
        return made

    body = with_answers(shell.body, answers)
    renames = Renames(renamed)
    made = function("backward", [], [renames.visit(node) for node in body], pair.backward.lineno)
    made.args = renames.visit(copy.deepcopy(pair.backward.args))
    return made, [*answered]


def _in_turns(name: str, function: ast.FunctionDef) -> bool:
    """Whether a local is bound in a loop: `dprev_h` is the gradient of something else each time."""
    loops = (node for node in ast.walk(function) if isinstance(node, ast.For | ast.While))
    return any(name in binds(node) for loop in loops for node in ast.walk(loop) if _is_simple(node))


def _is_simple(node: ast.AST) -> TypeGuard[ast.stmt]:
    return isinstance(node, ast.Assign | ast.AnnAssign)
