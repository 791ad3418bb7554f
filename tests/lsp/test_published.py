"""What is underlined: the wrong part of the one wrong line, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsp_client import Client

from line_problem import GOOD, edited

Start = Callable[..., Client]
ERROR, WARNING, INFORMATION = 1, 2, 3

ROOT = Path(__file__).parents[2]
ZOO, LECTURE = ROOT / "src/byhand/zoo", ROOT / "tests/problems/lecture.py"


def marked(text: str, diagnostic: dict[str, Any]) -> str:
    """What stands in the range, counted as LSP does: in UTF-16."""
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    lines = text.replace("\r\n", "\n").split("\n")[start["line"] : end["line"] + 1]
    units = [line.encode("utf-16-le") for line in lines]
    units[-1] = units[-1][: 2 * end["character"]]
    units[0] = units[0][2 * start["character"] :]
    return "\n".join(unit.decode("utf-16-le") for unit in units)


def test_a_right_file_gets_an_empty_list(editor: Client, file: Path) -> None:
    assert editor.diagnostics(editor.open(file), 1) == []


def test_a_model_of_the_zoo_gets_an_empty_list(editor: Client, folder: Path) -> None:
    file = folder / "mlp.py"
    file.write_text((ZOO / "mlp.py").read_text())
    assert editor.diagnostics(editor.open(file), 1) == []


def test_one_mistake_is_one_error_and_what_it_spoilt_stands_beside_it(
    editor: Client, file: Path
) -> None:
    text = edited(("2 * error / len", "error / len"))
    uri = editor.open(file, text)
    (found,) = editor.diagnostics(uri, 1)
    assert found["severity"] == ERROR
    assert found["code"] == "factor"
    assert found["source"] == "byhand"
    assert found["message"].startswith("derror is wrong: derror is 0.5 times what it should be")
    assert marked(text, found) == "derror = error / len(error)"
    beside = found["relatedInformation"]
    assert [marked(text, each["location"]) for each in beside] == [
        "dy = derror",
        "dw = x.T @ dy",
        "dx = np.outer(dy, w)",
    ]
    assert all(each["location"]["uri"] == uri for each in beside)


def test_the_code_leads_to_the_page_of_the_mistake(editor: Client, file: Path, home: Path) -> None:
    uri = editor.open(file, edited(("dw = x.T @ dy", "dw = -(x.T @ dy)")))
    (found,) = editor.diagnostics(uri, 1)
    address = found["codeDescription"]["href"]
    page = home / "cache/byhand/mistakes/sign.md"
    assert address == page.as_uri()
    assert page.read_text().startswith("# sign\n")
    assert "**Good**" in page.read_text()


def test_the_exact_part_is_underlined_in_utf_16(editor: Client, file: Path) -> None:
    text = edited(
        ("error = y - t", "𝜀 = y - t\n    error = 𝜀 * 1.0"),
        ("def backward(x, w, error)", "def backward(x, w, y, t, error)"),
        ("dy = derror", 'd𝜀 = 1.0 * derror\n    dy = len("𝜀🙂") / 2 * d𝜀 + 0.0 * w.sum()'),
        ("dw = x.T @ dy", 'dw = len("🙂") * x.T @ derror * error[0]'),
    )
    found = editor.diagnostics(editor.open(file, text), 1)
    (wrong,) = (each for each in found if each["severity"] == ERROR)
    assert marked(text, wrong) == "error[0]"


def test_a_client_that_counts_in_bytes_is_told_bytes(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path, encodings=["utf-8"])
    assert editor.initialized["capabilities"]["positionEncoding"] == "utf-8"
    line = 'dw = len("🙂é") / 2 * (x.T @ dy) * error[0]'
    text = edited(("dw = x.T @ dy", line))
    uri = editor.open(tmp_path / "line.py", text)
    (found,) = editor.diagnostics(uri, 1)
    at = found["range"]
    said = f"    {line}".encode()[at["start"]["character"] : at["end"]["character"]].decode()
    assert said == "error[0]"
    where = {"line": at["start"]["line"], "character": at["start"]["character"] + 1}
    params = {"textDocument": {"uri": uri}, "position": where}
    hover = editor.request("textDocument/hover", params)
    assert hover["contents"]["value"].startswith("**error** (8,)")
    assert hover["range"]["start"]["character"] == at["start"]["character"]


def test_a_part_that_is_wrong_is_marked_alone(editor: Client, folder: Path) -> None:
    right = LECTURE.read_text()
    text = edited(("dhpreact = (1 - h**2) * dh", "dhpreact = (1 - hprebn**2) * dh"), source=right)
    file = folder / "part.py"
    file.write_text(text)
    found = editor.diagnostics(editor.open(file), 1)
    assert [each["code"] for each in found] == ["wrong-operand"]
    assert marked(text, found[0]) == "hprebn"


def test_windows_line_ends_move_nothing(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)")).replace("\n", "\r\n")
    file.write_bytes(text.encode())
    (found,) = editor.diagnostics(editor.open(file), 1)
    assert marked(text, found) == "dw = -(x.T @ dy)"


def test_the_buffer_is_judged_and_not_the_file(editor: Client, file: Path) -> None:
    uri = editor.open(file)
    assert editor.diagnostics(uri, 1) == []
    version = editor.type(uri, edited(("dy = derror", "dy = -derror")))
    (found,) = editor.diagnostics(uri, version)
    assert found["code"] == "sign"
    assert file.read_text() == GOOD
    # As an editor sends it: only what has changed.
    line = GOOD[: GOOD.index("dy = derror")].count("\n")
    at = {"line": line, "character": 9}
    end = {"line": line, "character": 10}
    version = editor.change(uri, {"range": {"start": at, "end": end}, "text": ""})
    assert editor.diagnostics(uri, version) == []


def test_a_half_written_line_is_said_once_where_it_is(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "dw = x.T @ ("))
    (found,) = editor.diagnostics(uri := editor.open(file, text), 1)
    assert found["message"].startswith("can't be checked: '(' was never closed")
    assert marked(text, found) == "dw = x.T @ ("
    text = edited(("    dw = x.T @ dy", "      dw = x.T"))
    (found,) = editor.diagnostics(uri, editor.type(uri, text))
    assert found["message"] == "can't be checked: unexpected indent: `dw = x.T`"  # as typed


def test_what_raises_is_said_at_its_line(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "dw = x @ dy"))
    (found,) = editor.diagnostics(editor.open(file, text), 1)
    assert "the inner sizes 5 and 8 differ" in found["message"]
    assert marked(text, found) == "dw = x @ dy"


def test_what_is_missing_is_one_warning_at_backward(editor: Client, file: Path) -> None:
    text = edited(("    dw = x.T @ dy\n", ""), ("    dx = np.outer(dy, w)\n", ""))
    (found,) = editor.diagnostics(editor.open(file, text), 1)
    assert (found["severity"], found["message"]) == (WARNING, "dx and dw are missing")
    assert marked(text, found) == "backward"


def test_a_file_that_is_closed_has_nothing_underlined(editor: Client, file: Path) -> None:
    uri = editor.open(file, edited(("dy = derror", "dy = -derror")))
    assert editor.diagnostics(uri, 1)
    editor.close(uri)
    editor.wait(lambda: editor.shown(uri)["diagnostics"] == [])


def test_what_has_no_backward_is_let_be(editor: Client, file: Path, folder: Path) -> None:
    raised = folder / "ran"
    text = f"import pathlib\npathlib.Path({str(raised)!r}).touch()\n\ndef f(x):\n    return x\n"
    other = editor.open(file, text)
    prose = editor.open(folder / "README.md", GOOD, language="markdown")
    huge = editor.open(folder / "huge.py", GOOD + "# " + "x" * 2_000_000)
    binary = editor.open(folder / "binary.py", "\0\x01\x02" * 100)
    editor.settle()
    assert not raised.exists()
    let_be = {other, prose, huge, binary}
    assert not [each for each in editor.published if each["uri"] in let_be]


def test_a_script_and_a_pair_of_functions_are_judged(editor: Client, folder: Path) -> None:
    script = folder / "script.py"
    lines = [
        "import numpy as np",
        "# %%",
        "x = np.random.default_rng(0).normal(size=(4, 3))",
        "W = np.ones((3, 2))",
        "# %%",
        "y = x @ W",
        "loss = (y * y).sum()",
        "# %%",
        "dy = 2 * y",
        "dW = -x.T @ dy",
    ]
    script.write_text("\n".join(lines) + "\n")
    (found,) = editor.diagnostics(editor.open(script), 1)
    assert found["code"] == "sign"
    assert marked(script.read_text(), found) == "dW = -x.T @ dy"
    pair = folder / "pair.py"
    pair.write_text(
        "import numpy as np\n\ndef scale_forward(x, w):\n    return x * w, (x, w)\n\n"
        "def scale_backward(dout, cache):\n    x, w = cache\n    return dout * w, dout * w\n"
    )
    (wrong,) = editor.diagnostics(editor.open(pair), 1)
    assert wrong["severity"] == ERROR
    assert wrong["range"]["start"]["line"] == 7


def test_an_address_may_hold_anything_that_a_path_may(editor: Client, folder: Path) -> None:
    file = folder / "my ∂ 100% #1" / "a+b?.py"
    file.parent.mkdir()
    file.write_text(edited(("dy = derror", "dy = -derror")), encoding="utf-8")
    (found,) = editor.diagnostics(editor.open(file), 1)
    assert found["code"] == "sign"


def test_a_note_stands_at_the_line_that_it_names(editor: Client, file: Path) -> None:
    text = edited(("    y = x @ w", "    if len(x) > 99:\n        x = x * 1.0\n    y = x @ w"))
    (found,) = editor.diagnostics(editor.open(file, text), 1)
    assert found["severity"] == INFORMATION
    assert found["message"].startswith("line 11, in forward, is never reached")
    assert marked(text, found) == "x = x * 1.0"


def test_a_file_without_a_folder_and_one_that_was_never_saved(editor: Client, folder: Path) -> None:
    gone = folder / "gone" / "line.py"
    text = edited(("dy = derror", "dy = -derror"))
    assert len(editor.diagnostics(editor.open(gone, text), 1)) == 1
    gone.parent.mkdir()
    gone.write_text(text)
    assert len(editor.diagnostics(editor.open(gone, text), 1)) == 1
    gone.unlink()
    gone.parent.rmdir()
    version = editor.type(gone.as_uri(), GOOD)
    assert editor.diagnostics(gone.as_uri(), version) == []
