"""Forward and backward run once, statement by statement, with what each statement gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.deriving.worked.statement_values import (
    code_of,
    copied,
    counters_of,
    given_names,
    numbers,
    targets,
    unnamed,
)
from byhand.program.control_flow import run
from byhand.program.statements import Function, Namespace, Statement
from byhand.values.arrays import Array, is_array, is_sequence, is_torch


@dataclass(eq=False)
class Entry:
    """A value that is written down: `name` is what it is called, `code` the statement that gave it.

    `decimals` is how many of them are printed. An entry of an `exact` value loses nothing so.
    `part` is "inputs", "forward" or "backward".
    """

    part: str
    name: str
    value: Array
    work: Work | None = None
    decimals: int = 0
    exact: bool = False
    redone: bool = True

    @property
    def printed(self) -> Array:
        """The value as it is printed."""
        return np.round(self.value, self.decimals) if self.value.dtype.kind == "f" else self.value


@dataclass(eq=False)
class Work:
    """A statement that was run, and how to run it again on other values.

    `uses` are the entries that it reads. `again` takes the values to read them as, and gives those
    of its own entries. `round` says where a new round of a loop began: "t = 2".
    """

    line: int
    uses: tuple[Entry, ...]
    again: Callable[[Mapping[Entry, Array]], list[Array]]
    code: str = ""
    round: str = ""
    gives: list[Entry] = field(default_factory=list[Entry])


@dataclass
class Sheet:
    """The entries so far, and which of them each name stands for now."""

    entries: list[Entry] = field(default_factory=list[Entry])
    works: list[Work] = field(default_factory=list[Work])
    latest: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def add(self, part: str, name: str, value: Any, work: Work | None = None) -> None:
        """Writes a value down; a list item by item. What is no number is left out."""
        if is_sequence(value):
            for number, item in enumerate(value):
                self.add(part, f"{name}[{number}]", item, work)
            return
        array = numbers(value)
        if array is None:
            return
        entry = Entry(part, name, array.copy(), work)
        self.entries.append(entry)
        self.latest[name] = entry
        if work is not None:
            work.gives.append(entry)

    def run(self, part: str, function: Function, text: str, given: Mapping[str, Any]) -> Namespace:
        """Runs a function and writes down what its statements give; its names at the end.

        `text` is the whole text that the function stands in.
        """
        namespace = function.namespace(given)
        seen: dict[str, Any] = {}

        def execute(statement: Statement, namespace: Namespace) -> None:
            before = {name: copied(namespace[name]) for name in given_names(statement, namespace)}
            counters = {n: before[n] for n in before if type(before[n]) is int and n in loops}
            round = ", ".join(f"{n} = {v}" for n, v in counters.items() if seen.get(n) != v)
            seen.update(counters)
            statement.execute(namespace)
            labels = list(targets(statement, namespace))
            work = self.work(statement, before, namespace, labels)
            work.code, work.round = code_of(statement.node, text), round
            for label, value in labels:
                self.add(part, label, value, work)
            if work.gives:
                self.works.append(work)

        loops = counters_of(function)
        returned = run(function, namespace, execute)
        if (found := unnamed(returned)) is not None:
            execute(Statement(found, function.file), namespace)
        return namespace

    def work(
        self,
        statement: Statement,
        before: Mapping[str, Any],
        namespace: Namespace,
        labels: list[tuple[str, Any]],
    ) -> Work:
        places = {name: self.place(name, value) for name, value in before.items()}
        uses = [entry for place in places.values() for entry in _entries(place)]
        around = {k: v for k, v in namespace.items() if k not in before}
        wanted = [label for label, _ in labels]

        def again(values: Mapping[Entry, Array]) -> list[Array]:
            filled = {name: _filled(value, places[name], values) for name, value in before.items()}
            redone = {**around, **filled}
            statement.execute(redone)
            found = dict(targets(statement, redone))
            sheet = Sheet()
            for label in wanted:
                sheet.add("", label, found[label])
            return [entry.value for entry in sheet.entries]

        return Work(statement.line, tuple(dict.fromkeys(uses)), again)

    def place(self, name: str, value: Any) -> Any:
        """The entry of a name, or those of the items of a list; None where it has none."""
        if is_sequence(value):
            return [self.place(f"{name}[{number}]", item) for number, item in enumerate(value)]
        return self.latest.get(name)


def _entries(place: Any) -> Iterator[Entry]:
    if isinstance(place, Entry):
        yield place
    elif place is not None:
        for item in place:
            yield from _entries(item)


def _filled(value: Any, place: Any, values: Mapping[Entry, Array]) -> Any:
    """A value with those of its entries in it."""
    if is_sequence(value):
        return type(value)(
            _filled(item, where, values) for item, where in zip(value, place, strict=True)
        )
    if place is None or place not in values:
        return copied(value)
    if is_torch(value):
        return value.new_tensor(values[place])
    if is_array(value):
        return values[place].astype(value.dtype)
    return type(value)(values[place].item())
