"""Code as a formatter would have it: lines that fit, broken at loose operators and arguments.

A printer after Wadler has groups that are flat or broken. Python also needs brackets that stand
only where a line is broken, which such groups can't have; so each node decides, outermost first.
"""

from __future__ import annotations

import ast
import re
from textwrap import indent

WIDTH = 96
TAB = "    "
SUMS: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub)
PRODUCTS: tuple[type[ast.operator], ...] = (ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod)
SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def text(node: ast.AST, width: int = WIDTH) -> str:
    """A statement or an expression."""
    said = _flat(node)
    if max(map(len, said.splitlines())) <= width:
        return said
    match node:
        case ast.For(body=body):
            head = said.splitlines()[0]
            return "\n".join([head, *(indent(text(each, width - len(TAB)), TAB) for each in body)])
        case ast.Assign(targets=[target], value=value):
            head = f"{_flat(target)} = "
        case ast.AugAssign(target=target, op=op, value=value):
            head = f"{_flat(target)} {SIGNS[type(op)]}= "
        case ast.Expr(value=value):
            head = ""
        case _:
            return said
    return head + broken(value, width, len(head))


def broken(node: ast.expr, width: int, taken: int = 0, bracketed: bool = False) -> str:
    """An expression in lines of this width, of which `taken` is used already in the first.

    `bracketed`: it stands between brackets, and so needs none of its own.
    """
    said = _flat(node)
    if len(said) + taken <= width:
        return said
    inner = width - len(TAB)
    match node:
        case ast.BinOp(op=op) if isinstance(op, (*SUMS, *PRODUCTS)):
            kinds = SUMS if isinstance(op, SUMS) else PRODUCTS
            if not bracketed and len(said) <= inner:
                return f"(\n{TAB}{said}\n)"
            parts = _chain(node, kinds)
            short = _around_brackets(parts, kinds, width, taken)
            if short is not None:
                return short
            lines = "\n".join(f"{sign}{_operand(part, kinds, inner)}" for sign, part in parts)
            return lines if bracketed else f"(\n{indent(lines, TAB)}\n)"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_closed(operand, width, taken + 1)}"
        case ast.Call(func=ast.Attribute(value=of, attr=attr), args=args, keywords=options) if len(
            _flat(node.func)
        ) + taken > width or not (args or options):
            rest = _flat(ast.Call(ast.Name("_", ast.Load()), args, options))[1:]
            return f"{_closed(of, width, taken)}.{attr}{rest}"
        case ast.Call(func=func, args=args, keywords=options):
            given = [broken(arg, inner, 1, True) for arg in args]
            given += [f"{k.arg}={broken(k.value, inner, 20, True)}" for k in options]
            return f"{_flat(func)}(\n{_listed(given)})"
        case ast.Tuple(elts=items):
            return f"(\n{_listed([broken(item, inner, 1, True) for item in items])})"
        case ast.Attribute(value=of, attr=attr):
            return f"{_closed(of, width, taken)}.{attr}"
        case ast.Subscript(value=of, slice=index):
            return f"{_closed(of, width, taken)}{_flat(_read(index))[1:]}"
        case ast.Compare(left=left, ops=[_], comparators=[right]):
            sign = _flat(ast.Compare(_NAME, node.ops, [_NAME]))[1:-1]
            return f"{_closed(left, width, taken)}{sign}{_closed(right, width, 1)}"
        case _:
            return said


_NAME = ast.Name("_", ast.Load())


def _listed(items: list[str]) -> str:
    return indent("".join(f"{item},\n" for item in items), TAB)


def _read(index: ast.expr) -> ast.expr:
    return ast.Subscript(_NAME, index, ast.Load())


def _closed(node: ast.expr, width: int, taken: int) -> str:
    """An expression that something is done to: in brackets, unless it is one piece."""
    if isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant)):
        return broken(node, width, taken)
    said = broken(node, width - len(TAB), 0, True)
    return f"(\n{indent(said, TAB)}\n)"


def _chain(node: ast.expr, kinds: tuple[type[ast.operator], ...]) -> list[tuple[str, ast.expr]]:
    """The operands of a sum or a product, each with the sign before it."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, kinds):
            return [*_chain(left, kinds), (f"{SIGNS[type(op)]} ", right)]
        case _:
            return [("", node)]


def _around_brackets(
    parts: list[tuple[str, ast.expr]],
    kinds: tuple[type[ast.operator], ...],
    width: int,
    taken: int,
) -> str | None:
    """A product broken inside the brackets of its first or last factor, where the others fit."""
    last = _is_loose(parts[-1][1], kinds)
    sign, loose = parts[-1] if last else parts[0]
    if kinds is not PRODUCTS or not _is_loose(loose, kinds):
        return None
    others = parts[:-1] if last else parts[1:]
    rest = " ".join(f"{sign}{_flat_operand(part, kinds)}" for sign, part in others)
    said = (
        f"{rest} {sign}{_closed(loose, width, 0)}" if last else f"{_closed(loose, width, 0)} {rest}"
    )
    lines = said.splitlines()
    fits = len(lines[0]) + taken <= width and max(map(len, lines)) <= width
    return said if fits else None


def _is_loose(node: ast.expr, kinds: tuple[type[ast.operator], ...]) -> bool:
    """Whether it binds no closer than the operators around it."""
    return isinstance(node, (ast.Compare, ast.IfExp, ast.BoolOp)) or (
        isinstance(node, ast.BinOp)
        and not isinstance(node.op, ast.Pow)
        and (kinds is PRODUCTS or not isinstance(node.op, PRODUCTS))
    )


def _flat_operand(node: ast.expr, kinds: tuple[type[ast.operator], ...]) -> str:
    return f"({_flat(node)})" if _is_loose(node, kinds) else _flat(node)


def _operand(node: ast.expr, kinds: tuple[type[ast.operator], ...], width: int) -> str:
    """In brackets, if it is loose."""
    if not _is_loose(node, kinds):
        return broken(node, width, 2, kinds is SUMS)
    said = _flat_operand(node, kinds)
    return said if len(said) + 2 <= width else _closed(node, width, 2)


def _flat(node: ast.AST) -> str:
    """On one line: `x**2`, `x[i : i + k]`, double quotes."""
    said = ast.unparse(ast.fix_missing_locations(node))
    if '"' not in said:
        said = said.replace("'", '"')
    said = re.sub(r"(?<=[\[ ])(\w*):(\w+ [+-] [\w.]+(?:\[\d+\])?)(?=[\],])", _spaced, said)
    simple = r"(?<![\w.\])])([A-Za-z_][\w.]*|\d+) \*\* (-?[\w.]+)(?![\w.(\[])"
    return re.sub(simple, r"\1**\2", said)


def _spaced(found: re.Match[str]) -> str:
    start, stop = found.groups()
    return f"{start} : {stop}" if start else f": {stop}"
