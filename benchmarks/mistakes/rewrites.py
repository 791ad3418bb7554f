"""Correct variants: the same backward, written in another way that a person might have chosen."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .scene import Scene
from .source import Source, at, blocks, loads, number, replaced, statements, targets
from .truth import Sample

Change = tuple[str, dict[int, ast.AST | list[ast.stmt]]]


def rewritten(
    source: Source, sample: Sample, rng: np.random.Generator, count: int
) -> tuple[str, ast.FunctionDef]:
    """The backward with `count` random rewrites, one after the other, and their names."""
    backward = source.backward
    names: list[str] = []
    for _ in range(count):
        changes = list(_changes(backward, Scene(source, sample)))
        kinds = sorted({kind for kind, _ in changes})
        if not kinds:
            break
        kind = kinds[rng.integers(len(kinds))]
        of_kind = [change for name, change in changes if name == kind]
        backward = replaced(backward, of_kind[rng.integers(len(of_kind))])
        number(backward)
        names.append(kind)
    return ", ".join(names), backward


def _changes(backward: ast.FunctionDef, scene: Scene) -> Iterator[Change]:
    for statement in statements(backward.body):
        for node in ast.walk(statement):
            for kind, new in _expressions(node):
                yield kind, {at(node): new}
        for kind, new in _split(statement, scene):
            yield kind, {at(statement): new}
    yield from _swapped(backward)
    yield from _renamed(backward, scene)


def _expressions(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() as op, right=right):
            yield "commuted", ast.BinOp(right, op, left)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield "minus as plus", ast.BinOp(ast.UnaryOp(ast.USub(), right), ast.Add(), left)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield (
                "times 1/x",
                ast.BinOp(left, ast.Mult(), ast.BinOp(ast.Constant(1.0), ast.Div(), right)),
            )
            yield (
                "times x**-1",
                ast.BinOp(left, ast.Mult(), _call("np.power", right, ast.Constant(-1.0))),
            )
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)):
            yield "square as product", ast.BinOp(left, ast.Mult(), left)
            yield "np.square", _call("np.square", left)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "np.matmul", _call("np.matmul", left, right)
            yield "einsum", _call("np.einsum", ast.Constant("...ij,...jk->...ik"), left, right)
            turned = ast.BinOp(_swapaxes(right), ast.MatMult(), _swapaxes(left))
            yield "product of transposes", _swapaxes(turned)
        case ast.Attribute(attr="T", value=value):
            yield "np.transpose", _call("np.transpose", value)
        case ast.Call(func=ast.Attribute(value=value, attr="copy"), args=[]):
            yield "np.array for copy", _call("np.array", value)
        case ast.Call(
            func=ast.Attribute(value=value, attr="sum" | "mean" as name),
            args=args,
            keywords=keywords,
        ) if not (isinstance(value, ast.Name) and value.id == "np"):
            yield "np.sum", ast.Call(_dotted(f"np.{name}"), [value, *args], keywords)
            if len(keywords) == 1 and keywords[0].arg == "axis" and not args and name == "sum":
                match keywords[0].value:
                    case ast.Constant(value=0):
                        yield "sum as loop", ast.Call(ast.Name("sum", ast.Load()), [value], [])
                        yield (
                            "sum as product",
                            ast.BinOp(_call("np.ones", _call("len", value)), ast.MatMult(), value),
                        )
                    case _:
                        pass
            if len(keywords) == 2 and keywords[1].arg == "keepdims":
                plain = ast.Call(node.func, args, keywords[:1])
                yield "expand_dims", _call("np.expand_dims", plain, keywords[0].value)
        case _:
            pass


def _split(statement: ast.stmt, scene: Scene) -> Iterator[tuple[str, list[ast.stmt]]]:
    match statement:
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            whole = ast.BinOp(ast.Name(name, ast.Load()), op, value)
            yield "+= as =", [ast.Assign([ast.Name(name, ast.Store())], whole)]
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(attr="at"),
                args=[ast.Name() as held, ast.Name() as index, ast.Name() as value],
            )
        ):
            rows = f"{value.id}.reshape(-1, {value.id}.shape[-1])"
            head = f"for place, share in zip({index.id}.ravel(), {rows}):"
            text = f"{head}\n    {held.id}[place] += share"
            yield "scatter as loop", ast.parse(text).body
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in scene.gradients:
            yield (
                "named first",
                [
                    ast.Assign([ast.Name("draft", ast.Store())], value),
                    ast.Assign([ast.Name(name, ast.Store())], ast.Name("draft", ast.Load())),
                ],
            )
            yield (
                "zeros first",
                [
                    ast.Assign([ast.Name(name, ast.Store())], _call("np.zeros_like", value)),
                    ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), value),
                ],
            )
            yield "copied", [ast.Assign([ast.Name(name, ast.Store())], _call("np.array", value))]
            match value:
                case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                    yield (
                        "two statements",
                        [
                            ast.Assign([ast.Name(name, ast.Store())], _call("np.array", left)),
                            ast.AugAssign(ast.Name(name, ast.Store()), op, right),
                        ],
                    )
                    first = ast.Assign([ast.Name("first_part", ast.Store())], left)
                    rest = ast.BinOp(ast.Name("first_part", ast.Load()), op, right)
                    yield "a part named", [first, ast.Assign([ast.Name(name, ast.Store())], rest)]
                case ast.BinOp(
                    left=left, op=ast.Mult() | ast.Div() | ast.MatMult() as op, right=right
                ):
                    first = ast.Assign([ast.Name("part", ast.Store())], left)
                    rest = ast.BinOp(ast.Name("part", ast.Load()), op, right)
                    yield "a part named", [first, ast.Assign([ast.Name(name, ast.Store())], rest)]
                    if isinstance(op, ast.Mult):
                        yield (
                            "*= after",
                            [
                                ast.Assign([ast.Name(name, ast.Store())], _call("np.array", left)),
                                ast.AugAssign(ast.Name(name, ast.Store()), op, right),
                            ],
                        )
                case _:
                    pass
        case _:
            pass


def _swapped(backward: ast.FunctionDef) -> Iterator[Change]:
    """Two neighbours that have nothing to do with each other, the other way round."""
    for block in blocks(backward):
        for a, b in pairwise(block):
            if not all(isinstance(s, (ast.Assign, ast.AugAssign)) for s in (a, b)):
                continue
            if not set(targets(a)) & (loads(b) | set(targets(b))) and not set(targets(b)) & loads(
                a
            ):
                yield "other order", {at(a): copy.deepcopy(b), at(b): copy.deepcopy(a)}


def _renamed(backward: ast.FunctionDef, scene: Scene) -> Iterator[Change]:
    """A local that is no answer, under another name."""
    parameters = {a.arg for a in backward.args.args}
    own = {t for s in statements(backward.body) for t in targets(s)} - parameters - scene.gradients
    for name in sorted(own):
        changes: dict[int, ast.AST | list[ast.stmt]] = {
            at(node): ast.Name(f"my_{name}", node.ctx)
            for node in ast.walk(backward)
            if isinstance(node, ast.Name) and node.id == name
        }
        yield "renamed", changes


def _call(function: str, *args: ast.expr) -> ast.expr:
    return ast.Call(_dotted(function), list(args), [])


def _swapaxes(node: ast.expr) -> ast.expr:
    return _call("np.swapaxes", node, ast.Constant(-1), ast.Constant(-2))


def _dotted(name: str) -> ast.expr:
    return ast.parse(name, mode="eval").body
