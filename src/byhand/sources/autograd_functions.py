"""`torch.autograd.Function`s and custom ops: a forward and a backward that share a `ctx`.

What forward leaves in `ctx` becomes locals of forward that backward asks for; what backward returns
belongs to forward's arguments, by place. A forward that takes no `ctx` is followed by what
`setup_context` does.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import FunctionType
from typing import Any, TypeAlias

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.random_names import any_draws
from byhand.program.scopes import bound_names, own_parts
from byhand.sources.assemble import assembled, assign, function, located
from byhand.sources.helpers import with_helpers
from byhand.sources.intermediates import Renames, others, promising, without
from byhand.sources.names import plain_name
from byhand.sources.returns import with_answers, with_returns
from byhand.sources.signature import elements, parameters, returns

HELD = "held__"
"""The input that holds the arguments of forward that are no tensors, by name."""
REFERENCE, KEEP = "reference__", "keep__"
NEEDS = "needs_input_grad"
SAVED = "saved_tensors"
_SAVING = {"save_for_backward": SAVED, "save_for_forward": "saved_for_forward"}
_SAID = {"mark_non_differentiable", "mark_dirty", "set_materialize_grads"}


@dataclass(frozen=True)
class Held:
    """Arguments that are no tensors: one value, which nothing looks into."""

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, eq=False)
class Written:
    """The Python of a Function. Its forward takes a ctx first, or it has a setup_context, or saves
    nothing."""

    name: str
    file: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    setup: ast.FunctionDef | None
    ctx: bool
    namespace: Mapping[str, Any]
    called: Mapping[str, str]


def written(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    setup: Callable[..., Any] | None,
    *,
    ctx: bool,
) -> Written:
    """The Python of a Function's methods. Raises ProblemError for what isn't a plain `def`."""
    methods = [_plain(each) for each in (forward, backward, setup) if each is not None]
    space: dict[str, Any] = {}
    for method in methods:
        space |= {**method.__globals__, **inspect.getclosurevars(method).nonlocals}
    definitions = [_definition(method) for method in methods]
    file = methods[1].__code__.co_filename
    read, called = with_helpers(definitions[1], space, file, _readable)
    return Written(
        name,
        file,
        definitions[0],
        read,
        definitions[2] if setup is not None else None,
        ctx,
        space,
        called,
    )


def _plain(method: Callable[..., Any]) -> FunctionType:
    """What decorators such as `once_differentiable` and `custom_bwd` have wrapped."""
    found = inspect.unwrap(method)
    if not isinstance(found, FunctionType):
        raise ProblemError(f"{getattr(method, '__name__', 'it')} is not a Python function")
    return found


def _definition(method: FunctionType) -> ast.FunctionDef:
    first = method.__code__.co_firstlineno
    try:
        lines, _ = inspect.findsource(method)
    except OSError:
        raise ProblemError(f"the source of {method.__name__} can't be read") from None
    for node in ast.walk(_parsed("".join(lines))):
        if isinstance(node, ast.FunctionDef) and node.name == method.__name__:
            decorated = [node.lineno, *(each.lineno for each in node.decorator_list)]
            if min(decorated) == first:
                return _by_itself(node)
    raise ProblemError(f"{method.__name__} (line {first}) is not a plain `def`")


def _readable(method: FunctionType) -> ast.FunctionDef | None:
    try:
        return _definition(method)
    except ProblemError:
        return None


def _by_itself(method: ast.FunctionDef) -> ast.FunctionDef:
    for part in own_parts(method):
        match part:
            case ast.Nonlocal(names=names) | ast.Global(names=names):
                raise ProblemError(f"{method.name} binds {names[0]}, which isn't its own")
            case _:
                pass
    return method


@lru_cache(maxsize=8)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def arguments_of(said: Written, count: int) -> tuple[str, ...]:
    """What forward's arguments are called, where it is given `count`: those of a `*args` by
    place."""
    forward = said.forward
    names = [arg.arg for arg in (*forward.args.posonlyargs, *forward.args.args)][said.ctx :]
    if forward.args.vararg is not None:
        rest = forward.args.vararg.arg
        names += [f"{rest}_{i}" for i in range(count - len(names))]
    return tuple(names)


def problem_of_function(
    said: Written,
    draw: Callable[..., Inputs],
    *,
    arguments: Sequence[str],
    defaults: Mapping[str, Any],
    tensors: Collection[str],
    takes: Sequence[bool],
    asked: Collection[str],
    dimensions: Mapping[str, int],
    reference: Callable[..., Any] | None = None,
    keep: Callable[..., Any] | None = None,
    library: str = "",
) -> Problem:
    """A Function as a problem.

    `arguments` are forward's, in order, but for those that stay at their `defaults`; `tensors`
    those that are tensors, `asked` those whose gradient is asked for. `takes` says of each output
    whether a gradient is sent back to it.
    `draw` gives all arguments by name.

    With a `reference`, a function of the same arguments, what that computes is taken for forward's
    steps in the place of its own; `keep(names, arguments)` then gives what the real forward leaves
    in ctx under these names.

    Raises ProblemError where its statements can't be taken for those of a problem: then it is to be
    judged by its outputs.
    """
    left = {name: value for name, value in defaults.items() if name not in arguments}
    forward = _Forward(said, arguments, [*left], tensors, takes)
    followed = forward.made() if reference is None else None
    read = _Backward(said, forward, arguments, asked)
    backward, answered = read.made()
    made = followed or forward.referred([arg.arg for arg in backward.args.args])
    backward = without(backward, [f"d{name}" for name in arguments if name not in asked])

    def given(rng: Any, **sizes: int) -> Inputs:
        values = draw(rng, **sizes)
        functions = {REFERENCE: reference, KEEP: keep}
        held = left | functions | {name: values[name] for name in arguments if name not in tensors}
        needed = tuple(name in asked for name in arguments)
        return {
            **{name: values[name] for name in arguments if name in tensors},
            HELD: Held(held),
            forward.local(NEEDS): needed,
        }

    def problem(definition: ast.FunctionDef) -> Problem:
        found = assembled(
            name=said.name,
            file=said.file,
            forward=made,
            backward=definition,
            namespace=said.namespace,
            draw=given,
            dimensions=dimensions,
            data=[name for name in arguments if name in tensors and name not in asked],
            kept=forward.kept,
            inner=True,
            library=library,
        )
        return replace(found, called=read.called)

    if followed is None:
        return problem(without(backward, others(backward, answered)))
    return promising(problem, backward, answered)


class _Ctx(ast.NodeTransformer):
    """What is left in `ctx` as locals: `ctx.eps` as `ctx__eps`, the saved tensors as a tuple."""

    def __init__(self, ctx: str, called: Callable[[str], str]) -> None:
        self.ctx, self.called = ctx, called
        self.stored: dict[str, None] = {}

    def visit_Expr(self, node: ast.Expr) -> Any:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr), args=args) if (
                held == self.ctx and attr in _SAVING
            ):
                self.stored[self.called(_SAVING[attr])] = None
                values = [self.visit(each) for each in args]
                return assign(self.called(_SAVING[attr]), ast.Tuple(values, ast.Load()), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr=attr), args=args) if (
                held == self.ctx and attr in _SAID
            ):
                values = [self.visit(each) for each in args]
                return located(ast.Expr(ast.Tuple(values, ast.Load())), node)
            case _:
                return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == self.ctx:
            name = self.called({"saved_variables": SAVED}.get(node.attr, node.attr))
            if not isinstance(node.ctx, ast.Load):
                self.stored[name] = None
            return ast.copy_location(ast.Name(name, node.ctx), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id == self.ctx:
            raise ProblemError(f"line {node.lineno} hands {self.ctx} on")
        return node


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


class _Forward:
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
        body = [_Attached().visit(node) for node in copy.deepcopy(_body(said.forward))]
        if said.ctx:
            ctx = _Ctx(parameters(said.forward)[0], self.local)
            body = [ctx.visit(node) for node in body]
            self.kept |= {*ctx.stored}
        body = with_returns(body, self.outputs_at)
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
        leaves, renames = _Ctx(ctx, self.local), Renames(renamed)
        for each in copy.deepcopy(_body(setup)):
            if not isinstance(each, ast.Return):
                made.append(renames.visit(leaves.visit(each)))
        self.kept |= {*leaves.stored}
        return made


Given: TypeAlias = tuple[ast.expr, ast.expr]
"""A gradient as it is to be called, or several, and what backward returns for it."""


class _Backward:
    """Backward as a problem has it: it asks for what it finds in ctx, and answers by name."""

    def __init__(
        self,
        said: Written,
        forward: _Forward,
        arguments: Sequence[str],
        asked: Collection[str],
    ) -> None:
        self.said, self.forward, self.arguments, self.asked = said, forward, arguments, asked
        self.taken = {n.id for n in ast.walk(said.backward) if isinstance(n, ast.Name)}
        self.renamed: dict[str, str] = {}
        for i, (name, takes) in enumerate(zip(forward.upstream, forward.takes, strict=True)):
            self.renamed[name] = f"d{forward.outputs[i]}" if takes else name
        self.answered: dict[str, None] = {}
        self.called = dict(said.called)

    def made(self) -> tuple[ast.FunctionDef, list[str]]:
        said, forward = self.said, self.forward
        ctx = _Ctx(forward.ctx, forward.local)
        body = [ctx.visit(node) for node in copy.deepcopy(_body(said.backward))]
        shell = function("backward", [], body, said.backward.lineno)
        ends = returns(shell)
        self.end_upstream(shell)
        plans = {end: self.plan(end) for end in ends}
        self.rename_intermediates()
        body = with_answers(shell.body, lambda end: self.answers(plans[end]))
        renames = Renames(self.renamed)
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
        if len(ends) == 1 < len(self.arguments) and not _is_none(ends[0]):
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
            if owner not in self.asked or _is_none(node):
                continue
            plan.append((ast.Name(f"d{owner}", ast.Store()), node))
            self.answered[owner] = None
            match node:
                case ast.Name(id=name) if f"d{owner}" not in self.taken and self.free(name):
                    if plain_name(name) not in self.asked or plain_name(name) == owner:
                        self.renamed[name] = f"d{owner}"
                case _:
                    pass
        return plan

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
        read, written = (
            {part.id for pair in left for part in ast.walk(pair[i]) if isinstance(part, ast.Name)}
            for i in (1, 0)
        )
        if len(left) > 1 and read & written:
            targets = ast.Tuple([made for made, _ in left], ast.Store())
            values = ast.Tuple([node for _, node in left], ast.Load())
            return [located(ast.Assign([targets], values), left[0][1])]
        return [located(ast.Assign([made], node), node) for made, node in left]

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
            ast.Name(f"d{n}" if n in self.asked else f"own_{n}", ast.Store()) for n in owners
        ]
        rest = ast.Starred(ast.Name("own__rest", ast.Store()), ast.Store())
        return ast.Tuple([*names, rest], ast.Store())


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


def _body(definition: ast.FunctionDef) -> list[ast.stmt]:
    match definition.body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest] if rest:
            return rest
        case body:
            return body


def statement(text: str, where: ast.stmt) -> ast.stmt:
    """A statement that is written for the user's at `where`."""
    made = ast.parse(text).body[0]
    for part in ast.walk(made):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
            part.end_lineno = where.lineno  # pyright: ignore[reportAttributeAccessIssue]
    return made


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_same(node: ast.stmt) -> bool:
    """`y = y`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=a)], value=ast.Name(id=b)):
            return a == b
        case _:
            return False


def _binds(node: ast.stmt, name: str) -> bool:
    """`name = ...`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)]):
            return target == name
        case _:
            return False


def unanswered(backward: ast.FunctionDef, arguments: Sequence[str]) -> list[str]:
    """The arguments for which backward returns None wherever it returns."""
    ends = [elements(end.value) for end in returns(backward)]
    whole = [each for each in ends if len(each) >= len(arguments)]
    if not whole or len(whole) < len(ends):
        return []
    return [name for i, name in enumerate(arguments) if all(_is_none(e[i]) for e in whole)]


def names_in(tree: ast.Module) -> list[str]:
    """What a module calls its Functions and custom ops, in its order, as its text tells."""
    found: list[str] = []
    own = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name, bases=bases) if any(
                (_last(base) == "Function" and "Function" not in own) or _last(base) in found
                for base in bases
            ):
                found.append(name)
            case ast.FunctionDef(name=name, decorator_list=decorators) if any(
                _last(each.func if isinstance(each, ast.Call) else each) == "custom_op"
                for each in decorators
            ):
                found.append(name)
            case _:
                pass
    return found


def _last(node: ast.expr) -> str:
    """The last name of `torch.autograd.Function`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
