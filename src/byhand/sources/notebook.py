"""Notebooks and scripts of statements at the top: a forward, and after it the gradients `d<name>`.

Nothing says where the forward begins or ends, so it is found: it is what the loss needs, from the
parameters on. What they need in turn is the setting, which is run as it stands. The backward is the
statements that bind `d<name>` of the forward's names, with what these need; all the rest is let be.

Where gradients are answered a second time, that is a *segment* of its own, with its own forward:
from the names whose gradients it gives to the one whose gradient it starts from, or to the loss. If
a statement in between computes that one anew (`hpreact_fast`), it takes the place of the old way.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.statements import Namespace
from byhand.sources.assemble import assembled, function, located
from byhand.sources.cells import Cells
from byhand.sources.flow import binds, changes, flat, inlined, is_plain, needed, opened, reads
from byhand.sources.intermediates import Renames, with_copies
from byhand.sources.names import LOSS, base_of
from byhand.sources.nearest import nearest
from byhand.sources.setting import Setting, run
from byhand.sources.signature import elements
from byhand.values.arrays import is_torch
from byhand.values.held import array, detached

_AGAIN = re.compile(r"_?(fast|new|manual|closed|direct|alt|v2|2)$")


@dataclass(frozen=True, eq=False)
class Segment:
    """Gradients that are answered together: the places of their statements, and their names.

    `given` are the names whose gradients they start from, none where that is the loss. `anew` is
    the place of a statement that computes the output another way.
    """

    places: tuple[int, ...]
    answers: tuple[str, ...]
    given: tuple[str, ...] = ()
    anew: int | None = None


@dataclass(frozen=True, eq=False)
class Script:
    """The statements of a notebook in order, and what was found among them.

    `forward` are the places of the statements from the parameters to `loss`, `setting` those of
    what these need. `parameters` are the names that forward starts from and whose gradients are
    wanted; `answered` are the places of all statements that write gradients, and `tries` of those
    whose gradient is computed anew right below, before anything but a comparison reads it.
    """

    title: str
    file: Path
    cells: Cells
    statements: tuple[ast.stmt, ...]
    loss: str
    forward: tuple[int, ...]
    setting: tuple[int, ...]
    parameters: frozenset[str]
    segments: tuple[Segment, ...]
    answered: frozenset[int]
    tries: frozenset[int] = frozenset()

    @property
    def chain(self) -> set[int]:
        return {*self.forward, *self.setting}

    def bound(self, places: Collection[int]) -> set[str]:
        return {name for i in places for name in binds(self.statements[i])}


def script(cells: Cells, file: Path) -> Script:
    """The forward and the segments of a notebook. Raises ProblemError if there are none."""
    statements = _by_name(list(inlined(list(flat(cells.tree.body)), _gives_gradients)))
    if not _answered(statements):
        statements = _by_name(inlined(statements, _trains_inside))
        statements = opened(statements, _is_round)
    return _found(statements, cells, file, file.stem)


def rounds(found: Script) -> Iterator[Script | str]:
    """One round of each training loop beside the gradients of a script, as a script of its own: it
    has a forward and a backward in it. Or why it can't be one."""
    number = 0
    for i, node in enumerate(found.statements):
        if i not in found.answered and _has_both(node):
            before = [
                each for k, each in enumerate(found.statements[:i]) if k not in found.answered
            ]
            number += 1
            title = "training" if number == 1 else f"training_{number}"
            try:
                yield _found([*before, *opened([node], _is_round)], found.cells, found.file, title)
            except ProblemError as error:
                yield f"line {node.lineno}: the gradients in this loop aren't judged: {error}"


def _found(statements: Sequence[ast.stmt], cells: Cells, file: Path, title: str) -> Script:
    """The forward and the segments among statements."""
    answered = _answered(statements)
    if not answered:
        raise ProblemError(f"{file}: has no gradient to check: {nearest(cells.tree)}")
    tries = _tries(statements, answered)
    places = frozenset(answered)
    answered = {i: some for i, some in answered.items() if i not in tries}
    first = min(answered)
    names = {name for bound in answered.values() for name in bound}
    losses = _losses(statements, first, names)
    if not losses:
        raise ProblemError(
            f"{file}: has no forward: looked for a loss above line {statements[first].lineno}, "
            "where the first gradient is: give it a name such as loss"
        )
    said = ", ".join(sorted(names))
    for loss in losses:
        if not _is_loss(loss, statements):  # its gradient isn't computed: it is where all start
            answered = {i: some - {loss} for i, some in answered.items() if some - {loss}}
            names -= {loss}
        end = max(i for i in range(first) if _computes(statements[i], loss))
        chain = needed(statements[: end + 1], {loss})
        parameters = _parameters(statements, chain, names)
        forward = _downstream(statements, chain, parameters)
        if end in forward:
            break
    else:
        raise ProblemError(
            f"{file}: {losses[0]} depends on none of {said}, whose gradients are "
            "given: looked for the forward in the statements that it needs"
        )
    return Script(
        title,
        file,
        cells,
        tuple(statements),
        loss,
        tuple(forward),
        tuple(i for i in chain if i not in forward),
        frozenset(parameters),
        tuple(_segments(statements, answered, forward, loss, parameters)),
        places,
        tries,
    )


def problems(found: Script) -> list[Problem]:
    """The problem of each segment, and those of a round of each training loop beside them.

    Raises ProblemError if a statement before the segments raises.
    """
    setting = Setting(found.file, found.cells.text)
    notes = [*found.cells.notes, *setting.run([found.statements[i] for i in _setting(found)])]
    space, more, missed = dict(setting.space), list[Problem](), list[str]()
    for each in rounds(found):
        try:
            if isinstance(each, str):
                raise ProblemError(each)
            said = setting.run([each.statements[i] for i in _setting(each)])
            more += _problems(each, setting.space, said)
        except ProblemError as error:
            missed.append(str(error))
    return [*_problems(found, space, [*notes, *missed]), *more]


def problems_in(found: Script, namespace: Namespace) -> list[Problem]:
    """The problem of each segment, on the values of a session."""
    return _problems(found, namespace, found.cells.notes)


def _problems(found: Script, space: Namespace, notes: Sequence[str]) -> list[Problem]:
    before, notes = dict(space), [*notes]
    nodes = [copy.deepcopy(found.statements[i]) for i in found.forward]
    after = dict(space)
    run(nodes, found.file, found.cells.text, after)
    taken = [i for i in sorted(found.answered) if _is_autograds(found.statements[i])]
    notes += [
        f"line {found.statements[i].lineno}: {', '.join(sorted(binds(found.statements[i])))} is "
        "PyTorch's own gradient: used, not judged"
        for i in taken
    ]
    notes += [
        f"line {found.statements[i].lineno}: {', '.join(sorted(binds(found.statements[i])))} is "
        "computed anew right below: only that is judged"
        for i in sorted(found.tries)
        if is_plain(found.statements[i])
    ]
    made = [_problem(found, segment, before, after, notes) for segment in found.segments]
    return [problem for problem in made if problem is not None]


def _setting(found: Script) -> list[int]:
    """The places of what must be run: what forward needs, and what the gradients need besides."""
    places = set(found.setting)
    for segment in found.segments:
        last, backward = max(segment.places), _backward_places(found, segment)
        for i in needed(found.statements[: last + 1], _wanted(found, segment)):
            if i not in found.forward and i not in found.answered and i not in backward:
                places.add(i)
    return sorted(places)


def _wanted(found: Script, segment: Segment) -> set[str]:
    nodes = [found.statements[i] for i in segment.places]
    if segment.anew is not None:
        nodes.append(found.statements[segment.anew])
    return {name for node in nodes for name in reads(node)}


# What is where.


def _answered(statements: Sequence[ast.stmt]) -> dict[int, set[str]]:
    """The places of the statements that write gradients, with the names that these belong to."""
    known: set[str] = set()
    found: dict[int, set[str]] = {}
    for i, node in enumerate(statements):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            written = binds(node) | changes(node)
            bases = {base for name in written if (base := base_of(name)) is not None}
            if _only_keeps_a_place(statements[i:]):
                continue
            if bases & known and not _trains(node) and not _has_both(node):
                found[i] = bases & known
        known |= binds(node)
    return found


def _tries(statements: Sequence[ast.stmt], answered: Mapping[int, set[str]]) -> frozenset[int]:
    """The places of what was tried before: as `Script.tries`."""
    found: set[int] = set()
    same: list[int] = []
    for i in sorted(answered):
        node = statements[i]
        between = statements[same[-1] + 1 : i] if same else ()
        if not same or answered[i] != answered[same[-1]] or not all(map(_only_says, between)):
            same = []
        elif all(_starts_anew(node, name) for name in answered[i]):
            found |= {*same}
            same = []
        same.append(i)
    return frozenset(found)


def _only_says(node: ast.stmt) -> bool:
    """Whether a statement binds and changes nothing, such as a comparison."""
    return isinstance(node, ast.Expr) and not changes(node)


def _is_round(body: Sequence[ast.stmt]) -> bool:
    """Whether a value and its gradient are computed, or a loss and gradients of what is read."""
    bound = {name for each in body for name in binds(each)}
    read = (
        {name for each in body for name in reads(each)} if any(map(LOSS.search, bound)) else bound
    )
    return any(base_of(name) in bound | read for name in bound)


def _only_keeps_a_place(statements: Sequence[ast.stmt]) -> bool:
    """Whether the first statement is `dC = torch.zeros_like(C)`, or `dW, db = None, None`, and
    later ones bind these names anew before anything reads them."""
    match statements[0]:
        case ast.Assign(targets=[target], value=value):
            names = [each.id for each in elements(target) if isinstance(each, ast.Name)]
        case _:
            return False
    places = all(map(_is_place, elements(value)))
    return places and all(_is_bound_anew(name, statements[1:]) for name in names)


def _is_place(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=None):
            return True
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in {"zeros", "zeros_like", "empty", "empty_like"}
        case _:
            return False


def _is_bound_anew(name: str, statements: Sequence[ast.stmt]) -> bool:
    for node in statements:
        if name in reads(node) | changes(node):
            return False
        if name in binds(node):
            return is_plain(node)
    return False


def _by_name(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """`W.g` and `W.grad` as dW, where gradients are left there by hand, and none by PyTorch."""
    if _differentiated(statements):
        return statements
    left = {
        target.attr
        for node in statements
        if isinstance(node, ast.Assign) and not _is_place(node.value)
        for target in node.targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    } & {"g", "grad"}
    return (
        [_Attributes(left).visit(copy.deepcopy(node)) for node in statements]
        if left
        else statements
    )


class _Attributes(ast.NodeTransformer):
    """These attributes of names as names of their own: `W.g` as dW."""

    def __init__(self, attributes: Collection[str]) -> None:
        self.attributes = attributes

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in self.attributes:
                return ast.copy_location(ast.Name(f"d{name}", node.ctx), node)
            case _:
                self.generic_visit(node)
                return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node


def _computes(node: ast.stmt, name: str) -> bool:
    """Whether a statement computes what a name stands for; `losses.append(loss)` doesn't."""
    return name in binds(node) or (name in changes(node) and not isinstance(node, ast.Expr))


def _trains_inside(function: ast.FunctionDef) -> bool:
    """Whether a function has a training loop in it, with values and their gradients."""
    return any(_has_both(node) for node in flat(function.body))


def _gives_gradients(function: ast.FunctionDef) -> bool:
    """Whether a function computes gradients, as the names of what it returns say, or, where it
    returns nothing, what it leaves in arrays: `w.g = ...`."""
    ends = elements(function.body[-1].value) if isinstance(function.body[-1], ast.Return) else []
    return any(isinstance(each, ast.Name) and base_of(each.id) is not None for each in ends) or (
        not ends
        and any(
            isinstance(part, ast.Attribute)
            and part.attr in {"g", "grad"}
            and isinstance(part.ctx, ast.Store)
            for part in ast.walk(function)
        )
    )


def _trains(node: ast.stmt) -> bool:
    """Whether a statement is a loop that trains: it goes on and on, and nothing here needs it."""
    return isinstance(node, (ast.For, ast.While)) and any(
        isinstance(part, ast.Attribute) and part.attr in {"data", "step", "backward"}
        for part in ast.walk(node)
    )


def _has_both(node: ast.stmt) -> bool:
    """Whether a statement is a loop with values and their gradients in it."""
    if not isinstance(node, (ast.For, ast.While)):
        return False
    return _is_round(node.body)


def _losses(statements: Sequence[ast.stmt], first: int, names: Collection[str]) -> list[str]:
    """The names of what may be differentiated, the likeliest first: what has .backward() called, or
    is called a loss, the last first, or is what the first gradient belongs to."""
    bound = [
        name
        for node in statements[:first]
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign))
        for name in sorted(binds(node) | changes(node))
    ][::-1]
    said = [n for n in _differentiated(statements) if n in bound]
    last = [n for n in bound if n in names][:1]
    return [*dict.fromkeys([*said, *(n for n in bound if LOSS.search(n)), *last])]


def _differentiated(statements: Sequence[ast.stmt]) -> list[str]:
    """The names that have .backward() called."""
    return [
        part.func.value.id
        for node in statements
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr == "backward"
        and isinstance(part.func.value, ast.Name)
    ]


def _is_loss(name: str, statements: Sequence[ast.stmt]) -> bool:
    """Whether a name is said to be a loss, whose own gradient is 1."""
    return bool(LOSS.search(name)) or name in _differentiated(statements)


def _parameters(
    statements: Sequence[ast.stmt], chain: Sequence[int], names: Collection[str]
) -> set[str]:
    """The names that forward starts from: those said to need a gradient, and those answered whose
    values come from no other answered name."""
    in_chain = {name for i in chain for name in binds(statements[i])}
    wanting = {name for node in statements for name in _wants_gradient(node)} & in_chain
    made_of: dict[str, set[str]] = {}
    for i in chain:
        node = statements[i]
        origins = {root for name in reads(node) for root in made_of.get(name, {name} & wanting)}
        for name in binds(node) | changes(node):
            if name in wanting or (name in names and not origins - {name}):
                made_of[name] = {name}
            else:
                made_of[name] = origins
    return {name for name, origins in made_of.items() if origins == {name}}


def _wants_gradient(node: ast.stmt) -> set[str]:
    """The names that a statement says need a gradient."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.List(elts=items) | ast.Tuple(elts=items)
        ) if re.match(r"param|weights$", name):
            return {item.id for item in items if isinstance(item, ast.Name)}
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr="requires_grad")]):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]) if any(
            (isinstance(part, ast.keyword) and part.arg == "requires_grad")
            or (isinstance(part, ast.Attribute) and part.attr == "requires_grad_")
            for part in ast.walk(node)
        ):
            return {name}
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="requires_grad_"))
        ):
            return {name}
        case _:
            return set()


def _downstream(
    statements: Sequence[ast.stmt], chain: Sequence[int], roots: Collection[str]
) -> list[int]:
    """The places in the chain of what is computed from the roots. What starts a root isn't."""
    tainted: set[str] = set()
    found: list[int] = []
    started = False
    for i in chain:
        node = statements[i]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            continue
        written = binds(node) | changes(node)
        seen = reads(node) & tainted
        starts = written & {*roots} and not started and not seen - written
        if starts:
            tainted |= written & {*roots}
        elif seen:
            found.append(i)
            started |= bool(written - {*roots})
            tainted |= written
        else:
            tainted -= binds(node)
    return _with_begun(statements, chain, found, roots)


def _with_begun(
    statements: Sequence[ast.stmt],
    chain: Sequence[int],
    found: Sequence[int],
    roots: Collection[str],
) -> list[int]:
    """These places, and those of what begins that which they only change: `hs = {}`, `loss = 0`."""
    places = {*found}
    bound: set[str] = set()
    begun: set[str] = set()
    for i in found:
        begun |= changes(statements[i]) - bound - {*roots}
        bound |= binds(statements[i]) - changes(statements[i])
    for i in reversed([i for i in chain if i < min(found, default=0)]):
        node = statements[i]
        if (binds(node) | changes(node)) & begun:
            places.add(i)
            begun -= binds(node) if is_plain(node) else set()
    return sorted(places)


def _segments(
    statements: Sequence[ast.stmt],
    answered: Mapping[int, Collection[str]],
    forward: Sequence[int],
    loss: str,
    parameters: Collection[str],
) -> list[Segment]:
    inside = {name for i in forward for name in binds(statements[i]) | changes(statements[i])}
    times = {n: sum(n in binds(statements[i]) for i in forward) for n in inside}
    known = inside | {*parameters} | {n for i in forward for n in reads(statements[i])}
    groups: list[list[int]] = []
    fresh: dict[str, int] = {}
    for i, names in answered.items():
        if i < min(forward) or not {*names} & known:
            continue
        node = statements[i]
        again = [n for n in names if _starts_anew(node, n) and fresh.get(n, 0) >= times.get(n, 1)]
        if not groups or (again and not _reads_own(node, again)):
            groups.append([])
            fresh = {}
        for name in names:
            fresh[name] = fresh.get(name, 0) + _starts_anew(node, name)
        groups[-1].append(i)
    found: list[Segment] = []
    for number, places in enumerate(groups):
        found += _of_group(statements, places, answered, known, inside, loss, number == 0)
    return found


def _starts_anew(node: ast.stmt, name: str) -> bool:
    bound = [each for each in binds(node) if base_of(each) == name]
    return bool(bound) and is_plain(node) and not {*bound} & reads(node)


def _reads_own(node: ast.stmt, names: Collection[str]) -> bool:
    return any(base_of(name) in names for name in reads(node))


def _of_group(
    statements: Sequence[ast.stmt],
    places: Sequence[int],
    answered: Mapping[int, Collection[str]],
    known: Collection[str],
    inside: Collection[str],
    loss: str,
    first: bool,
) -> list[Segment]:
    """The segments of a group: what starts from gradients that aren't computed in it is its own."""
    is_loss = _is_loss(loss, statements)
    written: dict[int, set[str]] = {}
    starts: dict[str, set[str]] = {}
    for i in places:
        node = statements[i]
        if _is_autograds(node):
            continue  # PyTorch's own gradient: taken, not judged
        written[i] = {name for name in binds(node) | changes(node) if base_of(name) in known}
        for name in written[i]:
            starts.setdefault(name, set())
    for _ in written:  # until it is known of all, whatever their order
        for i, mine in written.items():
            given: set[str] = set()
            for name in reads(statements[i]):
                base = base_of(name)
                if name in starts:
                    given |= starts[name]
                elif base is not None and base in inside and (base != loss or not is_loss):
                    given.add(base)
            for name in mine:
                starts[name] |= given
    lists: dict[tuple[str, ...], list[int]] = {}
    for i, mine in written.items():
        key = set[str]().union(*(starts[name] for name in mine))
        lists.setdefault(tuple(sorted(key)), []).append(i)
    found: list[Segment] = []
    for outputs, some in lists.items():
        names = dict.fromkeys(n for i in some for n in sorted(answered[i]) if n in known)
        anew = None
        if not first or outputs:
            anew = _anew(statements, some[0], outputs or (loss,))
        found.append(Segment(tuple(some), tuple(names), outputs, anew))
    return found


def _is_autograds(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node.value)
    )


def _anew(statements: Sequence[ast.stmt], before: int, outputs: Sequence[str]) -> int | None:
    """The last statement that computes an output another way, such as loss_fast."""
    for i in reversed(range(before)):
        node = statements[i]
        if isinstance(node, ast.Assign):
            for name in binds(node):
                if name not in outputs and _AGAIN.sub("", name) in outputs and _AGAIN.search(name):
                    return i
    return None


# A segment as a problem.


def _problem(
    found: Script,
    segment: Segment,
    before: Namespace,
    after: Namespace,
    notes: Sequence[str],
) -> Problem | None:
    statements = found.statements
    outputs = segment.given or (found.loss,)
    first = not segment.given and segment.anew is None
    first = first and bool({*segment.answers} & found.parameters)
    chain = list(found.forward)
    backward = _backward_places(found, segment)
    wanted = {*outputs} | {n for i in backward for n in reads(statements[i])}
    body: list[ast.stmt]
    if first:
        body = [copy.deepcopy(statements[i]) for i in chain]
    else:
        body = _cut(found, segment, {*segment.answers}, wanted, outputs)
    body = [_Unread(outputs).visit(node) for node in body]
    inside = {name for node in body for name in binds(node) | changes(node)}
    space = before if first else {**after, **{n: after[n] for n in segment.answers if n in after}}
    inputs = _inputs(body, space, found, segment, backward, outputs)
    if not any(name in inside for name in outputs):
        return None
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in outputs]
    value = loads[0] if len(loads) == 1 else ast.Tuple(loads, ast.Load())
    last = statements[backward[0]] if not body else body[-1]
    body.append(located(ast.Return(value), last))
    nodes = [named(copy.deepcopy(statements[i])) for i in backward]
    nodes = with_copies(nodes, inside, in_torch=any(map(is_torch, space.values())))
    read = {name for node in (*body, *nodes) for name in reads(node)} - inside
    floats = [name for name, value in inputs.items() if is_float(value)]
    later = sorted(found.parameters - {n for s in found.segments for n in s.answers})
    if segment is found.segments[0] and not first and later:
        notes = [*notes, f"{', '.join(later)}: no gradient yet"]
    answers = {*segment.answers}
    data = [name for name in floats if name not in answers and name not in found.parameters]
    if not first:
        data = [name for name in floats if name not in answers]
    for name in _linked(found, inputs):
        del inputs[name]  # it must stay with what was made of it
    rows = rows_of(inputs, [*body, *nodes])
    counts = counts_of(rows, read, space)
    draw = drawing(inputs, counts, rows)
    inputs = {**inputs, **counts}
    asked = _asked(nodes, inside | {*inputs}, outputs if segment.given else ())
    return assembled(
        name=_name(found, segment, segment is found.segments[0]),
        file=str(found.file),
        forward=function("forward", list(inputs), body, body[0].lineno),
        backward=function("backward", asked, nodes, nodes[0].lineno),
        namespace={k: v for k, v in space.items() if k not in inside},
        draw=draw,
        dimensions={} if rows is None else {"rows": rows},
        data=data,
        notes=notes,
        cells=found.cells.starts,
    )


class _Unread(ast.NodeTransformer):
    """`loss = (...).item()` and `loss = float(...)` of outputs as the arrays themselves."""

    def __init__(self, outputs: Collection[str]) -> None:
        self.outputs = outputs

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=value, attr="item"), args=[])
                | ast.Call(func=ast.Name(id="float"), args=[value]),
            ) if name in self.outputs:
                node.value = value
            case _:
                pass
        return node


def _name(found: Script, segment: Segment, first: bool) -> str:
    if first:
        return found.title
    if segment.anew is not None:
        return next(iter(binds(found.statements[segment.anew])))
    return ", ".join(f"d{name}" for name in segment.answers[:3])


def _backward_places(found: Script, segment: Segment) -> list[int]:
    """The statements of a segment's backward: those that write gradients, and what those need that
    is computed from forward's values."""
    inside = found.bound(found.forward) | found.parameters
    end = max(segment.places)
    wanted = {name for i in segment.places for name in reads(found.statements[i])}
    places = {*segment.places}
    tainted = inside | _held(found)
    helpers: dict[int, set[str]] = {}
    for i in range(end):
        node = found.statements[i]
        if i in found.chain or i in places or not reads(node) & tainted or _trains(node):
            continue
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        new = {name for name in binds(node) | changes(node) if name not in inside}
        new = {name for name in new if base_of(name) not in inside}
        if i > max(found.forward):  # `probs[range(n), y] -= 1`: the gradient is made in its place
            new |= changes(node) & inside
        if new:
            tainted |= new
            helpers[i] = new
    for i in sorted(helpers, reverse=True):
        if helpers[i] & wanted and i != segment.anew:
            places.add(i)
            wanted |= reads(found.statements[i])
    return sorted(places)


def _held(found: Script) -> set[str]:
    """The values that forward reads of its setting: what is made of them is made anew with them."""
    read = {name for i in found.forward for name in reads(found.statements[i])}
    nodes = [found.statements[i] for i in found.setting]
    return read & {name for node in nodes if isinstance(node, ast.Assign) for name in binds(node)}


def _cut(
    found: Script,
    segment: Segment,
    answers: Collection[str],
    wanted: Collection[str],
    outputs: Sequence[str],
) -> list[ast.stmt]:
    """The part of forward that goes from a segment's answers to its outputs."""
    statements = found.statements
    after = {*answers} & found.parameters
    kept: list[tuple[ast.stmt, ast.stmt]] = []
    for i in found.forward:
        node = statements[i]
        if reads(node) & after:
            after |= binds(node) | changes(node)
        elif binds(node) & {*answers}:
            after |= binds(node)  # forward begins with this one
            continue
        kept.append((copy.deepcopy(node), node))
    if segment.anew is not None:
        node = statements[segment.anew]
        name = next(name for name in binds(node) if _AGAIN.sub("", name) in outputs)
        output = _AGAIN.sub("", name)
        kept = [(new, old) for new, old in kept if output not in binds(old)]
        fresh = Renames({name: output}).visit(copy.deepcopy(node))
        kept.append((fresh, fresh))
    tainted = {*answers}
    chosen: list[ast.stmt] = []
    for new, old in kept:
        if reads(old) & tainted:
            chosen.append(new)
            tainted |= binds(old) | changes(old)
    return [chosen[i] for i in needed(chosen, {*wanted} | {*outputs})]


def _inputs(
    body: Sequence[ast.stmt],
    space: Namespace,
    found: Script,
    segment: Segment,
    backward: Sequence[int],
    outputs: Sequence[str],
) -> Inputs:
    """What forward, or backward, reads and doesn't make: arrays, as they are in the notebook."""
    made: set[str] = set()
    read: dict[str, None] = {}
    for node in body:
        for name in sorted(reads(node)):
            if name not in made:
                read[name] = None
        made |= binds(node)
    for i in backward:
        for name in sorted(reads(found.statements[i])):
            if name not in made:
                read.setdefault(name)
    return {
        name: detached(space[name])
        for name in read
        if name in space and array(space[name]) is not None and base_of(name) not in made
    }


def is_float(value: Any) -> bool:
    held = array(value)
    return held is not None and held.dtype.kind == "f"


def named(node: ast.stmt) -> ast.stmt:
    """A statement with its gradients called d<name>, whatever they are called."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    renames = {
        name: f"d{base}"
        for name in names
        if (base := base_of(name)) is not None and name not in (f"d{base}", f"d_{base}")
    }
    return Renames(renames).visit(node) if renames else node


def _asked(nodes: Sequence[ast.stmt], known: Collection[str], given: Sequence[str]) -> list[str]:
    """What backward takes: forward's values that it reads, and the gradients it starts from."""
    read = {name for node in nodes for name in reads(node)}
    return sorted(read & {*known}) + [f"d{name}" for name in given if f"d{name}" in read]


def _linked(found: Script, inputs: Inputs) -> list[str]:
    """The integers of which another input was made, such as one-hot rows of labels."""
    floats = {name for name, value in inputs.items() if is_float(value)}
    nodes = [found.statements[i] for i in found.setting]
    return [
        name
        for name in inputs
        if name not in floats
        and any(name in reads(node) and binds(node) & floats for node in nodes)
    ]


def drawing(inputs: Inputs, counts: Mapping[str, int], rows: int | None) -> Callable[..., Inputs]:
    """The notebook's values, and fewer rows where only arrays of rows have that size. `counts` are
    the names for the number of rows.

    Nothing is drawn anew: labels and what was made of them, such as one-hot rows, must agree.
    """

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        taken = sizes.get("rows", rows or 0)
        found: Inputs = dict.fromkeys(counts, taken)
        for name, value in inputs.items():
            cut = rows is not None and taken < rows and _has_rows(array(value), rows)
            found[name] = value[:taken] if cut else value
        return found

    return draw


def counts_of(rows: int | None, names: Collection[str], space: Namespace) -> dict[str, int]:
    """The names for the number of rows, such as batch_size."""
    found = {name: space.get(name) for name in names} if rows is not None else {}
    return {name: value for name, value in found.items() if type(value) is int and value == rows}


def _has_rows(held: Any, rows: int) -> bool:
    return held is not None and held.ndim > 0 and held.shape[0] == rows


def rows_of(inputs: Inputs, nodes: Sequence[ast.stmt]) -> int | None:
    """The number of rows of a batch, where nothing else has that size."""
    arrays = [held for value in inputs.values() if (held := array(value)) is not None]
    labels = [held for held in arrays if held.dtype.kind in "iu" and held.ndim]
    sizes = {held.shape[0] for held in labels}
    if len(sizes) != 1:
        return None
    (rows,) = sizes
    others = [size for held in arrays for size in held.shape[1:]]
    others += [held.shape[0] for held in arrays if held.dtype.kind == "f" and held.ndim == 1]
    literals = {
        part.value
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, (int, float))
    }
    if rows < 4 or rows in others or rows in literals:
        return None
    return rows
