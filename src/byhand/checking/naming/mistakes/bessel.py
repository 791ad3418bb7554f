"""n where n - 1 belongs, or the reverse.

A variance with Bessel's correction divides by n - 1, one without by n. The mean divides by n in
both. The backward divides by whatever forward divided by. The difference is small and easily
overlooked.

Bad:
    dbndiff2 = np.ones_like(bndiff) * dbnvar / n
Good:
    dbndiff2 = np.ones_like(bndiff) * dbnvar / (n - 1)
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, text


def find(suspect: Suspect) -> Finding | None:
    floats = {*suspect.values, *suspect.gradients, suspect.d}

    def one_off(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if not (isinstance(part, ast.Name) and part.id in floats):
            yield from _one_off(part)

    mend = suspect.mend(one_off, in_index=False)
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}`: n stands where n - 1 belongs, or the reverse; see what forward "
        "divides by"
    )


def _one_off(part: ast.AST) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=1)):
            yield left
        case (
            ast.Name(ctx=ast.Load())
            | ast.Call(func=ast.Name(id="len"))
            | ast.Subscript(value=ast.Attribute(attr="shape"))
        ):
            yield ast.BinOp(part, ast.Sub(), ast.Constant(1))
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="ddof" | "correction", value=ast.Constant(value=int(k))):
                        yield exchanged(part, keyword.value, ast.Constant(1 - k))
                    case ast.keyword(arg="unbiased", value=ast.Constant(value=bool(k))):
                        yield exchanged(part, keyword.value, ast.Constant(not k))
                    case _:
                        pass
        case _:
            pass
