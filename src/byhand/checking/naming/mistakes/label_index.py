"""`[:, Y]` where `[np.arange(n), Y]` is meant.

With labels Y, `a[np.arange(n), Y]` is one element in each row: the first row at Y[0], the
second at Y[1], and so on. `a[:, Y]` is something else: all the columns in Y, for every row.

Bad:
    dlogprobs[:, Y] = -1 / n
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import parsed, text


def find(suspect: Suspect) -> Diagnosis | None:
    mend = suspect.mend(_by_row)
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}` picks these columns in every row, not one element per row"
    )


def _by_row(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Subscript(
            slice=ast.Tuple(elts=[ast.Slice(lower=None, upper=None, step=None), labels])
        ) if not isinstance(labels, (ast.Slice, ast.Constant)):
            rows = parsed(f"range(len({text(labels)}))")
            yield ast.Subscript(part.value, ast.Tuple([rows, labels], ast.Load()), part.ctx)
        case _:
            pass
