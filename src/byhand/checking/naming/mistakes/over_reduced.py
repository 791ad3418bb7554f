"""Summed over too many axes, or over all of them.

A value of shape (1, 64) that was copied down 32 rows collects its gradient down the rows, and
nowhere else: 64 sums of 32 numbers. `.sum()` without an axis sums all 2,048 into one number, and
broadcasting hides that later.

Bad:
    dcounts_sum_inv = (counts * dprobs).sum()
Good:
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
"""

import ast
from collections.abc import Iterator
from itertools import combinations

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, parsed, text

REDUCTIONS = ("sum", "mean")
MOST_AXES = 4


def find(suspect: Suspect) -> Diagnosis | None:
    mend = suspect.mend(_over_fewer_axes)
    if mend is None:
        return _several(suspect)
    return mend.finding(
        f"`{text(mend.part)}` adds up over too many axes: only those along which "
        f"{suspect.name} was copied belong into the sum"
    )


def _several(suspect: Suspect) -> Diagnosis | None:
    """Several sums of one definition are each over too many axes."""
    found = [
        (statement, part, [*_over_fewer_axes(part, statement)])
        for statement in suspect.promising
        for part in ast.walk(statement)
    ]
    found = [each for each in found if each[2]]
    if len({statement for statement, _, _ in found}) != len(found) or len(found) < 2:
        return None
    for choice in zip(*(options for _, _, options in found), strict=False):
        edits = {
            statement: exchanged(statement, part, new)
            for (statement, part, _), new in zip(found, choice, strict=True)
        }
        if suspect.mended(edits):
            said = " and ".join(f"`{text(part)}`" for _, part, _ in found)
            return Diagnosis(
                f"{said} add up over too many axes: only those along which {suspect.name} was "
                "copied belong into a sum",
                found[0][0].lineno,
                None,
                edits,
            )
    return None


def _over_fewer_axes(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    """The same call over every smaller set of axes, which are kept or not."""
    match part:
        case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=args, keywords=keywords) if (
            attr in REDUCTIONS
        ):
            array = [] if _is_method(owner, args) else args[:1]
            named = {k.arg: k.value for k in keywords if k.arg}
            over = next(iter(args[len(array) :]), named.get("axis", named.get("dim")))
            for axes in _fewer(over):
                for kept in ([], [ast.keyword("keepdims", ast.Constant(True))]):
                    axis = ast.keyword("axis", parsed(repr(axes)))
                    yield ast.Call(part.func, array, [axis, *kept])
        case _:
            pass


def _is_method(owner: ast.expr, args: list[ast.expr]) -> bool:
    """Whether it is `a.sum()`, not `np.sum(a)`."""
    return not (
        isinstance(owner, ast.Name) and owner.id in ("np", "numpy", "torch", "jnp") and args
    )


def _fewer(over: ast.expr | None) -> Iterator[tuple[int, ...]]:
    """The sets of axes that are smaller than those a call names; it names all where it names
    none."""
    match over:
        case None | ast.Constant(value=None):
            for n in range(1, MOST_AXES):
                yield from combinations(range(MOST_AXES), n)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            try:
                axes = [ast.literal_eval(each) for each in elements]
            except ValueError:
                return
            for n in range(1, len(axes)):
                yield from combinations(axes, n)
        case _:
            pass
