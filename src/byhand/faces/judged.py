"""What there is to judge in a file, one report each: problems, Functions, custom ops and
custom_vjps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path

from byhand.checking.check import stages
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem, did_you_mean, executed, locate, parsed, read_source
from byhand.program.scopes import bound_names
from byhand.sources.arguments import Argument, parsed_literals, parsed_shapes
from byhand.sources.autograd_functions.told import names_in
from byhand.sources.custom_vjps import custom_vjps_in
from byhand.sources.load import Source, functions_in, sources, split


@dataclass(frozen=True)
class Judged:
    """Something in a file that has a backward.

    `stages` checks it: the report as soon as it is known which lines are wrong, and if there are
    any, where that is possible, once more with the mistakes by name. `problem` gives what it is
    read as, where it is read as a problem. Both may raise ProblemError.
    """

    name: str
    stages: Callable[[], Iterator[Report]]
    problem: Callable[[], Problem] | None = None

    def report(self) -> Report:
        """The whole report. May raise ProblemError."""
        *_, last = self.stages()
        return last


@dataclass(frozen=True)
class How:
    """How it is judged: the options of the command."""

    referee: str = "engine"
    dtype: str | None = None
    device: str | None = None
    seed: int = 0


def judged(
    file: str, shapes: Sequence[str], given: Sequence[str], how: How, text: str | None = None
) -> list[Judged]:
    """What a file, or the one name in `FILE:NAME`, has to be judged, at least one. `text` is read
    in the place of what the file holds.

    Raises ProblemError, in one line, if there is nothing, or it can't be read.
    """
    known = {**parsed_shapes(shapes), **parsed_literals(given)}
    if names := _kernels(file, text):
        return _of_kernels(file, names, known, how, text)
    if how.device is not None:
        raise ProblemError(f"--device: {file} is judged in main memory: name a Function in it")
    return [_of_source(each, how) for each in sources(file, shapes, given, text)]


def _of_source(source: Source, how: How) -> Judged:
    read = cache(source.read)

    def found() -> Iterator[Report]:
        return stages(read(), referee=how.referee, dtype=how.dtype, seed=how.seed)

    return Judged(source.name, found, read)


def _kernels(file: str, text: str | None) -> list[str]:
    """The Functions, custom ops and custom_vjps that are meant: the one that is named, or all of a
    file that is no problem file."""
    name, member = split(file)
    path = Path(name)
    if path.suffix != ".py" or not (path.exists() or text is not None):
        return []
    tree = parsed(read_source(path) if text is None else text, path)
    found = [*names_in(tree), *custom_vjps_in(tree)]
    if member is None:
        defined = {getattr(node, "name", "") for node in tree.body}
        return [] if {"forward", "inputs"} <= defined else found
    if member in found:
        return [member]
    others = {each.name for each in functions_in(tree)}
    if member not in others and member in bound_names(_as_function(tree)) and _is_torch(tree):
        return [member]  # a module, a compiled function: whatever calls one
    if found and member not in others:
        raise ProblemError(f"{path}: has no {member}{did_you_mean(member, found)}")
    return []


def _as_function(tree: ast.Module) -> ast.FunctionDef:
    """The statements of a module as those of a function, to see what they bind."""
    made = ast.parse("def module(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = tree.body
    return made


def _is_torch(tree: ast.Module) -> bool:
    """Whether a module imports PyTorch."""
    return any(
        (isinstance(node, ast.Import) and any(each.name == "torch" for each in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "torch")
        for node in tree.body
    )


def _of_kernels(
    file: str, names: Sequence[str], known: dict[str, Argument], how: How, text: str | None
) -> list[Judged]:
    if how.referee != "engine":
        raise ProblemError(f"--referee {how.referee}: a Function is judged by its reference")
    path = locate(split(file)[0])
    text = read_source(path) if text is None else text
    tree = parsed(text, path)
    module = executed(tree, path, text)
    in_jax = custom_vjps_in(tree)

    def found(name: str) -> Iterator[Report]:  # with the names of the mistakes at once
        library = "jax" if name in in_jax else "torch"
        yield import_module(f"byhand.{library}.in_file").check_in(
            module,
            name,
            known=known,
            one_of_several=len(names) > 1,
            dtype=how.dtype,
            device=how.device,
            seed=how.seed,
        )

    return [Judged(name, partial(found, name)) for name in names]
