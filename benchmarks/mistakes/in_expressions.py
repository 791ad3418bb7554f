"""Slips in an expression: a term, a factor, an exponent, an axis, a name."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from .scene import Scene, as_number, is_size, size_of
from .source import Source, at, loads, statements, targets

EPS = 1e-2
REDUCTIONS = {"sum", "mean"}
Codes = set[str]
Found = Iterator[tuple[str, Codes, ast.AST]]


def in_expression(node: ast.AST, statement: ast.stmt, scene: Scene) -> Found:
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _sums(node, scene)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            yield from _products(node, scene)
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            yield "swapped factors", {"transposed"}, ast.BinOp(right, ast.MatMult(), left)
            for side in ("left", "right"):
                turned = copy.copy(node)
                setattr(turned, side, _turned(getattr(node, side)))
                yield "transposed", {"transposed"}, turned
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            for k in (-3, -2, -1.5, -1, -0.5, 0.5, 1, 2, 3):
                if as_number(right) != k:
                    new = ast.BinOp(left, ast.Pow(), ast.Constant(k))
                    yield "wrong exponent", {"wrong-exponent"}, new
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            exponent = _is_exponent(node, statement)
            yield "flipped sign", {"sign", *(["wrong-exponent"] if exponent else [])}, operand
        case ast.Call():
            yield from _calls(node, scene)
        case ast.Attribute(attr="T", value=value):
            yield "transposed", {"transposed"}, value
        case ast.Name(ctx=ast.Load()):
            yield from _names(node, statement, scene)
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            size = size_of(node, scene)
            if size is not None and size > 1:
                yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Call(), ast.Name(id=labels)])) if (
            labels.lower() in ("y", "iy")
        ):
            everything = ast.Tuple([ast.Slice(), ast.Name(labels, ast.Load())], ast.Load())
            yield "label index", {"label-index"}, ast.Subscript(node.value, everything, node.ctx)
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Name(id="rows"), ast.Name(id=labels)])):
            everything = ast.Tuple([ast.Slice(), ast.Name(labels, ast.Load())], ast.Load())
            yield "label index", {"label-index"}, ast.Subscript(node.value, everything, node.ctx)
        case _:
            pass
    if (
        isinstance(statement, (ast.Assign, ast.AugAssign))
        and node is statement.value
        and scene.depends_on_gradient(statement.value)
    ):
        yield "flipped sign", {"sign"}, ast.UnaryOp(ast.USub(), statement.value)


def _is_exponent(node: ast.AST, statement: ast.stmt) -> bool:
    return any(
        isinstance(each, ast.BinOp) and isinstance(each.op, ast.Pow) and each.right is node
        for each in ast.walk(statement)
    )


def _sums(node: ast.BinOp, scene: Scene) -> Found:
    plus = isinstance(node.op, ast.Add)
    left, right = node.left, node.right
    if as_number(right) == 1 and size_of(left, scene) is not None:
        yield "n for n - 1", {"bessel"}, left
        return
    small = as_number(right)
    if (small is not None and 0 < small < EPS) or (
        isinstance(right, ast.Name) and right.id == "eps"
    ):
        yield "missing eps", {"missing-eps"}, left
        return
    if size_of(left, scene) is not None and size_of(right, scene) is not None:
        return
    other = ast.BinOp(left, ast.Sub() if plus else ast.Add(), right)
    yield "flipped sign", {"sign"}, other
    for kept, dropped in ((left, right), (right if plus else ast.UnaryOp(ast.USub(), right), left)):
        # A term without a gradient belongs to the step's own derivative: 1 - h**2 without the 1.
        codes = {"missing-local", "unknown"}
        if scene.depends_on_gradient(dropped):
            codes = {"missing-path"}
        elif not isinstance(left, ast.Constant):
            codes |= {"missing-path"}
        yield "dropped term", codes, kept


def _products(node: ast.BinOp, scene: Scene) -> Found:
    left, right = node.left, node.right
    times = isinstance(node.op, ast.Mult)
    pairs = [(left, right)] + ([(right, left)] if times else [])
    for kept, dropped in pairs:
        if as_number(kept) is not None and not scene.depends_on_gradient(dropped):
            continue
        yield "dropped factor", _of_factor(dropped, scene), kept
    if not times and isinstance(right, ast.Name) and scene.is_whole(right.id):
        fewer = ast.BinOp(right, ast.Sub(), ast.Constant(1))
        yield "n for n - 1", {"bessel"}, ast.BinOp(left, node.op, fewer)
    if not times and not is_size(right, scene) and not isinstance(right, ast.Constant):
        turned = ast.BinOp(left, ast.Mult(), right)
        yield "times for divided by", {"wrong-exponent", "unknown"}, turned


def _of_factor(dropped: ast.expr, scene: Scene) -> Codes:
    """The codes that are true where this factor is missing."""
    if as_number(dropped) is not None:
        return {"factor"} if as_number(dropped) != -1 else {"sign", "factor"}
    if is_size(dropped, scene):
        return {"unnormalised", "factor", "mean-for-sum"}
    if scene.depends_on_gradient(dropped):
        return {"wrong-upstream", "unknown"}
    if scene.is_number(dropped):  # a number of forward's, such as tau, is part of the derivative
        return {"factor", "missing-local"} if loads(dropped) - {"np", "math"} else {"factor"}
    return {"missing-local"}


def _calls(node: ast.Call, scene: Scene) -> Found:
    func = node.func
    name = (
        func.attr
        if isinstance(func, ast.Attribute)
        else func.id
        if isinstance(func, ast.Name)
        else ""
    )
    method = isinstance(func, ast.Attribute) and not (
        isinstance(func.value, ast.Name) and func.value.id in ("np", "torch", "F")
    )
    base = (
        func.value
        if method and isinstance(func, ast.Attribute)
        else node.args[0]
        if node.args
        else None
    )
    if name in REDUCTIONS and isinstance(func, ast.Attribute) and base is not None:
        yield "no reduction", {"missing-reduction"}, base
        other = copy.deepcopy(node)
        assert isinstance(other.func, ast.Attribute)
        other.func.attr = "sum" if name == "mean" else "mean"
        yield "mean for sum", {"mean-for-sum", "unnormalised"}, other
        keywords = [k for k in node.keywords if k.arg not in ("keepdims", "keepdim")]
        if len(keywords) < len(node.keywords):
            yield "dropped keepdims", {"keepdims"}, ast.Call(func, node.args, keywords)
        for new in _other_axes(node, method):
            yield "wrong axis", {"wrong-axis"}, new
    copies = name in ("copy", "clone") and method
    if copies and base is not None and scene.depends_on_gradient(base):  # forward's may be used up
        yield "missing copy", {"aliased"}, base
    if name == "transpose" and method and base is not None:
        yield "transposed", {"transposed"}, base
    if name == "len" and (size := size_of(node, scene)) is not None and size > 1:
        yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)


def _other_axes(node: ast.Call, method: bool) -> Iterator[ast.AST]:
    places = [k.value for k in node.keywords if k.arg == "axis"] + node.args[0 if method else 1 :][
        :1
    ]
    for place in places:
        old = as_number(place)
        for axis in (0, 1, -1, 2):
            if old is not None and axis != old and not (old == 1 and axis == -1):
                new = copy.deepcopy(node)
                for part in ast.walk(new):
                    if at(part) == at(place) or (
                        isinstance(part, ast.Constant) and at(part) == at(place)
                    ):
                        break
                else:
                    continue
                yield _swap(new, part, ast.Constant(axis))


def _swap(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    return Swap().visit(tree)


def _names(node: ast.Name, statement: ast.stmt, scene: Scene) -> Found:
    name = node.id
    mine = targets(statement)
    if name in scene.gradients and name not in mine:
        written = _written_before(scene.source, statement) - set(mine)
        for other in sorted(written & scene.gradients - {name}):
            if scene.shape(other) == scene.shape(name) and scene.shape(name) is not None:
                yield "wrong upstream", {"wrong-upstream"}, ast.Name(other, ast.Load())
    elif scene.is_value(name):
        known = {a.arg for a in scene.source.backward.args.args}
        for other in sorted(known - {name}):
            if (scene.is_value(other) and scene.shape(other) == scene.shape(name) != ()) or (
                scene.shape(name) == () and scene.shape(other) == () and scene.is_value(other)
            ):
                yield "wrong operand", {"wrong-operand"}, ast.Name(other, ast.Load())
    elif (
        name not in scene.counters
        and scene.is_whole(name)
        and (size := scene.integer(name)) is not None
        and size > 2
    ):
        yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)


def _written_before(source: Source, statement: ast.stmt) -> set[str]:
    found: set[str] = set()
    for each in statements(source.backward.body):
        if each is statement:
            break
        found |= set(targets(each))
    return found


def _turned(node: ast.expr) -> ast.expr:
    match node:
        case ast.Attribute(attr="T", value=value):
            return value
        case _:
            return ast.Attribute(node, "T", ast.Load())
