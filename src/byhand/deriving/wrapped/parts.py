"""What an object of a library is made of: forward's statements, what it keeps, the backward."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import numpy as np

from byhand.deriving.derivation import Derivation
from byhand.deriving.steps.text import WIDTH, text
from byhand.errors import UnsupportedError
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.values import tree
from byhand.values.arrays import is_array, is_torch


@dataclass(frozen=True)
class Parts:
    """A forward and its derived backward, taken apart.

    `arguments` are the parameters of forward that inputs gives; the others stay at their defaults,
    which `forward` begins with: the backward was derived for these.
    `forward` are its statements up to the return, `returned` is the expression that it gives. The
    backward reads `arrays` and `others` of forward (numbers, shapes), and the gradients `upstream`
    of what forward returns. `gradients` has the name of the gradient of each argument, or None.
    `scaled`: the backward is that of a loss, so its gradients are still to be multiplied with the
    upstream.
    """

    name: str
    arguments: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    forward: tuple[str, ...]
    returned: ast.expr
    arrays: tuple[str, ...]
    others: tuple[str, ...]
    upstream: tuple[str, ...]
    gradients: tuple[str | None, ...]
    backward: tuple[str, ...]
    scaled: bool
    notes: tuple[str, ...] = field(default=())

    @property
    def answers(self) -> list[str]:
        """What backward returns, for each argument."""
        one = f"{self.upstream[0]} * " if self.scaled else ""
        return ["None" if name is None else f"{one}{name}" for name in self.gradients]


def parts_of(
    problem: Problem,
    inputs: Mapping[str, Any],
    program: Program,
    derivation: Derivation,
    forward: Sequence[str],
    returned: ast.expr,
) -> Parts:
    """The parts of an object whose forward consists of these statements.

    Raises UnsupportedError where forward takes or gives what no such object does.
    """
    arguments = tuple(name for name in problem.forward.parameters if name in inputs)
    nested = [step.name for step in program.inputs if step.name not in arguments]
    if nested:
        name = tree.root(nested[0])
        raise unsupported(problem, f"{name} holds arrays: give each a parameter of its own")
    outputs = [step.name for step in program.outputs]
    if len(set(outputs)) < len(outputs):
        raise unsupported(problem, f"it returns {outputs[0]} more than once")
    upstream = tuple(f"d{'out' if name == 'return' else name}" for name in outputs)
    kept = [name for name in derivation.parameters if name not in upstream]
    numbers = {name for name, value in inputs.items() if not _is_array(value)}
    arrays = tuple(n for n in kept if _is_array(program.locals.get(n)) and n not in numbers)
    written = {step.name for step in derivation.steps}
    gradients = tuple(
        f"d{name}" if name in written and name not in numbers else None for name in arguments
    )
    derived = ast.parse(derivation.source).body[0]
    assert isinstance(derived, ast.FunctionDef)
    said = [*ast.parse("\n".join(forward)).body, returned, *derived.body]
    used = {n.id for node in said for n in ast.walk(node) if isinstance(n, ast.Name)}
    imports, constants = _globals(problem, used - {*arguments, *program.locals})
    return Parts(
        name=problem.name,
        arguments=arguments,
        imports=imports,
        constants=constants,
        forward=(*_fixed(problem, inputs, used), *forward),
        returned=returned,
        arrays=arrays,
        others=tuple(n for n in kept if n not in arrays),
        upstream=upstream,
        gradients=gradients,
        backward=tuple(_body(derivation.source, derived)),
        scaled=program.scalar and upstream[0] not in derivation.parameters,
        notes=derivation.notes,
    )


def _fixed(problem: Problem, inputs: Mapping[str, Any], used: Collection[str]) -> Iterator[str]:
    """Parameters that stay at their defaults, as numbers of forward."""
    for name, value in problem.forward.defaults.items():
        if name not in inputs and name in used:
            if not isinstance(value, (int, float, str, type(None))):
                raise unsupported(problem, f"the default of {name} is no number: give it in inputs")
            yield f"{name} = {value!r}"


def unsupported(problem: Problem, why: str) -> UnsupportedError:
    return UnsupportedError(f"{problem.file}: can't be written as an object: {why}")


def statements_of(problem: Problem) -> tuple[tuple[ast.stmt, ...], ast.expr]:
    """Forward's statements, and what it returns. Raises UnsupportedError if it returns early."""
    *body, last = problem.forward.body
    returns = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Return)]
    if returns or not isinstance(last, ast.Return) or last.value is None:
        raise unsupported(problem, "forward must have one return, at its end")
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return tuple(body), last.value


def own_text(problem: Problem) -> tuple[tuple[str, ...], ast.expr]:
    """Forward's lines as they stand in the file, with their comments, and what it returns."""
    body, returned = statements_of(problem)
    first, last = (body or problem.forward.body)[0].lineno, problem.forward.body[-1].lineno
    lines = [linecache.getline(problem.file, line) for line in range(first, last)]
    return tuple(dedent("".join(lines)).rstrip().splitlines()), returned


def _body(source: str, function: ast.FunctionDef) -> Iterator[str]:
    """The lines of a function with their comments, those laid out anew that are too long inside."""
    lines = source.splitlines()
    done = function.body[0].lineno - 1
    while lines[done - 1].lstrip().startswith("#"):
        done -= 1
    for node in function.body:
        assert node.end_lineno is not None
        yield from (line[4:] for line in lines[done : node.lineno - 1])
        stands = [line[4:] for line in lines[node.lineno - 1 : node.end_lineno]]
        long = max(map(len, stands)) > WIDTH - 8
        yield from text(node, WIDTH - 8).splitlines() if long else stands
        done = node.end_lineno


def _is_array(value: Any) -> bool:
    return is_torch(value) or is_array(value) or isinstance(value, np.generic)


def _globals(problem: Problem, used: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The imports, and the constants and functions of the file, that these names need."""
    names = set(used)
    imports: list[str] = []
    own: list[str] = []
    for node in reversed(problem.tree.body if problem.tree is not None else []):
        match node:
            case ast.Import(names=bound) | ast.ImportFrom(names=bound):
                head = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
                needed = [n for n in bound if (n.asname or n.name.partition(".")[0]) in names]
                imports += [f"{head}import {ast.unparse(n)}" for n in needed]
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.FunctionDef(name=name):
                if name in names:
                    own.append(ast.unparse(node))
                    names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            case _:
                pass
    return tuple(imports), tuple(reversed(own))
