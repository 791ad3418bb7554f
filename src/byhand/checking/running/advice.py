"""What a statement raised, in one line, with what to do about it where that is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from byhand.program.problem import did_you_mean, in_one_line
from byhand.program.statements import Function, Namespace, Statement
from byhand.values.held import array


@dataclass(frozen=True, eq=False)
class KnownNames:
    """The names that a backward could use: what it may ask for, and what it makes itself."""

    function: Function
    to_ask_for: frozenset[str]

    def advice(self, name: str, line: int, namespace: Namespace) -> str:
        """What to do about a name that isn't defined at `line`."""
        if name in self.to_ask_for:
            return f"forward has it: add {name} to backward's parameters"
        made = [at for at in self._bound_at(name, ast.Store()) if at != line]
        gone = [at for at in self._bound_at(name, ast.Del()) if at <= line]
        if gone:
            return f"line {gone[-1]} has deleted it"
        if made and min(made) > line:
            return f"it isn't assigned before line {min(made)}: move that line up, or this one down"
        if made:
            return f"line {max(at for at in made if at < line)} makes it, but hasn't run"
        return did_you_mean(name, [*namespace, *self.to_ask_for]).removeprefix("; ")

    def _bound_at(self, name: str, how: ast.expr_context) -> list[int]:
        return sorted(
            part.lineno
            for node in self.function.body
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, type(how))
        )


_MATMUL = re.compile(
    r"Input operand \d has a mismatch in its core dimension \d, with gufunc signature \S+ "
    r"\(size (\d+) is different from (\d+)\)"
)
"""What NumPy says of a matrix product whose shapes don't fit, in words for NumPy's developers."""


def explained(
    error: BaseException,
    line: int,
    names: KnownNames,
    namespace: Namespace,
    statement: Statement | None = None,
) -> str:
    """The exception, with advice. `statement` is what raised it, if no condition or loop did."""
    said = _MATMUL.sub(r"the inner sizes \2 and \1 differ", in_one_line(error))
    frames = list(_frames(error))
    own = [f for f in frames if f[0] is namespace]
    elsewhere = [f for f in frames if f[0] is not namespace and f[1] == names.function.file]
    if elsewhere and (not own or frames.index(own[-1]) < frames.index(elsewhere[-1])):
        return f"{said} (in line {elsewhere[-1][2]})"
    if isinstance(error, NameError) and error.name is not None:
        advice = names.advice(error.name, line, namespace)
    elif isinstance(error, (ValueError, RuntimeError, IndexError)) and statement and own:
        advice = _shapes(statement, own[0][3], namespace)
    else:
        advice = ""
    return f"{said}: {advice}" if advice else said


_Span = tuple[int | None, int | None, int | None, int | None]


def _frames(error: BaseException) -> Iterator[tuple[Any, str, int, _Span]]:
    """Where an exception passed through: the globals, the file, the line, and the place in it."""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places = list(code.co_positions())
        first, last, start, end = places[traceback.tb_lasti // 2]
        yield (
            traceback.tb_frame.f_globals,
            code.co_filename,
            traceback.tb_lineno,
            (first, start, last, end),
        )
        traceback = traceback.tb_next


def _shapes(statement: Statement, span: _Span, namespace: Namespace) -> str:
    """The shapes of what was put together where it raised: `x.T has shape (3, 4), dh (5, 2)`."""
    for part in ast.walk(statement.node):
        if not isinstance(part, (ast.expr, ast.stmt)):
            continue
        if (part.lineno, part.col_offset, part.end_lineno, part.end_col_offset) != span:
            continue
        found = [
            (ast.unparse(operand), value.shape)
            for operand in _operands(part)
            if (value := _value(operand, statement, namespace)) is not None
        ]
        if len(found) > 1:
            (one, shape), *others = found
            rest = ", ".join(f"{text} {_said(shape)}" for text, shape in others)
            return f"{one} has shape {_said(shape)}, {rest}"
    return ""


def _operands(part: ast.AST) -> list[ast.expr]:
    match part:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.AugAssign(target=target, value=value):
            return [target, value]
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            return [target, value]
        case ast.Subscript(value=value, slice=index):
            return [value, index]
        case ast.Call(func=func, args=args):
            method = isinstance(func, ast.Attribute)
            return [*([func.value] if method else []), *args]
        case _:
            return []


def _value(operand: ast.expr, statement: Statement, namespace: Namespace) -> Any:
    """The array that an operand is; None for anything else, or where to look could change it."""
    if any(isinstance(part, (ast.Call, ast.NamedExpr)) for part in ast.walk(operand)):
        return None
    try:
        read = ast.parse(ast.unparse(operand), mode="eval").body
        return array(statement.evaluate(read, namespace))
    except Exception:
        return None


def _said(shape: tuple[int, ...]) -> str:
    return str(tuple(shape))
