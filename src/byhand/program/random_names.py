"""Which calls draw random numbers, as their names tell."""

from __future__ import annotations

import ast
import re

_RANDOM = re.compile(r"rand|bernoulli|multinomial|dropout|normal_|uniform_|exponential_|poisson")


def draws(name: str) -> bool:
    """Whether a function of this name draws random numbers."""
    return _RANDOM.search(name) is not None


def any_draws(node: ast.AST) -> bool:
    """Whether one is named anywhere in `node`."""
    return any(
        draws(part.attr if isinstance(part, ast.Attribute) else part.id)
        for part in ast.walk(node)
        if isinstance(part, (ast.Attribute, ast.Name))
    )
