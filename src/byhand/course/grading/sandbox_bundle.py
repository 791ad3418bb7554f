"""The modules that a submission's process may use, as code: none is a file there."""

from __future__ import annotations

import ast
import marshal
import pickle
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from byhand.course import grading
from byhand.sources.bundled_names import bundled_names

MAIN = f"{grading.__name__}.sandbox_main"
SUBMITTED = f"{grading.__name__}.submitted"
FEEDBACK_MAIN = f"{grading.__name__}.feedback_main"

_SHARED = "byhand.zoo.layers"  # what the course's own problem files import
_LATE = "byhand.checking.running.narrow_torch"  # what a backward in PyTorch is run with
_APART = tuple(
    f"{grading.__name__}.{name}" for name in ("confine", "landlock", "seccomp", "sitting", "wire")
)
_BELOW = ("program", "torch_dialect", "engine", "ops", "values")
_CHECKING = ("checking", "codegen", "deriving", "referees", *_BELOW)


@lru_cache
def for_running() -> bytes:
    """What it takes to run a submission: its main module and what that imports; no engine."""
    codes = {
        name: code_of(_source(name), name)
        for name in (*_imported(MAIN), *_imported(_LATE), _SHARED)
    }
    for name in list(codes):
        parts = name.split(".")
        for i in range(1, len(parts)):  # packages, without what theirs import
            codes.setdefault(".".join(parts[:i]), code_of(b"", name))
    return pickle.dumps((MAIN, codes))


def _imported(main: str) -> frozenset[str]:
    """A module of byhand with all that it imports at once, itself or by way of others."""
    found: set[str] = set()
    left = {main}
    while left:
        name = left.pop()
        found.add(name)
        for node in ast.parse(_source(name)).body:
            match node:
                case ast.ImportFrom(module=str(module), names=names):
                    named = {module, *(f"{module}.{alias.name}" for alias in names)}
                case ast.Import(names=names):
                    named = {alias.name for alias in names}
                case _:
                    continue
            left |= {each for each in named if _is_module(each)} - found
    return frozenset(found)


@lru_cache
def for_advising() -> bytes:
    """What it takes to check one: the checker with all that is below it, and no model."""
    codes: dict[str, bytes] = {}
    for name in ("byhand", "byhand.course", grading.__name__, "byhand.zoo"):
        codes[name] = code_of(_source(f"{name}.__init__"), name)
    for name in (*_APART, _SHARED, MAIN, FEEDBACK_MAIN):
        codes[name] = code_of(_source(name), name)
    for name in ("byhand.deadline", "byhand.errors", "byhand.files", "byhand.version"):
        codes[name] = code_of(_source(name), name)
    for name in ("byhand.course.blanks", "byhand.course.judge"):
        codes[name] = code_of(_source(name), name)
    for package in _CHECKING:
        _collect(resources.files("byhand") / package, f"byhand.{package}", codes)
    return pickle.dumps((FEEDBACK_MAIN, codes))


@lru_cache
def for_reading() -> bytes:
    """What it takes to run a submission that is read as a file of another form, with a forward of
    its own: the readers, with all that they try it on."""
    return pickle.dumps((MAIN, _reading()))


@lru_cache
def for_reading_advice() -> bytes:
    """What it takes to check one."""
    return pickle.dumps((FEEDBACK_MAIN, _reading()))


def _reading() -> dict[str, bytes]:
    _, codes = pickle.loads(for_advising())
    _collect(resources.files("byhand") / "sources", "byhand.sources", codes)
    names = f"def {bundled_names.__name__}():\n    return {bundled_names()!r}\n"
    codes[bundled_names.__module__] = code_of(names.encode(), bundled_names.__module__)
    codes[SUBMITTED] = code_of(_source(SUBMITTED), SUBMITTED)
    return codes


def _collect(folder: Traversable, package: str, codes: dict[str, bytes]) -> None:
    for entry in folder.iterdir():
        name = f"{package}.{entry.name.removesuffix('.py')}".removesuffix(".__init__")
        if entry.is_file() and entry.name.endswith(".py"):
            codes[name] = code_of(entry.read_bytes(), name)
        elif entry.is_dir() and not entry.name.startswith("_"):
            _collect(entry, name, codes)


def _source(name: str) -> bytes:
    return _file(name).read_bytes()


def _is_module(name: str) -> bool:
    return name.startswith("byhand.") and _file(name).is_file()


def _file(name: str) -> Traversable:
    first, *rest = name.split(".")
    return resources.files(first).joinpath(*rest[:-1], f"{rest[-1]}.py")


def code_of(source: bytes, name: str) -> bytes:
    """A module's code, for an interpreter like this one."""
    return marshal.dumps(compile(source, name, "exec", dont_inherit=True))
