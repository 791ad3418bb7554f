# pyright: basic
"""What a file says of a custom_vjp in it: its arguments, and a reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.jax.check import check
from byhand.jax.subject import subject_of
from byhand.sources.arguments import Argument
from byhand.sources.beside import beside, drawing


def check_in(
    module: ModuleType,
    name: str,
    known: Mapping[str, Argument],
    *,
    one_of_several: bool = False,
    device: str | None = None,
    **options: Any,
) -> Report:
    """Checks what a module calls `name`, on its `inputs` or on the arguments that are `known`,
    which may be those of others where it is one of several.

    A function `inputs` or `NAME_inputs` gives the arguments, `reference` or `NAME_reference` is the
    reference. Raises ProblemError, in one line, if it can't be checked.
    """
    if device is not None:
        raise ProblemError(f"--device {device}: JAX runs where JAX_PLATFORMS says")
    f = getattr(module, name)
    subject = subject_of(f)
    if one_of_several:
        known = {key: known[key] for key in subject.names if key in known}
    args = drawing(name, subject.names, known) if known else beside(module, name, "inputs")
    if args is None:
        raise ProblemError(
            f"the arguments of {name} aren't known: write `def inputs_{name}(rng)`, or say them "
            "by --shape"
        )
    return check(f, args, reference=beside(module, name, "reference"), **options)
