"""Right values, but an axis of length 1 is missing from the shape.

A value of shape (1, 64) has a gradient of shape (1, 64). A sum without keepdims=True gives
(64,): the same numbers, but they will broadcast differently where they are used next.

Bad:
    dbnbias = dhpreact.sum(0)
Good:
    dbnbias = dhpreact.sum(0, keepdims=True)
"""

import ast
from collections.abc import Iterator

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.ops import REGISTRY
from byhand.ops.spelling import names
from byhand.values.arrays import Array

REDUCTIONS = frozenset[str]().union(
    *(names(op) for op in REGISTRY.values() if op.structure == "reduction" and op.differentiable)
)


def find(suspect: Suspect) -> Diagnosis | None:
    if suspect.first.comparison.verdict == "shape" and suspect.follows(_squeezed):
        got, wanted = suspect.first.comparison.shape, suspect.step.shape
        return Diagnosis(
            f"the values are right, but {suspect.d} has shape {got} where {suspect.name} has "
            f"{wanted}: {_slip(len(got or ()), len(wanted))}"
        )
    mend = suspect.mend(_kept)
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}` drops the axis it sums over, so what follows broadcasts along "
        "another one: keep the axis"
    )


def _slip(axes: int, wanted: int) -> str:
    if axes == wanted:
        return "an axis of length 1 is in the wrong place"
    return f"an axis of length 1 is {'missing' if axes < wanted else 'too many'}"


def _squeezed(found: Evidence) -> Array | None:
    value, expected = as_array(found.value), found.expected.value
    if value is None or _long(value.shape) != _long(expected.shape):
        return None
    return value if found.judge(value.reshape(expected.shape)).right else None


def _long(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]


def _kept(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Call(func=ast.Attribute(attr=attr), args=args, keywords=keywords) if (
            attr in REDUCTIONS
            and (args or keywords)
            and not any(k.arg in ("keepdims", "keepdim") for k in keywords)
        ):
            keep = ast.keyword("keepdims", ast.Constant(True))
            yield ast.Call(part.func, args, [*keywords, keep])
        case _:
            pass
