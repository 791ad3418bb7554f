"""Whether a text is one that byhand judges: told from the text alone, which may be a stranger's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from byhand.errors import ByhandError
from byhand.faces.lsp.texts import Text
from byhand.sources.autograd_functions import names_in
from byhand.sources.cells import of_notebook, of_script
from byhand.sources.custom_vjps import custom_vjps_in
from byhand.sources.load import functions_in
from byhand.sources.notebook import script

LONGEST = 1_000_000
"""Characters; what is longer nobody wrote by hand."""

_PROBLEM = re.compile(r"^def (forward|backward|inputs)\b", re.M)


def is_problem_file(text: Text) -> bool:
    """Whether it is a problem file, also while a line of it is half written."""
    return not text.notebook and {"forward", "backward"} <= {*_PROBLEM.findall(text.source)}


def has_backward(text: Text) -> bool | None:
    """Whether there is a backward to judge; None where it can't be told, as it is no Python now."""
    source = text.source
    if len(source) > LONGEST:
        return False
    if is_problem_file(text):
        return True
    file = Path(text.path)
    try:
        cells = of_notebook(source, file) if text.notebook else None
        tree = ast.parse(source) if cells is None else cells.tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    except ByhandError:
        return False
    if functions_in(tree) or (cells is None and [*names_in(tree), *custom_vjps_in(tree)]):
        return True
    try:
        return bool(script(of_script(source, file) if cells is None else cells, file).segments)
    except ByhandError:
        return False
