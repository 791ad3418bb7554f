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
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from byhand.errors import ProblemError
from byhand.sources.assemble import assign, function, located
from byhand.sources.costs import COST
from byhand.sources.examples import is_of_examples, of_one
from byhand.sources.flow import binds, changes, needed, read_in_turn, reads, valued
from byhand.sources.from_a_loss import is_label
from byhand.sources.hinges import OUTPUT as SCORES
from byhand.sources.hinges import as_named, of_hinges
from byhand.sources.intermediates import Renames
from byhand.sources.methods import methods_of, numbers_of
from byhand.sources.names import plain_name
from byhand.sources.pair import Pair, paired
from byhand.sources.penalties import penalties
from byhand.sources.predictions import predicted
from byhand.sources.returned_gradients import as_round
from byhand.sources.signature import parameters, returns
from byhand.sources.unfolding import flat
from byhand.sources.updates import RATE, Update, sign_of, update_of

_DERIVATIVE = re.compile(
    r"(?:d|delta|error|err)_?(?P<last>\w+)$|(?P<first>\w+?)_?(?:delta|error|err|d)$"
)


def steps_in(tree: ast.Module, title: str) -> list[Pair]:
    """The loops of a module, or of its functions and methods, that train so, each as a pair.

    Raises ProblemError where one takes steps that are no gradients.
    """
    bound = {name for node in flat(tree.body) for name in binds(node)}
    known = ({*dir(builtins)} - bound) | _defined(tree)
    found: list[Pair] = []
    for name, rounds in itertools.groupby(_rounds(tree, title), lambda each: each.name):
        pairs = (_pair(each, known, _constants(tree)) for each in rounds)
        found += [pair for pair in pairs if pair is not None][: 1 if name in known else None]
    return found


@dataclass(frozen=True, eq=False)
class _Round:
    """Statements that may be one round of a training: the body of a loop, or of a function that a
    loop calls. `name` is what they are called after, `before` what stands above them in their
    function, `where` the loop, and `counters` what it counts with. `numbers` are the attributes of
    its class that are one number, `costs` its methods that compute a loss. With `of_one`, it is a
    round on one example."""

    name: str
    before: Sequence[ast.stmt]
    body: Sequence[ast.stmt]
    where: ast.stmt
    counters: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    costs: Sequence[ast.FunctionDef] = ()
    of_one: bool = False


def _rounds(tree: ast.Module, title: str) -> Iterator[_Round]:
    """Every loop; of a class, in the methods first that no other calls, and then each of these."""
    for node in flat(tree.body):
        match node:
            case ast.FunctionDef():
                yield from _in_body(node.name, node.body)
                yield from _returned(node.name, node)
            case ast.ClassDef():
                methods, numbers = [*methods_of(node)], frozenset(numbers_of(node))
                costs = [each for each in methods if COST.search(each.name)]
                for each in methods:
                    rounds = _in_body(node.name, each.body)
                    yield from (replace(one, numbers=numbers, costs=costs) for one in rounds)
                for each in methods:
                    yield _Round(node.name, (), [*flat(each.body)], each)
                    yield from _returned(node.name, each)
            case _:
                yield from _in_body(title, [node])


def _sums_up(step: Update) -> bool:
    """Whether a statement adds a loss to others: `error += np.sum((out - goal) ** 2)`."""
    return bool(COST.search(step.name)) and not step.rate


def _returned(name: str, function: ast.FunctionDef) -> Iterator[_Round]:
    body = as_round(function)
    if body is not None:
        yield _Round(name, (), body, function)


def _in_body(name: str, body: Sequence[ast.stmt]) -> Iterator[_Round]:
    for i, each in enumerate(body):
        for part in ast.walk(each):
            if isinstance(part, ast.For | ast.While):
                counters = frozenset(_targets(part))
                inside = [*flat(part.body)]
                one = isinstance(part, ast.For) and is_of_examples(part)
                above = [*flat(body[:i])]
                picked = of_hinges(of_one(inside, counters), above)
                yield _Round(name, above, picked, part, counters, of_one=one)


def _targets(loop: ast.For | ast.While) -> set[str]:
    if isinstance(loop, ast.While):
        return set()
    return {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}


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


def _pair(each: _Round, known: Collection[str], constants: Collection[str]) -> Pair | None:
    steps = {i: step for i, s in enumerate(each.body) if (step := update_of(s)) is not None}
    local = {n for i, s in enumerate(each.body) if i not in steps for n in binds(s)}
    steps = {i: s for i, s in steps.items() if s.name not in local and not _sums_up(s)}
    names = {step.name for step in steps.values()}
    if not steps or len(names) != len(steps):
        return None
    body = [s for i, s in enumerate(each.body) if i not in steps]
    above = [s for s in each.before if not binds(s) & names]
    wanted = {n for step in steps.values() for n in reads(step.gradient)}
    prepared, labels = _without_data([*above, *body], names, each.counters)
    statements = [prepared[i] for i in needed(prepared, wanted)]
    bound = {n for s in statements for n in binds(s)}
    labels = {n for s in statements for n in valued(s) if is_label(n) or n in labels}
    labels = labels - bound - names or {*itertools.islice(_compared(statements, names), 1)}
    if len(labels) != 1:
        return None
    (label,) = labels
    statements = predicted(statements, label, names)
    place = next((i for i, s in enumerate(statements) if label in valued(s)), None)
    if not place:
        return None
    forward, inner = _split(statements[:place])
    made = {n for s in forward for n in binds(s)}
    output = [n for n in _in_order(statements[place]) if n in made]
    if not output or not names & {n for s in forward for n in reads(s)}:
        return None
    for node in forward:
        if output[-1] in binds(node) and _is_step(node):
            raise ProblemError(
                f"{node.lineno}: {output[-1]} is one of two numbers, whichever way it falls: a "
                "perceptron's rule is the gradient of no loss of that, and isn't judged"
            )
    own = _own_loss(prepared, statements, label, output[-1], names)
    own = own or _own_method(each.costs, forward, label, output[-1])
    if own is None and each.costs and output[-1] == SCORES:
        return None  # what its loss is isn't for a hinge to say
    renamed = dict(_gradients(statements[place:], made, inner))
    renamed |= _of_steps(steps.values(), {n for s in statements[place:] for n in binds(s)})
    backward = [Renames(renamed).visit(copy.deepcopy(s)) for s in statements[place:]]
    sign = sign_of(steps.values())
    if sign is None:  # as many go up as down: `y - out` is to be added, `out - y` subtracted
        sign = "-" if any(map(_is_label_first, ast.walk(statements[place]))) else ""
    backward += _answers(steps, each.body, renamed, sign)
    read = read_in_turn([*forward, *backward])
    first = read_in_turn(forward)
    after = {n for s in backward for n in binds(s)}
    said = {step.rate.rpartition(".")[2] for step in steps.values()}
    rates = sorted(n for n in read if RATE.match(n) and (n in said or not any(said)))
    given = sorted(
        (read | first)
        - (made - first)
        - after
        - {*known}
        - ({*constants} - labels - names)
        - {*rates}
    )
    if any(_calls(s) & {*given} for s in (*forward, *backward)):
        return None  # a method, which isn't there
    numbers = [assign(rate, ast.Constant(1.0), backward[0]) for rate in rates]
    answers: list[ast.expr] = [ast.Name(f"d{step.name}", ast.Load()) for step in steps.values()]
    backward.append(located(ast.Return(ast.Tuple(answers, ast.Load())), backward[-1]))
    results: list[ast.expr] = [
        ast.Name(n, ast.Load()) for n in [*(n for n in sorted(made) if n != output[-1]), output[-1]]
    ]
    end = located(ast.Return(ast.Tuple(results, ast.Load())), forward[-1])
    where = each.where.lineno
    one = function(f"{each.name}_forward", [n for n in given if n != label], [*forward, end], where)
    asked = sorted({n for s in backward for n in reads(s)} & (made | {*given}))
    two = function(f"{each.name}_backward", asked, [*numbers, *backward], where)
    read_there = sorted({*constants} & (read | first) - {*given})
    found = paired(each.name, one, two, rewritten=True, top=[*given, *read_there])
    penalty = ""
    if own is None or not reads(own) & names:  # else it has its own
        terms = penalties(steps.values(), statements[place:], {*given} | made)
        penalty = "".join(dict.fromkeys(terms))
    numbers = (each.numbers | {*constants} & names) & {*given}
    return replace(
        found,
        labels=label,
        sign=sign,
        penalty=penalty,
        own=own,
        numbers=numbers,
        of_one=label if each.of_one else "",
    )


def _without_data(
    statements: Sequence[ast.stmt], parameters: Collection[str], counters: Collection[str]
) -> tuple[list[ast.stmt], set[str]]:
    """Statements without those that choose examples, `x = X[i]`, or make others of them under their
    name, `X = (X - mean) / std`, and those that only make other labels of the labels, `Y =
    one_hot(y)`; and the names of these."""
    learned, labels, chosen = {*parameters}, set[str](), {*counters}
    found: list[ast.stmt] = []
    for each in statements:
        made = binds(each) | changes(each)
        if made and not reads(each) & learned:
            if valued(each) & {n for n in valued(each) if is_label(n) or n in labels}:
                labels |= made
                continue
            if reads(each) & (chosen | binds(each)):
                chosen |= made
                continue
        elif reads(each) & learned:
            learned |= made
        found.append(each)
    begun = [each for each in found if binds(each) & labels and not reads(each) & learned]
    return [each for each in found if each not in begun], labels


def _compared(statements: Sequence[ast.stmt], parameters: Collection[str]) -> Iterator[str]:
    """What is subtracted from something that depends on the parameters, or that from it, and
    doesn't: `pred - goal` by whatever names."""
    learned = {*parameters}
    for each in statements:
        for part in ast.walk(each):
            match part:
                case ast.BinOp(left=one, op=ast.Sub(), right=other):
                    for label, beside in ((one, other), (other, one)):
                        if reads(beside) & learned and isinstance(label, ast.Name):
                            yield from {label.id} - learned
                case _:
                    pass
        if reads(each) & learned:
            learned |= binds(each) | changes(each)


def _own_loss(
    statements: Sequence[ast.stmt],
    others: Sequence[ast.stmt],
    label: str,
    output: str,
    parameters: Collection[str],
) -> ast.FunctionDef | None:
    """The loss that is computed among the statements beside the `others`, which gradients need, as
    a function of the output and the labels, with what else it needs."""
    same = {ast.unparse(each) for each in others}
    wanted = {n for each in others for n in reads(each)}
    bound = [n for each in statements for n in binds(each)]
    for name in dict.fromkeys(n for n in bound if COST.search(n) and n not in wanted):
        last = max(i for i, each in enumerate(statements) if name in binds(each))
        chain = [statements[i] for i in needed(statements[: last + 1], {name})]
        chain = [each for each in chain if ast.unparse(each) not in same]
        read = {n for each in chain for n in reads(each)}
        if {label, output} <= read:
            end = located(ast.Return(ast.Name(name, ast.Load())), chain[-1])
            return function(
                f"{name}_of", [output, label], [*copy.deepcopy(chain), end], chain[0].lineno
            )
    return None


def _of_steps(steps: Iterable[Update], bound: Collection[str]) -> dict[str, str]:
    """What is called as it likes and is the gradient that a step is taken with: `weights -= lr *
    dw`."""
    found: dict[str, list[str]] = {}
    for step in steps:
        if isinstance(step.gradient, ast.Name) and step.gradient.id in bound and not step.up:
            found.setdefault(step.gradient.id, []).append(f"d{step.name}")
    return {name: of for name, [of, *more] in found.items() if not more and of not in bound}


def _own_method(
    costs: Sequence[ast.FunctionDef], forward: Sequence[ast.stmt], label: str, output: str
) -> ast.FunctionDef | None:
    """The loss of a method that goes forward by itself, as a function of the output."""
    (made,) = [node for node in forward if output in binds(node)][-1:] or [None]
    for cost in costs if isinstance(made, ast.Assign) else ():
        assert isinstance(made, ast.Assign)
        body = [as_named(made.value, output, each) for each in copy.deepcopy(cost.body)]
        read = {name for each in body for name in reads(each)}
        if {label, output} <= read and label in parameters(cost) and len(returns(cost)) == 1:
            return function(f"{cost.name}_of", [output, label], body, cost.lineno)
    return None


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
        scaled = len(rates) > 1 and step.rate[:1].isdigit()
        as_it_is = not scaled and step.up is (sign == "-")
        if as_it_is and _name(step.gradient, renamed) == f"d{step.name}":
            continue
        value = renames.visit(copy.deepcopy(step.gradient))
        if scaled:
            value = ast.BinOp(ast.parse(step.rate, mode="eval").body, ast.Mult(), value)
        if step.up is not (sign == "-"):
            value = ast.UnaryOp(ast.USub(), value)
        yield assign(f"d{step.name}", value, body[i])


def _name(node: ast.expr, renamed: Mapping[str, str]) -> str | None:
    return renamed.get(node.id, node.id) if isinstance(node, ast.Name) else None


def _calls(node: ast.stmt) -> set[str]:
    """The names of what a statement calls."""
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}


def _is_step(node: ast.stmt) -> bool:
    """Whether a statement makes one of two numbers of something: `np.where(z >= 0, 1, 0)`."""
    value = node.value if isinstance(node, ast.Assign) else None
    match value:
        case ast.Call(func=ast.Attribute(attr="sign" | "heaviside")) | ast.Compare():
            return True
        case ast.Call(func=ast.Attribute(attr="where"), args=[_, one, other]):
            return _is_constant(one) and _is_constant(other)
        case ast.IfExp(body=one, orelse=other):
            return _is_constant(one) and _is_constant(other)
        case _:
            return False


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


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
        of = (match["last"] or match["first"] if match else "") or plain_name(name)
        if of in made and of != name:
            whole = "delta" not in name
            yield name, f"d{of}" if whole else f"d{inner.get(of, of)}"
