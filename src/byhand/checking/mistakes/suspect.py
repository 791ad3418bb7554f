"""What the mistakes ask about a definition that is wrong.

A mistake is a hypothesis, and is accepted only where the numbers prove it, on every draw: either the
wrong value follows from the shares that should have been added (`follows`), or undoing the mistake in
the user's own statements makes the definition right (`mended`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.answers import Answer
from byhand.checking.evidence import Evidence, Use, as_array
from byhand.checking.hand import Raised, loaded_names, touched_names
from byhand.ops.op import Array
from byhand.program.program import Program, Step
from byhand.program.statements import Function


@dataclass(frozen=True)
class Finding:
    """A mistake that was proved: what to tell the user, and the line where it stands."""

    message: str
    line: int | None = None


@dataclass(frozen=True, eq=False)
class Suspect:
    """A definition that is wrong, with what every draw shows about it."""

    answer: Answer
    evidence: tuple[Evidence, ...]

    # What it is.

    @property
    def name(self) -> str:
        return self.answer.key[0]

    @property
    def d(self) -> str:
        """The name of its local."""
        return f"d{self.name}"

    @property
    def first(self) -> Evidence:
        """The first draw on which it is wrong, and gave something."""
        wrong = [found for found in self.evidence if not found.right]
        return next((found for found in wrong if as_array(found.value) is not None), wrong[0])

    @property
    def function(self) -> Function:
        return self.first.trial.function

    @property
    def program(self) -> Program:
        return self.first.trial.drawn.truth

    @property
    def step(self) -> Step:
        return self.program.by_key[self.answer.key]

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The uses of the value in forward, on the first wrong draw."""
        return self.first.uses

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """The statements of its definition: those that write it, then those of locals they need."""
        own = list(dict.fromkeys(write.node for write in self.answer.writes))
        found = list(own)
        simple = [
            node
            for top in self.function.body
            for node in ast.walk(top)
            if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr))
        ]
        answers = {f"d{a.key[0].partition('[')[0]}" for a in self.first.trial.answers.found}
        wanted = {name for node in own for name, _ in loaded_names(node)}
        while True:
            more = [
                node
                for node in simple
                if node not in found
                and any(
                    rebinds is not None and name in wanted and name not in answers
                    for name, rebinds in touched_names(node).items()
                )
            ]
            if not more:
                return tuple(found)
            found += more
            wanted |= {name for node in more for name, _ in loaded_names(node)}

    @cached_property
    def gradients(self) -> tuple[str, ...]:
        """The locals that hold other gradients, by name."""
        found = self.first.trial.answers.found
        return tuple(
            dict.fromkeys(f"d{a.key[0]}" for a in found if "[" not in a.key[0] and a is not self.answer)
        )

    # What proves a mistake.

    def follows(self, value: Callable[[Evidence], Any]) -> bool:
        """Whether the definition gave `value(evidence)` on every draw on which it gave anything."""
        tried = [found for found in self.evidence if as_array(found.value) is not None]
        if not tried:
            return False
        try:
            with np.errstate(all="ignore"):
                return all(
                    (wrong := value(found)) is not None and found.gives(wrong) for found in tried
                )
        except ValueError:  # shapes that don't go together: it can't have been this
            return False

    def mended(self, edits: Mapping[ast.stmt, ast.stmt]) -> bool:
        """Whether the definition is right on every draw with these statements in place of its own."""
        body = tuple(_exchanged(top, edits) for top in self.function.body)
        function = replace(self.function, body=body)
        return all(found.becomes_right(function) for found in (self.first, *self.evidence))

    def mend(
        self, edit: Callable[[ast.AST, ast.stmt], Iterable[ast.AST]]
    ) -> Iterator[tuple[ast.stmt, ast.AST]]:
        """The edits of one part of one statement that make the definition right.

        `edit` gives the replacements to try for a part; what is found is the statement and the part.
        """
        for statement in self.statements:
            for part in ast.walk(statement):
                for new in edit(part, statement):
                    edited = exchanged(statement, part, new)
                    if self.mended({statement: edited}):
                        yield statement, part

    def first_mend(
        self, edit: Callable[[ast.AST, ast.stmt], Iterable[ast.AST]]
    ) -> tuple[ast.stmt, ast.AST] | None:
        return next(self.mend(edit), None)

    @property
    def line(self) -> int | None:
        return self.answer.line


def suspect(answer: Answer, evidence: tuple[Evidence, ...]) -> Suspect | None:
    """None where there is nothing to look at: the statement raised, or a dict was returned."""
    if isinstance(answer.value, Raised) or not answer.writes:
        return None
    return Suspect(answer, evidence)


def paths(uses: Iterable[Use]) -> dict[tuple[str, ...], tuple[Use, ...]]:
    """The uses by the step they lead to: each is a path for the gradient to come back on."""
    grouped: dict[tuple[str, ...], tuple[Use, ...]] = {}
    for use in uses:
        grouped[use.through] = (*grouped.get(use.through, ()), use)
    return grouped


def share(found: Evidence, through: tuple[str, ...]) -> Array:
    """What comes back on one path."""
    return sum_of(use.share for use in found.uses if use.through == through)


def sum_of(shares: Iterable[Array]) -> Array:
    total: Any = 0.0
    for each in shares:
        total = total + each
    return np.asarray(total)


def exchanged(tree: Any, old: ast.AST, new: ast.AST) -> Any:
    """A copy of a syntax tree with one part exchanged; parts it doesn't touch are shared."""
    if tree is old:
        return ast.fix_missing_locations(ast.copy_location(new, old))
    if not any(part is old for part in ast.walk(tree)):
        return tree
    fields: dict[str, Any] = {}
    for field, value in ast.iter_fields(tree):
        if isinstance(value, list):
            fields[field] = [
                exchanged(item, old, new) if isinstance(item, ast.AST) else item
                for item in value  # pyright: ignore[reportUnknownVariableType]
            ]
        elif isinstance(value, ast.AST):
            fields[field] = exchanged(value, old, new)
        else:
            fields[field] = value
    return ast.copy_location(type(tree)(**fields), tree)


def _exchanged(top: ast.stmt, edits: Mapping[ast.stmt, ast.stmt]) -> ast.stmt:
    for old, new in edits.items():
        top = exchanged(top, old, new)
    return top


def parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def text(node: ast.AST) -> str:
    return ast.unparse(node)
