"""The contribution of one path is added twice.

Bad:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
    dcounts += dcounts_sum
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

import ast
from collections import Counter
from collections.abc import Iterator

from byhand.checking.judging.uneven import Uneven
from byhand.checking.naming.proving.at_ties import at_ties
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.program.expressions import added_terms


def find(suspect: Suspect) -> Diagnosis | None:
    for way, share in suspect.ways.items():
        if suspect.follows(lambda e, s=share: e.expected.value + s(e)):
            mend = suspect.mend(_dropped)
            return None if mend is None else mend.finding(f"the path through {way} is added twice")
    terms = Counter(text(term) for node in suspect.function.body for term in _terms(node))
    twice = {term for term, count in terms.items() if count > 1}

    def dropped(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        for each in _dropped(part, statement):
            if {text(term) for term in _left_out(part, each)} <= twice:
                yield each

    mend = suspect.mend(dropped)
    return None if mend is None else mend.finding(f"`{text(mend.part)}` is added twice")


def find_at_ties(uneven: Uneven) -> Diagnosis | None:
    return Diagnosis(f"{at_ties(uneven)}: each gets all of it") if uneven.each_gets_all else None


def _dropped(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    """A statement, or a term, that stands there twice is left out once."""
    match part:
        case ast.AugAssign(op=ast.Add() | ast.Sub()):
            yield ast.Pass()
        case (
            ast.BinOp(left=ast.Constant(), op=ast.Add())
            | ast.BinOp(op=ast.Add(), right=ast.Constant())
        ):
            pass  # a number is no path
        case ast.BinOp(left=left, op=ast.Add(), right=right) if not _in_index(part, statement):
            yield left
            yield right
        case _:
            pass


def _left_out(part: ast.AST, kept: ast.AST) -> Iterator[ast.expr]:
    """The terms that are left out where of a part something else is kept."""
    match part:
        case ast.AugAssign(value=value):
            yield from added_terms(value)
        case ast.BinOp(left=left, right=right):
            yield from added_terms(right if kept is left else left)
        case _:
            pass


def _terms(node: ast.AST) -> Iterator[ast.expr]:
    """What is added up in a statement and all that it holds."""
    for part in ast.walk(node):
        match part:
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                yield from added_terms(value)
            case _:
                pass


def _in_index(part: ast.AST, statement: ast.stmt) -> bool:
    """Whether it says where something lies, as the `i + 1` of `hs[i + 1]` does."""
    indices = [node.slice for node in ast.walk(statement) if isinstance(node, ast.Subscript)]
    return any(part is inner for index in indices for inner in ast.walk(index))
