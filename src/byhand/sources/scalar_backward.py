"""The method of a scalar engine that runs the closures: `Value.backward`.

It is tried on an expression of sums and products in which values are used again, further up, with
closures that are right: what its ops do is judged by itself. If the gradients are wrong, the usual
mistakes are undone one by one in the method; the one after which they are right is said, at its
line.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from byhand.program.problem import Inputs, Problem
from byhand.sources.assemble import assembled, function, located
from byhand.sources.local_gradients import Kept, kept_in
from byhand.sources.scalar_ops import ScalarOp, ops_in

NAME = "backward"
WALK = "__walk__"
LEAVES = ("a", "b", "c")
NEAR = 1e-9


@dataclass(frozen=True, eq=False)
class Walk:
    """The method, with the ops on which it is tried, and where local gradients are kept."""

    name: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    add: ScalarOp
    mul: ScalarOp
    kept: Kept | None = None


def walks_in(tree: ast.Module) -> list[Walk]:
    """The scalar engines of a module that add and multiply, and have the method."""
    ops = {(op.owner, op.forward.name): op for op in ops_in(tree)}
    found: list[Walk] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            add, mul = (ops.get((node.name, name)) for name in ("__add__", "__mul__"))
            methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            method = methods.get(NAME)
            if add and mul and add.left and mul.left and method and _needs_nothing(method):
                found.append(Walk(f"{node.name}.{NAME}", method, method, add, mul, kept_in(node)))
    return found


def _needs_nothing(method: ast.FunctionDef) -> bool:
    return len(method.args.args) - len(method.args.defaults) == 1


def problem_of_walk(walk: Walk, module: ModuleType, file: str) -> Problem:
    """The problem of the method: the gradients that it leaves in the leaves of an expression."""
    cls: Any = module.__dict__[walk.add.owner]
    where, note = walk.backward, ""
    if not _is_right(walk, cls, getattr(cls, NAME)):
        for said, place, made in _mended(walk.backward):
            if _is_right(walk, cls, _method(made, module, file)):
                where, note = place, f"{walk.name}: {said}"
                break

    def draw(rng: np.random.Generator) -> Inputs:
        return {name: float(rng.normal()) for name in LEAVES}

    def walked(*values: float) -> list[float]:
        return _gradients(walk, cls, getattr(cls, NAME), values)

    names = ", ".join(LEAVES)
    answers = ", ".join(f"d{name}" for name in LEAVES)
    statement = ast.parse(f"{answers} = {WALK}({names})").body[0]
    return assembled(
        name=walk.name,
        file=file,
        forward=function("forward", LEAVES, _at(ast.parse(_EXPRESSION).body, walk), 1),
        backward=function("backward", LEAVES, [_moved(statement, where)], walk.backward.lineno),
        namespace={WALK: walked},
        draw=draw,
        notes=[*([note] if note else []), f"{walk.name} was tried on {_EXPRESSION}"],
    )


_EXPRESSION = "out = (a * b + c) * (a * b * (a * b + c)) + a * b"
"""Of a * b and a * b + c, each made once and used several times."""


def _at(nodes: Sequence[ast.stmt], walk: Walk) -> list[ast.stmt]:
    end = ast.Return(ast.Name("out", ast.Load()))
    moved = [_moved(node, walk.backward) for node in nodes]
    return [*moved, located(end, moved[-1])]


def _moved(node: ast.stmt, where: ast.AST) -> ast.stmt:
    for part in ast.walk(node):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
            part.end_lineno, part.end_col_offset = part.lineno, part.col_offset  # pyright: ignore
    return node


# Running it.


def _gradients(
    walk: Walk, cls: Any, method: Callable[..., Any], values: Sequence[float]
) -> list[float]:
    """What a method leaves in the leaves."""
    grad, data = walk.add.grad, walk.add.data

    def add(x: Any, y: Any) -> Any:
        out = _keeping(cls.__add__(x, y), walk.kept, (x, y), (1.0, 1.0))
        return _with(out, walk.add, lambda: [_given(x, grad, out, 1.0), _given(y, grad, out, 1.0)])

    def mul(x: Any, y: Any) -> Any:
        one, other = getattr(x, data), getattr(y, data)
        out = _keeping(cls.__mul__(x, y), walk.kept, (x, y), (other, one))
        return _with(
            out, walk.mul, lambda: [_given(x, grad, out, other), _given(y, grad, out, one)]
        )

    a, b, c = leaves = [cls(value) for value in values]
    d = mul(a, b)
    e = add(d, c)
    f = mul(d, e)
    method(add(mul(e, f), d))
    return [float(getattr(leaf, grad)) for leaf in leaves]


def _with(out: Any, op: ScalarOp, closure: Callable[[], Any]) -> Any:
    setattr(out, op.left or "", closure)
    return out


def _keeping(out: Any, kept: Kept | None, parents: Sequence[Any], right: Sequence[float]) -> Any:
    """A value with the right local gradients, where it keeps such."""
    if kept is not None:
        setattr(out, kept.attribute, (*zip(parents, right, strict=True),) if kept.paired else right)
    return out


def _given(operand: Any, grad: str, out: Any, times: float) -> None:
    setattr(operand, grad, getattr(operand, grad) + times * getattr(out, grad))


def _is_right(walk: Walk, cls: Any, method: Callable[..., Any]) -> bool:
    rng = np.random.default_rng(0)
    a, b, c = (float(each) for each in rng.normal(size=3))
    d, e = a * b, a * b + c
    # out = e * (d * e) + d
    by_d, by_e = e * e + 2 * d * e + 1, 2 * d * e
    truth = [by_d * b, by_d * a, by_e]
    try:
        found = _gradients(walk, cls, method, (a, b, c))
    except Exception:
        return False
    return all(abs(x - y) <= NEAR * (1 + abs(y)) for x, y in zip(found, truth, strict=True))


def _method(node: ast.FunctionDef, module: ModuleType, file: str) -> Callable[..., Any]:
    space = dict(module.__dict__)
    exec(compile(ast.fix_missing_locations(ast.Module([node], [])), file, "exec"), space)
    return space[node.name]


# The usual mistakes, undone.


def _mended(method: ast.FunctionDef) -> Iterator[tuple[str, ast.AST, ast.FunctionDef]]:
    """What was done wrong, where, and the method without it."""
    for i, node in enumerate(method.body):
        if isinstance(node, ast.For):
            made = copy.deepcopy(method)
            loop = made.body[i]
            assert isinstance(loop, ast.For)
            match loop.iter:
                case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                    loop.iter = inner
                case _:
                    in_order = ast.Call(ast.Name("list", ast.Load()), [loop.iter], [])
                    loop.iter = ast.Call(ast.Name("reversed", ast.Load()), [in_order], [])
            said = "the closures are run in the wrong order: what is above comes first"
            yield said, node.iter, made
    last = method.body[-1]
    for place in range(len(method.body) + 1):
        made = copy.deepcopy(method)
        seed = ast.parse(f"self.{_grad(method)} = 1.0").body[0]
        made.body.insert(place, seed)
        yield "the gradient of the output itself is never set to 1", last, made
    assigned = [part for part in ast.walk(method) if _is_assigned_in_turn(part, method)]
    for i, node in enumerate(assigned):
        made = copy.deepcopy(method)
        _Adding([each for each in ast.walk(made) if _is_assigned_in_turn(each, made)][i]).visit(
            made
        )
        yield "a gradient is overwritten where each path is to be added", node, made
    for inner in (each for each in method.body if isinstance(each, ast.FunctionDef)):
        yield from _in_search(method, inner)


def _is_assigned_in_turn(node: ast.AST, method: ast.FunctionDef) -> bool:
    """Whether this is `child.grad = ...` in a loop."""
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name))]) if name != "self":
            return any(node in ast.walk(loop) for loop in ast.walk(method) if _is_loop(loop))
        case _:
            return False


def _is_loop(node: ast.AST) -> bool:
    return isinstance(node, ast.For | ast.While)


class _Adding(ast.NodeTransformer):
    """One assignment as `+=`."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        if node is not self.node:
            return node
        return located(ast.AugAssign(node.targets[0], ast.Add(), node.value), node)  # pyright: ignore


def _grad(method: ast.FunctionDef) -> str:
    said = [p.attr for p in ast.walk(method) if isinstance(p, ast.Attribute) and "g" in p.attr]
    return next((each for each in said if each.startswith("g")), "grad")


def _in_search(
    method: ast.FunctionDef, inner: ast.FunctionDef
) -> Iterator[tuple[str, ast.AST, ast.FunctionDef]]:
    """The same for the function inside that puts the values in order."""
    place = method.body.index(inner)
    name = inner.args.args[0].arg if inner.args.args else ""
    made = copy.deepcopy(method)
    search = made.body[place]
    assert isinstance(search, ast.FunctionDef)
    guard = f"if {name} in seen__: return\nseen__.append({name})"
    search.body[:0] = ast.parse(guard, type_comments=False).body if name else []
    made.body.insert(0, ast.parse("seen__ = []").body[0])
    yield "a value that is used twice is visited twice", inner, made
    for nodes in _bodies(inner):
        for i, node in enumerate(nodes):
            if _appends(node) and any(isinstance(each, ast.For) for each in nodes[i + 1 :]):
                made = copy.deepcopy(method)
                for others in _bodies(made.body[place]):
                    if [ast.dump(each) for each in others] == [ast.dump(each) for each in nodes]:
                        others.append(others.pop(i))
                yield "a value is put into the order before what it is made of", node, made


def _appends(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"))):
            return True
        case _:
            return False


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in ast.walk(node):
        body: Any = getattr(part, "body", None)
        if isinstance(body, list):
            yield body
