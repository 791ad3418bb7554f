"""The wrong value of the forward pass was used.

The derivative of tanh is 1 - tanh(x)**2: with h = np.tanh(hpreact) that is 1 - h**2, not 1 -
hpreact**2.

Bad:
    dhpreact = (1 - hprebn**2) * dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Iterator, Sequence

from byhand.checking.naming.proving.candidates import values
from byhand.checking.naming.proving.finding import Diagnosis, Mend
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import only_compared, parsed, text
from byhand.values import tree
from byhand.values.held import array


def find(suspect: Suspect) -> Diagnosis | None:
    values, compared = suspect.values, only_compared(suspect.statements)
    lists = dict.fromkeys(
        tree.root(step.name) for step in suspect.program if tree.root(step.name) != step.name
    )

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in values:
                alike = [value for value in values if values[value] == values[name]]
                for value in [*alike, *(v for v in values if _fits(values[v], values[name]))]:
                    if value != name:
                        yield ast.Name(value, ast.Load())
                if part not in compared:  # of a gate, the other share
                    yield ast.BinOp(ast.Constant(1.0), ast.Sub(), part)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=name)) if (
                name in values
            ):
                yield part.right
            case ast.Subscript(value=ast.Name(id=name), slice=index, ctx=ast.Load()) if (
                name in lists
            ):
                # hs[i] for hs[i + 1]: what went in for what came out.
                for next_to in (ast.Add(), ast.Sub()):
                    place = ast.BinOp(index, next_to, ast.Constant(1))
                    yield ast.Subscript(part.value, place, ast.Load())
                for near in lists:
                    if near != name:
                        yield ast.Subscript(ast.Name(near, ast.Load()), index, ast.Load())
            case _:
                pass

    mend = suspect.mend(other)
    if mend is None:
        alike = [
            [name for name, shape in suspect.values.items() if shape == has]
            for has in dict.fromkeys(suspect.values.values())
        ]
        mend = suspect.mend_parts(_squares, lambda part, _: _everywhere(part, alike))
    if mend is not None:
        return _said(mend, suspect)
    mend = suspect.mend_parts(_chosen, lambda part, _: (_zeros(part),))
    return (
        None
        if mend is None
        else mend.finding(f"`{text(mend.part)}` is the wrong value here: zeros belong there")
    )


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A value that backward itself computed or took out of a list, or that belongs there."""
    own = [text(each) for each in values(suspect) if isinstance(each, (ast.Name, ast.Subscript))]
    of_loops = [name for name in _bound_by_loops(suspect) if name not in suspect.gradients]
    known = [parsed(each) for each in dict.fromkeys([*of_loops, *own])]
    kept = dict(_kept(suspect))
    made = [each for each in values(suspect) if isinstance(each, ast.BinOp)]
    made = [each for each in made if isinstance(each.op, ast.Mult) or _adds_a_number(each)]
    sums = [each for each in made if _adds_a_number(each)]
    named_alike = {local: local[1:] for local in suspect.gradients if local[1:] in suspect.values}

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in named_alike:
                yield ast.Name(named_alike[name], ast.Load())  # dp for p
            case ast.Name() | ast.Subscript() | ast.Attribute() if isinstance(
                part.ctx, ast.Load
            ) and ((name := text(part)) in own or name in of_loops or name in suspect.values):
                yield from (each for each in known if text(each) != name)
                yield from (each for each in made if _has(each, name))
            case ast.BinOp() if sums:
                yield from (
                    each for each in sums if text(part) in map(text, (each.left, each.right))
                )
            case ast.Subscript() | ast.Attribute() if (name := text(part)) in kept:
                yield from (each for each in known if text(each) != name)
                yield from (each for other, each in kept.items() if other != name)
            case _:
                pass

    mend = suspect.mend(other)
    if mend is None:
        names = [text(each) for each in known if isinstance(each, ast.Name)]
        mend = suspect.mend_parts(_squares, lambda part, _: _everywhere(part, [names]))
    return None if mend is None else _said(mend, suspect)


def _adds_a_number(made: ast.BinOp) -> bool:
    operands = (made.left, made.right)
    is_number = any(isinstance(each, ast.Constant) for each in operands)
    return isinstance(made.op, ast.Add) and is_number


def _has(made: ast.expr, name: str) -> bool:
    """Whether a value is made of one: `total + 1` of `total`."""
    return any(text(part) == name for part in ast.walk(made) if isinstance(part, ast.expr))


def _said(mend: Mend, suspect: Suspect) -> Diagnosis:
    of = f" of {suspect.used_in}" if suspect.owns(mend.statement) and suspect.used_in else ""
    return mend.finding(
        f"{text(mend.part)} is the wrong value here: at which value of forward is the "
        f"derivative{of} taken?"
    )


def _kept(suspect: Suspect) -> Iterator[tuple[str, ast.expr]]:
    """What forward kept in dicts, lists and objects that backward was given: `cache["A1"]`."""
    for name, value in suspect.first.trial.run.given.items():
        if tree.is_container(value):
            for said, leaf in tree.named(name, value):
                if array(leaf) is not None:
                    node = parsed(said)
                    yield text(node), node


def _bound_by_loops(suspect: Suspect) -> Iterator[str]:
    """What `for W, h in zip(Ws, hs)` binds; counters are places, not values."""
    for node in suspect.function.nodes:
        match node:
            case ast.For(target=target, iter=iterable) if not _counts(iterable):
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            case _:
                pass


def _counts(iterable: ast.expr) -> bool:
    """Whether it is a `range`, reversed or not."""
    match iterable:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            return _counts(inner)
        case ast.Call(func=ast.Name(id="range")):
            return True
        case _:
            return False


def _squares(statement: ast.stmt) -> Iterator[ast.AST]:
    """Products of a value with itself, which has to be exchanged in both places."""
    for part in ast.walk(statement):
        match part:
            case ast.BinOp(left=ast.Name(id=a), op=ast.Mult(), right=ast.Name(id=b)) if a == b:
                yield part
            case _:
                pass


def _chosen(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a condition chooses between: before the first step nothing was."""
    for part in ast.walk(statement):
        match part:
            case ast.IfExp(body=then, orelse=otherwise):
                yield from (then, otherwise)
            case ast.Call(
                func=ast.Name("where") | ast.Attribute(attr="where"), args=[_, then, otherwise]
            ):
                yield from (then, otherwise)
            case _:
                pass


def _zeros(part: ast.AST) -> ast.AST:
    """As many as there are numbers."""
    assert isinstance(part, ast.expr)
    return ast.BinOp(ast.Constant(0.0), ast.Mult(), part)


def _everywhere(part: ast.AST, alike: Sequence[Sequence[str]]) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=ast.Name(id=name), op=op):
            for names in alike:
                for other in names if name in names else ():
                    if other != name:
                        yield ast.BinOp(
                            ast.Name(other, ast.Load()), op, ast.Name(other, ast.Load())
                        )
        case _:
            pass


def _fits(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the shapes differ, and broadcast."""
    return shape != other and all(
        1 in (a, b) or a == b for a, b in zip(shape[::-1], other[::-1], strict=False)
    )
