"""Right up to a constant factor.

A square brings a 2, a mean a 1/n, a root a 1/2.

Bad:
    dbndiff += bndiff * dbndiff2
Good:
    dbndiff += 2 * bndiff * dbndiff2
"""

import ast
import math
from fractions import Fraction

from byhand.checking.judging.replay import Edits
from byhand.checking.judging.uneven import Uneven
from byhand.checking.naming.proving.at_ties import at_ties
from byhand.checking.naming.proving.derivative_alone import derivative_alone
from byhand.checking.naming.proving.finding import Diagnosis, Scale
from byhand.checking.naming.proving.ratio import ratio, ratio_of
from byhand.checking.naming.proving.sizes import sizes
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, text
from byhand.program.scopes import all_names

ROUNDED = 1e-9
"""So close to 1 a factor says nothing: any number has one that explains what little it is off."""
WRITTEN = 64
"""The largest divisor of a fraction that one would write."""


def find(suspect: Suspect) -> Diagnosis | None:
    whole = ratio(suspect)
    if whole is not None:
        made = derivative_alone(suspect)
        return Diagnosis(f"{suspect.d} is {_shown(whole)}", made and made.lineno)
    for way, share in suspect.ways.items():
        part = ratio_of(suspect.first, share(suspect.first))
        if part is not None and suspect.follows(
            lambda e, s=share, p=part: e.expected.value + (p - 1) * s(e)
        ):
            return _of_a_path(suspect, f"the path through {way} is {_shown(part)}")
    for scale in sorted(suspect.scales, key=_is_written, reverse=True):
        if scale.constant and abs(scale.constant - 1) > ROUNDED:
            return _of_a_square(suspect, scale) or Diagnosis(
                f"`{text(scale.part)}` is {_shown(1 / scale.constant)}",
                scale.statement.lineno,
            )
    for name, size in sizes(suspect.telling).items():
        for scale in suspect.scales:
            if scale.constant is None and scale.by(size):
                return Diagnosis(
                    f"`{text(scale.part)}` should be taken times {name}", scale.statement.lineno
                )
    return None


def _is_written(scale: Scale) -> bool:
    """Whether the number that is too much, or one over it, stands in the statement itself."""
    numbers = {
        float(node.value)
        for node in ast.walk(scale.statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    }
    times = scale.constant
    return times is not None and any(
        number and math.isclose(abs(number * each), 1.0)
        for number in numbers
        for each in (times, times and 1 / times)
    )


def _of_a_path(suspect: Suspect, said: str) -> Diagnosis:
    """With the line, if one statement alone has a part that lacks a number, and what else is made
    of it needs that number, too."""
    scales = [scale for scale in suspect.scales if scale.constant]
    if len({scale.statement for scale in scales}) != 1:
        return Diagnosis(said)
    scale = scales[0]
    squared = _of_a_square(suspect, scale)
    mended = suspect.owns(scale.statement) or suspect.mended(_scaled(scale))
    return squared or Diagnosis(said, scale.statement.lineno if mended else None)


def _scaled(scale: Scale) -> Edits:
    larger = ast.BinOp(ast.Constant(scale.constant), ast.Mult(), scale.part)
    return {scale.statement: exchanged(scale.statement, scale.part, larger)}


def _of_a_square(suspect: Suspect, scale: Scale) -> Diagnosis | None:
    """Where the square of a local lacks a number, the local lacks the root of that, if that is a
    fraction that one would write."""
    names = all_names(scale.part)
    if len(names) != 1 or scale.constant is None or scale.constant <= 0:
        return None
    (local,), times = names, math.sqrt(scale.constant)
    if abs(Fraction(times).limit_denominator(WRITTEN) - times) > ROUNDED * times:
        return None
    for statement in suspect.statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == local:
                larger = ast.BinOp(ast.Constant(times), ast.Mult(), value)
                if suspect.mended({statement: exchanged(statement, value, larger)}):
                    said = f"`{text(value)}` is {_shown(1 / times)}"
                    return Diagnosis(said, statement.lineno, value)
            case _:
                pass
    return None


def find_at_ties(uneven: Uneven) -> Diagnosis | None:
    return None if uneven.constant is None else Diagnosis(at_ties(uneven))


def _shown(times: float) -> str:
    if f"{times:.6g}" == "1":
        return (
            f"{times:.12g} times what it should be: is part of it computed in float32, or with a "
            "constant of too few digits?"
        )
    return f"{times:.6g} times what it should be"
