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
    if found is not None:
        return found.finding(f"without `{text(found.part)}` the line is right")
    found = suspect.mend_parts(ast.walk, lambda part, _: _others(part))
    if found is not None:
        return found.finding(f"only `{text(found.part)}` is wrong: the rest of the line is right")
    return None


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
