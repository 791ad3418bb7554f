"""The wrong value of the forward pass was used.

The derivative of tanh is 1 - tanh(x)**2: with h = np.tanh(hpreact) that is 1 - h**2, not 1 -
hpreact**2.

Bad:
    dhpreact = (1 - hprebn**2) * dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.values import tree


def find(suspect: Suspect) -> Finding | None:
    values = suspect.values
    lists = dict.fromkeys(
        tree.root(step.name) for step in suspect.program if tree.root(step.name) != step.name
    )

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in values:
                alike = [value for value in values if values[value] == values[name]]
                for value in [*alike, *(v for v in values if _fits(values[v], values[name]))]:
                    if value != name:
                        yield ast.Name(value, ast.Load())
            case ast.Subscript(value=ast.Name(id=name), slice=index, ctx=ast.Load()) if (
                name in lists
            ):
                # hs[i] for hs[i + 1]: what went in for what came out.
                for next_to in (ast.Add(), ast.Sub()):
                    place = ast.BinOp(index, next_to, ast.Constant(1))
                    yield ast.Subscript(part.value, place, ast.Load())
                for near in lists:
                    if near != name:
                        yield ast.Subscript(ast.Name(near, ast.Load()), index, ast.Load())
            case _:
                pass

    mend = suspect.mend(other)
    if mend is None:
        mend = suspect.mend_parts(_expressions, lambda part, _: _everywhere(part, suspect))
    if mend is None:
        return None
    return mend.finding(
        f"{text(mend.part)} is the wrong value here: at which value of forward is the "
        f"derivative of {suspect.used_in or 'this step'} taken?"
    )


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Products of a value with itself, which has to be exchanged in both places."""
    for part in ast.walk(statement):
        match part:
            case ast.BinOp(left=ast.Name(id=a), op=ast.Mult(), right=ast.Name(id=b)) if a == b:
                yield part
            case _:
                pass


def _everywhere(part: ast.AST, suspect: Suspect) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=ast.Name(id=name), op=op):
            for value, shape in suspect.values.items():
                if value != name and shape == suspect.values.get(name):
                    other = ast.Name(value, ast.Load())
                    yield ast.BinOp(other, op, other)
        case _:
            pass


def _fits(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the shapes differ, and broadcast."""
    return shape != other and all(
        1 in (a, b) or a == b for a, b in zip(shape[::-1], other[::-1], strict=False)
    )
