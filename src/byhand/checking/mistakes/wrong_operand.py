"""Another value of the forward pass was used.

The derivative of tanh is 1 - tanh(x)**2: with h = np.tanh(hpreact) that is 1 - h**2, not
1 - hpreact**2.

Bad:
    dhpreact = (1 - hprebn**2) * dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Iterator

from byhand.checking.mistakes.suspect import Finding, Suspect, text


def find(suspect: Suspect) -> Finding | None:
    values = [step.name for step in suspect.program if "[" not in step.name]

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in values:
                yield from (ast.Name(value, ast.Load()) for value in values if value != name)
            case _:
                pass

    mend = suspect.first_mend(other)
    if mend is None:
        return None
    statement, part = mend
    return Finding(
        f"{text(part)} is not the value that belongs here: "
        f"which value of forward is the derivative of {_step(suspect)} taken at?",
        statement.lineno,
    )


def _step(suspect: Suspect) -> str:
    names = dict.fromkeys(name for use in suspect.uses for name in use.through)
    return ", ".join(names) or "this step"
