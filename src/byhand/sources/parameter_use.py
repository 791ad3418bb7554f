"""What a function uses one of its parameters for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ParameterUse:
    """What one parameter is used for.

    `rank` is its number of axes where the function unpacks its shape, `at_least` what that must be
    to be indexed so; `sizes` are the function's own names of its axes;
    `one` tells the number of one class or word;
    `column` tells what is added to weights times data, `W @ x + b`, where each row is one unit;
    `factor` what stands in a product of matrices itself; `squeezed` what has an axis of size 1;
    `length` tells a number that arrays are made with. `texts` are the strings that
    it is compared with. `settings` tells a dict; `keys` are the items that it must have, each with
    the strings it is compared with.
    """

    rank: int | None = None
    at_least: int = 0
    sizes: dict[int, str] = field(default_factory=dict[int, str])
    index: bool = False
    one: bool = False
    whole: bool = False
    column: bool = False
    factor: bool = False
    squeezed: bool = False
    length: bool = False
    settings: bool = False
    texts: tuple[str, ...] = ()
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def add(self, more: ParameterUse) -> None:
        """Adds what another function uses the same argument for."""
        self.rank = more.rank if self.rank is None else self.rank
        self.at_least = max(self.at_least, more.at_least)
        self.index |= more.index
        self.whole |= more.whole
        self.column |= more.column
        self.factor |= more.factor
        self.settings |= more.settings
        self.texts += more.texts
        self.keys = {**more.keys, **self.keys}
