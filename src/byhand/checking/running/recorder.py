"""Watching a backward run: which statement wrote which gradient, what it wrote, what it damaged.

After each statement, the locals that it may have written are compared with what they were: a new
array bound to `dh` is a fresh gradient, a changed one was added to in place, and a changed forward
value was damaged.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from byhand.checking.running.advice import KnownNames, explained
from byhand.checking.running.backward_run import Damage, Raised, Write
from byhand.checking.running.names import filled_names, loaded_names, reached_names, touched_names
from byhand.checking.running.narrow import Narrow
from byhand.checking.running.origins import Origins, holds_arrays, is_object
from byhand.checking.running.room import grow, grown_by, makes_room
from byhand.program.statements import Namespace, Statement, StatementError
from byhand.values import tree
from byhand.values.held import copied, has_memory, share_memory, unchanged

Read: TypeAlias = tuple[frozenset[int], frozenset[int]]
"""The writes of the gradients that a statement reads, and the numbers of the statements that made
the locals which it reads."""


@dataclass(frozen=True, eq=False)
class Failure:
    """A statement that raised, and what stands for the value that it would have given."""

    node: ast.stmt
    raised: Raised
    error: Exception


@dataclass
class Recorder:
    """What has happened so far in one run of a backward.

    `given` are the arrays that it got, as they are held, `pristine` the same as they should be.
    `own` are forward's values that have the name of a gradient, such as `dp` or `delta`; `anew`
    those names to which backward has bound something else.
    """

    names: KnownNames
    narrow: Narrow
    arguments: Mapping[str, Any]
    given: Mapping[str, Any]
    pristine: dict[str, Any]
    own: Mapping[str, Any]
    upstream: Mapping[str, Any]
    truth: Mapping[str, Any]
    held: dict[str, Any] = field(default_factory=dict[str, Any])
    seen: dict[str, Any] = field(default_factory=dict[str, Any])
    latest: dict[str, int] = field(default_factory=dict[str, int])
    tainted: dict[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    made_by: dict[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    undone: dict[str, Failure] = field(default_factory=dict[str, "Failure"])
    unfilled: dict[str, Failure] = field(default_factory=dict[str, "Failure"])
    failures: list[Failure] = field(default_factory=list["Failure"])
    origins: Origins = field(default_factory=Origins)
    writes: list[Write] = field(default_factory=list[Write])
    damages: list[Damage] = field(default_factory=list[Damage])
    entered: list[ast.stmt] = field(default_factory=list[ast.stmt])
    anew: set[str] = field(default_factory=set[str])
    filled: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.origins.note(self.arguments)

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        try:
            self.watch(statement, namespace)
        finally:
            self.entered.append(statement.node)

    @property
    def number(self) -> int:
        """How many statements ran before."""
        return len(self.entered)

    def watch(self, statement: Statement, namespace: Namespace) -> None:
        node = statement.node
        self.see_read(node)
        looked_at = self.origins.looked_at(statement, namespace, self.is_answer)
        inside = self.origins.of(looked_at)
        reads = self.reads(statement, namespace) | inside[0]
        through = self.through(node) | inside[1]
        touched = touched_names(node)
        item = self.item(statement, namespace)
        failure = None
        self.anew |= {root for root, rebinds in touched.items() if rebinds and root in self.own}
        try:
            self.narrow.execute(self.number, statement, namespace)
        except Exception as error:
            if statement.guarded:
                raise
            failure = self.recover(statement, error, namespace, item)
        self.anew -= {root for root in touched if self.is_as_in_forward(root, namespace)}
        written: list[str] = []
        for root, rebinds in touched.items():
            if root in namespace and self.is_answer(root):
                written += self.record(
                    root, namespace[root], rebinds, node, (reads, through), failure, item
                )
            elif holds_arrays(namespace.get(root)):
                continue  # its arrays are known one by one
            elif rebinds is not None or root in reached_names(node):
                before = frozenset[int]() if rebinds else self.tainted.get(root, frozenset())
                self.tainted[root] = before | reads
                before = frozenset[int]() if rebinds else self.made_by.get(root, frozenset())
                self.made_by[root] = before | through | {self.number}
        locals_of = (namespace.get(root) for root in touched if not self.is_answer(root))
        looked_at += [value for value in locals_of if is_object(value)]
        self.origins.note(looked_at, reads, through | {self.number})
        if failure is None:
            written += self.by_views(node, namespace, (reads, through), written)
            self.look_for_damage(statement, namespace, written)

    @property
    def error(self) -> tuple[StatementError, str] | None:
        """The first statement that raised for which no gradient can stand, and what it said. A line
        of a helper that a gradient tells of already needn't be told of at each of its calls."""
        told = {write.line for write in self.writes if isinstance(write.value, Raised)}
        first = next((each for each in self.failures if each.node.lineno not in told), None)
        if first is None:
            return None
        return StatementError(first.node.lineno, first.error), first.raised.message

    def is_answer(self, root: str) -> bool:
        known = root in self.given or root in self.own
        return root.startswith("d") and (not known or root in self.anew)

    def is_as_in_forward(self, root: str, namespace: Namespace) -> bool:
        """Whether a local holds what forward has under that name, such as the steps of a grid."""
        held, own = namespace.get(root), self.own.get(root)
        return root in self.own and (unchanged(held, own) or (type(held) is float and held == own))

    def reads(self, statement: Statement, namespace: Namespace) -> frozenset[int]:
        """The writes of the gradients that this statement is about to read."""
        found: set[int] = set()
        for name, index in loaded_names(statement.node):
            found |= self.tainted.get(name, frozenset())
            if not self.is_answer(name):
                found |= self.seen_by(name, namespace)
                continue
            key = self.place(name, index, statement, namespace)[1:]
            own = {
                at
                for known, at in self.latest.items()
                if known == key or known.startswith((f"{key}[", f"{key}."))
            }
            found |= own or self.seen_by(name, namespace)  # a loop may have bound it
        return frozenset(found)

    def seen_by(self, name: str, namespace: Namespace) -> frozenset[int]:
        """The writes of the gradients whose memory a local shares, such as a row in a loop."""
        value = namespace.get(name)
        if name in self.given or not has_memory(value):
            return frozenset()
        return frozenset(
            self.latest[key[1:]]
            for key, leaf in self.held.items()
            if key[1:] in self.latest  # one that was given isn't written yet
            if share_memory(leaf, value)
        )

    def through(self, node: ast.stmt) -> frozenset[int]:
        """The numbers of the statements that made the locals which this statement is to read."""
        found = (self.made_by.get(name, frozenset[int]()) for name, _ in loaded_names(node))
        return frozenset[int]().union(*found)

    def place(
        self, name: str, index: ast.expr | None, statement: Statement, namespace: Namespace
    ) -> str:
        """`dhs[2]` for the list dhs at the index t, where t is 2; else the name."""
        held: Any = namespace.get(name)
        if index is None or not tree.is_container(held):
            return name
        try:
            at = tree.entry(held, statement.evaluate(index, namespace))
        except Exception:  # the statement itself will say what is wrong
            return name
        return name if at is None else tree.text(name, (at,))

    def item(self, statement: Statement, namespace: Namespace) -> str | None:
        """The item of a container that the statement is about to assign or add to."""
        match statement.node:
            case (
                ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=index)])
                | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name), slice=index))
            ):
                return self.place(name, index, statement, namespace)
            case _:
                return None

    def record(
        self,
        root: str,
        value: Any,
        rebinds: bool | None,
        node: ast.stmt,
        read: Read,
        failure: Failure | None,
        item: str | None,
    ) -> list[str]:
        """Notes which gradients in the local `root` this statement wrote."""
        written: list[str] = []
        moved = {} if item is not None else self.moved(root, value)
        for key, leaf in tree.named(root, value):
            known = key in self.held
            changed = reached_names(node) | filled_names(node)
            if rebinds is None and not known and root not in changed:
                continue  # what a loop has bound is only handed to a call
            same = known and leaf is self.held[key]
            handed_on = rebinds is None or (not rebinds and key != root) or key in moved
            if key != item and handed_on and same and unchanged(leaf, self.seen[key]):
                continue
            fresh = (
                rebinds is True or not known or (key != root and not same and not _augments(node))
            )
            by, of_it = moved.get(key, (node, read))
            raised = None if key in moved else failure
            self.write(key, leaf, by, fresh, of_it, raised, bool(moved) and not same)
            written.append(key[1:])
        return written

    def moved(self, root: str, value: Any) -> dict[str, tuple[ast.stmt, Read]]:
        """The items of a list that were items of it before, as after `dWs.reverse()`: with the
        statement that made each, and what was read for it."""
        places = {
            id(leaf): key
            for key, leaf in self.held.items()
            if tree.root(key) == root != key and key[1:] in self.latest and _has_identity(leaf)
        }
        found: dict[str, tuple[ast.stmt, Read]] = {}
        for key, leaf in tree.named(root, value) if places else ():
            before = places.get(id(leaf))
            if before is not None and unchanged(leaf, self.seen[before]):
                made = self.made(before[1:])
                known = () if isinstance(leaf, Raised) else made  # else it may seem to read itself
                reads = frozenset[int]().union(*(write.reads for write in known))
                through = frozenset[int]().union(*({*w.through, w.number} for w in made))
                found[key] = made[0].node, (reads, through)
        return found

    def made(self, name: str) -> list[Write]:
        """The writes that made what a gradient holds, the last first."""
        found: list[Write] = []
        for write in (each for each in reversed(self.writes) if each.name == name):
            found.append(write)
            if write.fresh:
                break
        return found

    def write(
        self,
        key: str,
        leaf: Any,
        node: ast.stmt,
        fresh: bool,
        read: Read,
        failure: Failure | None = None,
        moved: bool = False,
    ) -> None:
        self.held[key], self.seen[key] = leaf, copied(leaf)
        self.latest[key[1:]] = at = len(self.writes)
        seen = self.seen[key]
        if failure is not None:
            node, seen = failure.node, failure.raised
        self.writes.append(Write(key[1:], self.number, node, fresh, seen, at, *read, moved))

    def by_views(
        self,
        node: ast.stmt,
        namespace: Namespace,
        read: Read,
        written: list[str],
    ) -> list[str]:
        """Notes which gradients this statement wrote by way of a local that is a view of them."""
        views = [
            (leaf, self.is_answer(root))
            for root, rebinds in touched_names(node).items()
            if not rebinds and root not in self.given
            for _, leaf in tree.named(root, namespace.get(root))
            if has_memory(leaf)
        ]
        found: list[str] = []
        for key, leaf in list(self.held.items()) if views else ():
            if not has_memory(leaf) or key[1:] in written:
                continue
            near = [of_answer for view, of_answer in views if share_memory(leaf, view)]
            if not near or unchanged(leaf, self.seen[key]):
                continue
            room = key in self.filled or makes_room(self.writes[self.latest[key[1:]]].node)
            if room or not all(near):
                self.write(key, leaf, node, False, read)
                found.append(key[1:])
                self.filled |= {key} if room else set()
        return found

    def recover(
        self, statement: Statement, error: Exception, namespace: Namespace, item: str | None
    ) -> Failure:
        """After a statement raised: puts in place what it should have written, where that is known,
        and takes away what it left as it was. Of a container, `item` is all that it should have,
        and the others stay.

        Where it waited for a local that an earlier statement should have made, or for an item that
        one should have put into a container, that one is to blame, if no other gradient has said so
        yet.
        """
        node = statement.node
        touched = touched_names(node)
        lacking = {**(self.unfilled if isinstance(error, LookupError) else {}), **self.undone}
        waits = next((lacking[n] for n, _ in loaded_names(node) if n in lacking), None)
        targets = [name for name, rebinds in touched.items() if rebinds is not None]
        targets = targets or [name for name in touched if self.is_answer(name)][:1]
        place = {tree.root(item): item} if item is not None else {}
        known = [
            name
            for name in targets
            if place.get(name, name)[1:] in self.truth and self.is_answer(name)
        ]
        said = explained(error, node.lineno, self.names, namespace, statement)
        failure = waits or Failure(node, Raised(said, depends=False), error)
        into = grown_by(node)
        grows = into is not None and self.is_answer(into)
        for name in targets if not grows else ():
            if name in known:
                at = place.get(name, name)
                _, path = tree.parsed(at)
                namespace[name] = tree.put(namespace.get(name), path, copied(self.truth[at[1:]]))
            elif touched[name] is not False or not tree.is_container(namespace.get(name)):
                namespace.pop(name, None)
                self.undone[name] = failure
            else:
                self.unfilled[name] = failure
        if not known and not grows:
            self.failures += [failure] if waits is None else []
            return failure
        if waits in self.failures:
            self.failures.remove(waits)
        elif waits is not None:
            failure = Failure(node, Raised(said, depends=True), error)
        if grows:
            grow(statement, namespace, replace(failure.raised))  # another one each time
        return failure

    def look_for_damage(
        self, statement: Statement, namespace: Namespace, written: list[str]
    ) -> None:
        """Notes what the statement changed besides what it wrote to."""
        for root, rebinds in touched_names(statement.node).items():
            if rebinds or root not in namespace:
                continue
            leaves = tree.named(root, namespace[root])
            changed = [leaf for k, leaf in leaves if self.may_have_changed(k, leaf, written)]
            name = written[0] if written else None
            for given, value in self.given.items() if changed else ():
                near = any(share_memory(value, each) for each in changed)
                if near and not unchanged(value, self.pristine[given]):
                    self.damages.append(Damage(given, name, statement.line, self.number, root))
                    self.pristine[given] = copied(value)
            for key, leaf in self.held.items() if changed else ():
                if key[1:] in written or not has_memory(leaf):
                    continue
                near = any(share_memory(leaf, each) for each in changed)
                if near and not unchanged(leaf, self.seen[key]):
                    self.damages.append(Damage(key, name, statement.line, self.number, root))
                    self.seen[key] = copied(leaf)

    def see_read(self, node: ast.stmt) -> None:
        """Notes which damaged gradients the statement is about to read by their own names."""
        for i, damage in enumerate(self.damages):
            key = damage.changed
            if damage.read or key[1:] not in self.latest:
                continue
            anew = self.writes[self.latest[key[1:]]]
            if anew.number > damage.number and anew.fresh:
                continue
            if tree.root(key) in dict(loaded_names(node)):
                self.damages[i] = replace(damage, read=True)

    def may_have_changed(self, key: str, leaf: Any, written: list[str]) -> bool:
        """Whether a statement may have changed an array that it got under this name: of what
        backward was given, and of gradients, it is known what they were."""
        if not has_memory(leaf):
            return False
        if leaf is self.given.get(key):
            return not unchanged(leaf, self.pristine[key])
        if leaf is self.held.get(key) and key[1:] not in written:
            return not unchanged(leaf, self.seen[key])
        return True


def _has_identity(leaf: Any) -> bool:
    """Whether an item of a list is known again at another place of it."""
    return has_memory(leaf) or isinstance(leaf, Raised)


def _augments(node: ast.stmt) -> bool:
    return isinstance(node, ast.AugAssign)
