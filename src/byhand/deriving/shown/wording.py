"""What is said of a derivation, whatever it is shown as."""

from __future__ import annotations

from byhand.deriving.cost import Cost
from byhand.deriving.derivation import Derivation, DerivedStep, Lemma, Rewrite


def title(derivation: Derivation) -> str:
    return f"The backward, {'in closed form' if derivation.closed else 'step by step'}"


def origin(step: DerivedStep) -> tuple[str, str, str]:
    """What a statement is for: some words, the code that they are about, and a remark."""
    made = step.forward.partition("  #")[0].strip()
    if made:
        return "back through:", made, step.remark
    return ("for the input" if step.name else "", step.name, step.remark)


def about(step: DerivedStep) -> str:
    """What a statement is for, in one line; nothing for a help or a loop without a remark."""
    words, code, remark = origin(step)
    return "; ".join(part for part in (f"{words} {code}".strip(), remark) if part)


def rewrites(step: DerivedStep) -> tuple[Rewrite, ...]:
    """The rewrites worth showing: none where the chain rule gives what is printed at once."""
    if len(step.rewrites) == 1 and step.code.endswith(f" = {step.rewrites[0].code}"):
        return ()
    return step.rewrites


def equality(lemma: Lemma) -> str:
    """A lemma in one line."""
    return f"{lemma.left} = {lemma.right}" + (f": {lemma.why}" if lemma.why else "")


def costs(derivation: Derivation) -> str:
    """What the backward computes and keeps; beside it what the staged form does, if known."""
    found = [each for each in (derivation.staged, derivation.cost) if each is not None]
    if not found or derivation.cost is None:
        return ""
    operations = " -> ".join(f"{each.operations:,}" for each in found)
    words = [_kept(each, word=each is found[0]) for each in found]
    return f"operations: {operations}; keeps {' -> '.join(words)} of forward{_inputs(found[-1])}"


def _kept(cost: Cost, *, word: bool) -> str:
    arrays = f" array{'s' * (cost.arrays_kept != 1)}" if word else ""
    return f"{cost.arrays_kept}{arrays} ({size(cost.bytes_kept)})"


def _inputs(cost: Cost) -> str:
    if not cost.inputs_kept:
        return ""
    plural = "s" * (cost.inputs_kept != 1)
    return f", and {cost.inputs_kept} input{plural} ({size(cost.input_bytes_kept)})"


def size(count: int) -> str:
    """A number of bytes, for reading: 980 B, 12.3 kB."""
    if count < 1000:
        return f"{count} B"
    value, unit = count / 1e3, "kB"
    for larger in ("MB", "GB"):
        if value >= 999.95:
            value, unit = value / 1e3, larger
    return f"{value:.1f} {unit}"
