"""Added up over too many axes, or over all of them.

A value of shape (1, 64) that was copied down 32 rows collects its gradient down the rows, and
nowhere else: 64 sums of 32 numbers. `.sum()` without an axis adds up all 2,048 into one number,
and broadcasting hides that later.

Bad:
    dcounts_sum_inv = (counts * dprobs).sum()
Good:
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
"""

import ast
from collections.abc import Iterator
from itertools import combinations

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import parsed, text

REDUCTIONS = ("sum", "mean")
MOST_AXES = 4


def find(suspect: Suspect) -> Finding | None:
    mend = suspect.mend(_over_fewer_axes)
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}` adds up over too many axes: only those along which "
        f"{suspect.name} was copied belong into the sum"
    )


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
