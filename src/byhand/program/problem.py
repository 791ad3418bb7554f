"""The problem: a forward, the backward written for it by hand, and inputs to try them on."""

from __future__ import annotations

import ast
import difflib
import inspect
import linecache
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module, resources
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.files import plain
from byhand.program.functions import function_of, names_library
from byhand.program.item_assignments import HOOKS, rewritten
from byhand.program.statements import Function
from byhand.values import tree
from byhand.values.arrays import is_jax, is_sequence, is_torch

Inputs = dict[str, Any]


UNPROMISED = "own_"
"""With this before its name, a local `dh` of backward answers for nothing."""


@dataclass(frozen=True)
class Unpromised:
    """The `names` of a backward's locals that it doesn't return, such as `dh`: they need not be
    meant as gradients of what forward calls so. `without` gives the problem in which some of them
    answer for nothing."""

    names: frozenset[str]
    without: Callable[[Collection[str]], Problem]


@dataclass(frozen=True)
class Problem:
    """A problem file, loaded.

    `draw(rng, **sizes)` makes the inputs; `dimensions` are the sizes it can be asked for, with
    their defaults. `data` names the float inputs that are neither trained nor asked for.
    `statistics` names the steps that are replaced by their training-set values when a model is
    evaluated. `kept` names the locals of forward that only keep values for backward, such as a
    `cache`: what they are bound to makes no steps. `notes` are what there is to say of how the file
    was read; `cells` are the first lines of a notebook's code cells, whose text is one.
    `unpromised` are locals of backward that need not be meant as gradients. `inner` tells a part of
    something larger, whose output has any gradient also where it is a scalar. `library` is "jax"
    where forward is written in that, though its text may not say so. `called` gives the names that
    the user's file has for names of this problem's backward, where they are others. `unguarded`
    takes the gradients without the tiny numbers that forward adds in logarithms. `scale` is how
    many times as large as they are drawn those float inputs are that may be moved. `renamed` gives
    locals of backward, by their own names, the names of the gradients that they are taken for.
    `wide`: it is run with float64 wherever it names a narrower type than float32. `unmatched` are
    the gradients that backward gives of what forward doesn't have, with their lines. `keyed` are
    the dicts of whose items a report speaks by their keys.
    """

    name: str
    file: str
    doc: str
    forward: Function
    backward: Callable[..., Any] | None
    draw: Callable[..., Inputs]
    dimensions: Mapping[str, int] = field(default_factory=dict[str, int])
    data: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    tree: ast.Module | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    unpromised: Unpromised | None = field(default=None, repr=False)
    inner: bool = False
    library: str = ""
    called: Mapping[str, str] = field(default_factory=dict[str, str])
    unguarded: bool = False
    scale: float = 1.0
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    wide: bool = False
    unmatched: Mapping[str, int] = field(default_factory=dict[str, int])
    keyed: frozenset[str] = frozenset()

    @cached_property
    def in_jax(self) -> bool:
        """Whether forward is written in JAX."""
        return self.library == "jax" or names_library(self.forward, "jax")

    def in_double(self) -> AbstractContextManager[Any]:
        """Within it JAX has float64, if forward is written in JAX."""
        if not self.in_jax:
            return nullcontext()
        return import_module("byhand.jax_dialect.arrays").float64()

    def inputs(self, seed: int = 0, **sizes: int) -> Inputs:
        """The inputs, drawn anew; those of a forward in JAX as NumPy's arrays.

        Raises ProblemError if they can't be used.
        """
        try:
            drawn = self.draw(np.random.default_rng(seed), **sizes)
        except Exception as error:
            line = line_in(self.file, error)
            raise ProblemError(f"{self.where(line)}: inputs raised {in_one_line(error)}") from error
        if not isinstance(drawn, dict):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ProblemError(
                f"{self.file}: inputs returned a {type(drawn).__name__}: "
                'return a dict of arrays by name, such as {"x": x, "W": W}'
            )
        for name, value in drawn.items():
            for where, leaf in tree.named(name, value):
                if _is_complex(leaf):
                    raise ProblemError(
                        f"{self.file}: inputs returns complex numbers in {where}, which byhand "
                        "doesn't differentiate: give the real and the imaginary part as two inputs"
                    )
        if self.in_jax:
            drawn = tree.map(_from_jax, drawn)
        for parameter in self.forward.parameters:
            if parameter not in drawn and parameter not in self.forward.defaults:
                raise ProblemError(
                    f"{self.where(self.forward.line)}: forward asks for {parameter}, which inputs "
                    f"doesn't return{did_you_mean(parameter, drawn)}"
                )
        return drawn

    def where(self, line: int | None) -> str:
        return self.file if line is None else f"{self.file}:{line}"


def load(path: str | Path) -> Problem:
    """Loads a problem file, or a model of the zoo by its name.

    Raises ProblemError, in one line, if it can't be read or lacks a part.
    """
    file = locate(path)
    return problem_in(read_source(file), file)


def problem_in(source: str, file: Path, proposed: Callable[..., Inputs] | None = None) -> Problem:
    """Loads a problem from its source; `file` is what messages call it. `proposed` draws the inputs
    where the source doesn't say how. Raises ProblemError."""
    tree = parsed(source, file)
    module = executed(tree, file, source)
    forward, backward, draw = (
        getattr(module, name, None) for name in ("forward", "backward", "inputs")
    )
    whole = draw is not None  # without inputs, `data = []` at the top may be anything
    draw = draw or proposed
    for name, usable in (
        ("forward", isinstance(forward, FunctionType)),
        ("inputs", callable(draw)),
    ):
        if not usable:
            raise ProblemError(
                f"{file}: has no `def {name}(...)`: "
                "a problem file needs inputs, forward and backward"
            )
    return Problem(
        name=file.stem,
        file=str(file),
        doc=inspect.getdoc(module) or "",
        forward=function_of(forward, tree),
        backward=backward,
        draw=draw,  # pyright: ignore[reportArgumentType]
        dimensions=dimensions_of(draw, str(file)),
        data=_names(module, "data", str(file), whole),
        statistics=_names(module, "statistics", str(file), whole),
        tree=tree,
    )


def parsed(source: str, file: Path) -> ast.Module:
    """The syntax tree of a source. Raises ProblemError if it is no Python."""
    try:
        return ast.parse(source, str(file))
    except SyntaxError as error:
        if error.lineno is None:
            raise ProblemError(f"{file}: is not Python: {error.msg}") from None
        # Not the error's own text: Python reads it from the file, which may hold something else.
        text = "".join(source.split("\n")[error.lineno - 1 : error.lineno]).strip()
        raise ProblemError(f"{file}:{error.lineno}: {error.msg}: `{text}`") from None
    except ValueError as error:
        raise ProblemError(f"{file}: is not Python: {error}") from None


def problem_of(
    forward: Callable[..., Any], backward: Callable[..., Any] | None, inputs: Mapping[str, Any]
) -> Problem:
    """A problem from functions that exist already, always tried on the same inputs."""
    taken = function_of(forward)

    def always(rng: np.random.Generator) -> Inputs:
        return dict(inputs)

    return Problem(
        name=taken.name,
        file=taken.file,
        doc=inspect.getdoc(forward) or "",
        forward=taken,
        backward=backward,
        draw=always,
    )


def zoo() -> dict[str, Path]:
    """The problem files of the zoo, by name."""
    folder = Path(str(resources.files("byhand") / "zoo"))
    return {
        file.stem: file for file in sorted(folder.glob("*.py")) if file.stem not in _NOT_A_MODEL
    }


_NOT_A_MODEL = {"__init__", "layers"}


def did_you_mean(name: str, known: Any) -> str:
    """`; did you mean probs?`, or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def locate(path: str | Path) -> Path:
    """The file at `path`, or that of the model of the zoo with this name."""
    file = Path(path)
    if file.exists() or file.suffix:
        return file
    models = zoo()
    if str(path) in models:
        return models[str(path)]
    raise ProblemError(
        f"{path}: no such file, nor a model of the zoo ({', '.join(models)})"
        f"{did_you_mean(str(path), models)}"
    )


def read_source(file: Path) -> str:
    """The text of a Python file. Raises ProblemError, in one line, if it can't be read."""
    try:
        return plain(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProblemError(f"{file}: no such file") from None
    except IsADirectoryError:
        raise ProblemError(f"{file}: is a folder: name the problem file in it") from None
    except UnicodeDecodeError:
        raise ProblemError(f"{file}: is not a text file: a problem is a Python file") from None
    except OSError as error:
        raise ProblemError(f"{file}: can't be read: {error.strerror}") from None


def executed(tree: ast.Module, file: Path, source: str) -> ModuleType:
    """The module of a source, run. Raises ProblemError, with the line, if it raises."""
    # Registered while it runs, and kept, as dataclasses and pickles inside it look it up by name.
    module = ModuleType(f"byhand_problem_{file.stem}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module
    linecache.cache[str(file)] = (len(source), None, source.splitlines(keepends=True), str(file))
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        module.__dict__.update(HOOKS)
        exec(compile(rewritten(tree), str(file), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        line = line_in(str(file), error)
        where = file if line is None else f"{file}:{line}"
        raise ProblemError(f"{where}: raised {in_one_line(error)}") from error
    finally:
        sys.path.remove(folder)
    return module


def _from_jax(value: Any) -> Any:
    return np.array(value) if is_jax(value) else value


def _is_complex(value: Any) -> bool:
    if is_torch(value):
        return value.is_complex()
    return isinstance(value, complex) or (
        isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "c"  # pyright: ignore
    )


def line_in(file: str, error: BaseException) -> int | None:
    """The innermost line of `file` that `error` passed through."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def dimensions_of(draw: Any, file: str) -> dict[str, int]:
    """The sizes that an `inputs` can be asked for, with their defaults."""
    sizes: dict[str, int] = {}
    for name, parameter in list(inspect.signature(draw).parameters.items())[1:]:
        default = parameter.default
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise ProblemError(
                f"{file}: inputs takes {name} by position: "
                "write `def inputs(rng, *, n=32)`, with a * before the sizes"
            )
        if isinstance(default, int) and not isinstance(default, bool):
            sizes[name] = default
        elif default is inspect.Parameter.empty:
            raise ProblemError(f"{file}: inputs needs a default for {name}, such as {name}=32")
    return sizes


def _names(module: ModuleType, variable: str, file: str, strict: bool) -> tuple[str, ...]:
    names: Any = getattr(module, variable, ())
    if not is_sequence(names) or not all(isinstance(name, str) for name in names):
        if not strict:
            return ()
        raise ProblemError(f'{file}: {variable} must be a tuple of names, such as ("t",)')
    return tuple(names)
