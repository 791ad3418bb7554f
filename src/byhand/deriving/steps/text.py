"""Code as a formatter would have it."""

from __future__ import annotations

import ast
import re

WIDTH = 96


def text(node: ast.AST) -> str:
    """Code in the usual form: a power of simple things close together, a long sum in lines."""
    said = _styled(ast.unparse(ast.fix_missing_locations(node)))
    if len(said) <= WIDTH or not isinstance(node, (ast.Assign, ast.AugAssign)):
        return said
    terms = _terms(node.value)
    if len(terms) == 1:
        return said
    head = said[: said.index("=") + 1]
    parts = [_styled(f"{sign}{ast.unparse(term)}") for sign, term in terms]
    return "\n    ".join([f"{head} (", *parts]) + "\n)"


def _terms(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The terms of a sum, each with the sign that it is written with."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right) if not isinstance(
            right, ast.BinOp
        ) or not isinstance(right.op, (ast.Add, ast.Sub)):
            return [*_terms(left), ("+ " if isinstance(op, ast.Add) else "- ", right)]
        case _:
            return [("", node)]


def _styled(said: str) -> str:
    """As a formatter would have it: `x**2`, `x[i : i + k]`, double quotes."""
    if '"' not in said:
        said = said.replace("'", '"')
    said = re.sub(r"(?<=[\[ ])(\w*):(\w+ [+-] [\w.]+(?:\[\d+\])?)(?=[\],])", _spaced, said)
    simple = r"(?<![\w.\])])([A-Za-z_][\w.]*|\d+) \*\* (-?[\w.]+)(?![\w.(\[])"
    return re.sub(simple, r"\1**\2", said)


def _spaced(found: re.Match[str]) -> str:
    start, stop = found.groups()
    return f"{start} : {stop}" if start else f": {stop}"
