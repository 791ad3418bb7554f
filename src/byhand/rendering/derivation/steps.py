"""A derivation as text: the statements one by one, and why each is right."""

from __future__ import annotations

from collections.abc import Iterator

from byhand.deriving.derivation import Derivation, DerivedStep, Yours
from byhand.rendering.derivation import wording


def steps(derivation: Derivation, yours: Yours | None = None) -> str:
    """Every statement with what it is for, and the rewrites that led to it."""
    lines = [f"# {note}" for note in derivation.notes]
    for step in derivation.steps:
        lines += _step(step)
    for said, lemmas in (
        ("What was used:", derivation.lemmas),
        ("What must come out:", derivation.checks),
    ):
        if lemmas:
            lines += ["", f"# {said}", *(f"#   {wording.equality(each)}" for each in lemmas)]
    if ending := wording.ending(derivation, yours):
        lines += ["", *(f"# {said}" for said in ending)]
    return "\n".join(lines)


def _step(step: DerivedStep) -> Iterator[str]:
    yield step.code.replace("\n", "\n    ")
    if said := wording.about(step):
        yield f"    # {said}"
    for number, rewrite in enumerate(wording.rewrites(step)):
        yield f"    #   {'=' if number else ' '} {rewrite.code}"
        yield f"    #       {rewrite.why}"
