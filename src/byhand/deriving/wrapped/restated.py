"""A NumPy forward in PyTorch's words: one statement for every named value, in forward's order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from byhand.codegen import nodes as nd
from byhand.codegen.emitter import Dialect
from byhand.deriving.derivation import Derivation
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.sweep import Swept
from byhand.deriving.steps.text import WIDTH, text
from byhand.deriving.steps.writing import write
from byhand.deriving.wrapped.parts import statements_of, unsupported
from byhand.engine.tensor import Tensor


def restated(context: Context, derivation: Derivation) -> tuple[tuple[str, ...], ast.expr]:
    """The statements of forward, and what it returns.

    Raises UnsupportedError for a forward with loops or branches, and where a name is bound anew.
    """
    problem, program = context.recording.problem, context.program
    own, _ = statements_of(problem)
    simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
    if not all(isinstance(node, simple) for node in own):
        raise unsupported(problem, "forward is NumPy with loops or branches: write it in PyTorch")
    again = [name for name, bound in program.bindings.items() if len(bound) > 1]
    if again:
        raise unsupported(
            problem, f"forward binds {again[0]} more than once: give each value a name of its own"
        )
    written = write(context, Swept(tuple(_assignments(context)), frozenset(context.taken)))
    made = [node for line in written.lines for node in line.nodes]
    used = {*derivation.parameters, *(name for node in made for name in _loaded(node))}
    plain = making_of(own, used - {*problem.forward.parameters}, {s.name for s in program.steps})
    waiting = [_translated(node, context.dialect) for node in plain]
    found: list[ast.stmt] = []
    for node in made:
        needed = set(_loaded(node))
        last = max((k for k, each in enumerate(waiting) if _bound(each) & needed), default=-1)
        found += [*waiting[: last + 1], node]
        del waiting[: last + 1]
    found += waiting
    names = ["out" if step.name == "return" else step.name for step in program.outputs]
    nodes = [nd.name(name) for name in names]
    floats = program.inputs[0].name
    returned = nodes[0] if len(nodes) == 1 else ast.Tuple(nodes, ast.Load())
    return tuple(text(_typed(node, floats), WIDTH - 8) for node in found), returned


def _assignments(context: Context) -> Iterator[Assignment]:
    """One for every step, from what its value was computed with."""
    emitter = context.emitter()
    said: dict[Tensor, str] = {step.tensor: step.name for step in context.program.inputs}
    for step in context.program.steps:
        tensor = step.tensor
        name = "out" if step.name == "return" else step.name
        if tensor in said:
            if said[tensor] == name:
                continue
            node = nd.name(said[tensor])
        elif tensor.op is None:
            node = emitter.node(tensor.value)
        else:
            symbols = [emitter.symbol(arg) for arg in tensor.args]
            node = emitter.expression(tensor.op, symbols, tensor.params)
        said.setdefault(tensor, name)
        made = Assignment.of(nd.name(name), node)
        yield Assignment(made.target, made.terms, made.changes, step=step)


def making_of(own: Sequence[ast.stmt], used: set[str], steps: set[str]) -> list[ast.stmt]:
    """The statements of forward that make what is used and no step: counts, masks."""
    found: list[ast.stmt] = []
    for node in reversed(own):
        if _bound(node) & used - steps:
            found.append(node)
            used = used | set(_loaded(node))
    return found[::-1]


def _loaded(node: ast.AST) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not _stored(n)]


def _translated(node: ast.stmt, dialect: Dialect) -> ast.stmt:
    match node:
        case ast.Assign(targets=targets, value=value):
            return ast.fix_missing_locations(ast.Assign(targets, dialect.translated(value)))
        case _:
            return node


def _typed(node: ast.stmt, floats: str) -> ast.stmt:
    """A new array must be told its type and its device: those of the input `floats`."""
    like = {key: nd.name(f"{floats}.{key}") for key in ("dtype", "device")}

    def leaf(each: ast.expr) -> ast.expr:
        match each:
            case ast.Call(func=ast.Attribute(attr="eye" | "ones" | "zeros") as func, keywords=[]):
                return nd.call(func, *each.args, **like)
            case _:
                return each

    return nd.rebuilt(node, leaf)


def _bound(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _stored(n)}


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)
