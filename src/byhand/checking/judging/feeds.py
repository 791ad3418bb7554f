"""The gradients that a definition reads when it is run alone: random ones, of which some must fit
the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values.arrays import Array


@dataclass(frozen=True, eq=False)
class Feeds(Mapping[Key, Array]):
    """Random gradients, `free`; but of those that are `fitting`, what a sweep gives for the tensor,
    when it is asked for."""

    free: Mapping[Key, Array]
    fitting: Mapping[Key, Tensor]
    grads: Mapping[Tensor, Bounded]

    def __getitem__(self, key: Key) -> Array:
        return self.grads[self.fitting[key]].value if key in self.fitting else self.free[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.free)

    def __len__(self) -> int:
        return len(self.free)
