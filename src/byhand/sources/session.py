"""A live notebook: the cells that were run in a session, and the values that it has."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.cells import of_texts
from byhand.sources.flow import binds
from byhand.sources.notebook.problems import problems_in
from byhand.sources.notebook.reading import scripts

FILE = Path("notebook")


def cells_run(values: Mapping[str, Any]) -> list[str]:
    """The cells that were run in the session of IPython that has these values, but for `%check`."""
    return [text for text in values.get("In", [])[1:] if not text.lstrip().startswith("%check")]


def problems_in_session(run: Sequence[str], values: Mapping[str, Any]) -> list[Problem]:
    """The problems in the cells that were `run`, in this order, on the `values` of the session.

    Cells are counted as they were run, from 1 on. A cell that was run again stands for what it was
    before. Raises ProblemError if there is no gradient to check.
    """
    latest: dict[frozenset[str], int] = {}
    for i, text in enumerate(run):
        names = _bound(text)
        if names:
            latest[names] = i
    kept = [
        text if (names := _bound(text)) and latest[names] == i else _blank(text)
        for i, text in enumerate(run)
    ]
    if not any(text.strip() for text in kept):
        raise ProblemError("nothing has been run yet: run the forward and the backward first")
    return problems_in(scripts(of_texts(kept, FILE), FILE), dict(values))


def _bound(text: str) -> frozenset[str]:
    try:
        return frozenset[str]().union(*(binds(node) for node in ast.parse(text).body))
    except SyntaxError:
        return frozenset({text})  # with a magic in it, perhaps: `of_texts` will see


def _blank(text: str) -> str:
    """A cell that is left out, as long as it was, but for one that only changes what there is."""
    return "\n" * text.count("\n") if _bound(text) else text
