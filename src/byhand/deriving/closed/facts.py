"""What is known of the arrays of a forward besides arithmetic, and what of that was made use of."""

# Recorded values have parts of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Base, Terms
from byhand.engine.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Rule:
    """`base` is equal to `form`, because of how forward computes `because`."""

    base: Base
    form: Poly
    because: Tensor | None


@dataclass(frozen=True)
class Facts:
    """What forward's own equations say; `equations` fills it, and nothing changes it after that.

    `rules` have what stands for what. `names` has the values of forward that are sums, by what they
    are the sum of, and `defined` the same the other way round. `folds` are sums, and what they are
    equal to in fewer terms. `powers` has x and x**y for x**(y - 1). `positive` are values that are.
    """

    rules: dict[Base, Rule] = field(default_factory=dict[Base, Rule])
    names: dict[frozenset[Any], Base] = field(default_factory=dict[frozenset[Any], Base])
    defined: dict[Base, Terms] = field(default_factory=dict[Base, Terms])
    folds: list[tuple[Terms, Poly]] = field(default_factory=list[tuple[Terms, Poly]])
    powers: dict[Base, tuple[Poly, Poly]] = field(default_factory=dict[Base, tuple[Poly, Poly]])
    positive: frozenset[Tensor] = frozenset()

    def folding(self, folds: Iterable[tuple[Terms, Poly]]) -> Facts:
        """With more sums that are known in fewer terms."""
        return replace(self, folds=[*self.folds, *folds])

    def ruled(self, rules: Mapping[Base, Rule]) -> Facts:
        """With more rules."""
        return replace(self, rules={**self.rules, **rules})


@dataclass(frozen=True)
class Log:
    """What a computation made use of: rules, and in words what must hold of the inputs."""

    rules: dict[Rule, None] = field(default_factory=dict[Rule, None])
    conditions: dict[str, None] = field(default_factory=dict[str, None])
