"""The exponent is wrong.

The derivative of v**-0.5 is -0.5 * v**-1.5: the exponent comes down as a factor, and goes down
by one.

Bad:
    dbnvar = -0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv
Good:
    dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.candidates import items
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.ops import REGISTRY
from byhand.ops.spelling import names

SPARED = frozenset(("log", "log2", "log10")).union(
    *(names(op) for op in REGISTRY.values() if op.boolean)
)
"""Functions inside of which no exponent is wrong: log(x**2) is 2 log(x), and x.ge(1) only masks."""

EXPONENTS = (-3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3)


def find(suspect: Suspect) -> Diagnosis | None:
    known = {*suspect.values, *map(text, items(suspect))}
    spared = {
        part
        for statement in suspect.statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Compare) or _is_a_call(node, SPARED)
        for part in ast.walk(node)
    }

    is_a_number = any(scale.constant is not None for scale in suspect.scales)
    divisors = () if is_a_number else {*_divisors(suspect)} - spared

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case _ if part in spared:
                pass
            case ast.expr() if part in divisors and text(part) not in known:
                for exponent in (0.5, 2, 3):
                    yield ast.BinOp(part, ast.Pow(), ast.Constant(exponent))
            case ast.BinOp(left=left, op=ast.Pow()):
                for exponent in EXPONENTS:
                    yield ast.BinOp(left, ast.Pow(), ast.Constant(exponent))
            case (
                ast.Call(func=ast.Attribute(value=left, attr="pow"), args=[ast.Constant()])
                | ast.Call(func=ast.Attribute(attr="pow" | "power"), args=[left, _])
            ):
                for exponent in EXPONENTS:
                    yield ast.BinOp(left, ast.Pow(), ast.Constant(exponent))
            case ast.Call(func=ast.Attribute(attr="sqrt"), args=[inner]):
                for exponent in EXPONENTS:
                    yield ast.BinOp(inner, ast.Pow(), ast.Constant(exponent))
            case ast.Call(func=ast.Attribute(attr="exp") as exp, args=[inner]):
                for times in (0.5, 2):
                    yield ast.Call(exp, [ast.BinOp(ast.Constant(times), ast.Mult(), inner)], [])
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                yield ast.BinOp(left, ast.Div(), right)
                yield ast.BinOp(right, ast.Div(), left)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                yield ast.BinOp(left, ast.Mult(), right)
            case ast.Name(ctx=ast.Load()) | ast.Subscript(ctx=ast.Load()) if text(part) in known:
                for exponent in (2, 3, 0.5):
                    yield ast.BinOp(part, ast.Pow(), ast.Constant(exponent))
            case _:
                pass

    mend = suspect.mend(other)
    if mend is None:
        return None
    match mend.part:
        case ast.BinOp(op=ast.Mult() | ast.Div()) if mend.part not in divisors:
            said = f"a factor of `{text(mend.part)}` is on the wrong side of /"
        case _:
            said = f"the exponent of `{text(mend.part)}` is wrong"
    return mend.finding(said)


def _divisors(suspect: Suspect) -> Iterator[ast.expr]:
    """What is divided by, but for powers and roots, which have exponents already."""
    for statement in suspect.statements:
        for node in ast.walk(statement):
            match node:
                case (
                    ast.BinOp(op=ast.Div(), right=divisor)
                    | ast.AugAssign(op=ast.Div(), value=divisor)
                ) if not isinstance(divisor, (ast.Constant, ast.Call)) and not (
                    isinstance(divisor, ast.BinOp) and isinstance(divisor.op, ast.Pow)
                ):
                    yield divisor
                case _:
                    pass


def _is_a_call(node: ast.AST, names: frozenset[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in names
        case _:
            return False
