"""The wrong gradient was used.

The gradient that comes back into `hpreact = bngain * bnraw + bnbias` is dhpreact, that of the
step's result, and not dh, that of a later step.

Bad:
    dbnraw = bngain * dh
Good:
    dbnraw = bngain * dhpreact
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.candidates import gradients
from byhand.checking.naming.proving.finding import Diagnosis, Edit
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text


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

    return _mended(suspect, other)


def find_late(suspect: Suspect) -> Diagnosis | None:
    """The same of locals that hold gradients, whatever they are called."""
    known = [text(each) for each in gradients(suspect) if isinstance(each, ast.Name)]

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in known:
                yield from (ast.Name(each, ast.Load()) for each in known if each != name)
            case _:
                pass

    return _mended(suspect, other)


def _mended(suspect: Suspect, other: Edit) -> Diagnosis | None:
    mend = suspect.mend(other)
    if mend is None:
        return None
    own = suspect.owns(mend.statement)
    where = f": {suspect.name} is used in {suspect.used_in}" if own else ""
    return mend.finding(f"{text(mend.part)} is the wrong gradient here{where}")
