"""New names: none that forward has, and in every iteration of a loop the same."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.codegen.notes import Iteration


class FreshNames:
    """Gives out names. `taken` are those that may not be used."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.of_iterations: dict[tuple[int, int], str] = {}
        self.given = 0

    def fresh(self, name: str) -> str:
        """`name`, or `name2`, `name3`, ..."""
        found, number = name, 2
        while found in self.taken:
            found, number = f"{name}{number}", number + 1
        self.taken.add(found)
        return found

    def begin(self) -> None:
        """An iteration begins."""
        self.given = 0

    def helper(self, hint: str, iteration: Iteration | None) -> str:
        """A new name; in a loop, the one that it had in the iteration before."""
        if iteration is None:
            return self.fresh(hint)
        key = (iteration.loop, self.given)
        self.given += 1
        if not self.of_iterations.get(key, "").startswith(hint):
            self.of_iterations[key] = self.fresh(hint)
        return self.of_iterations[key]
