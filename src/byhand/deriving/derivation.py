"""What deriving gives: the text of a backward, and its statements one by one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DerivedStep:
    """A statement of the backward.

    `name` is whose gradient it is ("" for a help, or a loop), `code` what is written, `forward` the
    line of forward that made the value ("" for an input), `remark` why, where one would ask.
    """

    name: str
    code: str
    forward: str = ""
    remark: str = ""

    def __str__(self) -> str:
        made = self.forward.partition("  #")[0].strip() or f"the input {self.name}"
        about = f"back through: {made}" if self.forward else f"for {made}"
        said = "; ".join(part for part in (about if self.name else "", self.remark) if part)
        code = self.code.replace("\n", "\n    ")
        return f"{code}\n    # {said}" if said else code


@dataclass(frozen=True)
class Derivation:
    """A derived backward. `source` is a whole `def backward(...)`; `notes` are about all of it.

    `fixed_sizes`: a loop was written out round by round, so it holds for that many rounds only.
    """

    source: str
    parameters: tuple[str, ...]
    steps: tuple[DerivedStep, ...]
    notes: tuple[str, ...] = ()
    fixed_sizes: bool = False

    def __str__(self) -> str:
        return "".join(f"# {note}\n" for note in self.notes) + self.source

    def explained(self) -> str:
        """The statements one by one, with what each is for."""
        return "\n".join([*(f"# {note}" for note in self.notes), *map(str, self.steps)])
