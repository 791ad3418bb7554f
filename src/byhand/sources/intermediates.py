"""Backward's other locals: whether `dh` is meant as the gradient of what forward calls `h`.

In a problem file it is. Where a source promises no more than what backward returns, a local may be
called so and hold something else: the same in another layout, or a part of it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.call import call_of
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import UNPROMISED, Problem, Unpromised
from byhand.program.renaming import Renamed
from byhand.program.scopes import all_names
from byhand.program.statements import StatementError
from byhand.sources.flow import changes, touches
from byhand.values.arrays import Array, as_torch, is_torch
from byhand.values.held import array


class Renames(Renamed):
    """The same for parameters, too."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.copy_location(ast.arg(self.names.get(node.arg, node.arg)), node)


def without(backward: ast.FunctionDef, names: Collection[str]) -> ast.FunctionDef:
    """A backward in which these locals are called something that answers for nothing."""
    renames = Renames({name: f"{UNPROMISED}{name}" for name in names})
    return renames.visit(copy.deepcopy(backward))


def others(backward: ast.FunctionDef, answers: Collection[str]) -> set[str]:
    """The locals `d<name>` of a backward, but for its answers and its parameters."""
    given = {arg.arg for arg in backward.args.args}
    return {
        node.id
        for node in ast.walk(backward)
        if isinstance(node, ast.Name)
        and node.id.startswith("d")
        and isinstance(node.ctx, ast.Store)
        and node.id not in given
        and node.id[1:] not in answers
    }


def promising(
    made: Callable[[ast.FunctionDef], Problem],
    backward: ast.FunctionDef,
    answered: Collection[str],
    upstream: Collection[str] = (),
) -> Problem:
    """The problem that is `made` of a backward, of whose locals only those that are `answered` are
    promised to be gradients. `upstream` are its parameters for what comes in."""
    promised = {f"d{name}" for name in answered}
    other = misfits(made(backward)) | ahead_of_upstream(backward, promised, {*upstream})
    backward = without(backward, other - promised)
    more = frozenset(others(backward, answered))
    found = made(backward)
    beside = Unpromised(more, lambda names: made(without(backward, names)))
    return replace(found, unpromised=beside) if more else found


def misfits(problem: Problem) -> set[str]:
    """The locals `d<name>` that don't have the shape of forward's `name`."""
    try:
        known = plain_locals(problem, inputs_of_their_own(problem.inputs()))
        call = call_of(problem)
        for name in call.parameters:
            if name not in known and (output := array(known.get(name[1:]))) is not None:
                known[name] = _ones(known[name[1:]], output)
        with np.errstate(all="ignore"):
            answers = call.answers(call.filled(known))
    except (ProblemError, StatementError):
        return set()
    return {
        name
        for name, value in answers.items()
        if name not in call.parameters
        and (gradient := array(value)) is not None
        and (step := array(known.get(name[1:]))) is not None
        and gradient.shape != step.shape
    }


def ahead_of_upstream(
    backward: ast.FunctionDef, answers: Collection[str], upstream: set[str]
) -> set[str]:
    """The locals that are made without what comes in, and that an answer is made of with it:
    `dlam = p - y; return grad * (V @ dlam)`. They are no gradients until then."""
    made_of: dict[str, set[str]] = {}
    for node in ast.walk(backward):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
            for name in touches(node):
                made_of.setdefault(name, set()).update(all_names(node))
    for _ in made_of:
        for needed in made_of.values():
            needed |= set[str]().union(*(made_of.get(name, ()) for name in needed))
    with_it = [made_of[name] for name in answers if upstream & made_of.get(name, set())]
    return {
        name
        for name, needed in made_of.items()
        if name.startswith("d") and not upstream & needed and any(name in each for each in with_it)
    }


def _ones(output: Any, value: Array) -> Any:
    """A gradient of an output, in the library that it is in."""
    return as_torch(np.ones_like(value)) if is_torch(output) else np.ones_like(value)


def with_copies(
    nodes: Sequence[ast.stmt], forward: Collection[str], *, in_torch: bool = False
) -> list[ast.stmt]:
    """Statements that write into values of forward, on copies of these.

    `dscores = probs` takes a copy where nothing reads probs afterwards; `probs[i] -= 1` works on
    one. To go on with a value that forward is done with is how many save an array: where statements
    stand one below the other it is no mistake, unless something reads the old value.
    """
    method = "clone" if in_torch else "copy"
    changed = sorted(set[str]().union(*map(changes, nodes)) & {*forward} if nodes else ())
    found: list[ast.stmt] = [_copy(name, ast.Name(name), method, nodes[0]) for name in changed]
    for i, node in enumerate(nodes):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Name(id=name)) if (
                name in forward and not any(name in all_names(after) for after in nodes[i + 1 :])
            ):
                found.append(_copy(target, ast.Name(name), method, node))
            case _:
                found.append(node)
    return found


def _copy(target: str, value: ast.Name, method: str, where: ast.stmt) -> ast.stmt:
    """`target = value.copy()`."""
    call = ast.Call(ast.Attribute(ast.Name(value.id, ast.Load()), method, ast.Load()), [], [])
    made = ast.Assign([ast.Name(target, ast.Store())], call)
    return ast.fix_missing_locations(ast.copy_location(made, where))


def only_shapes(node: ast.stmt, loss: str) -> bool:
    """`cost = float(np.squeeze(cost))`, after which it is the same number."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value) if name == loss:
            while isinstance(value, ast.Call):
                said = value.func.attr if isinstance(value.func, ast.Attribute) else "float"
                if said not in {"squeeze", "array", "asarray", "float", "item", "float64"}:
                    return False
                value = value.args[0] if value.args else getattr(value.func, "value", value.func)
            return isinstance(value, ast.Name) and value.id == loss
        case _:
            return False
