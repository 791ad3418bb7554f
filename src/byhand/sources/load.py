"""`load`: which form a file has, and the problems in it."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeAlias, TypeVar

from byhand.errors import ProblemError
from byhand.program.problem import (
    Problem,
    did_you_mean,
    locate,
    parsed,
    problem_in,
    read_source,
)
from byhand.sources import setting
from byhand.sources.answers_by_place import with_answers_by_place
from byhand.sources.arguments import Argument, parsed_literals, parsed_shapes
from byhand.sources.backprop_methods import (
    BackpropMethod,
    backprop_method,
    backprop_methods_in,
    problem_of_backprop,
)
from byhand.sources.cells import Cells, of_notebook, of_script
from byhand.sources.class_labels import with_classes
from byhand.sources.combined import combined_in
from byhand.sources.contexts import contexts_in
from byhand.sources.counted_examples import with_counted_examples
from byhand.sources.flow import needed, reads
from byhand.sources.from_a_loss import from_a_loss, outputs, with_loss
from byhand.sources.gradient_functions import gradient_functions_in
from byhand.sources.gradient_methods import gradient_methods_in
from byhand.sources.layer_classes import Layer, layers_in
from byhand.sources.layers import problem_of_layer
from byhand.sources.left_over import left_over
from byhand.sources.local_gradients import with_closures
from byhand.sources.models import Model, model_in, problem_of_model
from byhand.sources.nearest import backwards_in
from byhand.sources.nets_of_layers import nets_in
from byhand.sources.notebook.forward import is_loss
from byhand.sources.notebook.problems import problems
from byhand.sources.notebook.reading import scripts
from byhand.sources.notebook.script import Script
from byhand.sources.own_helpers import with_own_helpers
from byhand.sources.pair import Pair
from byhand.sources.pairs import pairs_in, problem_of_pair
from byhand.sources.scalar_backward import Walk, problem_of_walk, walks_in
from byhand.sources.scalar_engine import problem_of_op
from byhand.sources.scalar_ops import ScalarOp, ops_in
from byhand.sources.training_steps import steps_in
from byhand.sources.unfolding import flat
from byhand.sources.updates import goes_up, sign_of, update_of
from byhand.sources.usual_losses import with_own_loss, with_usual_loss
from byhand.sources.without_inputs import without_inputs

Found: TypeAlias = Pair | Layer | BackpropMethod | ScalarOp | Walk
FromLoss = TypeVar("FromLoss", Pair, Layer)


def load(
    path: str | Path,
    shapes: Sequence[str] | None = None,
    given: Sequence[str] | None = None,
) -> Problem | list[Problem]:
    """The problem that a file has, or a list of them where it has several.

    `path` is a problem file, a notebook or a script of statements at the top, a file with pairs of
    functions, layers or the ops of a scalar engine (`layers.py`, or `layers.py:affine` for one of
    them), or the name of a model of the zoo. `shapes` and `given` are what `--shape` and
    `--given` take: `x=4,6`, `bn_param={"mode": "train"}`.

    Raises ProblemError, in one line, if it can't be read, or is none of these.
    """
    found = [source.read() for source in sources(path, shapes or (), given or ())]
    return found[0] if len(found) == 1 else found


def load_one(path: str | Path, shapes: Sequence[str] = (), given: Sequence[str] = ()) -> Problem:
    """The only problem of a file. As `load`; raises ProblemError if there are several."""
    found = sources(path, shapes, given)
    if len(found) > 1:
        names = ", ".join(source.name for source in found)
        raise ProblemError(
            f"{path}: has {len(found)} problems: name one of {names}, such as "
            f"{path}:{found[0].name}"
        )
    return found[0].read()


@dataclass(frozen=True)
class Source:
    """A problem that a file has, by its name there. `read` may raise ProblemError."""

    name: str
    read: Callable[[], Problem]


def sources(
    path: str | Path,
    shapes: Sequence[str] = (),
    given: Sequence[str] = (),
    text: str | None = None,
) -> list[Source]:
    """The problems that a file has, at least one, each to be read by itself. As `load`; `text` is
    what to read in the place of what the file holds, as an editor has it before it is saved."""
    name, member = split(path)
    file = locate(name)
    text = read_source(file) if text is None else text
    known = {**parsed_shapes(shapes), **parsed_literals(given)}
    if file.suffix == ".ipynb":
        cells = _followed(of_notebook(text, file))
        counting = with_counted_examples(cells)
        functions = functions_in(counting.tree)
        return _of_cells(counting if functions else cells, functions, file, member, known)
    tree = parsed(text, file)
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if {"forward", "inputs"} <= defined:
        problem = problem_in(text, file)
        return [Source(problem.name, lambda: with_own_helpers(with_answers_by_place(problem)))]
    cells = _followed(of_script(text, file))
    counting = with_counted_examples(cells)
    functions = functions_in(counting.tree)
    if functions:
        return _of_cells(counting, functions, file, member, known)
    if "forward" in defined and not defined & {"backward", "inputs"}:
        try:
            return _of_cells(cells, functions, file, member, known)
        except ProblemError:  # there is a forward, at least
            if backwards_in(tree):
                raise
    if "forward" in defined and "inputs" not in defined:
        return [Source(file.stem, partial(without_inputs, text, tree, file, known))]
    if not defined & {"forward", "backward", "inputs"}:
        return _of_cells(cells, functions, file, member, known)
    problem = problem_in(text, file)
    return [Source(problem.name, lambda: with_own_helpers(with_answers_by_place(problem)))]


def _followed(cells: Cells) -> Cells:
    return replace(cells, tree=with_closures(cells.tree))


def functions_in(tree: ast.Module) -> list[Found]:
    """The functions and classes of a module that are problems."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    pairs = pairs_in(tree)
    taken = {pair.name for pair in pairs}
    own = {each.name for pair in pairs for each in (pair.forward, pair.backward)}
    return [
        *pairs,
        *(pair for pair in gradient_functions_in(tree) if pair.name not in taken),
        *(
            from_a_loss(each, functions)
            for each in layers_in(tree)
            if not backprop_method(each.node)
        ),
        *nets_in(tree, {each.name for each in layers_in(tree)}),
        *backprop_methods_in(tree),
        *gradient_methods_in(tree),
        *contexts_in(tree),
        *(pair for pair in combined_in(tree) if pair.forward.name not in own),
        *ops_in(tree),
        *walks_in(tree),
    ]


def _of_cells(
    cells: Cells,
    functions: list[Found],
    file: Path,
    member: str | None,
    known: Mapping[str, Argument],
) -> list[Source]:
    """The pairs and the layers of a notebook or a script, and the model that it makes of these; or
    else its segments. Where there are functions, what else stands there tries them."""
    if not functions:
        try:
            read = scripts(cells, file)
            functions = _unnamed_steps(read, cells.tree, file)
            if not functions:
                return _segments(problems(read), member, file)
        except ProblemError:
            functions = _steps(cells.tree, file)
            if not functions:
                raise
    layers = [each for each in functions if isinstance(each, Layer)]
    model = model_in(cells, layers)
    used = []
    if model is not None and member in (None, model.name):
        used = [Source(model.name, partial(problem_of_model, model, layers, cells, file))]
        functions = [] if member else [each for each in functions if not _holds(each, model)]
    elif member is not None:
        functions = _chosen(functions, member, file)
    tops = {name for each in functions if isinstance(each, Pair) for name in each.top}
    try:
        module = _defined(cells, file, tops)
    except ProblemError:  # what stands there may need what isn't here
        module = _defined(cells, file, ())
    made = [
        Source(each.name, partial(_in_cells, each, module, str(file), known, cells))
        for each in functions
    ]
    found = [*made, *used]
    if member is None:
        notes = left_over(cells.tree, _judged(functions, layers, model))
        found[-1] = replace(found[-1], read=partial(_with_notes, found[-1].read, notes))
    return found


def _judged(functions: Sequence[Found], layers: Sequence[Layer], model: Model | None) -> set[str]:
    """The names of the functions and classes that are judged."""
    names = {name for each in functions for name in (each.forward.name, each.backward.name)}
    names |= {each.name for each in functions} | {each.name for each in layers}
    names |= {each.owner for each in functions if isinstance(each, ScalarOp)}
    used = () if model is None else (*model.forward, *model.backward)
    return names | {name for node in used for name in reads(node)}


def _with_notes(read: Callable[[], Problem], notes: Sequence[str]) -> Problem:
    problem = read()
    return replace(problem, notes=(*problem.notes, *notes))


def _unnamed_steps(found: Sequence[Script], tree: ast.Module, file: Path) -> list[Found]:
    """The training in which steps are taken with gradients that have no names, where none of what
    is called like one is that of a parameter: `d_out = error * ...`, `W += h.T.dot(d_out)`; or
    which starts from no loss: `error = y - output`."""
    known = {name for each in found for i in each.chain for name in reads(each.statements[i])}
    stepped = {step.name for n in ast.walk(tree) if (step := update_of(n)) is not None} & known
    answered = {name for each in found for some in each.segments for name in some.answers}
    lossless = not any(is_loss(each.loss, each.statements) for each in found)
    if not stepped or (stepped & answered and not lossless):
        return []
    with contextlib.suppress(ProblemError):
        return _steps(tree, file)
    return []


def _steps(tree: ast.Module, file: Path) -> list[Found]:
    try:
        return [*steps_in(tree, file.stem)]
    except ProblemError as error:
        raise ProblemError(f"{file}:{error}") from None


def _segments(found: Sequence[Problem], member: str | None, file: Path) -> list[Source]:
    """The segments of a notebook or a script."""
    made = [Source(problem.name, partial(_itself, problem)) for problem in found]
    made = [source for source in made if member in (None, source.name)]
    if not made:
        raise ProblemError(f"{file}: has no {member}")
    return made


def _holds(found: Found, model: Model) -> bool:
    """Whether a class is only there to run the layers of this model."""
    calls = (part for part in ast.walk(found.backward) if isinstance(part, ast.Call))
    runs = any(isinstance(c.func, ast.Attribute) and c.func.attr == "backward" for c in calls)
    made = any(found.name in reads(node) for node in model.setting if isinstance(node, ast.Assign))
    return isinstance(found, Layer) and not found.gradients and runs and made


def _in_cells(
    found: Found,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
    cells: Cells,
) -> Problem:
    notes = (*cells.notes, *(problem := _read(found, module, file, known, cells.tree)).notes)
    return replace(problem, cells=cells.starts, notes=notes)


def _defined(cells: Cells, file: Path, tops: Collection[str]) -> ModuleType:
    """A module with the functions and classes of a notebook, the arrays `tops`, and with what these
    need. Its import of PyTorch or NumPy belongs to it: it says which arrays they take."""
    module = ModuleType(f"byhand_problem_{file.stem}")
    module.__file__ = str(file)
    statements = list(flat(cells.tree.body))
    names = {each.name for each in statements if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    free = [
        each
        for each in statements
        if not isinstance(each, ast.For | ast.While) or (_fills(each) and not reads(each) & names)
    ]
    statements = free if tops else statements
    places = {*needed(statements, names | {*tops})}
    places |= {i for i, node in enumerate(statements) if _imports_arrays(node)}
    nodes = [statements[i] for i in sorted(places)]
    setting.run(nodes, file, cells.text, module.__dict__)
    return module


def _fills(loop: ast.For | ast.While) -> bool:
    """Whether a loop only fills a list, `weights[i] = ...`, and trains nothing."""
    return isinstance(loop, ast.For) and all(
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        for node in loop.body
    )


def _imports_arrays(node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=names):
            return any(each.name in {"torch", "numpy"} for each in names)
        case _:
            return False


def _itself(problem: Problem) -> Problem:
    return problem


def split(path: str | Path) -> tuple[str, str | None]:
    """`layers.py:affine`, `engine.py:Value.tanh` as the file and the name in it."""
    file, colon, member = str(path).rpartition(":")
    named = all(part.isidentifier() for part in member.split("."))
    if colon and file and named and not Path(path).exists():
        return file, member
    return str(path), None


def _read(
    found: Found,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
    tree: ast.Module,
) -> Problem:
    match found:
        case Pair():
            pair = partial(problem_of_pair, module=module, file=file, known=known)
            return _starting(found, pair, file, tree)
        case Layer():
            beside = layers_in(tree)
            layer = partial(problem_of_layer, module=module, file=file, known=known, beside=beside)
            return _starting(found, layer, file, tree)
        case BackpropMethod():
            return with_classes(problem_of_backprop(found, module, file))
        case ScalarOp():
            return problem_of_op(found, module, file, known)
        case Walk():
            return problem_of_walk(found, module, file)


def _starting(
    found: FromLoss, made: Callable[[FromLoss], Problem], file: str, tree: ast.Module
) -> Problem:
    """The problem that is made of a source, with one of the usual losses where it has none."""
    if not found.labels:
        return with_classes(made(found))

    own = found.own if isinstance(found, Pair) else None
    penalty = found.penalty if isinstance(found, Pair) else ""
    sign = _sign(found, tree)
    for output in outputs(found):

        def problem(cost: ast.FunctionDef, output: str = output) -> Problem:
            return with_classes(made(with_loss(found, cost, output)))

        where = found.forward.body[-1]
        started = None if own is None else with_own_loss(problem, own, output, sign)
        started = started or with_usual_loss(
            problem, found.backward, where, output, found.labels, sign, penalty
        )
        if started is not None:
            return started
        if own is not None:
            with contextlib.suppress(ProblemError):  # it may be no loss of this output
                return problem(own)
    raise ProblemError(
        f"{file}:{found.backward.lineno}: {found.name}: no loss was found from which "
        f"{found.backward.name} starts: define a function compute_loss(output, {found.labels})"
    )


def _sign(found: Pair | Layer, tree: ast.Module) -> str:
    """The sign of the loss of which a source takes steps, or else that of what its file does with
    gradients; none where it does nothing."""
    if isinstance(found, Pair):
        sign = found.sign
    else:
        steps = (step for n in ast.walk(found.backward) if (step := update_of(n)) is not None)
        sign = sign_of(step for step in steps if step.name in found.gradients)
    return sign if sign is not None else "-" if goes_up(tree) else ""


def _chosen(found: Sequence[Found], member: str, file: Path) -> list[Found]:
    """The one of this name, or all of a class."""
    for each in found:
        if member in (each.name, each.forward.name, each.backward.name):
            return [each]
    if ops := [each for each in found if isinstance(each, ScalarOp) and each.owner == member]:
        return [*ops]
    names = [each.name for each in found]
    raise ProblemError(
        f"{file}: has no {member}{did_you_mean(member, names) or ': ' + ', '.join(names)}"
    )
