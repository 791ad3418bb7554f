"""What a file has to be judged, read from a text that isn't saved."""

from __future__ import annotations

from pathlib import Path

from byhand.faces.judged import How, judged
from line_problem import GOOD


def test_an_unsaved_text_is_judged_in_the_place_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "line.py"
    wrong = GOOD.replace("dw = x.T @ dy", "dw = -(x.T @ dy)")
    (never_saved,) = judged(str(file), (), (), How(), wrong)
    assert never_saved.report().roots == ("w",)
    file.write_text(GOOD)
    (changed,) = judged(str(file), (), (), How(), wrong)
    assert changed.report().roots == ("w",)
    (saved,) = judged(str(file), (), (), How())
    assert saved.report().ok


def test_a_root_is_known_before_it_has_a_name(tmp_path: Path) -> None:
    wrong = GOOD.replace("dw = x.T @ dy", "dw = -(x.T @ dy)")
    (found,) = judged(str(tmp_path / "line.py"), (), (), How(), wrong)
    quick, whole = found.stages()
    assert quick.roots == whole.roots == ("w",)
    assert quick["w"].mistake is None
    assert whole["w"].mistake is not None and whole["w"].mistake.code == "sign"
