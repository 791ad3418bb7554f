"""The small constant under the root is missing.

Forward has `(bnvar + 1e-5) ** -0.5`; so its derivative is taken at bnvar + 1e-5 as well. The
difference is about 2e-5 of the value: too small to see, large enough to be wrong.

Bad:
    dbnvar = -0.5 * bnvar**-1.5 * dbnvar_inv
Good:
    dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text

SMALL = 1e-2


def find(suspect: Suspect) -> Diagnosis | None:
    sums = _small_sums(suspect)
    if not sums:
        return None

    def with_eps(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if isinstance(part, ast.expr) and isinstance(getattr(part, "ctx", ast.Load()), ast.Load):
            yield from (whole for whole, base in sums if text(part) == base)

    mend = suspect.mend(with_eps)
    if mend is None:
        return None
    return mend.finding(
        f"forward adds a small number to {text(mend.part)}; this line leaves it out"
    )


def _small_sums(suspect: Suspect) -> list[tuple[ast.expr, str]]:
    """Every `base + eps` of forward, with the text of the base."""
    found: list[tuple[ast.expr, str]] = []
    for node in suspect.first.trial.problem.forward.nodes:
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=ast.Constant(value=float(eps))) if (
                0 < eps < SMALL
            ):
                found.append((node, text(left)))
            case ast.BinOp(left=ast.Constant(value=float(eps)), op=ast.Add(), right=right) if (
                0 < eps < SMALL
            ):
                found.append((node, text(right)))
            case ast.BinOp(left=left, op=ast.Add(), right=ast.Name(id="eps" | "epsilon")):
                found.append((node, text(left)))
            case _:
                pass
    return found
