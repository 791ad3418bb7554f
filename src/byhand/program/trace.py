"""Tracing: a forward is run on tensors, and every assignment to a name becomes a step."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np

from byhand.engine import Tensor
from byhand.engine.backward import computed_first_to_last
from byhand.errors import ByhandError, ProblemError, UnsupportedError, in_one_line
from byhand.ops import elementwise, indexing
from byhand.ops.op import Op
from byhand.program.control_flow import run
from byhand.program.follow import Follower
from byhand.program.plain_run import agree, hides, inputs_of_their_own, plain_locals
from byhand.program.problem import Problem, problem_of
from byhand.program.program import Program, Step
from byhand.program.statements import Namespace, Returned, Statement, StatementError
from byhand.torch_dialect.functions import functions_refused
from byhand.torch_dialect.tensor import TorchTensor
from byhand.values import tree
from byhand.values.arrays import (
    Array,
    as_torch,
    is_array,
    is_float_array,
    is_sequence,
    is_torch,
    speaks_torch,
)
from byhand.values.precision import SINGLE, eps_of, float_type


def trace(forward: Callable[..., Any], inputs: Mapping[str, Any]) -> Program:
    """Runs a plain NumPy or PyTorch function on `inputs` (arrays by name): its named steps.

    Raises ProblemError, with the line, where forward raises or can't be followed.
    """
    return trace_problem(problem_of(forward, None, inputs), dict(inputs))


def trace_problem(
    problem: Problem,
    inputs: Mapping[str, Any],
    kinds: tuple[type[Tensor], type[Tensor]] = (Tensor, TorchTensor),
) -> Program:
    """The steps of a problem's forward on `inputs`.

    `kinds` are the tensors to run it on where it is NumPy and where it is PyTorch.
    """
    with problem.in_double():
        return _Tracer(problem, kinds).trace(inputs)


@dataclass
class _Tracer(Follower):
    """What has been recorded so far in one run of a forward."""

    problem: Problem
    kinds: tuple[type[Tensor], type[Tensor]]
    kind: type[Tensor] = Tensor
    names: dict[Tensor, str] = field(default_factory=dict[Tensor, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    marks: dict[Tensor, int] = field(default_factory=dict[Tensor, int])
    changes: int = 0
    inputs: list[Step] = field(default_factory=list[Step])
    steps: list[Step] = field(default_factory=list[Step])
    casts: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    entered: set[ast.stmt] = field(default_factory=set[ast.stmt])

    def trace(self, inputs: Mapping[str, Any]) -> Program:
        forward = self.problem.forward
        self.kind = self.kinds[speaks_torch(inputs)]
        arguments = {name: self.input(name, value) for name, value in inputs.items()}
        if self.problem.in_jax:
            return self.staged(arguments, inputs)
        given = {name: arguments[name] for name in forward.parameters if name in arguments}
        namespace = forward.namespace(given)
        before, self.changes, edges = dict(namespace), Tensor.changes, Tensor.edges
        try:
            with functions_refused():
                returned = run(forward, namespace, self.execute)
        except StatementError as error:
            raise ProblemError(self.explain(error, inputs)) from error.__cause__
        outputs = self.outputs(returned)
        local = _plain(  # at once: what two of them hold stays one
            arguments
            | {
                name: value
                for name, value in namespace.items()
                if name in given or name not in before or value is not before[name]
            }
        )
        asked = {name: namespace.get(name) for name in self.asked()}
        hidden = {name for name, value in asked.items() if hides(value, namespace)}
        if hidden or self.casts or Tensor.changes != self.changes:
            plain = self.as_it_stands(inputs)
            if hidden:  # and what those may have a part in: two that hold one object go on to
                hidden |= {name for name, value in asked.items() if tree.is_container(value)}
            local |= {name: plain[name] for name in hidden if name in plain}
            self.compare(local, plain)
            local |= {name: plain[name] for name in local if self.casts and name in plain}
        steps = tuple(self.inputs), tuple(self.steps)
        edge = Tensor.edges > edges
        entered = frozenset(self.entered)
        return Program(forward.file, *steps, outputs, local, tuple(self.casts), edge, entered)

    def staged(self, arguments: Mapping[str, Any], inputs: Mapping[str, Any]) -> Program:
        """The program of a forward that is written in JAX, which records what it does."""
        edges, forward = Tensor.edges, self.problem.forward
        follow = import_module("byhand.program.staged").follow
        try:
            found = follow(self.problem, arguments)
        except StatementError as error:
            raise ProblemError(self.explain(error, inputs)) from error.__cause__
        except UnsupportedError as error:
            where = self.problem.where(forward.line)
            raise ProblemError(f"{where}: forward can't be followed: {error}") from None
        for each in found.bound:
            self.steps.append(self.step(each.name, each.tensor, each.line))
        outputs = self.outputs(found.returned)
        local = self.as_it_stands(inputs)
        if not found.casts:
            last = {step.name: step.value for step in self.steps if step.name in local}
            self.compare(last, local)
        steps = tuple(self.inputs), tuple(self.steps)
        edge = Tensor.edges > edges
        return Program(forward.file, *steps, outputs, local, found.casts, edge, found.entered)

    # Inputs and outputs.

    def input(self, name: str, value: Any) -> Any:
        """What forward is given for an input, with a tensor for every array of floats in it."""
        data = name in self.problem.data

        def leaf(path: tree.Path, leaf: Any) -> Any:
            kept = data and is_setting(path, leaf)
            return leaf if kept else self.leaf(tree.text(name, path), leaf)

        return tree.map_with_path(leaf, value)

    def leaf(self, name: str, value: Any) -> Any:
        array = self.array(value) if is_torch(value) else value
        if isinstance(array, (float, np.floating)):
            array = np.asarray(array)
        if not is_float_array(array):
            return value
        tensor = self.kind(array.copy(order="K"))
        self.inputs.append(self.step(name, tensor, None))
        return tensor

    def array(self, value: Any) -> Any:
        """The array of an input that is a PyTorch tensor; of a type narrower than float32, of which
        NumPy has or computes little, in that."""
        kind = float_type(value)
        if kind is None or eps_of(kind) <= SINGLE:
            return value.detach().numpy()
        self.casts.append((0, kind))
        return value.detach().float().numpy()

    def outputs(self, returned: Returned) -> tuple[Step, ...]:
        where = self.problem.where(returned.line)
        values = returned.value if is_sequence(returned.value) else (returned.value,)
        if returned.value is None:
            raise ProblemError(f"{where}: forward returns nothing: end it with `return loss`")
        by_tensor = {step.tensor: step for step in self.inputs + self.steps}
        found: list[Step] = []
        for value in values:
            if isinstance(value, Tensor) and value not in by_tensor and value.value.ndim == 0:
                by_tensor[value] = self.step(
                    "loss" if "loss" not in self.counts else "return", value, returned.line
                )
                self.steps.append(by_tensor[value])
            if isinstance(value, Tensor) and value in by_tensor:
                found.append(by_tensor[value])
            elif isinstance(value, Tensor):
                raise ProblemError(
                    f"{where}: forward returns an array without a name: "
                    "write `out = ...` and `return out`, so that backward can ask for dout"
                )
            else:
                raise ProblemError(
                    f"{where}: forward returns a {type(value).__name__}, which doesn't depend on a "
                    "float input: return a loss, or arrays by name"
                )
        return tuple(found)

    # Changes in place, by functions that forward calls.

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        self.entered.add(statement.node)
        changes, casts = Tensor.changes, len(Tensor.casts)
        super().execute(statement, namespace)
        self.casts += ((statement.line, kind) for kind in Tensor.casts[casts:])
        del Tensor.casts[casts:]
        if Tensor.changes != changes:
            self.bind_changed(statement.line, namespace)

    def bind_changed(self, line: int, namespace: Namespace) -> None:
        """A step that was changed in place stays what it was, and its name gets another step."""
        held = {tensor: tensor for tensor in self.names if tensor.changed > self.marks[tensor]}
        for tensor in held:
            found = tensor
            while found.before is not None and found.changed > self.marks[tensor]:
                found = found.before
            held[tensor] = found
            self.names[found], self.marks[found] = self.names.pop(tensor), self.marks.pop(tensor)
        for steps in (self.inputs, self.steps):
            steps[:] = [replace(each, tensor=held.get(each.tensor, each.tensor)) for each in steps]
        for name in list(namespace):
            for place, tensor in tree.named(name, namespace[name]):
                if isinstance(tensor, Tensor) and tensor in held and tensor not in self.names:
                    self.steps.append(self.step(place, tensor, line))

    def asked(self) -> tuple[str, ...]:
        """The names that backward asks for, where it says so."""
        try:
            return tuple(inspect.signature(self.problem.backward).parameters)  # pyright: ignore
        except (TypeError, ValueError):
            return ()

    def as_it_stands(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What forward leaves when nobody looks on: also inside of functions, where tensors can't
        be exchanged for arrays."""
        try:
            return plain_locals(self.problem, inputs_of_their_own(inputs))
        except StatementError as error:
            raise ProblemError(self.explain(error, inputs)) from error.__cause__

    def compare(self, local: Mapping[str, Any], plain: Mapping[str, Any]) -> None:
        """Refuses a forward whose values aren't what it gives when it runs as it stands.

        Then something was changed by way of a view of it, or of a plain array's second name.
        """
        where = self.problem.where(self.problem.forward.line)
        kinds = {kind for _, kind in self.casts}
        kinds |= {str(step.value.dtype) for step in self.inputs}  # a trace computes in these
        near = max((64 * eps_of(kind) for kind in kinds), default=0.0)
        for name, value in local.items():
            known = dict(tree.named(name, plain.get(name)))
            for key, leaf in tree.named(name, value):
                if not agree(leaf, known.get(key), near):
                    raise ProblemError(
                        f"{where}: {key} can't be followed: "
                        "forward, or what it calls, changes an array by way of a view of it, "
                        "or a second name, or draws at random: write to a copy, draw in inputs()"
                    )

    # Statements.

    def keeps(self, name: str) -> bool:
        return tree.root(name) in self.problem.kept

    def is_array(self, value: Any) -> bool:
        if is_torch(value):
            return value.is_floating_point()
        return isinstance(value, Tensor) or is_float_array(value)

    def bind_array(self, name: str, value: Any, line: int) -> Tensor:
        value = self.tensor(value)
        if value in self.names:  # a second name for it: a step, and a gradient, of its own
            value = type(value)(value.value, elementwise.POSITIVE_OF, (value,))
        self.steps.append(self.step(name, value, line))
        return value

    def put(self, held: Any, index: Any, value: Any) -> Tensor:
        return indexing.PUT(self.tensor(held), self.tensor(value), index=_index(index))

    def add_at(self, held: Any, index: Any, value: Any) -> Tensor:
        held, index = self.tensor(held), _index(index)
        shape = held.value[index].shape
        part = np.broadcast_to(self.tensor(value), shape)  # pyright: ignore
        return held + indexing.SCATTER(part, index=index, shape=tuple(held.shape))

    def tensor(self, value: Any) -> Tensor:
        """`value` as a tensor: a constant, unless it is one already."""
        if isinstance(value, Tensor):
            return value
        return self.kind(value.detach().numpy() if is_torch(value) else value, constant=True)

    def before_change(self, place: str, held: Any, namespace: Namespace, at: Any = None) -> None:
        """Refuses to change an array in place, or its elements `at` an index, where another name
        shares their memory."""
        memory = _memory(held)
        if memory is None:
            return
        changed = memory if at is None else _part(memory, _index(at))
        for name, value in namespace.items():
            if name == "__builtins__":
                continue
            for path, item in tree.leaves(value) if tree.is_container(value) else (((), value),):
                known = _memory(item)
                if known is None or not _near(known, changed):
                    continue
                other = tree.text(name, path)
                if other != place:
                    raise UnsupportedError(
                        f"this also changes {other}, which shares the memory of {place}: "
                        f"write `{place} = {place}.copy()` before it"
                    )

    def step(self, name: str, tensor: Tensor, line: int | None) -> Step:
        binding = self.counts.get(name, 0)
        self.counts[name] = binding + 1
        if Tensor.changes != self.changes:
            computed_first_to_last([tensor])
        ops, inputs = self.origin(tensor)
        self.names[tensor], self.marks[tensor] = name, Tensor.changes
        source = "" if line is None else self.problem.forward.source(line)
        return Step(name, binding, line, source, tensor, ops, inputs)

    def origin(self, tensor: Tensor) -> tuple[tuple[Op, ...], tuple[str, ...]]:
        """The ops between `tensor` and the named values it was computed from, and their names."""
        ops: list[Op] = []
        inputs: dict[str, None] = {}
        seen: set[Tensor] = set()

        def visit(node: Tensor) -> None:
            if node in seen:
                return
            seen.add(node)
            for arg in node.args:
                if isinstance(arg, Tensor):
                    if arg in self.names:
                        inputs.setdefault(self.names[arg])
                    else:
                        visit(arg)
            if node.op is not None:
                ops.append(node.op)

        visit(tensor)
        return tuple(ops), tuple(inputs)

    def explain(self, error: StatementError, inputs: Mapping[str, Any]) -> str:
        """One line for a forward that raised or can't be followed."""
        cause, where = error.__cause__, self.problem.where(error.line)
        source = self.problem.forward.source(error.line)
        if isinstance(cause, ByhandError):
            return f"{where}: {cause}  (in `{source}`)"
        assert cause is not None
        return f"{where}: forward raised {in_one_line(cause)}  (in `{source}`)"


def is_setting(path: tree.Path, leaf: Any) -> bool:
    """Whether something in an input is a number that an object has, such as a layer's eps."""
    return type(leaf) is float and any(isinstance(entry, tree.Attribute) for entry in path)


def _part(whole: Array, index: Any) -> Array:
    """The elements at an index, if that gives a view of them; else all."""
    part = np.asarray(whole[index])
    return part if np.may_share_memory(part, whole) else whole


def _memory(value: Any) -> Array | None:
    """The array that a value is, or that it is the tensor of; None of what is none."""
    if isinstance(value, Tensor):
        return value.value
    return value if is_array(value) else None


def _near(a: Array, b: Array) -> bool:
    """Whether arrays share memory; most don't even have the same bounds, which is soon seen."""
    return np.may_share_memory(a, b) and np.shares_memory(a, b)


def _plain(value: Any) -> Any:
    """`value` with arrays for tensors (PyTorch tensors where forward is PyTorch). One tensor in
    several places stays one: backward may leave something in it, `x.g`."""
    known: dict[Tensor, Any] = {}

    def plain(leaf: Any) -> Any:
        if isinstance(leaf, TorchTensor):
            return known[leaf] if leaf in known else known.setdefault(leaf, as_torch(leaf.value))
        return leaf.value if isinstance(leaf, Tensor) else leaf

    return tree.map(plain, value)


def _index(index: Any) -> Any:
    """An index with NumPy arrays in it, whatever it came with."""
    if is_torch(index):
        return index.numpy()
    return tuple(map(_index, index)) if isinstance(index, tuple) else index  # pyright: ignore
