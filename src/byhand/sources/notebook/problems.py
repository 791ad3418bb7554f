"""Each segment of a notebook as a problem."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.program.statements import Namespace
from byhand.sources.assemble import assembled, assign, function, located
from byhand.sources.flow import binds, is_plain, reads, touches
from byhand.sources.intermediates import with_copies
from byhand.sources.names import base_of
from byhand.sources.notebook.above import places_above
from byhand.sources.notebook.gradients import is_autograds, named
from byhand.sources.notebook.inputs import counts_of, drawing, inputs_of, linked, rows_of
from byhand.sources.notebook.reading import rounds
from byhand.sources.notebook.script import Script, Segment
from byhand.sources.notebook.selection import (
    backward_places,
    forward_part,
    from_below,
    setting_of,
    steps_of_others,
    unfounded,
)
from byhand.sources.setting import Setting, run
from byhand.sources.updates import update_of
from byhand.sources.usual_losses import likeness
from byhand.values.arrays import is_torch
from byhand.values.held import array, float_array


def problems(found: Sequence[Script]) -> list[Problem]:
    """The problem of each segment, and those of a round of each training loop beside them.

    Raises ProblemError if a statement before the segments raises.
    """
    first = found[0]
    setting = Setting(first.file, first.cells.text)
    spaces: dict[Script, tuple[Namespace, list[str]]] = {}
    every = [each for script in found for each in (script, *script.rivals)]
    for script in sorted(every, key=lambda script: script.forward):
        notes = setting.run([script.statements[i] for i in setting_of(script)])
        spaces[script] = dict(setting.space), notes
    more, missed = list[Problem](), list[str]()
    for each in rounds(first):
        try:
            if isinstance(each, str):
                raise ProblemError(each)
            needed = {i for script in (each, *each.rivals) for i in setting_of(script)}
            said = setting.run([each.statements[i] for i in sorted(needed)])
            more += _problems(each, setting.space, said)
        except ProblemError as error:
            missed.append(re.sub(rf"^{re.escape(str(first.file))}:(?=\d)", "line ", str(error)))
    beside = [*first.cells.notes, *(note for _, some in spaces.values() for note in some), *missed]
    made = [_problems(script, spaces[script][0], beside) for script in found]
    return [*made[0], *more, *(problem for some in made[1:] for problem in some)]


def problems_in(found: Sequence[Script], namespace: Namespace) -> list[Problem]:
    """The problem of each segment, on the values of a session."""
    return [each for script in found for each in _problems(script, namespace, script.cells.notes)]


def _problems(found: Script, space: Namespace, notes: Sequence[str]) -> list[Problem]:
    notes = [*notes, *_let_be(found)]
    around = _around(found, space)
    made: list[Problem] = []
    used: set[str] = set()
    for segment in found.segments:
        problem = _problem(found, segment, *around, notes)
        if found.rivals and segment.is_from_loss and problem is not None:
            some, loss = _likeliest(found, segment, problem, space, notes, used)
            used.add(loss)
            made += some
        elif problem is not None:
            made.append(problem)
    return made


def _around(found: Script, space: Namespace) -> tuple[Namespace, Namespace]:
    """What stands there before forward, and after it."""
    nodes = [copy.deepcopy(found.statements[i]) for i in found.forward]
    after = dict(space)
    run(nodes, found.file, found.cells.text, after)
    return dict(space), after


def _likeliest(
    found: Script,
    segment: Segment,
    problem: Problem,
    space: Namespace,
    notes: Sequence[str],
    used: Collection[str],
) -> tuple[list[Problem], str]:
    """The problem of a segment that may start from one of several losses, as those of the two sides
    of a GAN do, and that loss: of which most gradients are right, or else the first from which
    nothing above starts. Some of its gradients may start from one, and the rest from another, as
    those of a critic and an actor do: then they are two."""
    losses = {found.end: [problem]}
    for rival in found.rivals:
        for each in rival.segments:
            rest = [i for i in segment.places if i not in each.places]
            if not each.is_from_loss or len(rest) + len(each.places) != len(segment.places):
                continue
            made = [_problem(rival, each, *_around(rival, space), notes)]
            if rest:
                names = [n for i in rest for n in sorted(found.written.answers[i] & found.known)]
                other = replace(segment, places=(*rest,), answers=(*dict.fromkeys(names),))
                made.append(_problem(found, other, *_around(found, space), notes))
            losses.setdefault(rival.end, [one for one in made if one is not None])
    if len(losses) < 2:
        return [problem], found.end

    def likely(loss: str) -> tuple[float, bool]:
        return sum(map(likeness, losses[loss])), loss not in used

    loss = max(losses, key=likely)
    first, *others = losses[loss]
    note = f"several losses: {', '.join(losses)}; these gradients are taken as those of {loss}"
    name = _name(found, segment, segment is found.segments[0])
    return [replace(first, name=name, notes=(*first.notes, note)), *others], loss


def _let_be(found: Script) -> Iterator[str]:
    """What is said of the gradients that aren't judged."""
    statements, written = found.statements, found.written
    for i in sorted(written.answers):
        if is_autograds(statements[i]):
            yield f"{_written_at(found, i)} is PyTorch's own gradient: used, not judged"
    for i in sorted(written.tries):
        if is_plain(statements[i]):
            yield f"{_written_at(found, i)} is computed anew below: only that is judged"
    judged = {i for segment in found.segments for i in segment.places} | written.tries
    for i, names in sorted(written.answers.items()):
        below = i > max(found.forward) and not is_autograds(statements[i])
        if i in judged or not below or not names <= found.known:
            continue
        if any(k in judged and k > i and names <= written.answers[k] for k in written.answers):
            yield f"{_written_at(found, i)} is computed anew below: only that is judged"
        else:
            yield (
                f"{_written_at(found, i)} isn't judged: {', '.join(sorted(names))} goes to "
                f"{found.loss} also beside what this starts from"
            )
    answered = {name for names in written.answers.values() for name in names}
    chain = [*found.forward, *found.setting]
    read = {name for i in chain for name in reads(statements[i])}
    for node in statements[max(found.forward) + 1 :]:
        items = dict(_items_of_lists(node))
        for part in [node] if not items else ast.walk(node):
            step = update_of(part)
            if step is not None and items.get(step.name, step.name) in read - answered:
                said = ast.unparse(step.gradient)
                line = getattr(part, "lineno", node.lineno)
                yield f"line {line}: {step.name} is changed by {said}, which isn't judged"
    for i in sorted(written.empty):
        yield f"{_written_at(found, i)} is None: no gradient yet"
    for name, places in from_below(found).items():
        yield f"{name} is taken from line {statements[places[-1]].lineno}, below what reads it"


def _items_of_lists(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a loop has for the items of lists, `for W, g in zip(Ws, grads)`, with those of
    the lists."""
    match node:
        case ast.For(target=ast.Name(id=item), iter=ast.Name(id=of)):
            yield item, of
        case ast.For(
            target=ast.Tuple(elts=items), iter=ast.Call(func=ast.Name(id="zip"), args=lists)
        ):
            for one, other in zip(items, lists, strict=False):
                if isinstance(one, ast.Name) and isinstance(other, ast.Name):
                    yield one.id, other.id
        case _:
            pass


def _written_at(found: Script, place: int) -> str:
    node = found.statements[place]
    return f"line {node.lineno}: {', '.join(sorted(touches(node)))}"


def _problem(
    found: Script,
    segment: Segment,
    before: Namespace,
    after: Namespace,
    notes: Sequence[str],
) -> Problem | None:
    """The problem of a segment. A loss that is an array, one number for each example, is summed up,
    or else its mean is taken, if more gradients are those of that."""
    if segment.given or not _is_of_each(found, segment, after.get(found.loss)):
        return _with_total(found, segment, before, after, notes)
    made: dict[str, Problem] = {}
    for total in ("sum", "mean"):
        problem = _with_total(found, segment, before, after, notes, total)
        if problem is not None:
            made[total] = problem
    total = max(made, key=lambda total: likeness(made[total]), default=None)
    if total is None:
        return None
    note = f"{found.loss} is an array: the gradients are taken as those of its {total}"
    return replace(made[total], notes=(*made[total].notes, note))


def _is_of_each(found: Script, segment: Segment, loss: object) -> bool:
    """Whether a loss is one number for each example, and backward begins as if it were one."""
    read = {n for i in backward_places(found, segment) for n in reads(found.statements[i])}
    held = array(loss)
    return held is not None and held.size > 1 and found.loss not in map(base_of, read)


def _with_total(
    found: Script,
    segment: Segment,
    before: Namespace,
    after: Namespace,
    notes: Sequence[str],
    total: str = "",
) -> Problem | None:
    statements = found.statements
    outputs = segment.given or (found.loss,)
    first = not segment.given and segment.anew is None
    first = first and bool({*segment.answers} & found.parameters)
    chain = list(found.forward)
    backward = backward_places(found, segment)
    wanted = {*outputs} | {n for i in backward for n in reads(statements[i])}
    body: list[ast.stmt]
    if first:
        above = places_above(found, segment, before)
        body = [copy.deepcopy(statements[i]) for i in (*above, *chain)]
    else:
        body = forward_part(found, segment, {*segment.answers}, wanted, outputs)
    body = [_Unread(outputs).visit(node) for node in body]
    inside = {name for node in body for name in touches(node)}
    space = before if first else {**after, **{n: after[n] for n in segment.answers if n in after}}
    inputs = inputs_of(body, space, found, segment, backward, outputs)
    if not any(name in inside for name in outputs):
        return None
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in outputs]
    value = loads[0] if len(loads) == 1 else ast.Tuple(loads, ast.Load())
    last = statements[backward[0]] if not body else body[-1]
    if total:
        whole = ast.Name(f"{found.loss}_{total}", ast.Load())
        body.append(
            assign(whole.id, ast.Call(ast.Attribute(value, total, ast.Load()), [], []), last)
        )
        value = whole
    body.append(located(ast.Return(value), last))
    nodes = [named(copy.deepcopy(statements[i]), found.known) for i in backward]
    nodes = with_copies(nodes, inside, in_torch=any(map(is_torch, space.values())))
    read = {name for node in (*body, *nodes) for name in reads(node)} - inside
    floats = [name for name, value in inputs.items() if float_array(value) is not None]
    answers = {*segment.answers}
    founded = [each for each in found.segments if not unfounded(found, each)]
    later = found.parameters - {name for each in founded for name in each.answers}
    if start := unfounded(found, segment):
        notes = [*notes, f"{', '.join(start)}: computed nowhere above, and taken as if right"]
    notes = [
        *notes,
        *(
            f"{_written_at(found, i)} has taken a step before it is read: judged as if it hadn't"
            for i in steps_of_others(found, segment)
        ),
    ]
    if segment is found.segments[0] and not first and later:
        notes = [*notes, f"{', '.join(sorted(later))}: no gradient yet"]
    asked_for = answers | later if first and found.title is not None else answers
    data = [name for name in floats if name not in asked_for]
    for name in linked(found, inputs):
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
        keyed=[
            name for name in inputs if isinstance(inputs[name], dict) and not _says(found, name)
        ],
    )


def _says(found: Script, name: str) -> bool:
    """Whether the user has a dict of gradients that is called after that of the values."""
    return re.search(rf"\bd{name}\b", found.cells.text) is not None


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
    if first and found.title is not None:
        return found.title
    if segment.anew is not None:
        return next(iter(binds(found.statements[segment.anew])))
    return ", ".join(f"d{name}" for name in segment.answers[:3])


def _asked(nodes: Sequence[ast.stmt], known: Collection[str], given: Sequence[str]) -> list[str]:
    """What backward takes: forward's values that it reads, and the gradients it starts from."""
    read = {name for node in nodes for name in reads(node)}
    return sorted(read & {*known}) + [f"d{name}" for name in given if f"d{name}" in read]
