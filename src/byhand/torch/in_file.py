# pyright: basic
"""What a file says of a Function in it: its inputs, and a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import did_you_mean
from byhand.sources.arguments import Argument
from byhand.sources.beside import beside, drawing
from byhand.torch.check import check
from byhand.torch.given import given
from byhand.torch.subject import Subject, subject_of


def check_in(
    module: ModuleType,
    name: str,
    known: Mapping[str, Argument],
    *,
    one_of_several: bool = False,
    **options: Any,
) -> Report:
    """Checks what a module calls `name`, on its `inputs` or on the arguments that are `known`,
    which may be those of others where it is one of several.

    A function `inputs`, or `inputs_NAME` for one of several, gives the inputs; a function
    `reference` or `reference_NAME` is the reference.

    Raises ProblemError, in one line, if it can't be checked, or its inputs aren't known.
    """
    file = module.__file__ or module.__name__
    if not hasattr(module, name):
        raise ProblemError(f"{file}: has no {name}{did_you_mean(name, vars(module))}")
    fn = getattr(module, name)
    subject = subject_of(fn)
    reference = beside(module, name, "reference")
    if one_of_several:
        known = {key: known[key] for key in subject.names(len(known)) if key in known}
    if known:
        inputs = drawing(subject.name, subject.names(len(known)), known)
    else:
        inputs = _inputs(module, name, subject)
    return check(fn, inputs, reference=reference, **options)


def _inputs(module: ModuleType, name: str, subject: Subject) -> Callable[..., Any]:
    found = beside(module, name, "inputs")
    ways = f"write `def inputs_{name}(rng)`, or say them by --shape"
    if found is None:
        raise ProblemError(f"the inputs of {name} aren't known: {ways}")
    try:
        given(subject, found, None, None, 0)
    except ProblemError as error:
        raise ProblemError(f"{error}: {ways}" if _is_for_all(found) else str(error)) from error
    return found


def _is_for_all(found: Callable[..., Any]) -> bool:
    return getattr(found, "__name__", "") == "inputs"
