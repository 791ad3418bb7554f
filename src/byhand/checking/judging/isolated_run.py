"""Judging definitions one by one: backward is run on gradients that are given to it.

A definition of `dh` is every statement that writes it, with the locals those need. To judge it on
its own, everything it reads must be right; so after each statement, what it wrote is taken away to
be judged, and a gradient known to be right is put in its place: a feed. With independent random
feeds, what is zero or cancels in a real run no longer does.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from byhand.checking.running.answers import Answers
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.names import reached_names, touched_names
from byhand.checking.running.origins import is_object
from byhand.checking.running.room import grow, grown_by
from byhand.errors import ByhandError
from byhand.program.control_flow import run
from byhand.program.problem import in_one_line
from byhand.program.statements import Function, Namespace, Statement, StatementError
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, as_jax, as_torch, is_jax, is_torch
from byhand.values.held import array, as_number, copied
from byhand.values.precision import float_type


@dataclass(frozen=True, eq=False)
class Plan:
    """What a recorded run of backward tells about the next: which statements write which answers.

    `writes[number]` are the answers that the statement with this number writes, each with whether
    it starts from nothing (the first statement of its definition). `helps[number]` is the answer
    that the statement goes on with under another name, as `draft = dW + ...` does before
    `dW = draft`. `by_view` are the answers that some statement writes by way of a view of them,
    such as a row in a loop: the array that such a view looks at is filled, never exchanged.
    `shares` are the answers of which a statement, by its number, leaves what others are made of
    that go into it: no gradient is put there. `locals` are where the answers are held, `scales` how
    many times the gradient they are to hold.
    """

    writes: Mapping[int, tuple[tuple[Key, bool], ...]]
    helps: Mapping[int, Key]
    by_view: frozenset[Key]
    shares: frozenset[tuple[int, Key]]
    locals: Mapping[Key, str]
    scales: Mapping[Key, float]

    @cached_property
    def last(self) -> Mapping[Key, int]:
        """The number of the last statement that writes each answer."""
        return {key: number for number in sorted(self.writes) for key, _ in self.writes[number]}

    @staticmethod
    @lru_cache(maxsize=1 << 3)  # of a trial's answers many runs are made
    def of(found: Answers) -> Plan:
        writes: dict[int, tuple[tuple[Key, bool], ...]] = {}
        helped: dict[int, set[Key | None]] = {}
        for answer in found.found:
            for i, write in enumerate(answer.writes):
                writes[write.number] = (*writes.get(write.number, ()), (answer.key, i == 0))
            for number in frozenset[int]().union(*(write.through for write in answer.writes)):
                goes_on = answer.writes[0].number < number
                helped.setdefault(number, set()).add(answer.key if goes_on else None)
        helps = {
            number: key
            for number, keys in helped.items()
            if len(keys) == 1 and (key := next(iter(keys))) and number not in writes
        }
        by_view = (a.key for a in found.found if any(_by_view(a.local, w.node) for w in a.writes))
        shares = ((w.number, a.key) for a in found.found for w in a.writes if w.at in found.shares)
        return Plan(
            writes,
            helps,
            frozenset(by_view),
            frozenset(shares),
            {answer.key: answer.local for answer in found.found},
            {answer.key: answer.scale for answer in found.found},
        )


def _by_view(local: str, node: ast.stmt) -> bool:
    """Whether a statement that writes this gradient does so without naming its local."""
    return tree.root(local) not in touched_names(node)


class Done(ByhandError):
    """Raised when nothing more of a backward needs to run; the file's own code doesn't handle
    it."""


def run_on_feeds(
    function: Function,
    given: Mapping[str, Any],
    answers: Answers,
    feeds: Mapping[Key, Array],
    only: Key | None = None,
) -> dict[Key, Any]:
    """What each definition gives when it reads `feeds` for all gradients but its own.

    An answer of which a statement raised is Raised. With `only`, that definition alone is run, and
    nothing after it.
    """
    return fed(function, given, answers, feeds, only).raw


def fed(
    function: Function,
    given: Mapping[str, Any],
    answers: Answers,
    feeds: Mapping[Key, Array],
    only: Key | None = None,
) -> Feeder:
    """The same run, with all that was seen in it."""
    feeder = Feeder(Plan.of(answers), feeds, only, usual_kind(given))
    with contextlib.suppress(StatementError):  # what was judged before stands
        run(function, function.namespace(copied_all(given)), feeder.execute)
    return feeder


def copied_all(given: Mapping[str, Any]) -> dict[str, Any]:
    return copied(dict(given))  # at once: what two of them hold stays one


@dataclass
class Feeder:
    """One run on feeds: what each definition gave is in `raw`, what it held after each of its
    statements in `versions`; `placed` are the feeds that locals hold, each with its memory."""

    plan: Plan
    feeds: Mapping[Key, Array]
    only: Key | None
    like: Any
    raw: dict[Key, Any] = field(default_factory=dict[Key, Any])
    versions: dict[Key, list[Any]] = field(default_factory=dict[Key, "list[Any]"])
    placed: dict[Key, tuple[Any, Array]] = field(default_factory=dict[Key, "tuple[Any, Array]"])
    number: int = 0

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        number = self.number
        if self.only is not None and number > self.plan.last.get(self.only, -1):
            raise Done
        writes = self.plan.writes.get(number, ())
        helped = self.plan.helps.get(number)
        self.number += 1
        if self.only is not None and writes and self.skips(number, statement, writes, namespace):
            for key, _ in writes:
                self.put_feed(namespace, key, None)
            return
        helps = [helped] if helped else []
        for key in (*(key for key, first in writes if not first), *helps):
            if key in self.raw and not self.raised(key):
                self.put(namespace, key, self.meant(key, self.raw[key]), first=False)
        try:
            statement.execute(namespace)
        except Exception as error:
            if statement.guarded:
                raise
            for key, _ in writes:
                if not self.raised(key):
                    self.raw[key] = Raised(in_one_line(error), depends=False)
                self.versions.setdefault(key, []).append(self.raw[key])
            places = [tree.parsed(self.plan.locals[key]) for key, _ in writes]
            in_part = {root for root, path in places if path}
            for name, rebinds in touched_names(statement.node).items():
                whole = rebinds or not tree.is_container(namespace.get(name))
                if rebinds is not None and whole and name not in in_part:
                    namespace.pop(name, None)  # so that nothing goes on with what it was before
            if grown_by(statement.node) in {tree.root(each) for each in self.plan.locals.values()}:
                grow(statement, namespace, None)
            for key in (*dict(writes), *helps):
                self.put_feed(namespace, key, None)
            return
        for key, first in writes:
            found = fetch(namespace, self.plan.locals[key])
            if not self.raised(key):
                self.raw[key] = unscaled(copied(found), self.plan.scales[key])
            self.versions.setdefault(key, []).append(copied(self.raw[key]))
            if (number, key) not in self.plan.shares:
                self.put_feed(namespace, key, found, first)
        for key in helps:
            self.put_feed(namespace, key, fetch(namespace, self.plan.locals[key]), first=False)
        self.mend(statement, namespace)

    def skips(
        self,
        number: int,
        statement: Statement,
        writes: tuple[tuple[Key, bool], ...],
        namespace: Namespace,
    ) -> bool:
        """Whether a statement does nothing but write whole answers that nobody asked for."""
        if any((number, key) in self.plan.shares for key, _ in writes):
            return False
        written = {self.plan.locals[key] for key, _ in writes}
        reached = reached_names(statement.node)

        def stays(name: str, rebinds: bool | None) -> bool:
            return rebinds is None and name not in reached and not is_object(namespace.get(name))

        return all(key != self.only for key, _ in writes) and all(
            name in written or stays(name, rebinds)
            for name, rebinds in touched_names(statement.node).items()
        )

    def raised(self, key: Key) -> bool:
        """Whether a statement of this definition has raised: then it gives nothing."""
        return isinstance(self.raw.get(key), Raised)

    def put_feed(self, namespace: Namespace, key: Key, like: Any, first: bool = True) -> None:
        value = in_kind(self.feeds[key], self.like if like is None else like)
        found = self.put(namespace, key, self.meant(key, value), first)
        if (held := array(found)) is not None:
            self.placed[key] = found, np.asarray(held)

    def meant(self, key: Key, value: Any) -> Any:
        """What the local of a gradient is to hold: as many times as much as its convention says."""
        scale = self.plan.scales[key]
        return value if scale == 1.0 else value * scale

    def put(self, namespace: Namespace, key: Key, value: Any, first: bool) -> Any:
        """Makes the local of a gradient hold `value`; gives what it holds then."""
        local = self.plan.locals[key]
        held = fetch(namespace, local)
        if key in self.plan.by_view and not first:
            into, new = array(held), array(value)
            if into is not None and new is not None and alike(into, new):
                into[...] = new
                return held
        place(namespace, local, value)
        return value

    def mend(self, statement: Statement, namespace: Namespace) -> None:
        """Puts right the feeds that the statement changed in place, but for those of locals that it
        names: they are used on."""
        touched = touched_names(statement.node)
        memory = [*_arrays([namespace.get(n) for n, rebinds in touched.items() if not rebinds])]
        if not memory:  # as after most statements
            return
        near = [
            (key, value, held)
            for key, (value, held) in self.placed.items()
            if any(np.may_share_memory(held, each) for each in memory)
        ]
        for key, value, held in near:
            local = self.plan.locals[key]
            if touched.get(tree.root(local)) is not None or fetch(namespace, local) is not value:
                continue
            if not np.array_equal(held, np.asarray(self.meant(key, self.feeds[key]))):
                self.put_feed(namespace, key, value)


def _arrays(values: Sequence[Any]) -> Iterator[Array]:
    """The arrays in these values, in their items and in their attributes."""
    leaves = (array(leaf) for value in values for _, leaf in tree.leaves(value))
    return (np.asarray(each) for each in leaves if each is not None)


def unscaled(value: Any, scale: float) -> Any:
    """A gradient that backward means to hold `scale` times, taken once; other values stay."""
    return value if scale == 1.0 or array(as_number(value)) is None else value / scale


def alike(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def place(namespace: Namespace, local: str, value: Any) -> None:
    """Makes a local that holds a gradient (`dh` or `dhs[2]`) hold `value`."""
    root, path = tree.parsed(local)
    if not path:
        namespace[root] = value
        return
    held = namespace.get(root)
    if held is None:
        return
    with contextlib.suppress(LookupError):  # where it goes isn't there yet
        namespace[root] = tree.put(held, path, value)


def fetch(namespace: Namespace, local: str) -> Any:
    """What the local of a gradient holds; None where nothing is in its place."""
    root, path = tree.parsed(local)
    with contextlib.suppress(LookupError):
        return tree.get(namespace.get(root), path)
    return None


def usual_kind(given: Mapping[str, Any]) -> Any:
    """A tensor of the kind that a gradient has which nothing else tells the kind of; None where
    that is an array."""
    if arrays := [value for value in given.values() if is_jax(value)]:
        return arrays[0].ravel()[:0].astype(np.float64)
    tensors = [value for value in given.values() if is_torch(value)]
    floats = [value for value in tensors if value.is_floating_point()]
    if floats and all(float_type(value) == "float32" for value in floats):
        return floats[0]
    return tensors[0].flatten()[:0].double() if tensors else None


def in_kind(value: Array, like: Any) -> Any:
    """A copy of `value`, as a number or a PyTorch tensor where `like` is one.

    It is in float32 where `like` is: PyTorch multiplies no matrices of two types.
    """
    if float_type(like) == "float32":
        value = value.astype(np.float32)
    if is_torch(like):
        return as_torch(value)
    if is_jax(like):
        return as_jax(value)
    number = isinstance(like, (int, float)) and type(value) is np.ndarray
    return np.float64(value) if number else value.copy()
