"""The backward sweep with symbols: which gradient gets which share, in the order to write it down.

As in `byhand.engine.backward`, values are visited in the reverse of the order in which they were
computed, and each passes its share on to what it was computed from. A named value takes a
statement; one without a name only hands an expression on.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from byhand.deriving.recording import Place, Recording, Round
from byhand.deriving.steps.rules import rule_for
from byhand.deriving.words import nodes as nd
from byhand.deriving.words.changes import once
from byhand.deriving.words.dialect import Dialect
from byhand.deriving.words.nodes import Changed, Value
from byhand.deriving.words.sizes import Size
from byhand.deriving.words.symbol import Scribe, Symbol
from byhand.engine.tensor import Tensor
from byhand.ops.shape import CONCATENATE
from byhand.program.program import Step

# A gradient that is one number for all elements may be left so by these.
_SCALAR_STAYS = {"reshape", "transpose", "expand_dims", "squeeze", "flip", "roll"}
_ARRAYS_ONLY = {"einsum", "inner", "tensordot", "trace", "put"}
Leaf = Callable[[ast.expr], ast.expr]
_REDUCTIONS = {"sum", "mean", "max", "min", "prod", "var", "std", "logsumexp"}


@dataclass(frozen=True)
class Piece:
    """The gradient of a part of an array, from `start` to `stop` along an axis."""

    symbol: Symbol
    axis: int
    start: int
    stop: int


@dataclass(frozen=True)
class Share:
    """What one use of a value gives back to it. `why` is a remark, or nothing."""

    symbol: Symbol
    user: str
    why: str = ""
    round: Round | None = None
    piece: Piece | None = None

    def rebuilt(self, leaf: Leaf) -> Share:
        piece = self.piece
        return replace(
            self,
            symbol=_rebuilt(self.symbol, leaf),
            piece=piece and replace(piece, symbol=_rebuilt(piece.symbol, leaf)),
        )


def _rebuilt(symbol: Symbol, leaf: Leaf) -> Symbol:
    return Symbol(nd.rebuilt(symbol.node, leaf), symbol.value, symbol.scribe, symbol.tensor)


@dataclass(frozen=True)
class Statement:
    """A gradient to be written down: the sum of `terms`, then `changes`.

    `begun` says that an earlier statement has begun the sum. `tensor` is whose gradient it is, None
    for a help of our own; `step` is its name in forward.
    """

    target: ast.expr
    terms: tuple[ast.expr, ...]
    changes: tuple[Changed, ...] = ()
    tensor: Tensor | None = None
    step: Step | None = None
    begun: bool = False
    view: bool = False
    spread: str = ""
    remark: str = ""
    round: Round | None = None

    def rebuilt(self, leaf: Leaf) -> Statement:
        """With every leaf of its terms and changes put through `leaf`."""
        return replace(
            self,
            terms=tuple(nd.rebuilt(term, leaf) for term in self.terms),
            changes=tuple(nd.rebuilt(change, leaf) for change in self.changes),
        )


@dataclass
class Sweep:
    """One sweep over a recording, for the gradients of `wanted`."""

    recording: Recording
    dialect: Dialect
    wanted: Sequence[Step]
    statements: list[Statement] = field(default_factory=list[Statement])
    shares: dict[Tensor, list[Share]] = field(default_factory=dict[Tensor, list[Share]])

    def __post_init__(self) -> None:
        program = self.recording.program
        self.steps: dict[Tensor, Step] = {}
        for step in program:
            self.steps.setdefault(step.tensor, step)
        notes = self.recording.notes
        self.rounds = notes.rounds
        self.round: Round | None = None
        self.starts: dict[int, int] = {}
        self.round_names: dict[tuple[int, int], str] = {}
        self.named_in_round = 0
        self.items: dict[Tensor, list[tuple[str, int]]] = {}
        self.last: dict[Tensor, ast.expr] = {}
        for name, bound in program.bindings.items():
            self.call(bound[-1].tensor, name)
        for tensor in [*self.steps]:  # a copy has the value of what was copied
            if tensor.op is not None and tensor.op.name == "positive" and tensor in self.last:
                self.call(tensor.args[0], self.steps[tensor].name)
        looped = {t for t in [*self.rounds, *self.items] if notes.loops}
        named = {t: node for t, node in self.last.items() if t not in looped}
        self.scribe = Scribe(notes, named, self.dialect, self.hoist)
        self.scribe.listed = set(self.items)
        self.scribe.items = {t for t in looped if t in self.items or t in self.last}
        self.order = _in_order([step.tensor for step in program])
        self.places = {tensor: place for place, tensor in enumerate(self.order)}
        wanted = {step.tensor for step in self.wanted}
        live = _depending(self.order, wanted)
        # A list of gradients has no gaps: where one item of a list gets one, all do.
        lists = {_list(step) for step in program if step.tensor in live}
        items = {step.tensor for step in program if _list(step) in lists and _list(step)}
        self.live = _depending(self.order, wanted | items)
        self.begun: set[Tensor] = set()
        self.written: set[str] = set()
        self.helpers = 0
        self.taken = {
            *self.recording.problem.forward.globals,
            *self.recording.problem.forward.parameters,
            *program.locals,
        }
        self.current = ""

    def call(self, tensor: Tensor, name: str) -> None:
        """Remembers that at the end of forward `name` stands for `tensor`."""
        node = nd.parsed(name)
        match node:
            case ast.Subscript(value=ast.Name(id=root), slice=ast.Constant(value=int() as index)):
                self.items.setdefault(tensor, []).append((root, index))
            case _:
                pass
        if node is not None:
            self.last.setdefault(tensor, node)

    def run(self) -> None:
        """Fills `statements`."""
        program = self.recording.program
        outputs = {step.tensor: step for step in program.outputs}
        for tensor, step in outputs.items():
            self.shares[tensor] = [Share(self.seed(step), "")]
        waiting = self.uses(set(outputs))
        counts: dict[str, set[int]] = {}
        for step in program:
            if step.tensor in self.live and self.rounds and _list(step):
                counts.setdefault(_list(step), set()).add(min(waiting[step.tensor], 2))
        # Lists of gradients that begin as zeros: an item gets several shares, or some get none.
        self.accumulating = {name for name, n in counts.items() if n not in ({0}, {1})}
        complete: list[Tensor] = []
        for tensor in reversed(self.order):
            reached = tensor in self.shares or tensor in self.begun
            if tensor in self.rounds and tensor in self.steps:  # zeros, until something is added
                reached |= _list(self.steps[tensor]) in self.accumulating
            if tensor.op is None or not reached or tensor not in self.live:
                continue
            if self.rounds.get(tensor) != self.round:
                self.turn(self.rounds.get(tensor))
            if tensor in self.steps and self.round is None:
                self.write_complete(complete)
            g = self.gradient(tensor, tensor in outputs)
            for position, arg in enumerate(tensor.args):
                if isinstance(arg, Tensor) and arg in self.live:
                    self.pass_on(tensor, position, arg, g)
                    waiting[arg] -= 1
                    if arg.op is None and waiting[arg] == 0:
                        complete.append(arg)
        self.turn(None)
        self.write_complete(complete)
        for step in self.wanted:
            tensor = step.tensor
            if tensor.op is None and tensor in outputs:
                self.write(tensor)
            elif tensor not in self.shares and tensor not in self.begun:
                self.zeros(tensor)

    # Loops.

    def turn(self, to: Round | None) -> None:
        """The sweep leaves a round, or enters one: what goes across is written down now."""
        if self.round is not None:
            self.flush(self.round)
            if to is not None and to.loop != self.round.loop:
                self.round = None
                return self.turn(to)
        elif to is not None:
            self.starts[to.loop] = len(self.statements)
            for tensor in [t for t in self.shares if _loop(self.rounds.get(t)) == to.loop]:
                if tensor in self.steps:
                    self.write(tensor)
        self.round = to
        self.scribe.in_round = to is not None
        self.named_in_round = 0
        return None

    def flush(self, round: Round) -> None:
        """The shares that this round has for values from outside it are added to those."""
        loop = round.loop
        inside = {s.name for s in self.steps.values() if _loop(self.rounds.get(s.tensor)) == loop}
        for tensor, shares in list(self.shares.items()):
            step = self.steps.get(tensor)
            mine = [share for share in shares if share.round == round]
            if step is None or not mine or self.rounds.get(tensor) == round:
                continue
            plain = not _list(step) and step.name not in inside
            if plain and tensor not in self.begun:
                target = nd.parsed(f"d{step.name}")
                assert target is not None
                self.start(target, tensor, step, self.starts[loop])
            rest = [share for share in shares if share.round != round]
            self.shares[tensor] = mine
            self.write(tensor)
            if rest:
                self.shares[tensor] = rest

    def start(self, target: ast.expr, tensor: Tensor, step: Step, at: int) -> None:
        """Zeros, before a loop that adds to them. What has their name already gets another."""
        said = nd.text(target)
        saved = ast.Name(self.fresh("grad"), ast.Load())

        def renamed(node: ast.expr) -> ast.expr:
            return saved if isinstance(node, ast.Name) and node.id == said else node

        if said in self.written:
            self.statements[at:] = [s.rebuilt(renamed) for s in self.statements[at:]]
            for shares in self.shares.values():
                shares[:] = [share.rebuilt(renamed) for share in shares]
            self.statements.insert(at, Statement(saved, (target,)))
            at += 1
        zeros = self.dialect.zeros_like(nd.Like(tensor))
        self.statements.insert(at, Statement(target, (zeros,), (), tensor, step))
        self.begun.add(tensor)

    def seed(self, step: Step) -> Symbol:
        """1 for a scalar loss; else what backward is given as d<name>."""
        if self.recording.program.scalar:
            return Symbol(ast.Constant(1), np.ones(()), self.scribe, step.tensor)
        node = nd.parsed(f"d{step.name}")
        assert node is not None
        return Symbol(node, np.ones(step.shape), self.scribe, step.tensor)

    def uses(self, outputs: set[Tensor]) -> dict[Tensor, int]:
        """How many shares each value will get."""
        counts: dict[Tensor, int] = dict.fromkeys(self.order, 0)
        reached = set(outputs)
        for tensor in reversed(self.order):
            if tensor in reached and tensor in self.live:
                for position, arg in enumerate(tensor.args):
                    if isinstance(arg, Tensor) and tensor.op and tensor.op.vjp(position):
                        reached.add(arg)
                        counts[arg] += 1
        return counts

    # One value.

    def gradient(self, tensor: Tensor, is_output: bool) -> Symbol:
        """The complete gradient of a value, to be passed on."""
        step = self.steps.get(tensor)
        op = tensor.op
        assert op is not None
        if is_output and len(self.shares.get(tensor, ())) == 1:
            return self.shares.pop(tensor)[0].symbol
        if step is not None and step.name not in ("loss", "return"):
            return self.write(tensor)
        shares = self.joined(tensor, self.shares.pop(tensor))
        total = self.total(tensor, [share.symbol for share in shares])
        if _is_short(total.node) or (self.used_once(tensor) and nd.length(total.node) < LONG):
            return total
        node = self.hoist(total.node, f"grad_{NOUNS.get(op.name, op.name)}")
        return Symbol(node, total.value, self.scribe, tensor)

    def used_once(self, tensor: Tensor) -> bool:
        """Whether the gradient of this value is needed in one place only."""
        assert tensor.op is not None
        heirs = sum(isinstance(arg, Tensor) and arg in self.live for arg in tensor.args)
        return heirs == 1

    def total(self, tensor: Tensor, symbols: list[Symbol]) -> Symbol:
        total = self.scribe.plain(symbols[0])
        for symbol in symbols[1:]:
            total = total + self.scribe.plain(symbol)
        return Symbol(total.node, total.value, self.scribe, tensor)

    def pass_on(self, tensor: Tensor, position: int, arg: Tensor, g: Symbol) -> None:
        op = tensor.op
        assert op is not None
        vjp = op.vjp(position)
        if vjp is None:
            return
        self.current = self.user_of(tensor)
        params = tensor.params
        scalar = g.value.ndim == 0 and tensor.value.ndim > 0
        if op.name in _SCALAR_STAYS and g.value.ndim == 0:
            self.add(arg, Share(Symbol(g.node, g.value, self.scribe, arg), self.current))
            return
        if op.name in _ARRAYS_ONLY and nd.literal(g.node) is not None:
            node = self.dialect.spread(g.node, nd.Like(tensor), True)
            g = Symbol(node, np.broadcast_to(g.value, tensor.value.shape), self.scribe, tensor)
        if scalar and op.name in _REDUCTIONS:
            params = {**params, "keepdims": True}
        elif (
            g.value.shape != tensor.value.shape
            and op.family != "elementwise"
            and not (op.name == "getitem" and g.value.ndim == 0)
        ):
            g = self.spread(g, tensor)
        rule = rule_for(op.name, self.scribe)
        out = self.value(tensor)
        if scalar and op.name in _REDUCTIONS and not tensor.params.get("keepdims"):
            out = self.aligned(out, tensor.params.get("axis"), arg)
        inputs = [self.input(a) for a in tensor.args]
        if op.name == "power" and not isinstance(tensor.args[0], Tensor):
            inputs[0] = self.scribe.symbol(tensor.args[0])
        if rule is not None:
            share = rule(g, out, *inputs, **params)
        elif op.name == "getitem" and g.value.ndim == 0 and tensor.value.ndim > 0:
            share = self.scattered_scalar(g, tensor, arg)
        else:
            round = self.rounds.get(arg)
            if op.name == "stack" and round is not None and round.value == position:
                place = Size(position, Place(round))  # the item of a comprehension
                assert op.vjps[0] is not None
                share = op.vjps[0](place, g, out, *inputs, **params)
            else:
                share = vjp(g, out, *inputs, **params)
        if op.name == "split":
            piece = Piece(g, params["axis"], params["start"], params["stop"])
            self.add(arg, Share(share, self.current, piece=piece))
        else:
            self.fit(share, tensor, arg)

    def joined(self, tensor: Tensor, shares: list[Share]) -> list[Share]:
        """The pieces that an array was split into are put side by side again, if all are there."""
        pieces = [share.piece for share in shares if share.piece is not None]
        pieces.sort(key=lambda piece: piece.start)
        if len(pieces) < 2 or len({piece.axis for piece in pieces}) > 1:
            return shares
        axis = pieces[0].axis
        starts = [*(piece.start for piece in pieces), tensor.value.shape[axis]]
        if starts != [0, *(piece.stop for piece in pieces)]:
            return shares
        whole = CONCATENATE(*(piece.symbol for piece in pieces), axis=axis)
        symbol = Symbol(whole.node, whole.value, self.scribe, tensor)
        users = dict.fromkeys(share.user for share in shares if share.piece)
        rest = [share for share in shares if share.piece is None]
        return [Share(symbol, _and([*users]), round=self.round), *rest]

    def aligned(self, out: Symbol, axis: Any, arg: Tensor) -> Symbol:
        if axis is None or arg.value.ndim == 1:
            return out
        return np.expand_dims(out, axis)  # pyright: ignore

    def scattered_scalar(self, g: Symbol, tensor: Tensor, arg: Tensor) -> Symbol:
        """One number for every element that was read: assigning it spreads it."""
        full = Symbol(g.node, np.broadcast_to(g.value, tensor.value.shape), self.scribe)
        index = tensor.params["index"]
        at = self.scribe.index(index, arg.value.shape)
        if self.dialect.name == "torch" and not once(index, at):
            full = self.spread(g, tensor)
        vjp = tensor.op.vjp(0) if tensor.op else None
        assert vjp is not None
        return vjp(full, self.value(tensor), self.value(arg), **tensor.params)

    def value(self, tensor: Tensor) -> Symbol:
        return self.scribe.symbol(tensor)

    def input(self, arg: Any) -> Any:
        """What a rule gets for an argument: a symbol, or a number as it is."""
        if isinstance(arg, Tensor) or hasattr(arg, "dtype"):
            return self.scribe.symbol(arg)
        return arg

    def spread(self, g: Symbol, tensor: Tensor) -> Symbol:
        """`g` in the full shape of `tensor`."""
        constant = g.value.ndim == 0
        node = self.dialect.spread(g.node, nd.Like(tensor), constant)
        value = np.broadcast_to(g.value, tensor.value.shape)
        return Symbol(node, value, self.scribe, tensor)

    def fit(self, share: Symbol, tensor: Tensor, arg: Tensor) -> None:
        """Hands a share on, summed over the axes along which `arg` was broadcast."""
        op = tensor.op
        assert op is not None
        shape = arg.value.shape
        why = ""
        if isinstance(share.node, Changed):
            self.add(arg, Share(share, self.current))
            return
        elementwise = op.family == "elementwise" or op.name == "broadcast_to"
        if elementwise and shape != tensor.value.shape and share.value.shape != tensor.value.shape:
            share = self.spread(share, tensor)
        have = share.value.shape
        extra = len(have) - len(shape)
        if extra > 0:
            axes = tuple(range(extra))
            everything = extra == len(have)
            share = self.summed(share, None if everything else axes, keep=False)
            why = (
                "broadcast over all axes" if everything else f"broadcast over axis {_listed(axes)}"
            )
            have = share.value.shape
        lengths = (1,) * (len(shape) - len(have)) + tuple(have)
        copied = tuple(i for i, n in enumerate(lengths) if n != 1 and shape[i] == 1)
        if copied:
            share = self.summed(share, copied, keep=True)
            why = f"broadcast over axis {_listed(copied)}"
        tensor_of = arg if share.value.shape == shape else None
        self.add(
            arg, Share(Symbol(share.node, share.value, self.scribe, tensor_of), self.current, why)
        )

    def summed(self, x: Symbol, axes: tuple[int, ...] | None, keep: bool) -> Symbol:
        positive = nd.unsigned(x.node)
        node = self.dialect.summed(x.node if positive is None else positive, axes, keep)
        node = node if positive is None else nd.negative(node)
        return Symbol(node, x.value.sum(axes, keepdims=keep), self.scribe)

    def add(self, tensor: Tensor, share: Share) -> None:
        self.shares.setdefault(tensor, []).append(replace(share, round=self.round))

    def user_of(self, tensor: Tensor) -> str:
        """The name that the value goes into."""
        if tensor in self.steps:
            return self.steps[tensor].name
        owners = self.recording.program.owners.get(tensor, ())
        return owners[0] if owners else ""

    # Statements.

    def write(self, tensor: Tensor) -> Symbol:
        """Writes the gradient of a named value down; gives its name."""
        step = self.steps[tensor]
        target = nd.parsed(f"d{step.name}")
        assert target is not None
        said = nd.text(target)
        if said in self.written and tensor not in self.begun:
            self.save(target)
        if _list(step) and self.recording.notes.loops:
            target = nd.Item(tensor, True)
        if _list(step) in self.accumulating:
            self.begun.add(tensor)
        shares = self.joined(tensor, self.shares.pop(tensor, []))
        if shares or tensor not in self.begun:
            self.statements.append(self.statement(target, tensor, step, shares))
        self.begun.add(tensor)
        self.written.add(said)
        return Symbol(target, tensor.value, self.scribe, tensor)

    def statement(
        self, target: ast.expr, tensor: Tensor, step: Step, shares: list[Share]
    ) -> Statement:
        """Full terms first, then smaller ones, then what is written by changing in place."""
        terms = [s.symbol for s in shares if not isinstance(s.symbol.node, Changed)]
        changed = [s.symbol.node for s in shares if isinstance(s.symbol.node, Changed)]
        for i, node in enumerate(changed):
            if not node.adds and (terms or i or tensor in self.begun):
                terms.insert(0, Symbol(self.hoist(node, "grad"), tensor.value, self.scribe))
        changed = [n for i, n in enumerate(changed) if n.adds or (i == 0 and len(shares) == 1)]
        terms.sort(key=lambda term: term.value.shape != tensor.value.shape)
        full = max((t.value.ndim for t in terms), default=0)
        shape = np.broadcast_shapes(*(t.value.shape for t in terms)) if terms else ()
        spread = ""
        if terms and shape != tensor.value.shape:
            spread = "constant" if full == 0 else "array"
        users = list(dict.fromkeys(s.user for s in shares if s.user))
        remark = ""
        if len(shares) > 1 and len(users) > 1:
            remark = f"used in {_and(users)}"
        elif len(shares) == 1 and shares[0].why:
            remark = shares[0].why
        return Statement(
            target,
            tuple(t.node for t in terms),
            tuple(changed),
            tensor,
            step,
            tensor in self.begun,
            spread=spread,
            remark=remark,
            round=self.round,
        )

    def write_complete(self, complete: list[Tensor]) -> None:
        """Inputs whose shares are all there, in forward's order."""
        order = {step.tensor: i for i, step in enumerate(self.recording.program.inputs)}
        for tensor in sorted(complete, key=lambda t: order.get(t, -1)):
            if tensor in self.steps:
                self.write(tensor)
        complete.clear()

    def zeros(self, tensor: Tensor) -> None:
        """The gradient of what the output doesn't depend on."""
        step = self.steps[tensor]
        target = nd.parsed(f"d{step.name}")
        assert target is not None
        node = self.dialect.zeros_like(nd.Like(tensor))
        remark = f"nothing that forward returns depends on {step.name}"
        self.statements.append(Statement(target, (node,), (), tensor, step, remark=remark))

    def hoist(self, node: ast.expr, hint: str) -> ast.expr:
        """Gives `node` a statement and a name of its own."""
        target = ast.Name(self.helper(hint), ast.Load())
        changes = (node,) if isinstance(node, Changed) else ()
        terms = () if changes else (node,)
        self.statements.append(Statement(target, terms, changes, round=self.round))
        return target

    def helper(self, hint: str) -> str:
        """A new name; in a loop, the one that it had in the round before."""
        if self.round is None:
            return self.fresh(hint)
        key = (self.round.loop, self.named_in_round)
        self.named_in_round += 1
        if not self.round_names.get(key, "").startswith(hint):
            self.round_names[key] = self.fresh(hint)
        return self.round_names[key]

    def fresh(self, name: str) -> str:
        found, number = name, 2
        while found in self.taken:
            found, number = f"{name}{number}", number + 1
        self.taken.add(found)
        return found

    def save(self, target: ast.expr) -> None:
        """Before `target` gets a new value: shares that mention the old one are computed now."""
        text = nd.text(target)
        for shares in self.shares.values():
            for i, share in enumerate(shares):
                node = share.symbol.node
                if nd.mentions(node, text):
                    saved = self.hoist(node, "grad")
                    symbol = Symbol(saved, share.symbol.value, self.scribe, share.symbol.tensor)
                    shares[i] = replace(share, symbol=symbol, piece=None)


LONG = 60  # characters: what is longer gets a name

NOUNS = {
    "add": "sum",
    "subtract": "difference",
    "multiply": "product",
    "matmul": "product",
    "divide": "ratio",
    "getitem": "items",
    "where": "chosen",
}


def _in_order(named: list[Tensor]) -> list[Tensor]:
    """The named values and all they were computed from, as forward computed them."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    for tensor in named:
        stack: list[tuple[Tensor, bool]] = [(tensor, False)]
        while stack:
            each, done = stack.pop()
            if done:
                order.append(each)
            elif each not in seen:
                seen.add(each)
                stack.append((each, True))
                stack += [(a, False) for a in reversed(each.args) if isinstance(a, Tensor)]
    return order


def _depending(order: list[Tensor], wanted: set[Tensor]) -> set[Tensor]:
    """The values that depend on a wanted one."""
    live = set(wanted)
    for tensor in order:
        if any(isinstance(arg, Tensor) and arg in live for arg in tensor.args):
            live.add(tensor)
    return live


def _list(step: Step) -> str:
    """The list that a step is an item of."""
    return step.name.partition("[")[0] if "[" in step.name else ""


def _loop(round: Round | None) -> int | None:
    return None if round is None else round.loop


def _is_short(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Constant, Value, nd.Item)) or (
        isinstance(node, (ast.Attribute, ast.Subscript)) and _is_short(node.value)
    )


def _listed(axes: Sequence[int]) -> str:
    return " and ".join(map(str, axes))


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
