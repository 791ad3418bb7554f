"""The extension for VS Code: what it says of itself, and what a stranger's folder can't set."""

from __future__ import annotations

import json
from pathlib import Path

import byhand

MANIFEST = json.loads((Path(__file__).parents[2] / "editors/vscode/package.json").read_text())
SETTINGS = MANIFEST["contributes"]["configuration"]["properties"]


def test_its_version_is_that_of_the_server() -> None:
    assert MANIFEST["version"] == byhand.__version__


def test_a_workspace_can_neither_choose_the_command_nor_trust_itself() -> None:
    assert not MANIFEST["capabilities"]["untrustedWorkspaces"]["supported"]
    for name in ("byhand.command", "byhand.trusted"):
        assert SETTINGS[name]["scope"] == "machine"
    assert SETTINGS["byhand.trusted"]["default"] is False
    assert SETTINGS["byhand.shapes"]["default"] is False
