"""Planting mistakes: every edit of a backward's syntax tree that a learner's slip would make.

Each edit comes with the codes that are true of it because of what was done. More codes may be true
of it (a factor that was dropped may be the one that normalises): `facts` finds those from the
numbers.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .source import Source, at, blocks, loads, replaced, statements, targets
from .truth import Sample, as_array

EPS = 1e-2
REDUCTIONS = {"sum", "mean"}
Codes = set[str]


@dataclass(frozen=True, eq=False)
class Edit:
    """One planted mistake. `statement` is the number of the statement it is in.

    `roots` is set where the edit itself tells whose fault it is; elsewhere it is the statement that
    was edited. `before` and `after` are that statement as text.
    """

    source: Source
    kind: str
    statement: int
    backward: ast.FunctionDef
    changes: dict[int, ast.AST | list[ast.stmt]]
    codes: frozenset[str]
    before: str
    after: str
    roots: frozenset[str] = frozenset()

    @property
    def writes(self) -> set[str]:
        """The locals that the edited statement writes."""
        return next(
            set(targets(s))
            for s in statements(self.source.backward.body)
            if at(s) == self.statement
        )

    @property
    def label(self) -> str:
        return f"{self.source.path.stem}: {self.kind}: `{self.before}` -> `{self.after}`"


@dataclass(frozen=True, eq=False)
class Scene:
    """What the names in a backward stand for."""

    source: Source
    sample: Sample

    @property
    def gradients(self) -> set[str]:
        return self.sample.answers

    def is_value(self, name: str) -> bool:
        value = self.sample.given.get(name)
        return (
            hasattr(value, "shape")
            and not name.startswith("d")
            and as_array(value).dtype.kind == "f"
        )

    def is_whole(self, name: str) -> bool:
        return type(self.integer(name)) is int

    def integer(self, name: str) -> int | None:
        value = self.sample.given.get(name, self.wholes.get(name))
        return value if type(value) is int else None

    @property
    def wholes(self) -> dict[str, int]:
        """The whole numbers that backward itself computes, such as `n = x.shape[0]`."""
        found: dict[str, int] = {}
        for s in self.source.backward.body:
            match s:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if not loads(value) & {
                    "np",
                    "torch",
                }:
                    try:
                        held = eval(ast.unparse(value), {**self.sample.given, **found})
                    except Exception:
                        continue
                    if type(held) is int:
                        found[name] = held
                case _:
                    pass
        return found

    def shape(self, name: str) -> tuple[int, ...] | None:
        base = name if name in self.sample.given else name.removeprefix("d")
        value = self.sample.given.get(base)
        return tuple(value.shape) if hasattr(value, "shape") else None

    def depends_on_gradient(self, node: ast.AST) -> bool:
        return bool(loads(node) & (self.gradients | self.tainted))

    @cached_property
    def tainted(self) -> set[str]:
        """The locals of backward that were computed from a gradient."""
        found: set[str] = set()
        for _ in range(2):
            for s in statements(self.source.backward.body):
                if loads(s) & (self.gradients | found):
                    found |= set(targets(s))
        return found

    @cached_property
    def counters(self) -> set[str]:
        """The variables of loops."""
        loops = [n for n in ast.walk(self.source.backward) if isinstance(n, ast.For)]
        return {name for loop in loops for name in loads(loop.target)}


def edits(source: Source, sample: Sample) -> Iterator[Edit]:
    """Every mistake that can be planted in one backward."""
    scene = Scene(source, sample)
    for statement in statements(source.backward.body):
        places = _indices(statement)
        for node in ast.walk(statement):
            if node in places and not isinstance(node, (ast.Name, ast.Call)):
                continue
            for kind, codes, new in _in_expression(node, statement, scene):
                roots: frozenset[str] = frozenset()
                if kind == "missing copy" and len(targets(statement)) > 1:
                    continue  # whose copy it was can't be told from the statement
                if kind == "missing copy":
                    roots = frozenset(t.removeprefix("d") for t in targets(statement))
                yield _edit(source, kind, codes, statement, {at(node): new}, roots)
        for kind, codes, new in _whole_statement(statement):
            yield _edit(source, kind, codes, statement, {at(statement): new})
    for block in blocks(source.backward):
        yield from _reordered(block, source, scene)


def _indices(statement: ast.stmt) -> set[ast.AST]:
    """What stands in an index, or says which axis: no arithmetic to get wrong."""
    found: set[ast.AST] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="shape")):
                pass
            case ast.Subscript(slice=index):
                found |= set(ast.walk(index))
            case ast.Call(args=args, keywords=keywords):
                numbers = [a for a in args if _number(a) is not None]
                for each in [*numbers, *(k.value for k in keywords)]:
                    found |= set(ast.walk(each))
            case _:
                pass
    return found


def _edit(
    source: Source,
    kind: str,
    codes: Codes,
    statement: ast.stmt,
    changes: dict[int, ast.AST | list[ast.stmt]],
    roots: frozenset[str] = frozenset(),
) -> Edit:
    backward = replaced(source.backward, changes)
    holder = ast.FunctionDef("f", source.backward.args, [statement], [], lineno=1, col_offset=0)
    after = [ast.unparse(s) for s in replaced(holder, changes).body]
    return Edit(
        source, kind, at(statement), backward, changes, frozenset(codes),
        ast.unparse(statement), "; ".join(after), roots,
    )  # fmt: skip


Found = Iterator[tuple[str, Codes, ast.AST]]


def _in_expression(node: ast.AST, statement: ast.stmt, scene: Scene) -> Found:
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _sums(node, scene)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            yield from _products(node, scene)
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            yield "swapped factors", {"transposed"}, ast.BinOp(right, ast.MatMult(), left)
            for side in ("left", "right"):
                turned = copy.copy(node)
                setattr(turned, side, _turned(getattr(node, side)))
                yield "transposed", {"transposed"}, turned
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            for k in (-3, -2, -1.5, -1, -0.5, 0.5, 1, 2, 3):
                if _number(right) != k:
                    new = ast.BinOp(left, ast.Pow(), ast.Constant(k))
                    yield "wrong exponent", {"wrong-exponent"}, new
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            exponent = _is_exponent(node, statement)
            yield "flipped sign", {"sign", *(["wrong-exponent"] if exponent else [])}, operand
        case ast.Call():
            yield from _calls(node, scene)
        case ast.Attribute(attr="T", value=value):
            yield "transposed", {"transposed"}, value
        case ast.Name(ctx=ast.Load()):
            yield from _names(node, statement, scene)
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            size = _value(node, scene)
            if size is not None and size > 1:
                yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Call(), ast.Name(id=labels)])) if (
            labels.lower() in ("y", "iy")
        ):
            everything = ast.Tuple([ast.Slice(), ast.Name(labels, ast.Load())], ast.Load())
            yield "label index", {"label-index"}, ast.Subscript(node.value, everything, node.ctx)
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Name(id="rows"), ast.Name(id=labels)])):
            everything = ast.Tuple([ast.Slice(), ast.Name(labels, ast.Load())], ast.Load())
            yield "label index", {"label-index"}, ast.Subscript(node.value, everything, node.ctx)
        case _:
            pass
    if (
        isinstance(statement, (ast.Assign, ast.AugAssign))
        and node is statement.value
        and scene.depends_on_gradient(statement.value)
    ):
        yield "flipped sign", {"sign"}, ast.UnaryOp(ast.USub(), statement.value)


def _is_exponent(node: ast.AST, statement: ast.stmt) -> bool:
    return any(
        isinstance(each, ast.BinOp) and isinstance(each.op, ast.Pow) and each.right is node
        for each in ast.walk(statement)
    )


def _sums(node: ast.BinOp, scene: Scene) -> Found:
    plus = isinstance(node.op, ast.Add)
    left, right = node.left, node.right
    if _number(right) == 1 and _value(left, scene) is not None:
        yield "n for n - 1", {"bessel"}, left
        return
    small = _number(right)
    if (small is not None and 0 < small < EPS) or (
        isinstance(right, ast.Name) and right.id == "eps"
    ):
        yield "missing eps", {"missing-eps"}, left
        return
    if _value(left, scene) is not None and _value(right, scene) is not None:
        return
    other = ast.BinOp(left, ast.Sub() if plus else ast.Add(), right)
    yield "flipped sign", {"sign"}, other
    for kept, dropped in ((left, right), (right if plus else ast.UnaryOp(ast.USub(), right), left)):
        codes = (
            {"missing-path"} if scene.depends_on_gradient(dropped) else {"missing-path", "unknown"}
        )
        if isinstance(left, ast.Constant) and kept is left:
            codes = {"missing-local", "unknown"}
        elif isinstance(left, ast.Constant):
            codes = {"unknown"}
        yield "dropped term", codes, kept


def _products(node: ast.BinOp, scene: Scene) -> Found:
    left, right = node.left, node.right
    times = isinstance(node.op, ast.Mult)
    pairs = [(left, right)] + ([(right, left)] if times else [])
    for kept, dropped in pairs:
        if _number(kept) is not None and not scene.depends_on_gradient(dropped):
            continue
        yield "dropped factor", _of_factor(dropped, scene), kept
    if not times and isinstance(right, ast.Name) and scene.is_whole(right.id):
        fewer = ast.BinOp(right, ast.Sub(), ast.Constant(1))
        yield "n for n - 1", {"bessel"}, ast.BinOp(left, node.op, fewer)
    if not times and not _is_whole(right, scene) and not isinstance(right, ast.Constant):
        turned = ast.BinOp(left, ast.Mult(), right)
        yield "times for divided by", {"wrong-exponent", "unknown"}, turned


def _of_factor(dropped: ast.expr, scene: Scene) -> Codes:
    """The codes that are true where this factor is missing."""
    if _number(dropped) is not None:
        return {"factor"} if _number(dropped) != -1 else {"sign", "factor"}
    if _is_whole(dropped, scene):
        return {"unnormalised", "factor", "mean-for-sum"}
    if scene.depends_on_gradient(dropped):
        return {"wrong-upstream", "unknown"}
    return {"missing-local"}


def _calls(node: ast.Call, scene: Scene) -> Found:
    func = node.func
    name = (
        func.attr
        if isinstance(func, ast.Attribute)
        else func.id
        if isinstance(func, ast.Name)
        else ""
    )
    method = isinstance(func, ast.Attribute) and not (
        isinstance(func.value, ast.Name) and func.value.id in ("np", "torch", "F")
    )
    base = (
        func.value
        if method and isinstance(func, ast.Attribute)
        else node.args[0]
        if node.args
        else None
    )
    if name in REDUCTIONS and isinstance(func, ast.Attribute) and base is not None:
        yield "no reduction", {"missing-reduction"}, base
        other = copy.deepcopy(node)
        assert isinstance(other.func, ast.Attribute)
        other.func.attr = "sum" if name == "mean" else "mean"
        yield "mean for sum", {"mean-for-sum"}, other
        keywords = [k for k in node.keywords if k.arg not in ("keepdims", "keepdim")]
        if len(keywords) < len(node.keywords):
            yield "dropped keepdims", {"keepdims"}, ast.Call(func, node.args, keywords)
        for new in _other_axes(node, method):
            yield "wrong axis", {"wrong-axis"}, new
    if name in ("copy", "clone") and method and base is not None:
        yield "missing copy", {"aliased"}, base
    if name == "transpose" and method and base is not None:
        yield "transposed", {"transposed"}, base
    if name == "len" and (size := _value(node, scene)) is not None and size > 1:
        yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)


def _other_axes(node: ast.Call, method: bool) -> Iterator[ast.AST]:
    places = [k.value for k in node.keywords if k.arg == "axis"] + node.args[0 if method else 1 :][
        :1
    ]
    for place in places:
        old = _number(place)
        for axis in (0, 1, -1, 2):
            if old is not None and axis != old and not (old == 1 and axis == -1):
                new = copy.deepcopy(node)
                for part in ast.walk(new):
                    if at(part) == at(place) or (
                        isinstance(part, ast.Constant) and at(part) == at(place)
                    ):
                        break
                else:
                    continue
                yield _swap(new, part, ast.Constant(axis))


def _swap(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    return Swap().visit(tree)


def _names(node: ast.Name, statement: ast.stmt, scene: Scene) -> Found:
    name = node.id
    mine = targets(statement)
    if name in scene.gradients and name not in mine:
        written = _written_before(scene.source, statement) - set(mine)
        for other in sorted(written & scene.gradients - {name}):
            if scene.shape(other) == scene.shape(name) and scene.shape(name) is not None:
                yield "wrong upstream", {"wrong-upstream"}, ast.Name(other, ast.Load())
    elif scene.is_value(name):
        known = {a.arg for a in scene.source.backward.args.args}
        for other in sorted(known - {name}):
            if (scene.is_value(other) and scene.shape(other) == scene.shape(name) != ()) or (
                scene.shape(name) == () and scene.shape(other) == () and scene.is_value(other)
            ):
                yield "wrong operand", {"wrong-operand"}, ast.Name(other, ast.Load())
    elif (
        name not in scene.counters
        and scene.is_whole(name)
        and (size := scene.integer(name)) is not None
        and size > 2
    ):
        yield "hard-coded size", {"hard-coded-size"}, ast.Constant(size)


def _written_before(source: Source, statement: ast.stmt) -> set[str]:
    found: set[str] = set()
    for each in statements(source.backward.body):
        if each is statement:
            break
        found |= set(targets(each))
    return found


def _whole_statement(statement: ast.stmt) -> Iterator[tuple[str, Codes, ast.AST | list[ast.stmt]]]:
    match statement:
        case ast.AugAssign(target=target, op=op, value=value):
            codes: Codes = {"missing-path"}
            if isinstance(op, (ast.Mult, ast.Div)):
                codes = {"unnormalised", "factor", "missing-local"}
            elif not isinstance(value, ast.Constant):
                flipped = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
                yield "flipped sign", {"sign"}, ast.AugAssign(target, flipped, value)
                yield "added twice", {"double-path"}, [_extra(statement), statement]
                if isinstance(op, ast.Add):
                    yield "= for +=", {"overwritten", "missing-path"}, ast.Assign([target], value)
            else:
                codes = {"missing-path", "unknown"}
            yield "no accumulation", codes, ast.Pass()
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"), args=[target, index, value])):
            place = ast.Subscript(target, index, ast.Store())
            yield "overwriting scatter", {"scatter"}, ast.AugAssign(place, ast.Add(), value)
            yield "= for +=", {"scatter", "overwritten"}, ast.Assign([place], value)
            yield "no accumulation", {"missing-path"}, ast.Pass()
        case _:
            pass


def _reordered(block: list[ast.stmt], source: Source, scene: Scene) -> Iterator[Edit]:
    """A gradient that is read before its last share is added."""
    for i, statement in enumerate(block):
        match statement:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub()) if (
                name in scene.gradients
            ):
                late = [_extra(statement)]
                gone: ast.AST | list[ast.stmt] = ast.Pass()
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=left, op=ast.Add(), right=right)
            ) if name in scene.gradients:
                late = [_extra(ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), right))]
                gone = ast.Assign(
                    [ast.Name(name, ast.Store())], ast.BinOp(left, ast.Add(), ast.Constant(0.0))
                )
            case _:
                continue
        for reader in block[i + 1 :]:
            if name in targets(reader):
                break
            if name in loads(reader):
                read = {t for t in targets(reader) if t in scene.gradients}
                if len(read) == 1 and len(targets(reader)) == 1:
                    changes: dict[int, ast.AST | list[ast.stmt]] = {
                        at(statement): gone,
                        at(reader): [copy.deepcopy(reader), *late],
                    }
                    roots = frozenset(r.removeprefix("d") for r in read)
                    yield _edit(
                        source, "read too early", {"used-too-early"}, reader, changes, roots
                    )
                break


def _extra(statement: ast.stmt) -> ast.stmt:
    """A statement besides those that the right backward has."""
    found = copy.deepcopy(statement)
    found.extra = True  # type: ignore[attr-defined]
    return found


def _turned(node: ast.expr) -> ast.expr:
    match node:
        case ast.Attribute(attr="T", value=value):
            return value
        case _:
            return ast.Attribute(node, "T", ast.Load())


def _number(node: ast.AST) -> float | None:
    match node:
        case ast.Constant(value=int(k) | float(k)) if not isinstance(k, bool):
            return k
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k) | float(k))):
            return -k
        case _:
            return None


def _value(node: ast.AST, scene: Scene) -> int | None:
    """The whole number that an expression stands for, if it is a size."""
    if isinstance(node, ast.Constant):
        return None
    try:
        value = eval(
            ast.unparse(node),
            {**scene.sample.given, **scene.wholes, "len": len, "__builtins__": {}},
        )
    except Exception:
        return None
    return value if type(value) is int else None


def _is_whole(node: ast.expr, scene: Scene) -> bool:
    return _value(node, scene) is not None
