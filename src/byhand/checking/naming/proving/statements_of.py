"""The statements that make an answer: its own, and those of the locals that it needs."""

from __future__ import annotations

import ast
from collections.abc import Collection

from byhand.checking.judging.trial import Trial
from byhand.checking.running.answers import Answer


def statements_of(trial: Trial, answer: Answer) -> tuple[ast.stmt, ...]:
    """The statements that write an answer, then those that made the locals which they need."""
    written = [write.node for write in answer.writes]
    numbers = frozenset[int]().union(*(write.through for write in answer.writes))
    made = (trial.run.entered[number] for number in sorted(numbers, reverse=True))
    needed = (
        node
        for node in made
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr))
        and not _only_unpacks(node, trial.problem.kept)
    )
    return tuple(dict.fromkeys([*written, *needed]))


def _only_unpacks(node: ast.stmt, kept: Collection[str]) -> bool:
    """`dx, x = None, cache`: it takes out what forward kept, and derives nothing."""
    if not isinstance(node, ast.Assign):
        return False
    parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    held = [part for part in parts if not (isinstance(part, ast.Constant) and part.value is None)]
    return len(held) == len(names) > 0 and names <= {*kept}
