"""New names: none that forward has, and in every round of a loop the same."""

from __future__ import annotations

from byhand.deriving.recording import Iteration

NOUNS = {
    "add": "sum",
    "subtract": "difference",
    "multiply": "product",
    "matmul": "product",
    "divide": "ratio",
    "getitem": "items",
    "where": "chosen",
}
"""What a result of an op is called, where it isn't called as the op is."""


class Names:
    """Gives out names. `taken` are those that may not be used."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.of_rounds: dict[tuple[int, int], str] = {}
        self.given = 0

    def fresh(self, name: str) -> str:
        """`name`, or `name2`, `name3`, ..."""
        found, number = name, 2
        while found in self.taken:
            found, number = f"{name}{number}", number + 1
        self.taken.add(found)
        return found

    def begin(self, given: int = 0) -> None:
        """A round begins. `given` keeps the names of two passes over it apart."""
        self.given = given

    def helper(self, hint: str, round: Iteration | None) -> str:
        """A new name; in a loop, the one that it had in the round before."""
        if round is None:
            return self.fresh(hint)
        key = (round.loop, self.given)
        self.given += 1
        if not self.of_rounds.get(key, "").startswith(hint):
            self.of_rounds[key] = self.fresh(hint)
        return self.of_rounds[key]
