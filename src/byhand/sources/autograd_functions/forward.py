"""Forward as a problem has it: outputs by name, and as locals what backward finds in ctx."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import Any

from byhand.errors import ProblemError
from byhand.program.random_names import any_draws
from byhand.program.scopes import bound_names
from byhand.sources.assemble import assign, function, located, statement
from byhand.sources.autograd_functions.ctx import HELD, NEEDS, CtxAsLocals
from byhand.sources.autograd_functions.written import Written
from byhand.sources.intermediates import Renames
from byhand.sources.returns import with_returns
from byhand.sources.signature import body_of, elements, parameters, returns

REFERENCE, KEEP = "reference__", "keep__"


class FunctionForward:
    """Forward as a problem has it: outputs by name, and as locals what backward finds in ctx."""

    def __init__(
        self,
        said: Written,
        arguments: Sequence[str],
        left: Sequence[str],
        tensors: Collection[str],
        takes: Sequence[bool],
    ) -> None:
        self.said, self.arguments, self.left = said, arguments, left
        self.tensors, self.takes = tensors, takes
        backward = said.backward
        self.ctx = parameters(backward)[0] if parameters(backward) else "ctx"
        self.own = bound_names(said.forward)
        used = {node.id for node in ast.walk(backward) if isinstance(node, ast.Name)}
        self.upstream = _upstream(backward, len(takes))
        self.outputs = self.named(used)
        self.kept: set[str] = set()
        self.called: dict[str, str] = {}
        self.is_followed = False

    def local(self, attribute: str) -> str:
        """The local for an attribute of ctx."""
        return f"{self.ctx}__{attribute}"

    def named(self, used: Collection[str]) -> list[str]:
        """What the outputs are called: as forward calls them, where backward's names allow."""
        last = returns(self.said.forward)
        ends = elements(last[-1].value) if last else []
        found: list[str] = []
        for i, upstream in enumerate(self.upstream):
            end = ends[i] if len(ends) == len(self.takes) else None
            name = end.id if isinstance(end, ast.Name) else ""
            taken = {*self.arguments, *found}
            meant = f"d{name}" == upstream or f"d{name}" not in used
            if not name or name in taken or not meant:
                free = (f"{stem}{i or ''}" for stem in ("out", "output", "result", "returned"))
                taken |= self.own | {*self.upstream} | {each[1:] for each in used}
                name = next(each for each in free if each not in taken)
            found.append(name)
        return found

    def made(self) -> ast.FunctionDef:
        said, self.is_followed = self.said, True
        body = [_Attached().visit(node) for node in copy.deepcopy(body_of(said.forward))]
        if said.ctx:
            ctx = CtxAsLocals(parameters(said.forward)[0], self.local)
            body = [ctx.visit(node) for node in body]
            self.kept |= {*ctx.stored}
        # A gradient that forward computes answers for nothing before backward returns it.
        ahead = [f"d{name}" for name in self.arguments if f"d{name}" in self.own]
        self.called = {self.local(f"own_{name}"): name for name in ahead}
        renames = Renames({name: ours for ours, name in self.called.items()})
        body = [renames.visit(node) for node in with_returns(body, self.outputs_at)]
        where = said.forward
        given: list[ast.stmt] = []
        for name in (*self.arguments, *self.left):
            if name not in self.tensors:
                given.append(statement(f"{name} = {HELD}[{name!r}]", where))
        if said.setup is not None:
            inputs = f"({', '.join([*self.arguments, *self.left])},)"
            given.append(statement(f"{self.local('inputs')} = {inputs}", where))
            self.kept.add(self.local("inputs"))
        if said.forward.args.vararg is not None:
            rest = said.forward.args.vararg.arg
            items = [name for name in self.arguments if name.startswith(f"{rest}_")]
            given.append(statement(f"{rest} = ({', '.join([*items, ''])})", where))
            self.kept.add(rest)
        if any(any_draws(node) for node in body):
            given.insert(0, statement("__import__('torch').manual_seed(0)", where))
        taken = [name for name in self.arguments if name in self.tensors]
        return function("forward", [*taken, HELD], [*given, *body], where.lineno)

    def referred(self, asked: Sequence[str]) -> ast.FunctionDef:
        """A forward that computes what the reference does, and leaves in ctx what the real one
        does, as far as backward asks for it."""
        where = self.said.forward
        arguments = ", ".join([*self.arguments, ""])
        kept = [name for name in asked if name.startswith(self.local(""))]
        kept = [name for name in kept if name != self.local(NEEDS)]
        names = [name.removeprefix(self.local("")) for name in kept]
        outputs = [n for n, takes in zip(self.outputs, self.takes, strict=True) if takes]
        given = [f"{n} = {HELD}[{n!r}]" for n in self.arguments if n not in self.tensors]
        body = [
            *given,
            f"{', '.join(outputs)} = {HELD}[{REFERENCE!r}]({arguments})",
            f"{', '.join([*kept, '_'])} = {HELD}[{KEEP!r}]({names!r}, ({arguments}))",
            f"return {', '.join(outputs)}",
        ]
        self.kept |= {*kept, "_"}
        taken = [name for name in self.arguments if name in self.tensors]
        statements = [statement(text, where) for text in body]
        return function("forward", [*taken, HELD], statements, where.lineno)

    def outputs_at(self, node: ast.Return) -> list[ast.stmt]:
        """`return y, mask` as `return y`, after what setup_context does."""
        made: list[ast.stmt] = []
        count = len(self.takes)
        ends = elements(node.value)
        every = [self.local(f"output{i}") for i in range(count)]
        if len(ends) == count:
            for i, end in enumerate(ends):
                made.append(assign(every[i] if not self.takes[i] else self.outputs[i], end, node))
        else:
            names: list[ast.expr] = [
                ast.Name(self.outputs[i] if self.takes[i] else every[i], ast.Store())
                for i in range(count)
            ]
            assert node.value is not None
            made.append(located(ast.Assign([ast.Tuple(names, ast.Store())], node.value), node))
        made = [each for each in made if not _is_same(each)]
        held = [self.outputs[i] if self.takes[i] else every[i] for i in range(count)]
        self.kept |= {*every}
        made += self.set_up(held, node)
        results: list[ast.expr] = [
            ast.Name(name, ast.Load())
            for name, takes in zip(self.outputs, self.takes, strict=True)
            if takes
        ]
        value = results[0] if len(results) == 1 else ast.Tuple(results, ast.Load())
        return [*made, located(ast.Return(value), node)]

    def set_up(self, outputs: Sequence[str], node: ast.Return) -> list[ast.stmt]:
        """The statements of setup_context, whose locals are none of forward's."""
        setup = self.said.setup
        if setup is None:
            return []
        ctx, inputs, output, *_ = parameters(setup)
        own = bound_names(setup) - {ctx, inputs, output}
        renamed = {name: self.local(f"setup_{name}") for name in own}
        renamed |= {inputs: self.local("inputs"), output: self.local("output")}
        self.kept |= {*renamed.values()}
        whole = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        made = [statement(f"{self.local('output')} = {whole}", node)]
        leaves, renames = CtxAsLocals(ctx, self.local), Renames(renamed)
        for each in copy.deepcopy(body_of(setup)):
            if not isinstance(each, ast.Return):
                made.append(renames.visit(leaves.visit(each)))
        self.kept |= {*leaves.stored}
        return made


def _upstream(backward: ast.FunctionDef, count: int) -> list[str]:
    """What backward calls the gradients of the outputs, those of a `*grads` by place."""
    names = parameters(backward)[1:]
    if backward.args.vararg is not None:
        rest = backward.args.vararg.arg
        names += [f"own_{rest}_{i}" for i in range(count - len(names))]
    if len(names) < count:
        raise ProblemError(
            f"line {backward.lineno}: backward takes {len(names)} gradients, but forward returns "
            f"{count} outputs: take one for each"
        )
    return names[:count]


class _Attached(ast.NodeTransformer):
    """`x.detach()` and `x.data` as `x`: no graph is recorded in a Function's forward, so they cut
    nothing off."""

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="detach" | "detach_"), args=[]):
                return value
            case _:
                return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        if node.attr == "data" and isinstance(node.ctx, ast.Load):
            return node.value
        return node


def _is_same(node: ast.stmt) -> bool:
    """`y = y`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=a)], value=ast.Name(id=b)):
            return a == b
        case _:
            return False
