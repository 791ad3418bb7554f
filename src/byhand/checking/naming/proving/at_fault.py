"""The part of a line that is wrong, where no mistake explains it: the definition is right with
another in its place, or without it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from byhand.checking.naming.proving.finding import Diagnosis, Mend
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text


def at_fault(suspect: Suspect) -> Diagnosis | None:
    """The part that is proved wrong, but not what belongs there: that is for the reader to find."""
    found = one_too_many(suspect)
    return exchangeable(suspect) if found is None else without(found)


def exchangeable(suspect: Suspect) -> Diagnosis | None:
    """The part in place of which another makes the definition right."""
    found = suspect.mend_parts(ast.walk, lambda part, _: _others(part))
    if found is None:
        return None
    return found.finding(f"only `{text(found.part)}` is wrong: the rest of the line is right")


def without(mend: Mend) -> Diagnosis:
    """What is said of a part that shouldn't be there."""
    return mend.finding(f"without `{text(mend.part)}` the line is right")


def one_too_many(suspect: Suspect) -> Mend | None:
    """The factor, divisor or term without which the definition is right."""
    for parts, nothing in ((_factors, 1.0), (_terms, 0.0)):
        found = suspect.mend_parts(parts, lambda part, statement, n=nothing: (ast.Constant(n),))
        if found is not None:
            return found
    return None


def _factors(statement: ast.AST) -> Iterator[ast.expr]:
    for part in ast.walk(statement):
        match part:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                yield from (left, right)
            case ast.BinOp(op=ast.Div(), right=right):
                yield right
            case _:
                pass


def _terms(statement: ast.AST) -> Iterator[ast.expr]:
    for part in ast.walk(statement):
        match part:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                yield from (left, right)
            case _:
                pass


def _others(part: ast.AST) -> Iterator[ast.AST]:
    match part:
        case ast.Constant(value=str(letters)) if "->" in letters:  # of einsum
            yield from map(ast.Constant, _with_other_letters(letters))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _NEXT:
            yield ast.Compare(left, [_NEXT[type(op)]()], [right])
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=keywords
        ) if name in ("triu", "tril"):
            yield from _from_other_diagonals(part, args, keywords)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[arg]) if (
            name in _CURVED
        ):
            yield from (ast.Call(part.func, [each], part.keywords) for each in _scaled(arg))
        case ast.Call(func=ast.Attribute(value=arg, attr=name), args=[]) if name in _CURVED:
            for each in _scaled(arg):
                yield ast.Call(ast.Attribute(each, name, ast.Load()), [], part.keywords)
        case _:
            pass


_NEXT: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
"""The comparison that differs where both sides are equal."""

_CURVED = {"exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "log1p", "expm1", "softmax"}
"""The functions within which a factor or a sign is none of the result."""


def _scaled(arg: ast.expr) -> Iterator[ast.expr]:
    yield ast.UnaryOp(ast.USub(), arg)
    yield from (ast.BinOp(ast.Constant(times), ast.Mult(), arg) for times in (0.5, 2.0))


def _from_other_diagonals(
    call: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]
) -> Iterator[ast.Call]:
    """The same triangle, with the main diagonal and without it."""
    match args, keywords:
        case [*_], [ast.keyword(arg=str(name))]:
            for k in (-1, 0, 1):
                yield ast.Call(call.func, args, [ast.keyword(name, ast.Constant(k))])
        case [*rest, ast.Constant(value=int()) | ast.UnaryOp()], []:
            yield from (ast.Call(call.func, [*rest, ast.Constant(k)], []) for k in (-1, 0, 1))
        case [*_], []:
            yield from (ast.Call(call.func, [*args, ast.Constant(k)], []) for k in (-1, 1))
        case _:
            pass


def _with_other_letters(letters: str) -> Iterator[str]:
    """The same with one index exchanged for another of it, or two in each other's place."""
    places = [i for i, letter in enumerate(letters) if letter.isalpha()]
    for i in places:
        for other in sorted({letters[k] for k in places} - {letters[i]}):
            yield letters[:i] + other + letters[i + 1 :]
    for i, k in combinations(places, 2):
        turned = list(letters)
        turned[i], turned[k] = turned[k], turned[i]
        yield "".join(turned)
