"""Repeated indices overwrite each other instead of adding up.

A row of C that is looked up five times gets five gradients, and they add up. `dC[X] += demb`
reads dC[X], adds, and writes it back: only the last of the five survives. `np.add.at(dC, X,
demb)` adds all of them, and so does a loop.

Bad:
    dC[X] += demb
Good:
    np.add.at(dC, X, demb)
"""

import ast
from collections.abc import Iterator

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.values.arrays import Array, numbered


def find(suspect: Suspect) -> Diagnosis | None:
    if any(use.node.op is not None and use.node.op.indexed for use in suspect.uses) and (
        suspect.follows(_overwritten)
    ):
        return Diagnosis(
            f"an element of {suspect.name} that is read more than once keeps only the last of its "
            "gradients: += with an index doesn't accumulate repeats"
        )
    return None


def find_late(suspect: Suspect) -> Diagnosis | None:
    """The same where what is kept of the gradient differs in more than that."""
    mend = suspect.mend(_adding)
    if mend is None or _is_overwritten(suspect, mend.statement):
        return None
    return mend.finding(
        f"`{text(mend.part)}` keeps only the last of what belongs to an index that comes twice: "
        "indexing doesn't accumulate repeats"
    )


def _is_overwritten(suspect: Suspect, statement: ast.stmt) -> bool:
    """Whether it would do to add where the statement assigns: no index need come twice for that."""
    match statement:
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            added = ast.copy_location(ast.AugAssign(target, ast.Add(), value), statement)
            return suspect.mended({statement: ast.fix_missing_locations(added)})
        case _:
            return False


def _adding(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case (
            ast.Assign(targets=[ast.Subscript(value=held, slice=index)], value=value)
            | ast.AugAssign(
                target=ast.Subscript(value=held, slice=index), op=ast.Add(), value=value
            )
        ):
            name, at, given = text(held), _as_value(index), text(value)
            if at is not None:
                yield from ast.parse(f"np.add.at({name}, {at}, {given})").body
                yield from ast.parse(f"{name}.index_put_({at}, {given}, accumulate=True)").body
        case _:
            pass


def _as_value(index: ast.expr) -> str | None:
    """The index as a tuple; None where it has slices, or is a number: what they take comes once."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if any(isinstance(part, ast.Slice) for part in parts):
        return None
    if all(isinstance(part, (ast.Constant, ast.UnaryOp)) for part in parts):
        return None
    return f"({', '.join(text(part) for part in parts)},)"


def _overwritten(found: Evidence) -> Array | None:
    """The gradient, were of all that one element is read for only the last kept."""
    value: Array = found.expected.value
    for use in found.paths.uses:
        if use.node.op is None or not use.node.op.indexed:
            continue
        shape: tuple[int, ...] = value.shape
        numbers = numbered(shape)
        values = use.node.arg_values
        values[use.position] = numbers
        read = np.asarray(use.node.op.forward(*values, **use.node.params))
        if read.shape != use.upstream.shape or use.full.shape != shape:
            return None
        last = np.zeros(value.size)
        last[read.ravel()] = use.upstream.ravel()
        value = value - use.share + last.reshape(shape)
    return value
