"""Two gradients are swapped: each holds what belongs to the other.

In `a * b`, the gradient of a is the upstream gradient times b, and that of b times a. Two results
that are returned or unpacked in the wrong order look the same.

Bad:
    da = dout * a
    db = dout * b
Good:
    da = dout * b
    db = dout * a
"""

import ast
from collections.abc import Iterator
from copy import deepcopy
from itertools import combinations

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, text
from byhand.checking.running.names import touched_names
from byhand.program.renaming import Renamed
from byhand.referees.referee import Key
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Diagnosis | None:
    mine = suspect.answer.key
    for other in suspect.first.trial.answers.found:
        if other.key == mine or not suspect.follows(lambda e, k=other.key: _of(e, k)):
            continue
        if all(_holds(e, other.key, mine) for e in suspect.evidence):
            return Diagnosis(
                f"{suspect.d} holds the gradient of {other.key[0]}, and d{other.key[0]} that of "
                f"{suspect.name}: the two are swapped"
            )
    return None


def find_late(suspect: Suspect) -> Diagnosis | None:
    """Two of what is put side by side, returned or unpacked."""
    mend = suspect.mend_parts(ast.walk, lambda part, _: _two_exchanged(part))
    if mend is None:
        mend = suspect.mend_parts(_sums, lambda part, _: _names_exchanged(part, suspect))
    if mend is None:
        return _two_stores(suspect)
    return mend.finding(f"in `{text(mend.part)}` two stand in each other's place")


def _two_stores(suspect: Suspect) -> Diagnosis | None:
    """What two statements write, or add up, belongs where the other does."""
    for one, other in combinations(suspect.promising, 2):
        new = _with_places_exchanged(one, other)
        if new is not None and suspect.mended(dict(zip((one, other), new, strict=True))):
            return Diagnosis(
                f"lines {one.lineno} and {other.lineno} each write where the other should",
                min(one.lineno, other.lineno),
            )
    return None


def _with_places_exchanged(one: ast.stmt, other: ast.stmt) -> tuple[ast.stmt, ast.stmt] | None:
    """Two statements of one kind, each with the other's place in the same array: as assignments, or
    as calls such as `np.add.at(dE, rows, dy)`."""
    match one, other:
        case (
            ast.Assign(targets=[ast.Subscript(value=a) as here]),
            ast.Assign(targets=[ast.Subscript(value=b) as there]),
        ) if text(a) == text(b):
            return exchanged(one, here, there), exchanged(other, there, here)
        case (
            ast.AugAssign(target=ast.Subscript(value=a) as here),
            ast.AugAssign(target=ast.Subscript(value=b) as there),
        ) if text(a) == text(b):
            return exchanged(one, here, there), exchanged(other, there, here)
        case (
            ast.Expr(value=ast.Call(func=f, args=[a, here, *_])),
            ast.Expr(value=ast.Call(func=g, args=[b, there, *_])),
        ) if text(f) == text(g) and text(a) == text(b):
            return exchanged(one, here, there), exchanged(other, there, here)
        case _:
            return None


def _is_computed(part: ast.expr) -> bool:
    """Whether a part of a tuple or a list is a value, and not a number, such as of axes."""
    return any(isinstance(each, ast.Name) for each in ast.walk(part))


def _sums(statement: ast.stmt) -> Iterator[ast.BinOp]:
    for part in ast.walk(statement):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
            yield part


def _names_exchanged(part: ast.AST, suspect: Suspect) -> Iterator[ast.AST]:
    """Two values of one shape, or two locals, each of which stands in one term of a sum."""
    shapes = suspect.values
    own = {name for statement in suspect.statements for name in touched_names(statement)}
    inside = [n.id for n in ast.walk(part) if isinstance(n, ast.Name)]
    inside = [name for name in inside if name in shapes or name in own]
    for one, other in combinations(dict.fromkeys(inside), 2):
        if shapes.get(one) == shapes.get(other):
            yield Renamed({one: other, other: one}).visit(deepcopy(part))


def _two_exchanged(part: ast.AST) -> Iterator[ast.AST]:
    match part:
        case ast.Tuple(elts=elements, ctx=ctx) | ast.List(elts=elements, ctx=ctx) if all(
            map(_is_computed, elements)
        ):
            for i, j in combinations(range(len(elements)), 2):
                turned = list(elements)
                turned[i], turned[j] = turned[j], turned[i]
                yield type(part)(turned, ctx)
        case _:
            pass


def _of(found: Evidence, key: Key) -> Array:
    """The gradient of another step, under the same feeds."""
    return found.grads[found.trial.drawn.truth.by_key[key].tensor].value


def _holds(found: Evidence, other: Key, key: Key) -> bool:
    """Whether the other definition gave the gradient of `key`."""
    trial = found.trial
    given = trial.run_on(found.feeds, only=other).get(other)
    return found.judge(given).right and key != other
