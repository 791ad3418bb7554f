"""The wrong gradient was used.

The gradient that comes back into `hpreact = bngain * bnraw + bnbias` is dhpreact, that of the
step's result, and not dh, that of a later step.

Bad:
    dbnraw = bngain * dh
Good:
    dbnraw = bngain * dhpreact
"""

import ast
from collections.abc import Iterator, Sequence

from byhand.checking.naming.proving.candidates import gradients
from byhand.checking.naming.proving.finding import Diagnosis, Edit
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import array_factors, text
from byhand.checking.running.names import loaded_names, root_name


def find(suspect: Suspect) -> Diagnosis | None:
    known = suspect.gradients

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in known or name == suspect.d:
                shape = known.get(name)
                for each in known:
                    if each != name and shape in (None, known[each]):
                        yield ast.Name(each, ast.Load())
            case _:
                pass

    mend = suspect.mend(other)
    if mend is None:
        return None
    said = f"{text(mend.part)} is the wrong gradient here"
    return mend.finding(said + _where(suspect, mend.statement))


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A derivative that stands there alone, or with a number."""
    known = [each for each in gradients(suspect) if text(each) not in _ones(suspect)]
    mend = suspect.mend_parts(array_factors, _times_each(known), but_for_a_number=True)
    if mend is None:
        return None
    said = f"`{text(mend.part)}` lacks the gradient that belongs here"
    return mend.finding(said + _where(suspect, mend.statement))


def _where(suspect: Suspect, statement: ast.stmt) -> str:
    return f": {suspect.name} is used in {suspect.used_in}" if suspect.owns(statement) else ""


def _ones(suspect: Suspect) -> set[str]:
    """The gradient of a loss, which is 1: to lack it is to lack nothing."""
    return {f"d{step.name}" for step in suspect.program.outputs if suspect.program.scalar}


def _times_each(known: Sequence[ast.expr]) -> Edit:
    """A derivative that stands there alone is multiplied by a gradient."""
    names = {root_name(each) for each in known}

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        if not any(name in names for name, _ in loaded_names(part)):
            for each in known:
                yield ast.BinOp(part, ast.Mult(), each)

    return times
