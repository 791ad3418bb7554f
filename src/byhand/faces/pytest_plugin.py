# pyright: basic
"""The pytest plugin: files `problem_*.py` and functions marked `@byhand.problem` are tests.

pytest imports this module in every run, so nothing of byhand is imported before there is a problem.
A failure shows what is wrong with the backward, not where byhand found it.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from byhand.marks import ProblemMark, Variant, mark_of

if TYPE_CHECKING:
    from byhand.checking.report import Report
    from byhand.faces.judged import Judged

REFEREES = ("engine", "finite", "torch", "jax")
_VARIANT = "_byhand_variant"
_ANNOTATIONS = "byhand_annotations"


class BackwardFailure(Exception):
    """A backward that isn't right, or can't be checked: its text is all there is to show.

    `said` is that in one line, `file` and `line` where to look, `annotations` the same for GitHub.
    """

    def __init__(
        self, text: str, said: str, file: str, line: int | None, annotations: list[str]
    ) -> None:
        super().__init__(text)
        self.said, self.file, self.line, self.annotations = said, file, line, annotations


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("byhand").addoption(
        "--byhand-referee",
        choices=REFEREES,
        help="who says what is right in problems: byhand's engine, finite differences, torch, jax",
    )


# Collecting.


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".py" or not file_path.name.startswith("problem_"):
        return None
    text = file_path.read_text(encoding="utf-8", errors="replace")
    if "byhand" in text and ".problem" in text:
        return pytest.Module.from_parent(parent, path=file_path)
    if _defines_a_backward(text):  # others call their files so, too
        return ProblemFile.from_parent(parent, path=file_path)
    return None


_NAMED = re.compile(r"^\s*(?:def|class) +\w*(?:forward|backward|fwd|bwd)|custom_vjp", re.I | re.M)


def _defines_a_backward(text: str) -> bool:
    """Whether a file has something to judge, as its text tells: it isn't run for that."""
    return _NAMED.search(text) is not None


class ProblemFile(pytest.File):
    """A file that `byhand check` takes: each of its problems is a test."""

    def collect(self) -> Iterator[pytest.Item]:
        from byhand.errors import ByhandError
        from byhand.faces.judged import How, judged

        try:
            try:
                found = judged(str(self.path), (), (), How(**_referee(self.config)))
            except ByhandError:  # what is PyTorch's or JAX's has no referee
                found = judged(str(self.path), (), (), How())
        except ByhandError as error:
            raise self.CollectError(str(error)) from None
        for each in found:
            yield ReadProblem.from_parent(self, name=each.name, judged=each)


class ReadProblem(pytest.Item):
    """A problem of a file."""

    def __init__(self, *, judged: Judged, **given: Any) -> None:
        super().__init__(**given)
        self.judged = judged

    def runtest(self) -> None:
        _raise_if_wrong(self.judged.report, str(self.path))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    mark = mark_of(obj)
    if mark is None:
        return None
    from byhand.testing.judged import backward_beside

    if backward_beside(obj) is not None:
        return [
            MarkedForward.from_parent(
                collector, name=_with(name, variant), forward=obj, mark=mark, variant=variant
            )
            for variant in mark.variants()
        ]
    return list(collector._genfunctions(name, obj))


def _with(name: str, variant: Variant) -> str:
    return f"{name}[{variant.name}]" if variant.name else name


class MarkedForward(pytest.Item):
    """A marked function that is itself a forward."""

    def __init__(self, *, forward: Any, mark: ProblemMark, variant: Variant, **given: Any) -> None:
        super().__init__(**given)
        self.forward, self.mark, self.variant = forward, mark, variant

    def runtest(self) -> None:
        from byhand.testing.judged import judged

        code, options = self.forward.__code__, _options(self, self.mark, self.variant)
        _raise_if_wrong(
            lambda: judged(self.forward, self.mark.inputs, **options),
            code.co_filename,
            code.co_firstlineno,
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.forward.__code__.co_firstlineno - 1, self.name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = mark_of(metafunc.function)
    variants = [] if mark is None else list(mark.variants())
    if any(variant.name for variant in variants):
        metafunc.fixturenames.append(_VARIANT)
        metafunc.parametrize(_VARIANT, variants, ids=lambda variant: variant.name, indirect=True)


@pytest.fixture(name=_VARIANT)
def _variant(request: pytest.FixtureRequest) -> Variant:
    return request.param


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    mark = mark_of(pyfuncitem.function)
    if mark is None:
        return None
    from byhand.testing.judged import judged

    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    params = pyfuncitem.callspec.params if hasattr(pyfuncitem, "callspec") else {}
    variant: Any = params.get(_VARIANT, Variant())
    returned = pyfuncitem.obj(**arguments)
    match returned:
        case (fn, inputs):
            pass
        case None:
            pytest.fail(f"{pyfuncitem.name} returns nothing: return (fn, inputs)", pytrace=False)
        case fn:
            inputs = mark.inputs
    code = pyfuncitem.function.__code__
    _raise_if_wrong(
        lambda: judged(fn, inputs, **_options(pyfuncitem, mark, variant)),
        code.co_filename,
        code.co_firstlineno,
    )
    return True


# Judging.


def _options(item: pytest.Item, mark: ProblemMark, variant: Variant) -> dict[str, Any]:
    given = {"dtype": variant.dtype, "sizes": variant.sizes, "layout": variant.layout}
    return {**mark.options, **{n: v for n, v in given.items() if v}, **_referee(item.config)}


def _referee(config: pytest.Config) -> dict[str, Any]:
    said: str | None = config.getoption("--byhand-referee")
    return {} if said is None else {"referee": said}


def _raise_if_wrong(check: Any, file: str, line: int | None = None) -> None:
    from byhand.errors import ByhandError
    from byhand.rendering.report import wording
    from byhand.rendering.report.familiar import failure
    from byhand.rendering.report.github import commands

    try:
        report: Report = check()
    except ByhandError as error:
        raise BackwardFailure(str(error), str(error), file, line, []) from None
    if not report.ok:
        rows = wording.root_rows(report) or [row for row in report.rows if not row.right]
        raise BackwardFailure(
            failure(report),
            wording.in_short(report),
            report.file,
            rows[0].line if rows else line,
            commands(report),
        )


# Showing.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and isinstance(failure := call.excinfo.value, BackwardFailure):
        shown: Any = call.excinfo.getrepr(style="value")
        ((entries, place, description),) = shown.chain
        place = dataclasses.replace(
            place, path=failure.file, lineno=failure.line or 1, message=failure.said
        )
        report.longrepr = type(shown)([(entries, place, description)])
        setattr(report, _ANNOTATIONS, failure.annotations)  # xdist passes it on
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In GitHub Actions, the wrong lines as annotations."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for report in terminalreporter.stats.get("failed", []):
        for line in getattr(report, _ANNOTATIONS, []):
            terminalreporter.write_line(line)
