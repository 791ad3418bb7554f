"""`=` where `+=` is meant.

A value with two uses gets its gradient in two pieces. The second piece is added to the first;
written with `=` it replaces it.

Bad:
    dcounts = counts_sum_inv * dprobs
    dcounts = dcounts_sum
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

import ast

from byhand.checking.mistakes.suspect import Finding, Suspect
from byhand.checking.rehearse import Edits


def find(suspect: Suspect) -> Finding | None:
    for write in suspect.answer.writes[1:]:
        match write.node:
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
                added = ast.AugAssign(target, ast.Add(), value)
                ast.fix_missing_locations(ast.copy_location(added, write.node))
                edits: Edits = {write.node: added}
                if suspect.mended(edits):
                    return Finding(
                        f"this replaces the part of {suspect.d} that was there already: add to it",
                        write.line,
                        write.node,
                        edits,
                    )
            case _:
                pass
    return None
