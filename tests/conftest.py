"""What all tests share: problem files in a folder of their own, and a word on what isn't run."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

# Tests that a script starts in the background are deaf to Ctrl-C, and so would all be that they
# start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What tests make, graphs and trees above all, is soon gone by itself: looking for circles every few
# hundred objects takes a tenth of the time.
gc.set_threshold(100_000)


# Tests start hundreds of Pythons. Where they are told to leave no bytecode, each compiles the house
# anew, which takes it twice as long to begin.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """JAX compiles every op for every shape, which takes more time than all the rest of its tests:
    what one process has compiled, the others find, and the next run does."""
    assert config.cache is not None
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("jax")))
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


@pytest.fixture
def problem_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a problem file, each under a new name; gives its path."""
    number = itertools.count()

    def write(source: str) -> Path:
        file = tmp_path / f"problem{next(number)}.py"
        file.write_text(dedent(source), encoding="utf-8")
        return file

    return write


_LONG_CASES = Counter[str]()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Of the many cases of a long test every second is left to the sweeps."""
    if item.get_closest_marker("long") and not item.get_closest_marker("sweep"):
        test = item.nodeid.partition("[")[0]
        _LONG_CASES[test] += 1
        if _LONG_CASES[test] > 2 and _LONG_CASES[test] % 2 == 0:
            item.add_marker(pytest.mark.sweep)


@pytest.hookimpl(trylast=True)  # after all that isn't asked for is left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In an order of our own: the files of which the fewest tests are left are the longest, and
    begun last they would keep one process busy while the others have nothing to do."""
    if not config.option.loadscopereorder:
        count = Counter(item.path for item in items)
        items.sort(key=lambda item: (count[item.path], item.path))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    match terminalreporter.config.option.markexpr:
        case "not long":
            left_out = "the tests that are long by nature (make test-long)"
        case "long and not sweep":
            left_out = "the sweeps over every case (make test-sweeps)"
        case _:
            return
    terminalreporter.write_line(f"left out: {left_out}")
