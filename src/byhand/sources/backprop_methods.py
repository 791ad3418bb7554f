"""Methods that go forward and back on their own: `backprop(self, x, y)`, which returns `nabla_b`
and `nabla_w`, lists with a gradient for each layer.

What stands above the first statement that reads the labels is forward, the rest backward. The
network is made with three small layers; its parameters are the attributes whose gradients the
method begins: `nabla_w = [np.zeros(w.shape) for w in self.weights]`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.program.expressions import is_name
from byhand.program.problem import Inputs, Problem, line_in
from byhand.sources.assemble import assembled, assign, at, function, located
from byhand.sources.attributes import AsNames
from byhand.sources.flow import binds, changes, needed, reads
from byhand.sources.from_a_loss import is_label
from byhand.sources.helpers import by_name, with_helpers
from byhand.sources.inheritance import SELF
from byhand.sources.intermediates import Renames
from byhand.sources.layers import PUT, put_parameter
from byhand.sources.pair_inputs import functions_of, methods_of
from byhand.sources.signature import body_of, bound, elements, parameters, returns
from byhand.sources.usual_losses import of_squares, with_said_loss, with_usual_loss
from byhand.values import tree
from byhand.values.arrays import is_tuple

OUTPUT = "output"
_DERIVATIVE = re.compile(r"prime|deriv|grad", re.I)
SIZES = (4, 3, 2)
"""How many units the layers have of the network that is tried."""


@dataclass(frozen=True, eq=False)
class BackpropMethod:
    """The method, and what its results are called, by the attributes that they are the gradients
    of."""

    name: str
    node: ast.ClassDef
    backward: ast.FunctionDef
    gradients: Mapping[str, str]
    data: str
    labels: str

    @property
    def forward(self) -> ast.FunctionDef:
        return self.backward


def backprop_methods_in(module: ast.Module) -> list[BackpropMethod]:
    """Those of a module, in its order."""
    return [
        found
        for node in module.body
        if isinstance(node, ast.ClassDef) and (found := backprop_method(node)) is not None
    ]


def backprop_method(node: ast.ClassDef) -> BackpropMethod | None:
    """The first method of a class that goes forward and back."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and len(returns(method)) == 1:
            given = parameters(method)
            ends = [e.id for e in elements(returns(method)[0].value) if isinstance(e, ast.Name)]
            gradients = {of: name for name in ends if (of := _begun(name, method)) is not None}
            match given:
                case ["self", data, labels] if gradients and is_label(labels):
                    return BackpropMethod(node.name, node, method, gradients, data, labels)
                case _:
                    pass
    return None


def _begun(name: str, method: ast.FunctionDef) -> str | None:
    """The attribute for whose arrays a list begins with zeros."""
    for value in bound(name, method):
        match value:
            case ast.ListComp(
                elt=ast.Call(func=ast.Attribute(attr="zeros" | "zeros_like")),
                generators=[
                    ast.comprehension(iter=ast.Attribute(value=ast.Name(id="self"), attr=attr))
                ],
            ):
                return attr
            case _:
                pass
    return None


def problem_of_backprop(found: BackpropMethod, module: ModuleType, file: str) -> Problem:
    """The problem of the method. Raises ProblemError where the network can't be made, or the loss
    from which the method starts isn't found."""
    at = f"{file}:{found.backward.lineno}: {found.name}"
    cls: Any = module.__dict__[found.name]
    try:
        data, labels = _shapes(found, cls)
    except Exception as error:
        line = line_in(file, error) or found.backward.lineno
        raise ProblemError(
            f"{file}:{line}: {found.name}: doesn't run on a network of {[*SIZES]} units: "
            f"{in_one_line(error)}"
        ) from None
    held = _made(cls, found, SIZES)
    taking = AsNames({name: name for name in found.gradients})
    statements = _at_once([taking.visit(each) for each in _body(found.backward)])
    place = next((i for i, e in enumerate(statements) if found.labels in reads(e)), 0)
    above, below = statements[:place], statements[place:]
    wanted = {n for each in below for n in reads(each)} - {*found.gradients.values()}
    forward = [above[i] for i in needed(above, wanted)]
    begun = [each for each in above if each not in forward]
    made = {n for each in forward for n in binds(each) | changes(each)}
    renamed = {name: f"d{of}" for of, name in found.gradients.items()}
    back = [Renames(renamed).visit(copy.deepcopy(each)) for each in (*begun, *below)]
    arguments = [found.data, found.labels, *found.gradients, SELF]
    asked = sorted({n for each in back for n in reads(each)} & (made | {*arguments}))
    backward, called = with_helpers(
        function("backward", asked, back, found.backward.lineno),
        by_name(functions_of(module)),
        module.__dict__,
    )

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        units = [sizes.get(f"sizes[{i}]", size) for i, size in enumerate(SIZES)]
        held = _made(cls, found, units)
        now = dict[int, int](zip(SIZES, units, strict=True))
        shapes = [tuple(now.get(size, size) for size in shape) for shape in (data, labels)]
        drawn = {
            name: tree.map(lambda value: rng.normal(size=np.shape(value)), getattr(held, name))
            for name in found.gradients
        }
        for name in found.gradients:
            put_parameter(held, name, None, None)
        return {
            found.data: rng.normal(size=shapes[0]),
            found.labels: rng.uniform(size=shapes[1]),
            **drawn,
            SELF: held,
        }

    starts = [*_outputs(below[0], found.labels)]
    for output in starts:

        def problem(cost: ast.FunctionDef, output: ast.expr = output) -> Problem:
            return assembled(
                name=found.name,
                file=file,
                doc=ast.get_docstring(found.node) or "",
                forward=_forward(forward, arguments, output, cost, found),
                backward=backward,
                namespace={**module.__dict__, PUT: put_parameter},
                draw=draw,
                dimensions={f"sizes[{i}]": size for i, size in enumerate(SIZES)},
                data=(found.data, found.labels),
                called=called,
                notes=[f"{found.name} was tried with layers of {', '.join(map(str, SIZES))} units"],
            )

        said = _said_cost(below[0], held, module) if output is starts[0] else None
        if said is not None and (known := with_said_loss(problem, said, OUTPUT)) is not None:
            return known
        started = with_usual_loss(problem, backward, below[0], OUTPUT, found.labels, "")
        if started is not None:
            return started
        if output is starts[-1] and _has_a_derivative(below[0]):
            return of_squares(problem, below[0], OUTPUT, found.labels)
    raise ProblemError(
        f"{at}: no loss was found from which {found.backward.name} starts: looked for the gradient "
        f"of squares and of cross-entropies where {found.labels} is read first"
    )


def _forward(
    body: Sequence[ast.stmt],
    arguments: Sequence[str],
    output: ast.expr,
    cost: ast.FunctionDef,
    found: BackpropMethod,
) -> ast.FunctionDef:
    """The statements up to a loss of the output."""
    (end,) = cost.body
    assert isinstance(end, ast.Return) and end.value is not None
    given, label = parameters(cost)
    renames = Renames({given: OUTPUT, label: found.labels})
    loss = renames.visit(copy.deepcopy(end.value))
    last = located(ast.Return(ast.Name("loss", ast.Load())), end)
    put = [at(f"{PUT}(self, {n!r}, None, {n})", end) for n in found.gradients]
    more = [assign(OUTPUT, output, end), assign("loss", loss, end), last]
    return function(
        "forward", arguments, [*put, *copy.deepcopy([*body]), *more], found.backward.lineno
    )


def _body(method: ast.FunctionDef) -> list[ast.stmt]:
    """Its statements, without what it says of itself and what it returns."""
    return [
        each
        for each in copy.deepcopy(method.body)
        if not isinstance(each, ast.Return)
        and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def _at_once(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Statements in which `delta = ...` and `nabla_b[-l] = delta` below it are one, at the line of
    the first: there it is made."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.For):
            node.body = _at_once(node.body)
        match found[-1:], node:
            case (
                [ast.Assign(targets=[ast.Name(id=made), *_]) as last],
                ast.Assign(targets=[ast.Subscript() as target], value=ast.Name(id=name)),
            ) if name == made and name not in reads(target):
                last.targets.append(target)
            case _:
                found.append(node)
    return found


def _has_a_derivative(node: ast.stmt) -> bool:
    """Whether it multiplies with the derivative of an activation, `cost_derivative(a, y) *
    sigmoid_prime(z)`, as the gradient of squares does."""
    products = (part for part in ast.walk(node) if isinstance(part, ast.BinOp))
    return any(
        isinstance(each.op, ast.Mult) and bool(_DERIVATIVE.search(ast.unparse(each.right)))
        for each in products
    )


def _said_cost(node: ast.stmt, held: Any, module: ModuleType) -> ast.FunctionDef | None:
    """The loss that stands beside the derivative that a statement asks an object for:
    `self.cost.delta(z, a, y)` of a class with `fn(a, y)`."""
    for part in ast.walk(node):
        match part:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="self"), attr=attr), attr=derivative
                )
            ):
                asked = getattr(held, attr, None)
                name = getattr(asked if isinstance(asked, type) else type(asked), "__name__", "")
                for each in methods_of(module, name):
                    given = [n for n in parameters(each) if n != SELF]
                    body = body_of(each)
                    returned = len(body) == 1 and isinstance(body[0], ast.Return)
                    of_labels = len(given) == 2 and is_label(given[1])
                    if each.name != derivative and of_labels and returned:
                        return function(each.name, given, body, each.lineno)
            case _:
                pass
    return None


def _outputs(node: ast.stmt, labels: str) -> Iterator[ast.expr]:
    """What stands beside the labels where they are read first, the nearest first."""
    for part in ast.walk(node):
        match part:
            case ast.Call(args=args) if any(is_name(each, labels) for each in args):
                yield from (each for each in reversed(args) if not is_name(each, labels))
            case ast.BinOp(left=left, right=right) if is_name(left, labels):
                yield right
            case ast.BinOp(left=left, right=right) if is_name(right, labels):
                yield left
            case _:
                pass


def _made(cls: Any, found: BackpropMethod, sizes: Sequence[int]) -> Any:
    """A network with these layers: its first argument is the list of their sizes, or else each of
    its arguments is one."""
    methods = [each for each in found.node.body if isinstance(each, ast.FunctionDef)]
    init = next((each for each in methods if each.name == "__init__"), None)
    names = parameters(init)[1:] if init is not None else []
    needed = len(names) - len(init.args.defaults) if init is not None else 0
    np.random.seed(0)
    return cls([*sizes]) if needed == 1 else cls(*sizes[:needed])


def _shapes(found: BackpropMethod, cls: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of data and labels for which the method gives gradients of the right shape, or at
    least runs. Raises what it raises where there are none."""
    rng = np.random.default_rng(0)
    first, last = SIZES[0], SIZES[-1]
    tried = (
        ((first, 1), (last, 1)),
        ((5, first), (5, last)),
        ((1, first), (1, last)),
        ((first,), (last,)),
    )
    runs, raised = None, None
    for shapes in tried:
        held = _made(cls, found, SIZES)
        try:
            with np.errstate(all="ignore"):
                given = (rng.normal(size=shapes[0]), rng.uniform(size=shapes[1]))
                results: Any = getattr(held, found.backward.name)(*given)
        except Exception as error:
            raised = raised or error
            continue
        runs = runs or shapes
        each = results if is_tuple(results) else (results,)
        if _alike(each, [getattr(held, name) for name in found.gradients]):
            return shapes
    if runs is None:
        raise raised or ProblemError("it doesn't run")
    return runs


def _alike(results: Sequence[Any], values: Sequence[Any]) -> bool:
    """Whether gradients have the shapes of what they are the gradients of."""
    shapes = [[np.shape(leaf) for _, leaf in tree.leaves(each)] for each in (results, values)]
    return sorted(shapes[0]) == sorted(shapes[1])
