"""A parameter is updated before its old value has been used.

The gradients belong to the parameters that forward used. `W2 -= lr * dW2` in the middle of the
backward pass changes what the lines after it see. Update once all gradients are there.

Bad:
    dW2 = h.T @ dout
    W2 = W2 - 0.1 * dW2
    dh = dout @ W2.T
Good:
    dW2 = h.T @ dout
    dh = dout @ W2.T
"""

import ast

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.running.names import loaded_names, touched_names


def find(suspect: Suspect) -> Diagnosis | None:
    for statement in suspect.promising:
        updated = [
            name
            for name, rebinds in touched_names(statement).items()
            if rebinds is not None and name in suspect.values
        ]
        reads = {name for name, _ in loaded_names(statement)}
        if not updated or not any(f"d{name}" in reads for name in updated):
            continue
        edits = {statement: ast.copy_location(ast.Pass(), statement)}
        if suspect.mended(edits):
            name = updated[0]
            return Diagnosis(
                f"this changes {name} before {suspect.d} is computed from it: the gradients belong "
                f"to the {name} that forward used",
                statement.lineno,
                statement,
                edits,
            )
    return None
