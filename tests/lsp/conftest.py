"""Editors with a home of their own, and files to open in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from lsp_client import Client

from line_problem import GOOD


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the editors of a module keep what they remember."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def editor(folder: Path, home: Path) -> Iterator[Client]:
    """One editor for all tests of a module, in a folder that is allowed."""
    with Client(folder, home=home) as client:
        yield client


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Client]]:
    """Starts an editor for one test."""
    with ExitStack() as clients:

        def make(folder: Path | None, *arguments: str, **options: Any) -> Client:
            return clients.enter_context(Client(folder, *arguments, **{"home": home, **options}))

        yield make


@pytest.fixture
def file(folder: Path, request: pytest.FixtureRequest) -> Path:
    """A right problem file, of this test alone."""
    path = folder / f"{request.node.name[:80].replace('[', '-').replace(']', '')}.py"
    path.write_text(GOOD)
    return path
