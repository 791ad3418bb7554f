"""What is said of a derivation, whatever it is shown as."""

from __future__ import annotations

import ast

from byhand.deriving.derivation import Cost, Derivation, DerivedStep, Lemma, Rewrite, Yours


def title(derivation: Derivation) -> str:
    return f"The backward, {'in closed form' if derivation.closed else 'step by step'}"


def origin(step: DerivedStep) -> tuple[str, str, str]:
    """What a statement is for: some words, the code that they are about, and a remark."""
    made = step.forward.partition("  #")[0].strip()
    if made:
        return "back through:", made, step.remark
    return ("for the input" if step.name else "", step.name, step.remark)


def about(step: DerivedStep) -> str:
    """What a statement is for, in one line; nothing for a helper or a loop without a remark."""
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


def claim(lemma: Lemma) -> str:
    """`dlogits.sum(axis=1)` and `0`: dlogits adds up to 0 along axis 1."""
    match ast.parse(lemma.left, mode="eval").body:
        case ast.Call(
            func=ast.Attribute(value=summed, attr="sum"), args=args, keywords=keywords
        ) if not any(isinstance(node, ast.Call) for node in ast.walk(summed)):
            axis = next((k.value for k in keywords if k.arg in ("axis", "dim")), None)
            axis = args[0] if args else axis
            along = "" if axis is None else f" along axis {ast.unparse(axis).strip('()')}"
            return f"{ast.unparse(summed)} adds up to {lemma.right}{along}"
        case _:
            return f"{lemma.left} is {lemma.right}"


def ending(derivation: Derivation, yours: Yours | None = None) -> list[str]:
    """What stands at the end of a derivation: sentences on what it costs and on your own form."""
    return [*costs(derivation), *([] if yours is None else _yours(derivation, yours))]


def costs(derivation: Derivation) -> list[str]:
    """What the backward computes and keeps; beside it what the staged form does, if known."""
    own, staged = derivation.cost, derivation.staged
    if own is None:
        return []
    computes, keeps = _operations(own), f"Keeps {_arrays(own)} of forward"
    if own.arrays_kept:
        keeps += f" ({size(own.bytes_kept)})"
    if staged is not None:
        same = own.operations == staged.operations
        computes += ", as many as" if same else f", instead of {staged.operations:,}"
        computes += " step by step"
        if (own.arrays_kept, own.bytes_kept) == (staged.arrays_kept, staged.bytes_kept):
            keeps += ", as step by step"
        else:
            keeps += f", instead of {staged.arrays_kept} ({size(staged.bytes_kept)})"
    if own.inputs_kept:
        plural = "s" * (own.inputs_kept != 1)
        keeps += f", and {own.inputs_kept} input{plural} ({size(own.input_bytes_kept)})"
    return [f"{computes}.", f"{keeps}."]


def _operations(cost: Cost) -> str:
    return f"{cost.operations:,} operation{'s' * (cost.operations != 1)}"


def _arrays(cost: Cost) -> str:
    count = cost.arrays_kept
    return f"{count} array{'s' * (count != 1)}" if count else "nothing"


def _yours(derivation: Derivation, yours: Yours) -> list[str]:
    if yours.raised:
        return [f"Yours can't be compared: {yours.raised}."]
    if not yours.agree:
        said = [f"differ in {_gradients(yours.differ)}"] if yours.differ else []
        lacks = [f"yours gives no {_gradients(yours.missing)}"] if yours.missing else []
        start = "Yours and the derived form " if said else ""
        text = start + "; ".join([*said, *lacks])
        return [f"{text[0].upper()}{text[1:]}: `byhand check` says more."]
    if yours.cost is None or derivation.cost is None:
        return ["Yours and the derived form agree."]
    theirs, own = yours.cost, derivation.cost
    return [
        f"Yours and the derived form agree; yours keeps {_arrays(theirs)}, the derived one "
        f"{own.arrays_kept or 'nothing'}.",
        f"Yours takes {_operations(theirs)}, the derived one {own.operations:,}.",
    ]


def _gradients(names: tuple[str, ...]) -> str:
    """dx, dW and db."""
    called = [f"d{name}" for name in names]
    return " and ".join([", ".join(called[:-1]), called[-1]] if called[1:] else called)


def size(count: int) -> str:
    """A number of bytes, for reading: 980 B, 12.3 kB."""
    if count < 1000:
        return f"{count} B"
    value, unit = count / 1e3, "kB"
    for larger in ("MB", "GB"):
        if value >= 999.95:
            value, unit = value / 1e3, larger
    return f"{value:.1f} {unit}"
