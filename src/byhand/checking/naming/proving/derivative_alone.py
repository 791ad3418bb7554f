"""Where a definition ends with `g * derivative`, g being a gradient that backward was given.

    slope = 0.5 * (1 - t * t)
    dx = dout * slope

Such a last step has no room for a number or a sign: what the whole lacks, the derivative lacks.
"""

from __future__ import annotations

import ast

from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.running.names import touched_names


def derivative_alone(suspect: Suspect) -> ast.stmt | None:
    """The statement that made the derivative; None where the last step is none of that kind."""
    if suspect.only or not suspect.answer.writes:
        return None
    last = suspect.answer.writes[-1].node
    local = _times_upstream(last, suspect)
    own = [write.node for write in suspect.answer.writes[:-1]]
    needed = [node for node in suspect.statements if not suspect.owns(node)]
    makes = (n for n in (*reversed(own), *needed) if n is not last and local in touched_names(n))
    return next(makes, None)


def _times_upstream(statement: ast.stmt, suspect: Suspect) -> str | None:
    """The local that a statement takes times a given gradient, and does nothing else."""
    match statement:
        case ast.Assign(value=ast.BinOp(ast.Name(id=one), ast.Mult(), ast.Name(id=other))):
            pass
        case ast.AugAssign(target=ast.Name(id=one), op=ast.Mult(), value=ast.Name(id=other)):
            pass
        case _:
            return None
    given = suspect.first.trial.run.upstream
    match one in given, other in given:
        case True, False:
            return other
        case False, True:
            return one
        case _:
            return None
