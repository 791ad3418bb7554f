"""Whether a text has a backward: told from the text alone, as it may be a stranger's."""

from __future__ import annotations

import re
from pathlib import Path

from byhand.errors import ProblemError
from byhand.program.problem import parsed
from byhand.sources.autograd_functions.told import names_in
from byhand.sources.cells import of_notebook, of_script
from byhand.sources.custom_vjps import custom_vjps_in
from byhand.sources.load import functions_in
from byhand.sources.local_gradients import with_closures
from byhand.sources.notebook.reading import scripts
from byhand.sources.training_steps import steps_in

_DEFINED = re.compile(r"^def (\w+)\b", re.M)


def is_problem_file(text: str) -> bool:
    """Whether it is a problem file, also while a line of it is half written."""
    return {"forward", "backward"} <= {*_DEFINED.findall(text)}


def has_backward(text: str, file: Path) -> bool | None:
    """Whether there is a backward to judge; None where it can't be told, as it is no Python now."""
    notebook = file.suffix == ".ipynb"
    if not notebook and is_problem_file(text):
        return True
    try:
        cells = of_notebook(text, file) if notebook else None
        tree = parsed(text, file) if cells is None else cells.tree
    except ProblemError:
        return None
    if (
        functions_in(with_closures(tree))
        or steps_in(tree, file.stem)
        or (cells is None and [*names_in(tree), *custom_vjps_in(tree)])
    ):
        return True
    try:
        return any(
            each.segments
            for each in scripts(of_script(text, file) if cells is None else cells, file)
        )
    except ProblemError:
        return False
