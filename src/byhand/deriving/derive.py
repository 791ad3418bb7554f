"""`byhand.derive`: from a forward to the backward that a person would write."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, TypeGuard

from byhand.codegen import nodes as nd
from byhand.codegen.emitter import Dialect
from byhand.codegen.numpy_words import NumPy
from byhand.codegen.recording import record
from byhand.codegen.torch_words import PyTorch
from byhand.deriving.closed.reasons import Reasons
from byhand.deriving.closed.search import Closed, closed_forms
from byhand.deriving.closed.statements import state
from byhand.deriving.cost import cost
from byhand.deriving.derivation import Derivation, DerivedStep
from byhand.deriving.steps.context import Context, context_of
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.sweep import sweep
from byhand.deriving.steps.text import WIDTH
from byhand.deriving.steps.writing import write
from byhand.deriving.verify import difference, other_sizes, verify
from byhand.errors import ProblemError, UnsupportedError
from byhand.program.problem import Problem, did_you_mean, problem_of
from byhand.program.program import Program, Step
from byhand.values import tree
from byhand.values.arrays import speaks_torch

LOOPS = "forward has a loop, so no closed form was sought: every step is shown"
ONE_SIZE = "holds at these sizes only"
NOT_RIGHT = "the closed form that was found did not pass its check: every step is shown"
NOTHING_SHORTER = "no form with fewer operations was found: every step is shown"

DIALECTS: dict[str, Dialect] = {"numpy": NumPy(), "torch": PyTorch()}


def derive(
    problem: Problem | Callable[..., Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    names: Sequence[str] | None = None,
    dialect: str | None = None,
    closed: bool = False,
) -> Derivation:
    """The backward of a forward, one statement for each named value.

    Give a loaded problem, or a forward and the inputs (arrays by name) to try it on. `names` are
    the gradients that are asked for: every float input that isn't data, unless told otherwise.
    `dialect` is "numpy" or "torch": what forward is written in, unless told otherwise. With
    `closed`, only these gradients are written, each in as few operations as were found; where that
    isn't fewer than every step takes, it is every step after all, and a note says so.

    Raises ProblemError if forward can't be followed, UnsupportedError if it can't be derived.
    """
    if not isinstance(problem, Problem):
        if inputs is None:
            raise ProblemError("derive(forward, inputs): the inputs are missing")
        problem = problem_of(problem, None, inputs)
    if problem.in_jax:
        raise UnsupportedError(
            f"{problem.where(problem.forward.line)}: forward is in JAX, but what is derived is in "
            "NumPy or PyTorch: write forward in one of them"
        )
    given = problem.inputs() if inputs is None else dict(inputs)
    task = _Task(problem, names, dialect, closed)
    first: tuple[Derivation, UnsupportedError] | None = None
    rank = 0
    while (derived := task.derived(given, rank)) is not None:
        found, staged = derived
        if not can_run(given, dialect):
            return found
        try:
            verify(problem, given, found, dialect)
        except UnsupportedError as error:
            first = first or (found, error)
            derived = task.right_elsewhere(given, rank)
        if derived is not None:
            return _costed(problem, given, *derived, dialect)
        if staged is None:
            break
        rank += 1
    assert first is not None
    found, error = first
    if not found.closed:
        return _at_these_sizes(problem, given, found, dialect, error)
    staged = derive(problem, inputs, names=names, dialect=dialect)
    if staged.fixed_sizes and not difference(problem, given, found, dialect):
        return _at_these_sizes(problem, given, found, dialect, error)
    return replace(staged, notes=(*staged.notes, NOT_RIGHT))


@dataclass(frozen=True)
class _Task:
    """What is to be derived, whatever the inputs."""

    problem: Problem
    names: Sequence[str] | None
    dialect: str | None
    closed: bool

    def derived(
        self, given: Mapping[str, Any], rank: int
    ) -> tuple[Derivation, Derivation | None] | None:
        """The derivation; and for closed forms what they are compared with, that of every step.

        A `rank` asks for closed forms that are not the cheapest; None if there are no more.
        """
        recording = record(self.problem, given)
        program = recording.program
        spoken = self.dialect or ("torch" if program.in_torch else "numpy")
        if spoken not in DIALECTS:
            raise ProblemError(f"dialect {spoken}: choose {' or '.join(DIALECTS)}")
        wanted = _wanted(self.problem, program, self.names)
        context = context_of(recording, DIALECTS[spoken], wanted)
        staged = _staged(context)
        if not self.closed:
            return staged, None
        if recording.notes.iterations:
            return replace(staged, notes=(*staged.notes, LOOPS)), None
        forms = closed_forms(context, rank)
        if forms is not None:
            return _closed(context, staged, forms), staged
        return None if rank else (replace(staged, notes=(*staged.notes, NOTHING_SHORTER)), None)

    def right_elsewhere(
        self, given: Mapping[str, Any], rank: int
    ) -> tuple[Derivation, Derivation | None] | None:
        """What is derived at other sizes, if that is right here and there.

        An axis that happens to have length 1 looks like one that always has; others may not.
        """
        for _, others in other_sizes(self.problem):
            derived = self.derived(others, rank)
            if derived is None or difference(self.problem, given, derived[0], self.dialect):
                continue
            try:
                verify(self.problem, others, derived[0], self.dialect)
            except UnsupportedError:
                continue
            return derived
        return None


def _at_these_sizes(
    problem: Problem,
    given: Mapping[str, Any],
    found: Derivation,
    dialect: str | None,
    error: UnsupportedError,
) -> Derivation:
    """What is right at the sizes of the inputs, with a note. Raises `error` if it isn't."""
    if difference(problem, given, found, dialect):
        raise error from None
    said = str(error).rpartition("can't be derived: ")[2]
    found = replace(found, notes=(*found.notes, f"{ONE_SIZE}: {said}"))
    return _costed(problem, given, replace(found, fixed_sizes=True), None, dialect)


def can_run(inputs: Mapping[str, Any], dialect: str | None) -> bool:
    """Whether a backward in this dialect can be run here: PyTorch need not be installed."""
    return dialect != "torch" or speaks_torch(inputs) or find_spec("torch") is not None


def _costed(
    problem: Problem,
    given: Mapping[str, Any],
    found: Derivation,
    staged: Derivation | None,
    dialect: str | None,
) -> Derivation:
    """With what it costs. Closed forms that save no operations give way to every step."""
    found = replace(found, cost=cost(problem, given, found, dialect=dialect))
    if staged is None:
        return found
    staged = replace(staged, cost=cost(problem, given, staged, dialect=dialect))
    assert found.cost is not None and staged.cost is not None
    if found.cost.operations <= staged.cost.operations:
        return replace(found, staged=staged.cost)
    verify(problem, given, staged, dialect)
    return replace(staged, notes=(*staged.notes, NOTHING_SHORTER))


def _staged(context: Context) -> Derivation:
    """One statement for every step."""
    written = write(context, sweep(context))
    parameters = _parameters(context, written.lines)
    return Derivation(
        source=_source(context, parameters, written.lines),
        parameters=parameters,
        steps=tuple(DerivedStep(e.name, str(e), e.forward, e.remark) for e in written.lines),
        notes=written.notes,
        fixed_sizes=bool(written.notes),
    )


def _closed(context: Context, staged: Derivation, forms: Closed) -> Derivation:
    stated = state(forms)
    written = write(context, stated.swept)
    parameters = _parameters(context, written.lines)
    chain = {step.name: right for step in staged.steps if (right := _right(step.code))}
    reasons = Reasons(forms, stated, written, chain)
    conditions = tuple(
        f"holds where {said}, as here" for said in forms.factoring.ring.log.conditions
    )
    return Derivation(
        source=_source(context, parameters, written.lines),
        parameters=parameters,
        steps=reasons.steps(written.lines),
        notes=(*conditions, *written.notes),
        closed=True,
        lemmas=reasons.lemmas(),
        checks=reasons.checks(),
    )


def _right(code: str) -> str:
    """The right side, of a statement that is only an assignment."""
    left, equals, right = code.partition(" = ")
    return right if equals and left.isidentifier() and "\n" not in code else ""


def _wanted(problem: Problem, program: Program, names: Sequence[str] | None) -> list[Step]:
    if names is None:
        return [
            step
            for step in program.inputs
            if step.name not in problem.data and tree.root(step.name) not in problem.data
        ]
    found: list[Step] = []
    for name in names:
        matching = [step for step in program if tree.root(step.name) == name]
        matching = [program[name]] if name in program else matching
        if not matching:
            raise ProblemError(
                f"{problem.file}: {name} is neither a float input nor a step of forward"
                f"{did_you_mean(name, program.bindings)}"
            )
        found += matching
    return found


def _parameters(context: Context, lines: Sequence[Line]) -> tuple[str, ...]:
    """What the lines use that they don't define, in the order in which forward has it."""
    defined: set[str] = set()
    free: dict[str, None] = {}
    for line in lines:
        for node in line.nodes:
            targets = {n.id for n in ast.walk(node) if _stored(n)}
            loads = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not _stored(n)]
            inner = targets if isinstance(node, ast.For) else set[str]()
            free.update(dict.fromkeys(n for n in loads if n not in defined | inner))
            defined |= targets
    forward, program = context.recording.problem.forward, context.program
    known = list(dict.fromkeys([*forward.parameters, *program.locals]))
    upstream = [f"d{step.name}" for step in program.outputs]
    return tuple(n for n in [*known, *upstream] if n in free)


def _stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _needs_math(line: Line) -> bool:
    """Whether a line makes a function of the module `math` one of arrays."""
    nodes = (part for node in line.nodes for part in ast.walk(node))
    return any(isinstance(n, ast.Call) and nd.text(n.func) == "np.vectorize" for n in nodes)


def _apart(problem: Problem, first: int, last: int) -> bool:
    """Whether forward has an empty line between two of its lines."""
    return any(not problem.forward.source(line) for line in range(first + 1, last))


def _source(context: Context, parameters: Sequence[str], lines: Sequence[Line]) -> str:
    head = f"def backward({', '.join(parameters)}):"
    if len(head) > WIDTH:
        wrapped = textwrap.fill(", ".join(parameters) + ",", WIDTH - 4)
        head = f"def backward(\n{textwrap.indent(wrapped, '    ')}\n):  # fmt: skip"
    body = ["    import math"] if any(map(_needs_math, lines)) else []
    at: int | None = None
    for line in lines:
        if line.at is not None:
            if at is not None and _apart(context.recording.problem, line.at, at):
                body.append("")
            at = line.at
        code = str(line)
        said = f"{code}  # {line.remark}"
        if line.remark and "\n" not in code and len(said) <= WIDTH:
            code = said
        elif line.remark:
            code = f"# {line.remark[0].upper()}{line.remark[1:]}.\n{code}"
        body.append(textwrap.indent(code, "    "))
    return "\n".join([head, *(body or ["    pass"])]) + "\n"
