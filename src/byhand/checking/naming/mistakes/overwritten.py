"""`=` where `+=` is meant.

A value with two uses gets its gradient in two pieces. The second piece is added to the first;
written with `=` it replaces it.

Bad:
    dcounts = counts_sum_inv * dprobs
    dcounts = dcounts_sum
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

import ast
from collections.abc import Iterator
from typing import TypeGuard

from byhand.checking.judging.replay import Edits
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import parsed, text


def find(suspect: Suspect) -> Diagnosis | None:
    for write in suspect.answer.writes[1:]:
        match write.node:
            case ast.Assign(targets=[target], value=value) if _overwrites(target, value):
                for added in _added(target, value):
                    ast.fix_missing_locations(ast.copy_location(added, write.node))
                    edits: Edits = {write.node: added}
                    if suspect.mended(edits):
                        said = f"this overwrites the part of {suspect.d} that was already there"
                        return Diagnosis(f"{said}: add to it", write.line, write.node, edits)
            case _:
                pass
    return None


def find_late(suspect: Suspect) -> Diagnosis | None:
    """The same of a local that stands for several gradients, or for a part of one."""
    mend = suspect.mend(_adding)
    if mend is None:
        return None
    return mend.finding(f"`{text(mend.part)}` overwrites what was there before: add to it")


def _adding(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Assign(targets=[target], value=value) if _overwrites(target, value):
            yield ast.AugAssign(target, ast.Add(), value)
        case _:
            pass


def _overwrites(target: ast.expr, value: ast.expr) -> TypeGuard[ast.Name | ast.Subscript]:
    """Whether what was there before is lost: what is made of it isn't."""
    same = ast.unparse(target)
    return isinstance(target, ast.Name | ast.Subscript) and not any(
        isinstance(part, type(target)) and ast.unparse(part) == same for part in ast.walk(value)
    )


def _added(target: ast.Name | ast.Subscript, value: ast.expr) -> Iterator[ast.stmt]:
    """The statement with `+=`; with an index also one that adds up repeats."""
    yield ast.AugAssign(target, ast.Add(), value)
    if isinstance(target, ast.Subscript):
        yield ast.Expr(ast.Call(parsed("np.add.at"), [target.value, target.slice, value], []))
