"""What deriving gives: the text of a backward, its statements one by one, why each is right,
and what becomes of the file's own beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cost:
    """How many scalar operations a backward executes, and what forward must keep for it.

    An operation on arrays counts the elements of the largest array that it reads or makes: an
    elementwise op those of its result, a reduction those of what it reduces. A product of an (m, k)
    with a (k, n) matrix counts 2 m k n, and so does each of a batch; an einsum the product of all
    its lengths, for each operand. Indexing with arrays, assigning to items and joining arrays count
    the elements that are moved. Views, copies and filled arrays count nothing, nor does arithmetic
    on plain numbers.

    `arrays_kept` and `bytes_kept` are the values of forward among the parameters. The inputs among
    them are alive anyway, and counted apart. Upstream gradients count as neither.
    """

    operations: int
    arrays_kept: int
    bytes_kept: int
    inputs_kept: int = 0
    input_bytes_kept: int = 0


@dataclass(frozen=True)
class Yours:
    """What became of the file's own backward, on the same inputs and upstream gradients.

    `differ` names the gradients that are others, `missing` those that aren't given.
    `raised` says what it raised, in one line. `cost` is that of the whole backward; None where
    there are no statements to count, and where only some gradients were asked for.
    """

    differ: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    raised: str = ""
    cost: Cost | None = None

    @property
    def agree(self) -> bool:
        """Whether both give the same gradients, but for rounding."""
        return not (self.differ or self.missing or self.raised)


@dataclass(frozen=True)
class Rewrite:
    """The right side of a gradient after one rewrite, as Python, and what allows the rewrite."""

    code: str
    why: str


@dataclass(frozen=True)
class Lemma:
    """Two Python expressions that are equal, and why: `probs.sum(axis=1)` and `1`."""

    left: str
    right: str
    why: str


@dataclass(frozen=True)
class DerivedStep:
    """A statement of the backward.

    `name` is whose gradient it is ("" for a helper or a loop), `code` what is written, `forward`
    the line of forward that made the value ("" for an input), `remark` why, where one would ask.
    `rewrites` lead from what the chain rule gives to the right side of `code`, which is the last.
    """

    name: str
    code: str
    forward: str = ""
    remark: str = ""
    rewrites: tuple[Rewrite, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """A derived backward. `source` is a whole `def backward(...)`; `notes` are about all of it.

    `fixed_sizes`: a loop was written out round by round, so it holds for that many rounds only.
    `lemmas` are those that the rewrites of a `closed` form used, `checks` sums of its gradients
    that must come out. `cost` is what it computes and keeps on the inputs that it was derived with
    (None if it couldn't be run), `staged` what the form of one statement for each step does, where
    this is a closed form.
    """

    source: str
    parameters: tuple[str, ...]
    steps: tuple[DerivedStep, ...]
    notes: tuple[str, ...] = ()
    fixed_sizes: bool = False
    closed: bool = False
    lemmas: tuple[Lemma, ...] = ()
    checks: tuple[Lemma, ...] = ()
    cost: Cost | None = None
    staged: Cost | None = None

    def __str__(self) -> str:
        return "".join(f"# {note}\n" for note in self.notes) + self.source

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython in a terminal shows this

    @property
    def latex(self) -> str:
        """A LaTeX document of its own: every gradient as a formula, with its rewrites."""
        from byhand.rendering.derivation.latex import document

        return document(self)
