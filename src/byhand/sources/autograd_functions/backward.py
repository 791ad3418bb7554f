"""Backward as a problem has it: it asks for what it finds in ctx, and answers by name."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import TypeAlias

from byhand.errors import ProblemError
from byhand.program.expressions import is_none
from byhand.program.scopes import all_names, bound_names, own_parts
from byhand.sources.assemble import function, located, statement
from byhand.sources.autograd_functions.ctx import NEEDS, CtxAsLocals
from byhand.sources.autograd_functions.forward import FunctionForward
from byhand.sources.autograd_functions.written import Written
from byhand.sources.intermediates import Renames
from byhand.sources.names import plain_name
from byhand.sources.returns import with_answers
from byhand.sources.signature import body_of, elements, parameters, returns

Given: TypeAlias = tuple[ast.expr, ast.expr]
"""A gradient as it is to be called, or several, and what backward returns for it."""


class FunctionBackward:
    """Backward as a problem has it: it asks for what it finds in ctx, and answers by name."""

    def __init__(
        self,
        said: Written,
        forward: FunctionForward,
        arguments: Sequence[str],
        asked: Collection[str],
    ) -> None:
        self.said, self.forward, self.arguments, self.asked = said, forward, arguments, asked
        self.taken = {n.id for n in ast.walk(said.backward) if isinstance(n, ast.Name)}
        self.renamed: dict[str, str] = {}
        for i, (name, takes) in enumerate(zip(forward.upstream, forward.takes, strict=True)):
            self.renamed[name] = f"d{forward.outputs[i]}" if takes else name
        # A gradient that forward has left in ctx answers only where it is returned.
        self.kept = _kept(said.backward)
        self.renamed |= {n: f"kept_{n}" for n in self.kept if n[:1] == "d" and n[1:] in asked}
        self.answered: dict[str, None] = {}
        self.called = dict(said.called)

    def made(self) -> tuple[ast.FunctionDef, list[str]]:
        said, forward = self.said, self.forward
        ctx = CtxAsLocals(forward.ctx, forward.local)
        body = [ctx.visit(node) for node in copy.deepcopy(body_of(said.backward))]
        shell = function("backward", [], body, said.backward.lineno)
        ends = returns(shell)
        self.end_upstream(shell)
        plans = {end: self.plan(end) for end in ends}
        self.rename_intermediates()
        body = with_answers(shell.body, lambda end: self.answers(plans[end]))
        targets = {self.target(name): f"d{name}" for name in self.asked}
        renames = Renames(self.renamed | targets)
        where = said.backward
        prelude = [statement(text, where) for text in self.prelude()]
        body = [renames.visit(node) for node in [*prelude, *body]] or [statement("pass", where)]
        upstream = [f"d{n}" for n, t in zip(forward.outputs, forward.takes, strict=True) if t]
        asked = {n.id for node in body for n in ast.walk(node) if isinstance(n, ast.Name)}
        kept = sorted(name for name in asked if name.startswith(f"{forward.ctx}__"))
        unknown = [name for name in kept if name not in {*forward.kept, forward.local(NEEDS)}]
        if forward.is_followed and unknown:
            said_so = unknown[0].replace("__", ".", 1)
            raise ProblemError(f"backward asks for {said_so}, which no statement of forward leaves")
        theirs = said.called
        self.called |= {ours: theirs.get(n, n) for n, ours in self.renamed.items() if ours != n}
        self.called |= {name: name.replace("__", ".", 1) for name in asked if name in kept}
        made = function("backward", [*upstream, *kept], body, where.lineno)
        return made, [*self.answered]

    def end_upstream(self, shell: ast.FunctionDef) -> None:
        """`dy = dy * w; return dy`: from there on it is dx, and no longer what comes in."""
        match shell.body:
            case [*body, ast.Return() as end]:
                ends = elements(end.value)
            case _:
                return
        given = {*self.forward.upstream}
        for owner, node in zip(self.arguments, ends, strict=False):
            match node:
                case ast.Name(id=name) if name in given and owner in self.asked:
                    bound = [i for i, each in enumerate(body) if _binds(each, name)]
                    if bound and f"d{owner}" not in self.taken:
                        last = body[bound[-1]]
                        assert isinstance(last, ast.Assign)
                        renames = Renames({name: f"d{owner}"})
                        last.targets = [renames.visit(each) for each in last.targets]
                        for each in (*body[bound[-1] + 1 :], end):
                            renames.visit(each)
                        self.called[f"d{owner}"] = name
                        given.remove(name)
                case _:
                    pass

    def prelude(self) -> list[str]:
        """What a problem doesn't hand over: gradients of outputs that take none, and `*grads`."""
        forward, vararg = self.forward, self.said.backward.args.vararg
        made: list[str] = []
        for i, (name, takes) in enumerate(zip(forward.upstream, forward.takes, strict=True)):
            if not takes and (name in self.taken or vararg is not None):
                output = forward.local(f"output{i}")
                made.append(f"{name} = __import__('torch').zeros_like({output})")
        if vararg is not None and vararg.arg in self.taken:
            named = len(parameters(self.said.backward)) - 1
            rest = f"({', '.join([*forward.upstream[named:], ''])})"
            made.append(f"{vararg.arg} = {rest if len(rest) > 2 else '()'}")
        return made

    def plan(self, end: ast.Return) -> list[Given]:
        """What a `return` gives for which arguments: one for each, or several at once where they
        aren't written apart."""
        ends = elements(end.value)
        if len(ends) == 1 < len(self.arguments) and not is_none(ends[0]):
            assert end.value is not None
            ends = list[ast.expr]([ast.Starred(end.value, ast.Load())])
        stars = [i for i, node in enumerate(ends) if isinstance(node, ast.Starred)]
        if stars:
            apart: list[ast.expr] = [*ends[: stars[0]]]
            rest: list[ast.expr] = [*ends[stars[0] :]]
            match rest:
                case [ast.Starred(value=together)]:
                    pass
                case _:
                    together = ast.Tuple(rest, ast.Load())
            owners = self.arguments[len(apart) :]
            self.answered |= dict.fromkeys(n for n in self.arguments if n in self.asked)
            return [*self.apart(apart), (self.several(owners), together)]
        if len(ends) < len(self.arguments):
            raise ProblemError(
                f"{self.said.file}:{end.lineno}: backward returns {len(ends)} gradients, but "
                f"forward has {len(self.arguments)} arguments: return one for each, or None"
            )
        return self.apart(ends)

    def apart(self, ends: Sequence[ast.expr]) -> list[Given]:
        plan: list[Given] = []
        for owner, node in zip(self.arguments, ends, strict=False):
            if owner not in self.asked or is_none(node):
                continue
            plan.append((ast.Name(self.target(owner), ast.Store()), node))
            self.answered[owner] = None
            match node:
                case ast.Name(id=name) if (
                    f"d{owner}" not in self.taken and self.free(name) and name not in self.kept
                ):
                    if plain_name(name) not in self.asked or plain_name(name) == owner:
                        self.renamed[name] = f"d{owner}"
                case _:
                    pass
        return plan

    def target(self, owner: str) -> str:
        """What the gradient of an argument is called while backward's own names are exchanged: it
        may call what comes in dq, too."""
        return f"own_d{owner}" if f"d{owner}" in self.renamed else f"d{owner}"

    def free(self, name: str) -> bool:
        return name not in self.renamed and name not in parameters(self.said.backward)

    def rename_intermediates(self) -> None:
        """`grad_h` and `h_grad` as dh, where forward has an h."""
        known = {*self.forward.own, *self.arguments}
        for name in sorted(bound_names(self.said.backward)):
            said = f"d{plain_name(name)}"
            taken = self.taken | {*self.renamed.values()}
            if name != said[1:] in known and said not in taken and self.free(name):
                self.renamed[name] = said

    def answers(self, plan: Sequence[Given]) -> list[ast.stmt]:
        """The statements that give what is returned its names."""
        left = [(made, node) for made, node in plan if not self.is_called(node, made)]
        found: list[ast.stmt] = []
        while left:  # first what is written and isn't read by the others, which want it as it was
            free = [
                (made, node)
                for made, node in left
                if not any(
                    all_names(made) & all_names(other) for _, other in left if other is not node
                )
            ]
            if not free:
                targets = ast.Tuple([made for made, _ in left], ast.Store())
                values = ast.Tuple([node for _, node in left], ast.Load())
                return [*found, located(ast.Assign([targets], values), left[0][1])]
            found += [located(ast.Assign([made], node), node) for made, node in free]
            left = [each for each in left if each not in free]
        return found

    def is_called(self, node: ast.expr, made: ast.expr) -> bool:
        """Whether what is returned has its name already."""
        match node, made:
            case ast.Name(id=name), ast.Name(id=target):
                return self.renamed.get(name, name) == target
            case _:
                return False

    def several(self, owners: Sequence[str]) -> ast.expr:
        """Where the gradients of these arguments go, that are given one after the other."""
        names: list[ast.expr] = [
            ast.Name(self.target(n) if n in self.asked else f"own_{n}", ast.Store()) for n in owners
        ]
        rest = ast.Starred(ast.Name("own__rest", ast.Store()), ast.Store())
        return ast.Tuple([*names, rest], ast.Store())


def _kept(backward: ast.FunctionDef) -> set[str]:
    """The locals that hold what forward left in ctx, and nothing else after that."""
    ctx = parameters(backward)[0]
    found: set[str] = set()
    bound: list[str] = []
    for part in own_parts(backward):
        match part:
            case ast.Assign(targets=[target], value=ast.Attribute(value=ast.Name(id=held))) if (
                held == ctx
            ):
                found |= {each.id for each in elements(target) if isinstance(each, ast.Name)}
            case ast.Name(id=name, ctx=ast.Store()):
                bound.append(name)
            case _:
                pass
    return {name for name in found if bound.count(name) == 1}


def _binds(node: ast.stmt, name: str) -> bool:
    """`name = ...`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)]):
            return target == name
        case _:
            return False
