"""Writing statements down: every leaf gets its words, and the text becomes a function.

What forward has no name for is computed again where it is needed, or once if it is needed often.
The parameters are what is really used.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.deriving.recording import Place, Round
from byhand.deriving.steps.sweep import NOUNS, Leaf, Statement, Sweep
from byhand.deriving.words import nodes as nd
from byhand.deriving.words.lengths import Lengths
from byhand.deriving.words.nodes import Changed, Like, Value
from byhand.deriving.words.sizes import Dim
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError

WIDTH = 96
OFTEN = 1000  # uses: even a value that takes one operation gets a name
ONE_SUM = 88  # characters: a longer sum of several paths is written with +=


@dataclass(frozen=True)
class Line:
    """A statement of the backward, ready to print."""

    nodes: tuple[ast.stmt, ...]
    name: str
    remark: str
    forward: str = ""
    at: int | None = None

    def __str__(self) -> str:
        return "\n".join(text(node) for node in self.nodes)


class Writer:
    """Turns the statements of a sweep into lines."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.scribe = sweep.scribe
        self.dialect = sweep.dialect
        # At the end of forward each of these has the shape of its tensor, whatever its value.
        last = {t: sweep.last[t] for t in self.scribe.items if t in sweep.last}
        self.shapes = {**last, **self.scribe.names}
        self.lengths = Lengths(sweep.order, sweep.recording.notes, self.scribe.names)
        self.known: dict[Tensor, ast.expr] = dict(self.scribe.names)
        self.code: dict[Tensor, ast.expr] = {}
        self.used: set[str] = set()
        self.round: Round | None = None
        self.counters: dict[int, str] = {}
        self.notes: list[str] = []
        self.program = sweep.recording.program

    def lines(self) -> list[Line]:
        statements = self.with_values(list(self.sweep.statements))
        for statement in statements:
            for part in _parts(statement):
                self.used |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        lines = self.lists(statements)
        while statements:
            round = statements[0].round
            loop = None if round is None else round.loop
            count = next((i for i, s in enumerate(statements) if _loop(s) != loop), len(statements))
            block, statements = statements[:count], statements[count:]
            if loop is None:
                lines += self.block(block, statements)
            else:
                lines += self.loop(loop, block)
        return lines

    def block(self, block: list[Statement], later: list[Statement]) -> list[Line]:
        """Statements one after the other."""
        lines: list[Line] = []
        said = [nd.shown(s.target) for s in [*block, *later]]
        begun = [s.begun for s in [*block, *later]]
        for i, statement in enumerate(block):
            rest = zip(said[i + 1 :], begun[i + 1 :], strict=True)
            lines += self.line(statement, any(b and t == said[i] for t, b in rest))
        return lines

    def loop(self, loop: int, block: list[Statement]) -> list[Line]:
        """All rounds as a loop, if they say the same; else one round after the other."""
        known = self.sweep.recording.notes.loops[loop]
        head = None if known.nested else self.head(loop)
        rounds: dict[Round, list[Statement]] = {}
        for statement in block:
            assert statement.round is not None
            rounds.setdefault(statement.round, []).append(statement)
        if head is not None:
            bodies: list[list[Line]] = []
            for self.round, statements in rounds.items():
                bodies.append(self.block(statements, []))
            self.round = None
            texts = {"\n".join(map(str, body)) for body in bodies}
            if len(texts) == 1 < len(rounds) == known.rounds:  # one round shows nothing
                return [self.rolled(head, bodies[0])]
        where = " over a list" if known.listed else f" in line {known.over.lineno}"
        number = "1 round" if known.rounds == 1 else f"{known.rounds} rounds"
        self.notes.append(
            f"the loop{where} is written out round by round: this holds for {number} only"
        )
        return self.block(block, [])

    def head(self, loop: int) -> ast.For | None:
        """`for t in reversed(range(n))`."""
        known = self.sweep.recording.notes.loops[loop]
        match known.over:
            case ast.Call(func=ast.Name(id="range")) as over:
                pass
            case ast.Call(func=ast.Name(id="zip" | "enumerate"), args=[ast.Name() as of, *_]):
                over = nd.call("range", nd.call("len", of))
            case ast.Name() as of:
                over = nd.call("range", nd.call("len", of))
            case _:
                return None
        if self.sweep.recording.notes.unsafe(over):
            return None
        counts = isinstance(known.over, ast.Call) and nd.text(known.over.func) == "range"
        if not counts or known.counter is None:
            self.counters[loop] = self.sweep.fresh("i")
        else:
            self.counters[loop] = known.counter
        over = over if known.listed else nd.call("reversed", over)
        return ast.For(ast.Name(self.counters[loop], ast.Store()), over, [], [])

    def rolled(self, head: ast.For, body: list[Line]) -> Line:
        for line in body:
            head.body.extend(line.nodes)
        self.used |= {n.id for n in ast.walk(head) if isinstance(n, ast.Name)}
        return Line((head,), "", "")

    def counter(self, round: Round, value: int) -> ast.expr:
        """`value` in the words of a loop: `t + 1`."""
        if self.round is None or self.round.loop != round.loop:
            return ast.Constant(value)
        now = self.round.number if self.round.value is None else self.round.value
        node = ast.Name(self.counters[round.loop], ast.Load())
        return nd.binary(node, ast.Add(), ast.Constant(value - now))

    def item(self, leaf: nd.Item) -> ast.expr:
        """An item of a list, or its gradient: by its place in the round, or as forward said."""
        tensor = leaf.tensor
        prefix = "d" if leaf.gradient else ""
        items = self.sweep.items.get(tensor, [])
        step = self.sweep.steps.get(tensor)
        if leaf.gradient and step is not None:
            items = [(root, i) for root, i in items if f"{root}[{i}]" == step.name]
        if self.round is not None:
            if not items:
                return self.value(tensor)
            now = self.round.number if self.round.value is None else self.round.value
            root, place = min(items, key=lambda item: abs(item[1] - now))
            return nd.subscript(nd.name(prefix + root), self.counter(self.round, place))
        words = self.sweep.recording.notes.tensors.get(tensor)
        if words is not None and (not items or _root(nd.text(words)) == items[0][0]):
            return ast.parse(prefix + nd.text(words), mode="eval").body
        last = self.sweep.last.get(tensor)
        if last is not None and not (leaf.gradient and items):
            return ast.parse(prefix + nd.text(last), mode="eval").body
        if items:
            root, place = items[0]
            return nd.subscript(nd.name(prefix + root), ast.Constant(place))
        return self.value(tensor)

    # Values without a name.

    def with_values(self, statements: list[Statement]) -> list[Statement]:
        """Values that are needed often, or are long, get a statement before their first use."""
        counts: Counter[Tensor] = Counter()
        for statement in statements:
            self.scribe.in_round = statement.round is not None
            for part in _parts(statement):
                self.count(part, counts)
        written: list[Statement] = []
        here: set[Tensor] = set()  # in the next round their names will stand for others
        for statement in statements:
            self.sweep.round = statement.round
            self.scribe.in_round = statement.round is not None
            if written and written[-1].round != statement.round:
                self.sweep.named_in_round = 1000
                self.known = {t: node for t, node in self.known.items() if t not in here}
                here.clear()
            terms = [nd.rebuilt(term, self.spelled) for term in statement.terms]
            long = any(nd.length(term) > ONE_SUM - 20 for term in terms)
            for part in _parts(statement):
                for leaf in nd.leaves(part, Value):
                    counts[leaf.tensor] += OFTEN * long
                    before = set(self.known)
                    self.prepare(leaf.tensor, counts, written)
                    here |= self.known.keys() - before if statement.round else set()
            written.append(statement.rebuilt(self.with_known(dict(self.known))))
        return written

    def spelled(self, leaf: ast.expr) -> ast.expr:
        """A value without a name as it would be written out."""
        if isinstance(leaf, Value):
            return nd.rebuilt(self.code[leaf.tensor], self.spelled)
        return leaf

    def count(self, node: ast.AST, counts: Counter[Tensor]) -> None:
        """Counts the uses of unnamed values in `node`, and in those values once each."""
        for leaf in nd.leaves(node, Value):
            counts[leaf.tensor] += 1
            if counts[leaf.tensor] == 1:
                made = self.code[leaf.tensor] = self.made(leaf.tensor)
                self.count(made, counts)

    def prepare(self, tensor: Tensor, counts: Counter[Tensor], written: list[Statement]) -> None:
        if tensor in self.known:
            return
        node = self.code[tensor]
        for leaf in nd.leaves(node, Value):
            self.prepare(leaf.tensor, counts, written)
        node = nd.rebuilt(node, self.with_known(self.known))
        if isinstance(node, Changed) or counts[tensor] > (OFTEN if _cost(node) == 1 else 1):
            target = ast.Name(self.sweep.helper(_hint(tensor, node)), ast.Load())
            changes = (node,) if isinstance(node, Changed) else ()
            round = self.sweep.round
            written.append(Statement(target, () if changes else (node,), changes, round=round))
            node = target
        self.known[tensor] = node

    def made(self, tensor: Tensor) -> ast.expr:
        """The code that computes a value again."""
        if tensor.op is not None:
            symbols = [self.scribe.symbol(arg) for arg in tensor.args]
            return self.scribe.expression(tensor.op, symbols, tensor.params)
        step = self.sweep.steps.get(tensor)
        if step is None or tensor.constant:
            return self.scribe.node(tensor.value)
        last = self.program.bindings[step.name][-1]
        raise UnsupportedError(
            f"the backward needs the input {step.name}, which forward overwrites in line "
            f"{last.line}: give the new value a name of its own"
        )

    def with_known(self, known: Mapping[Tensor, ast.expr]) -> Leaf:
        return lambda leaf: known.get(leaf.tensor, leaf) if isinstance(leaf, Value) else leaf

    # Shapes.

    def settled(self, leaf: ast.expr) -> ast.expr:
        """Words for a leaf, now that it is known which names are used anyway."""
        match leaf:
            case Like():
                found = self.alike(leaf.tensor)
                return self.inline(leaf.tensor) if found is None else found
            case nd.Item():
                return nd.rebuilt(self.item(leaf), self.settled)
            case Place():
                value = leaf.round.number if leaf.round.value is None else leaf.round.value
                return self.counter(leaf.round, value)
            case Dim():
                return self.length(leaf)
            case Value():
                return self.value(leaf.tensor)
            case ast.Attribute(value=Like() as like, attr="shape") if (
                self.alike(like.tensor) is None
            ):
                lengths = [self.length(Dim(like.tensor, k)) for k in range(like.tensor.value.ndim)]
                return ast.Tuple(lengths, ast.Load())
            case _:
                return leaf

    def value(self, tensor: Tensor) -> ast.expr:
        if tensor not in self.known:
            self.known[tensor] = self.made(tensor)
        return nd.rebuilt(self.known[tensor], self.settled)

    def inline(self, tensor: Tensor) -> ast.expr:
        """A value written out, without the helps that may be defined only later."""

        def leaf(node: ast.expr) -> ast.expr:
            return self.inline(node.tensor) if isinstance(node, Value) else self.settled(node)

        node = self.shapes.get(tensor) or self.made(tensor)
        if isinstance(node, Changed) and node.base is not None:
            node = node.base  # what is changed keeps its shape
        return nd.rebuilt(node, leaf)

    def alike(self, tensor: Tensor) -> ast.expr | None:
        """A name of something with the shape of `tensor`, best one that is used anyway."""
        inputs = {step.tensor for step in self.program.inputs}
        at = self.sweep.places.get(tensor, 0)

        def rank(other: Tensor) -> tuple[Any, ...]:
            said = nd.text(self.shapes[other])
            used = _root(said) in self.used
            mine = other is tensor
            return (
                not (used and mine),
                not (mine and other in inputs),
                not used,
                not mine,
                other not in inputs,
                abs(self.sweep.places.get(other, 0) - at),
            )

        same = [t for t in self.shapes if self.lengths.same_shape(t, tensor)]
        return self.shapes[min(same, key=rank)] if same else None

    def length(self, dim: Dim) -> ast.expr:
        """The shortest words for a length: a name of forward, or an axis of something used."""
        words, axes = self.lengths.of(dim)
        names = [w for w in words if isinstance(w, (ast.Name, ast.Constant))]
        if names:
            return self.dialect.translated(names[0])
        tensors = [(t, k) for t, k in axes if t in self.shapes]

        def said(tensor: Tensor, axis: int) -> ast.expr:
            shape = ast.Attribute(self.shapes[tensor], "shape", ast.Load())
            return nd.subscript(shape, ast.Constant(axis))

        used = [said(t, k) for t, k in tensors if _root(nd.text(self.shapes[t])) in self.used]
        plain = [self.dialect.translated(w) for w in words if not nd.leaves(w, Dim)]
        candidates = used or [*plain, *(said(t, k) for t, k in tensors)]
        if candidates:
            return min(candidates, key=lambda node: len(nd.text(node)))
        sums = [w for w in words if all(map(self.has_length, nd.leaves(w, Dim)))]
        if sums:
            return nd.rebuilt(self.dialect.translated(sums[0]), self.settled)
        shape = ast.Attribute(self.inline(dim.tensor), "shape", ast.Load())
        return nd.subscript(shape, ast.Constant(dim.axis))

    def has_length(self, dim: Dim) -> bool:
        """Whether something with a name has this length."""
        words, axes = self.lengths.of(dim)
        return any(not nd.leaves(w, Dim) for w in words) or any(t in self.shapes for t, _ in axes)

    # Lines.

    def plain(self, node: ast.expr) -> bool:
        """Whether an expression has no array in it."""
        arrays = {_root(nd.text(said)) for said in self.scribe.names.values()}
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return not names & (arrays | {f"d{name}" for name in arrays})

    def lists(self, statements: list[Statement]) -> list[Line]:
        """Gradients of the items of a list are items of a list."""
        found: list[Line] = []
        names = [s.step.name for s in statements if s.step is not None and "[" in s.step.name]
        for root in dict.fromkeys(_root(name) for name in names):
            if root in self.sweep.accumulating:
                zeros = nd.text(self.dialect.zeros_like(ast.Name("each", ast.Load())))
                said = f"d{root} = [{zeros} for each in {root}]"
            else:
                said = f"d{root} = [None] * len({root})"
            self.used.add(root)
            found.append(Line((ast.parse(said).body[0],), root, ""))
        return found

    def line(self, statement: Statement, again: bool) -> list[Line]:
        """The lines of one statement. `again` says that more is added to it later."""
        terms = [nd.tidied(nd.rebuilt(term, self.settled)) for term in statement.terms]
        terms = _merged(terms)
        changes: list[Changed] = [nd.rebuilt(c, self.settled) for c in statement.changes]
        target, tensor = nd.rebuilt(statement.target, self.settled), statement.tensor
        name = statement.step.name if statement.step else ""
        made: list[ast.stmt] = []
        adding = statement.begun
        own = bool(changes) or again
        if terms and statement.spread:
            total = _sum(terms)
            like = nd.rebuilt(nd.Like(tensor), self.settled) if tensor is not None else target
            if tensor is not None and tensor.value.ndim == 0:
                terms = [total]
            elif not adding:
                if statement.spread == "constant" and nd.literal(total) is not None:
                    total = ast.Constant(float(nd.literal(total) or 0))
                terms = [self.dialect.spread(total, like, statement.spread == "constant")]
        if terms:
            groups = [terms] if len(nd.text(_sum(terms))) <= ONE_SUM else [[t] for t in terms]
            for group in groups:
                total = _sum(group)
                if adding:
                    made.append(_augmented(target, total))
                else:
                    if (own or len(groups) > 1) and _is_view(total):
                        total = self.dialect.copy(total)
                    if tensor is not None and tensor.value.ndim == 0 and self.plain(total):
                        total = self.dialect.constant(total, nd.rebuilt(Like(tensor), self.settled))
                    made.append(ast.Assign([nd.store(target)], total))
                adding = True
        for change in changes:
            first = False
            if not adding:
                if change.base is not None:
                    base = self.dialect.copy(change.base)
                elif isinstance(change.like, Tensor):
                    base = self.dialect.zeros_like(nd.rebuilt(Like(change.like), self.settled))
                elif tensor is not None:
                    base = self.dialect.zeros_like(nd.rebuilt(Like(tensor), self.settled))
                else:
                    shape = nd.rebuilt(self.scribe.node(change.like), self.settled)
                    base = self.dialect.zeros(shape, change.of or target)
                made.append(ast.Assign([nd.store(target)], base))
                first = True
            adding = True
            made += change.change(target, first)
        said = statement.step.source if statement.step else ""
        at = statement.step.line if statement.step else None
        return [Line(tuple(nd.tidied(node) for node in made), name, statement.remark, said, at)]


def _loop(statement: Statement) -> int | None:
    return None if statement.round is None else statement.round.loop


def _root(said: str) -> str:
    return re.split(r"[\[.]", said, maxsplit=1)[0]


def _parts(statement: Statement) -> list[ast.AST]:
    return [part for node in (*statement.terms, *statement.changes) for part in nd.parts(node)]


def _merged(terms: list[ast.expr]) -> list[ast.expr]:
    """A term that comes twice, as in x * x, is written once with its number."""
    counts = Counter(nd.text(term) for term in terms)
    first = {nd.text(term): term for term in reversed(terms)}
    return [
        nd.binary(ast.Constant(n), ast.Mult(), first[said]) if n > 1 else first[said]
        for said, n in counts.items()
    ]


def _sum(terms: Sequence[ast.expr]) -> ast.expr:
    total = terms[0]
    for term in terms[1:]:
        total = nd.binary(total, ast.Add(), term)
    return total


def _augmented(target: ast.expr, total: ast.expr) -> ast.stmt:
    match total:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ast.AugAssign(nd.store(target), ast.Sub(), inner)
        case _:
            return ast.AugAssign(nd.store(target), ast.Add(), total)


def _is_view(node: ast.expr) -> bool:
    """Whether it may share memory with something: it must be copied before it is changed."""
    match node:
        case ast.Name() | ast.Subscript() | ast.Attribute():
            return True
        case ast.Call(func=ast.Attribute(attr=called)):
            return called in _VIEWS
        case _:
            return False


_VIEWS = {
    "reshape", "transpose", "squeeze", "broadcast_to", "expand_dims", "flip", "expand", "diagonal",
    "sliding_window_view", "permute", "einsum", "swapaxes", "view_as", "unsqueeze", "expand_as",
}  # fmt: skip


def _cost(node: ast.expr) -> int:
    """How many operations an expression takes; a name or an item of one takes none."""
    costly = (ast.BinOp, ast.Call, ast.Compare, ast.UnaryOp)
    return sum(isinstance(n, costly) for n in ast.walk(node))


def _hint(tensor: Tensor, node: ast.expr) -> str:
    """A name for a value that forward has none for: `exp_z`."""
    op = tensor.op.name if tensor.op else "value"
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in MODULES]
    return "_".join([NOUNS.get(op, op), *names[:1]])


MODULES = {"np", "torch", "math"}


def text(node: ast.AST) -> str:
    """Code in the usual form: a power of simple things close together, a long sum in lines."""
    said = _styled(ast.unparse(ast.fix_missing_locations(node)))
    if len(said) <= WIDTH or not isinstance(node, (ast.Assign, ast.AugAssign)):
        return said
    terms = _terms(node.value)
    if len(terms) == 1:
        return said
    head = said[: said.index("=") + 1]
    parts = [_styled(f"{sign}{ast.unparse(term)}") for sign, term in terms]
    return "\n    ".join([f"{head} (", *parts]) + "\n)"


def _terms(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The terms of a sum, each with the sign that it is written with."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right) if not isinstance(
            right, ast.BinOp
        ) or not isinstance(right.op, (ast.Add, ast.Sub)):
            return [*_terms(left), ("+ " if isinstance(op, ast.Add) else "- ", right)]
        case _:
            return [("", node)]


def _styled(said: str) -> str:
    """As a formatter would have it: `x**2`, `x[i : i + k]`, double quotes."""
    if '"' not in said:
        said = said.replace("'", '"')
    said = re.sub(r"(?<=[\[ ])(\w*):(\w+ [+-] [\w.]+(?:\[\d+\])?)(?=[\],])", _spaced, said)
    simple = r"(?<![\w.\])])([A-Za-z_][\w.]*|\d+) \*\* (-?[\w.]+)(?![\w.(\[])"
    return re.sub(simple, r"\1**\2", said)


def _spaced(found: re.Match[str]) -> str:
    start, stop = found.groups()
    return f"{start} : {stop}" if start else f": {stop}"
