"""Training steps whose gradients have no names: `l1_delta = l1_error * nonlin(l1, True)`, and then
`syn0 += X.T.dot(l1_delta)`.

What is added to a parameter is its gradient, or minus that. The statements above the first that
reads the labels are the forward; the loss is the usual one from whose gradient the rest starts.
What is called `l1_error` is the gradient of l1, `l1_delta` that of what the function that makes l1
is given, if they are gradients at all.
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from byhand.sources.assemble import assign, function, located
from byhand.sources.combined import without_self
from byhand.sources.flow import binds, changes, needed, reads
from byhand.sources.from_a_loss import is_label
from byhand.sources.intermediates import Renames
from byhand.sources.pair import Pair, paired
from byhand.sources.unfolding import flat
from byhand.sources.updates import RATE, Update, sign_of, update_of

_DERIVATIVE = re.compile(
    r"(?:d|delta|error|err)_?(?P<last>\w+)$|(?P<first>\w+?)_?(?:delta|error|err|d)$"
)


def steps_in(tree: ast.Module, title: str) -> list[Pair]:
    """The loops of a module, or of its functions and methods, that train so, each as a pair."""
    known = {*dir(builtins), *_defined(tree)}
    found: list[Pair] = []
    for name, before, loop in _loops(tree, title):
        pair = _pair(name, before, [*flat(loop.body)], known, _constants(tree), loop)
        if pair is not None:
            found.append(pair)
    return found


def _loops(
    tree: ast.Module, title: str
) -> Iterator[tuple[str, list[ast.stmt], ast.For | ast.While]]:
    """Every loop, with what it is called after, and the statements above it in its function."""
    for node in flat(tree.body):
        match node:
            case ast.FunctionDef():
                places = [(node.name, node.body)]
            case ast.ClassDef():
                methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
                places = [(node.name, without_self(each).body) for each in methods]
            case _:
                places = [(title, [node])]
        for name, body in places:
            for i, each in enumerate(body):
                for part in ast.walk(each):
                    if isinstance(part, ast.For | ast.While):
                        yield name, [*flat(body[:i])], part


def _defined(tree: ast.Module) -> set[str]:
    """The functions, classes and modules of a module."""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    nodes = (each for each in flat(tree.body) if isinstance(each, kinds))
    return {name for each in nodes for name in binds(each)}


def _constants(tree: ast.Module) -> set[str]:
    """The numbers at the top of a module."""
    return {
        name
        for each in flat(tree.body)
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
        for name in binds(each)
    }


def _pair(
    name: str,
    before: Sequence[ast.stmt],
    body: Sequence[ast.stmt],
    known: Collection[str],
    constants: Collection[str],
    where: ast.stmt,
) -> Pair | None:
    steps = {i: step for i, each in enumerate(body) if (step := update_of(each)) is not None}
    names = {step.name for step in steps.values()}
    if not steps or len(names) != len(steps):
        return None
    statements = [each for i, each in enumerate(body) if i not in steps]
    wanted = {n for step in steps.values() for n in reads(step.gradient)}
    statements = [statements[i] for i in needed(statements, wanted)]
    above = [each for each in before if not binds(each) & names]
    above = [above[i] for i in needed(above, {n for each in statements for n in reads(each)})]
    statements = [*above, *statements]
    bound = {n for each in statements for n in binds(each)}
    labels = {n for each in statements for n in reads(each) if is_label(n)} - bound
    place = next((i for i, each in enumerate(statements) if reads(each) & labels), None)
    if len(labels) != 1 or not place:
        return None
    forward, inner = _split(statements[:place])
    made = {n for each in forward for n in binds(each)}
    output = [n for n in _in_order(statements[place]) if n in made]
    if not output or not names & {n for each in forward for n in reads(each)}:
        return None
    renamed = dict(_gradients(statements[place:], made, inner))
    backward = [Renames(renamed).visit(copy.deepcopy(each)) for each in statements[place:]]
    sign = sign_of(steps.values())
    if sign is None:  # as many go up as down: `y - out` is to be added, `out - y` subtracted
        sign = "-" if any(map(_is_label_first, ast.walk(statements[place]))) else ""
    backward += _answers(steps, body, renamed, sign)
    read = {n for each in (*forward, *backward) for n in reads(each)}
    after = {n for each in backward for n in binds(each)}
    rates = sorted(n for n in read if RATE.match(n))
    given = sorted(read - made - after - {*known} - {*constants} - {*rates})
    if any(_calls(each) & {*given} for each in (*forward, *backward)):
        return None  # a method, which isn't there
    numbers = [assign(rate, ast.Constant(1.0), backward[0]) for rate in rates]
    answers: list[ast.expr] = [ast.Name(f"d{step.name}", ast.Load()) for step in steps.values()]
    backward.append(located(ast.Return(ast.Tuple(answers, ast.Load())), backward[-1]))
    results: list[ast.expr] = [
        ast.Name(n, ast.Load()) for n in [*(n for n in sorted(made) if n != output[-1]), output[-1]]
    ]
    end = located(ast.Return(ast.Tuple(results, ast.Load())), forward[-1])
    (label,) = labels
    one = function(
        f"{name}_forward", [n for n in given if n != label], [*forward, end], where.lineno
    )
    asked = sorted({n for each in backward for n in reads(each)} & (made | {*given}))
    two = function(f"{name}_backward", asked, [*numbers, *backward], where.lineno)
    found = paired(name, one, two, rewritten=True, top=given)
    return replace(found, labels=label, sign=sign)


def _is_label_first(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(left=ast.Name(id=name), op=ast.Sub()):
            return is_label(name)
        case _:
            return False


def _answers(
    steps: Mapping[int, Update],
    body: Sequence[ast.stmt],
    renamed: Mapping[str, str],
    sign: str | None,
) -> Iterator[ast.stmt]:
    """Every step as the gradient that it is taken with: minus that, where it goes the other way
    than most; times its rate, where others have another."""
    renames = Renames(renamed)
    rates = {step.rate for step in steps.values()}
    for i, step in steps.items():
        if isinstance(step.gradient, ast.Name) and step.gradient.id == f"d{step.name}":
            continue
        value = renames.visit(copy.deepcopy(step.gradient))
        if len(rates) > 1 and step.rate[:1].isdigit():
            value = ast.BinOp(ast.parse(step.rate, mode="eval").body, ast.Mult(), value)
        if step.up is not (sign == "-"):
            value = ast.UnaryOp(ast.USub(), value)
        yield assign(f"d{step.name}", value, body[i])


def _calls(node: ast.stmt) -> set[str]:
    """The names of what a statement calls."""
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}


def _split(statements: Sequence[ast.stmt]) -> tuple[list[ast.stmt], dict[str, str]]:
    """The forward, in which what a function is given has a name of its own; and these names."""
    found: list[ast.stmt] = []
    inner: dict[str, str] = {}
    for node in statements:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(args=[argument, *rest]) as call
            ) if isinstance(argument, ast.BinOp | ast.Call):
                inner[name] = f"{name}_in"
                found.append(assign(f"{name}_in", argument, node))
                held = ast.copy_location(ast.Name(f"{name}_in", ast.Load()), argument)
                made = ast.copy_location(ast.Call(call.func, [held, *rest], call.keywords), call)
                found.append(located(ast.Assign(node.targets, made), node))
            case _:
                found.append(node)
    return found, inner


def _in_order(node: ast.stmt) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]


def _gradients(
    statements: Sequence[ast.stmt], made: Collection[str], inner: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What gradients are called, and what they would be in a problem file."""
    for name in {n for each in statements for n in binds(each) | changes(each)}:
        match = _DERIVATIVE.match(name)
        of = (match["last"] or match["first"] if match else "") or ""
        if of in made:
            whole = "delta" not in name
            yield name, f"d{of}" if whole else f"d{inner.get(of, of)}"
