"""`jax.custom_vjp`s: a fwd that returns its output and residuals, and a bwd that is handed these.

They are said as an `autograd.Function` is, whose forward leaves the residuals in a ctx: what bwd
returns belongs to the arguments by place, but for those in `nondiff_argnums`, which it is handed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from byhand.errors import ProblemError
from byhand.sources.assemble import statement
from byhand.sources.autograd_functions.written import Written, methods
from byhand.sources.returns import with_returns
from byhand.sources.signature import elements, parameters, returns

CTX = "fwd"
LEAVES, REBUILT, ZEROS, PUT_IN = "leaves__", "rebuilt__", "zeros__", "put_in__"


@dataclass(frozen=True)
class Rules:
    """The two rules of a custom_vjp. `arguments` are those of fwd, by name; `handed` the places of
    those that bwd is handed and gives no gradient for; `asked` the names of those that
    have one. `takes` says of each leaf of the output whether a gradient comes back to it; `single`:
    the output is one array. `helpers` work on JAX's trees."""

    name: str
    fwd: Callable[..., Any]
    bwd: Callable[..., Any]
    arguments: tuple[str, ...]
    handed: tuple[int, ...]
    asked: tuple[str, ...]
    takes: tuple[bool, ...]
    single: bool
    helpers: Mapping[str, Callable[..., Any]]


def custom_vjps_in(tree: ast.Module) -> list[str]:
    """What a module calls its custom_vjps, in its order, as its text tells."""
    found: list[str] = []
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name, decorator_list=said) if any(map(_is_one, said)):
                found.append(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if _is_one(call):
                found.append(name)
            case _:
                pass
    return found


def _is_one(node: ast.expr) -> bool:
    """Whether an expression is `jax.custom_vjp`, or a call of it, or of `partial` with it."""
    match node:
        case ast.Call(func=func, args=args):
            return _is_one(func) or any(map(_is_one, args[:1]))
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name == "custom_vjp"
        case _:
            return False


def written_rules(rules: Rules) -> Written:
    """The rules as the methods of a Function. Raises ProblemError for what can't be read."""
    said = methods(rules.name, rules.fwd, rules.bwd, None, ctx=True).read()
    forward, backward = _forward(said.forward, rules), _backward(said.backward, rules)
    space = {**said.namespace, **rules.helpers}
    return replace(said, forward=forward, backward=backward, namespace=space)


def _forward(fwd: ast.FunctionDef, rules: Rules) -> ast.FunctionDef:
    """fwd with the names of the function's own arguments, which leaves all that bwd needs."""
    made = copy.deepcopy(fwd)
    given = [f"{CTX}.{_kept(name)} = {name}" for name in rules.arguments]
    made.args = _arguments([CTX, *rules.arguments])
    count = len(rules.takes)

    def ends(node: ast.Return) -> list[ast.stmt]:
        match elements(node.value):
            case [out, residuals] if isinstance(node.value, ast.Tuple):
                before = [_holding(f"{CTX}.residuals", residuals, node)]
            case _:
                before = [_holding(f"{CTX}.returned", node.value or ast.Constant(None), node)]
                before.append(statement(f"{CTX}.residuals = {CTX}.returned[1]", node))
                out = ast.parse(f"{CTX}.returned[0]", mode="eval").body
        return [*before, _returned(out, count, rules.single, node)]

    body = with_returns(made.body, ends)
    made.body = [*(statement(text, fwd) for text in given), *body]
    return made


def _returned(out: ast.expr, count: int, single: bool, node: ast.Return) -> ast.stmt:
    match out:
        case ast.Tuple(elts=items) if not single and len(items) == count:
            value: ast.expr = out
        case _ if single:
            value = out
        case _:
            leaves = ast.Call(ast.Name(LEAVES, ast.Load()), [out], [])
            value = leaves if count > 1 else ast.Subscript(leaves, ast.Constant(0), ast.Load())
    return ast.fix_missing_locations(ast.copy_location(ast.Return(value), node))


def _backward(bwd: ast.FunctionDef, rules: Rules) -> ast.FunctionDef:
    """bwd with a parameter for the gradient of every leaf of the output."""
    made = copy.deepcopy(bwd)
    names = parameters(made)
    count = len(rules.handed)
    if made.args.vararg or made.args.kwarg or len(names) < count + 2:
        raise ProblemError(f"bwd must take {count + 2} arguments, each by name")
    *handed, residuals, upstream = names[: count + 2]
    arguments = rules.arguments
    prelude = [
        f"{name} = {CTX}.{_kept(arguments[place])}"
        for name, place in zip(handed, rules.handed, strict=True)
    ]
    prelude.append(f"{residuals} = {CTX}.residuals")
    gradients = [upstream] if rules.single else [f"own_g{i}" for i in range(len(rules.takes))]
    if not rules.single:
        each = [g if takes else "None" for g, takes in zip(gradients, rules.takes, strict=True)]
        others = [f"{CTX}.output{i}" for i, takes in enumerate(rules.takes) if not takes]
        prelude.append(f"{upstream} = {REBUILT}([{', '.join(each)}], [{', '.join(others)}])")
    made.args = _arguments([CTX, *gradients])
    left = [i for i in range(len(arguments)) if i not in rules.handed]

    def ends(node: ast.Return) -> list[ast.stmt]:
        given = elements(node.value)
        if isinstance(node.value, ast.Tuple) and not any(
            isinstance(each, ast.Starred) for each in given
        ):
            if len(given) != len(left):
                raise ProblemError(
                    f"line {node.lineno}: bwd returns {len(given)} gradients, but {rules.name} has "
                    f"{len(left)} arguments that want one: return one for each, or None"
                )
            values: list[ast.expr] = [ast.Constant(None) for _ in arguments]
            for place, value in zip(left, given, strict=True):
                none = isinstance(value, ast.Constant) and value.value is None
                if none and arguments[place] in rules.asked:  # JAX takes it for zeros
                    said = f"{ZEROS}({CTX}.{_kept(arguments[place])})"
                    value = ast.copy_location(ast.parse(said, mode="eval").body, value)
                values[place] = value
            value = ast.Tuple(values, ast.Load())
        else:
            assert node.value is not None
            value = ast.Call(
                ast.Name(PUT_IN, ast.Load()),
                [node.value, *(ast.Constant(each) for each in (len(arguments), *left))],
                [],
            )
        return [ast.fix_missing_locations(ast.copy_location(ast.Return(value), node))]

    if not returns(made):
        raise ProblemError(f"line {bwd.lineno}: bwd returns nothing")
    body = with_returns(made.body, ends)
    made.body = [*(statement(text, bwd) for text in prelude), *body]
    return made


def _kept(argument: str) -> str:
    return f"given_{argument}"


def _arguments(names: Sequence[str]) -> ast.arguments:
    (made,) = ast.parse(f"def f({', '.join(names)}): pass").body
    assert isinstance(made, ast.FunctionDef)
    return made.args


def _holding(place: str, value: ast.expr, where: ast.stmt) -> ast.stmt:
    made = statement(f"{place} = None", where)
    assert isinstance(made, ast.Assign)
    made.value = value
    return ast.fix_missing_locations(made)
