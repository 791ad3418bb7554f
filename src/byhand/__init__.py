"""byhand checks backward passes that were written by hand.

    problem = byhand.load("mlp.py")
    report = byhand.check(problem)

Every name is loaded when it is first asked for, so `import byhand` costs next to nothing, and rich,
click, PyTorch and JAX stay out until something needs them.

No subpackage bears the name of one of these functions. Importing a `byhand.check.report` would put
the module `byhand.check` in the place of the function; hence `byhand.checking`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from byhand.version import __version__ as __version__

if TYPE_CHECKING:  # for editors and type checkers; the same names as in _HOMES
    from byhand.checking.check import check as check
    from byhand.checking.cmp import cmp as cmp
    from byhand.checking.report import Mistake as Mistake
    from byhand.checking.report import Report as Report
    from byhand.checking.report import Row as Row
    from byhand.deriving.derivation import Derivation as Derivation
    from byhand.deriving.derive import derive as derive
    from byhand.errors import ByhandError as ByhandError
    from byhand.errors import DataError as DataError
    from byhand.errors import ProblemError as ProblemError
    from byhand.errors import RefereeError as RefereeError
    from byhand.errors import UnsupportedError as UnsupportedError
    from byhand.marks import problem as problem
    from byhand.program.grad import grad as grad
    from byhand.program.problem import Problem as Problem
    from byhand.program.program import Program as Program
    from byhand.program.trace import trace as trace
    from byhand.sources.load import load as load

_HOMES = {
    "byhand.checking.check": ("check",),
    "byhand.checking.cmp": ("cmp",),
    "byhand.checking.report": ("Mistake", "Report", "Row"),
    "byhand.deriving.derivation": ("Derivation",),
    "byhand.deriving.derive": ("derive",),
    "byhand.program.grad": ("grad",),
    "byhand.errors": (
        "ByhandError",
        "DataError",
        "ProblemError",
        "RefereeError",
        "UnsupportedError",
    ),
    "byhand.marks": ("problem",),
    "byhand.program.problem": ("Problem",),
    "byhand.program.program": ("Program",),
    "byhand.program.trace": ("trace",),
    "byhand.sources.load": ("load",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'byhand' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext byhand` in a notebook: the course's `%%check`, `%hint` and others."""
    import_module("byhand.faces.learning.magics").load_ipython_extension(shell)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
