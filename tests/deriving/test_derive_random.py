"""Random forwards: the derived backward gives the engine's gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
from deriving_cases import assert_right
from hypothesis import given, settings

from byhand.errors import UnsupportedError
from byhand.program.problem import load
from random_forwards import RandomForward, random_forwards


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forwards")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=random_forwards())
def test_random_forwards_derive(folder: Path, drawn: RandomForward) -> None:
    file = folder / "forward.py"
    file.write_text(drawn.source + "\ndef inputs(rng): return {}\n")
    try:
        assert_right(load(file), drawn.inputs, where=drawn.source)
    except UnsupportedError as error:
        assert "which forward overwrites" in str(error), drawn.source
