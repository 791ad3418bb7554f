"""`byhand learn --notebook`: the same lessons in Jupyter, and the same exercises count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from command_line import run_byhand
from learning_session import PRACTICE

import byhand
from byhand.course.cells import statements
from byhand.course.course import load_course
from byhand.rendering.mime_bundle import WIDGET
from solved import solved

NOTEBOOK = "w/6-backprop-ninja.ipynb"
LESSONS = Path(byhand.__file__).parent / "lessons"
RIGHT = """\
dlogprobs = np.zeros_like(probs)
dlogprobs[rows, Y] = -1 / n
dprobs = dlogprobs / probs"""
LEARN = ("learn", "w", "--notebook", "--course", str(PRACTICE))


@pytest.fixture
def notebook(tmp_path: Path) -> Any:
    done = run_byhand(*LEARN, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 notebook written into w" in done.stdout
    return nbformat.read(tmp_path / NOTEBOOK, as_version=4)


def run(notebook: Any, folder: Path) -> list[str]:
    """Runs it as Jupyter would; gives what each code cell printed."""
    nbclient.NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": folder}}
    ).execute()
    return [
        "".join(map(text_of, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"
    ]


def text_of(output: Any) -> str:
    """What a text shows of an output; a notebook shows its HTML, if it has one."""
    assert output.output_type in ("stream", "display_data"), output
    return output.text if output.output_type == "stream" else output.data["text/plain"]


@pytest.mark.filterwarnings("ignore")  # those of Jupyter
def test_it_runs_and_counts(tmp_path: Path, notebook: Any) -> None:
    nbformat.validate(notebook)
    notebook.cells = [c for c in notebook.cells if not c.source.startswith("import numpy as np")]
    loss, _, cross_entropy = load_course(PRACTICE).exercises
    answers = [cell for cell in notebook.cells if cell.source.startswith("%%check")]
    assert answers[0].source == (
        f"%%check {loss.id}\ndlogprobs = ...  # your turn\n\ndprobs = ...  # your turn"
    )
    answers[0].source = f"%%check 6.1\n{RIGHT}"
    answers[
        2
    ].source = f"%%check {cross_entropy.id}\n{solved(cross_entropy)}    dlogits = dlogits * 2\n"
    notebook.cells += [
        nbformat.v4.new_code_cell(source)
        for source in (
            "%hint",
            "%solution 6.2",
            "%solution",
            "%list",
            "%%check 9.9\npass",
            "%hint x",
            f"%%check 6.1\n\n{RIGHT} * 2",
            f"%%check 6.1\n{RIGHT} / 'no'",
            f"%%check 6.1\n{RIGHT} (",
            f"%%check 6.1\n{solved(loss)}",
            "%explain 6.1",
        )
    ]
    shown = run(notebook, tmp_path / "w")
    assert "2 of 2 gradients are right" in shown[1]
    assert "Done. On to 6.2 Counts" in shown[1]
    assert "in 6-backprop-ninja.ipynb" in " ".join(shown[1].split())
    assert "0 of 3 gradients are right; 3 missing" in shown[2]
    assert "For a hint: %hint" in shown[2]
    last = len(answers[2].source.splitlines())
    assert f"line {last}: dlogits is wrong" in shown[3]
    assert "Hint 1 of 4 on 6.3" in shown[4]
    assert "run %solution 6.2 again" in " ".join(shown[5].split())
    assert "A solution of 6.2" in shown[6]
    assert "[x] 6.1" in shown[7]
    assert "9.9: no such exercise" in shown[8]
    assert "x: no such exercise" in shown[9]
    assert "line 5: dprobs is wrong" in shown[10]
    assert "For a hint: %hint 6.1" in shown[10]
    assert "line 4" in shown[11]
    assert "loss.py:4" in shown[12]
    assert "2 of 2 gradients are right" in shown[13]
    assert "Why 6.1 is right" in shown[14]
    assert all(WIDGET in cell.outputs[0].data for cell in answers[::2])
    right, wrong = (cell.outputs[0].data["text/html"] for cell in answers[::2])
    assert "<table" in right and "2 of 2 gradients are right" in right
    assert "Done. On to 6.2" in right and "%explain 6.1" in right
    assert "dlogits is wrong" in wrong and "%hint 6.3" in wrong and "\x1b" not in right + wrong
    listed = run_byhand("list", cwd=tmp_path / "w").stdout
    assert "> [x] 6.1" in listed


def test_it_gives_no_answer_away(notebook: Any) -> None:
    """In the files 6.2 has the answers of 6.1 above its blanks; here they would be read first."""
    written = " ".join(cell.source for cell in notebook.cells)
    for exercise in load_course(PRACTICE).exercises:
        for statement in exercise.blanks.statements:
            assert statement not in written, exercise.id
    assert written.count("hprebn = embcat @ W1 + b1") == 2  # forward of mlp, and of mlp_fused


def test_forward_is_there_and_answers_are_ones_own(tmp_path: Path, notebook: Any) -> None:
    """As in the lecture's notebook: 6.2 goes on with what was answered in 6.1."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    forward, first = code[1], code[2]
    assert forward.source.startswith("import numpy as np")
    first.source = f"%%check 6.1\n{RIGHT} * 3"
    look = (
        "print(float(loss) > 0, dprobs.shape == probs.shape, round((dprobs * probs).min() * n, 9))"
    )
    notebook.cells = [code[0], forward, first, nbformat.v4.new_code_cell(look)]
    shown = run(notebook, tmp_path / "w")
    assert "dprobs is wrong" in shown[2]
    assert shown[3].split()[:3] == ["True", "True", "-3.0"]


def test_forward_of_every_exercise_runs_at_the_top() -> None:
    for exercise in load_course(LESSONS).exercises:
        text = statements(exercise.blanks)
        if text is not None and "torch" not in text:
            space: dict[str, Any] = {}
            exec(text, space)
            answers = {each.split()[0] for each in exercise.blanks.statements}
            for name in {*answers} & {*space}:  # at most what a loop begins with
                assert not name.startswith("d") or not space[name].any(), exercise.id


def test_a_notebook_that_is_there_stays(tmp_path: Path, notebook: Any) -> None:
    (tmp_path / NOTEBOOK).write_text("mine")
    assert "0 notebooks written" in run_byhand(*LEARN, cwd=tmp_path).stdout
    assert (tmp_path / NOTEBOOK).read_text() == "mine"
