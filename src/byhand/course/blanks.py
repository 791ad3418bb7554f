"""The learner's copy of a problem file: what the exercise asks for is left out.

The problem file is right as it lies there. What is left out of it is either marked by two comments,

    # BEGIN SOLUTION
    dprobs = dlogprobs / probs
    # END SOLUTION

or named: then it is every statement of backward that writes one of these gradients, with the
comments and helping statements right above it, and whatever follows the last of them. Instead
stands, for each gradient,

    dprobs = ...  # your turn
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from byhand.checking.running.names import touched_names
from byhand.errors import CourseError

TURN = "...  # your turn"
_BEGIN, _END = (re.compile(rf"\s*#+ ?{word} SOLUTION\s*") for word in ("BEGIN", "END"))


@dataclass(frozen=True)
class Blanks:
    """The learner's copy, the names it asks for (`probs`, for dprobs), and the lines left out.

    `statements` are the simple statements among them, also those in loops and branches.
    """

    source: str
    asked: tuple[str, ...]
    solution: str
    statements: tuple[str, ...]


def by_marks(source: str, file: Path) -> Blanks:
    """Leaves out what is marked. Raises CourseError where the marks can't be followed."""
    backward, known = _parts(source, file)
    lines = source.splitlines()
    kept: list[str] = []
    solution: list[str] = []
    statements: list[ast.stmt] = []
    end = 0
    for begin, last in _marked(lines, file):
        inside = [s for s in _statements(backward) if begin < s.lineno <= last]
        blanks = _targets(inside, known)
        if not blanks:
            raise CourseError(f"{file}:{begin}: the solution writes no gradient in backward")
        indent = re.match(r"\s*", lines[begin - 1])
        kept += lines[end : begin - 1]
        kept += [f"{indent[0] if indent else ''}{target} = {TURN}" for target in blanks.values()]
        solution += ["", *lines[begin : last - 1]] if solution else lines[begin : last - 1]
        statements += inside
        end = last
    if not statements:
        raise CourseError(f"{file}: no solution is marked: put # BEGIN SOLUTION and # END SOLUTION")
    kept += lines[end:]
    return _blanks(kept, _targets(statements, known), solution, statements)


def by_names(source: str, file: Path, names: Sequence[str], doc: str) -> Blanks:
    """Leaves out what writes these names, and the rest after that; `doc` is the new docstring."""
    backward, known = _parts(source, file)
    lines = source.splitlines()
    asked = [s for s in backward.body if set(_answers(s, known)) & set(names)]
    written = {name for statement in asked for name in _answers(statement, known)}
    for name in names:
        if name not in written:
            raise CourseError(f"{file}: backward has no d{name}, which an exercise asks for")
    for name in written - set(names):
        raise CourseError(f"{file}: a statement writes d{name} with what is asked: ask for it too")
    gone: set[int] = set()
    for statement in asked:
        gone |= set(range(_start(statement, backward, lines, known), _last(statement) + 1))
    solution = [lines[n - 1] if n in gone else "" for n in range(min(gone), max(gone) + 1)]
    blanks = _targets(asked, known)
    first = {n: s.lineno for s in reversed(asked) for n in _answers(s, known)}
    begins = {line: [n for n in blanks if first[n] == line] for line in first.values()}
    kept: list[str] = []
    for number, line in enumerate(lines[: max(gone)], 1):
        if number not in gone:
            kept.append(line)
        kept += [f"    {blanks[name]} = {TURN}" for name in begins.get(number, ())]
    return _blanks(_with_doc(kept, source, doc), blanks, solution, asked)


def is_blank(statement: ast.stmt) -> bool:
    """Whether this is `dprobs = ...`, as the learner's copy has it."""
    match statement:
        case ast.Assign(value=ast.Constant(value=value)):
            return value is Ellipsis
        case _:
            return False


def _blanks(
    kept: list[str],
    targets: dict[str, str],
    solution: list[str],
    statements: list[ast.stmt],
) -> Blanks:
    text = re.sub(r"\n{3,}", "\n\n", dedent("\n".join(solution))).strip("\n") + "\n"
    inner = {id(s): s for top in statements for s in ast.walk(top) if isinstance(s, ast.stmt)}
    parts = tuple(ast.unparse(s) for s in inner.values() if not hasattr(s, "body"))
    return Blanks("\n".join(kept).rstrip() + "\n", tuple(targets), text, parts)


def _parts(source: str, file: Path) -> tuple[ast.FunctionDef, frozenset[str]]:
    """The backward, and the names that may have a gradient: the inputs and locals of forward."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise CourseError(f"{file}: is not Python: {error}") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in ("inputs", "forward", "backward"):
        if name not in functions:
            raise CourseError(f"{file}: has no `def {name}(...)`")
    forward = functions["forward"]
    known = {arg.arg for arg in [*forward.args.args, *forward.args.kwonlyargs]}
    known |= {n for s in _statements(forward) for n in touched_names(s)}
    return functions["backward"], frozenset(known)


def _statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function, also those in loops, in the order of their lines."""
    found = [n for top in function.body for n in ast.walk(top) if isinstance(n, ast.stmt)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _answers(statement: ast.stmt, known: frozenset[str]) -> list[str]:
    """The names of which a statement writes the gradient."""
    return [
        name[1:]
        for part in ast.walk(statement)
        if isinstance(part, ast.stmt)
        for name, kind in touched_names(part).items()
        if kind is not None and name[0] == "d" and name[1:] in known
    ]


def _targets(statements: Sequence[ast.stmt], known: frozenset[str]) -> dict[str, str]:
    """What to leave to the learner, by name: `dprobs`, or `dhs[t]` where only items are written."""
    found: dict[str, str] = {}
    for statement in statements:
        for name in _answers(statement, known):
            match statement:
                case ast.Assign(targets=[ast.Subscript() as target]):
                    found.setdefault(name, ast.unparse(target))
                case _:
                    found.setdefault(name, f"d{name}")
    return found


def _marked(lines: Sequence[str], file: Path) -> Iterator[tuple[int, int]]:
    """The lines of each pair of marks, counted from 1."""
    begin = None
    for number, line in enumerate(lines, 1):
        if _BEGIN.fullmatch(line):
            if begin is not None:
                raise CourseError(f"{file}:{number}: the solution of line {begin} hasn't ended yet")
            begin = number
        elif _END.fullmatch(line):
            if begin is None:
                raise CourseError(f"{file}:{number}: a solution ends here that never began")
            yield begin, number
            begin = None
    if begin is not None:
        raise CourseError(f"{file}:{begin}: a solution begins here and never ends")


def _start(
    statement: ast.stmt, backward: ast.FunctionDef, lines: Sequence[str], known: frozenset[str]
) -> int:
    """The first of the lines that belong to a statement: comments and helpers right above it."""
    helpers = {
        line
        for other in backward.body
        if not _answers(other, known)
        for line in range(other.lineno, _last(other) + 1)
    }
    start = statement.lineno
    while lines[start - 2].lstrip().startswith("#") or start - 1 in helpers:
        start -= 1
    return start


def _last(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _with_doc(kept: list[str], source: str, doc: str) -> list[str]:
    """The lines with `doc` in the place of the module's docstring."""
    first = ast.parse(source).body[0]
    there = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return [f'"""{doc.rstrip()}', '"""', *kept[_last(first) if there else 0 :]]
