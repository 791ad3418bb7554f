"""`byhand learn` in a terminal: the verdict on every save, the keys, and going on where it was."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from command_line import run_byhand
from learning_session import KEYS, PRACTICE, Session, matches_golden, typed

from byhand.course.course import bundled, load_course
from sweeps import a_few

LESSON = "w/6-backprop-ninja"
RIGHT = {
    "dlogprobs": "dlogprobs = np.zeros_like(probs)\ndlogprobs[rows, Y] = -1 / n",
    "dprobs": "dprobs = dlogprobs / probs",
}
WRONG = RIGHT | {"dprobs": "dprobs = dlogprobs * probs"}


@pytest.fixture
def loss(tmp_path: Path) -> Path:
    return tmp_path / LESSON / "loss.py"


def test_wrong_first_then_right(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        shown = session.shows()
        blank = loss.read_text()
        shown += session.save(loss, typed(blank, dlogprobs=RIGHT["dlogprobs"]))
        shown += session.save(loss, typed(blank, **WRONG))
        shown += session.save(loss, typed(blank, **RIGHT))
        shown += session.press("n")
        assert session.quit() == 0
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    matches_golden("learn_session.txt", shown)


def test_keys(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        blank = loss.read_text()
        shown = session.press("h", "For the next one: h")
        shown += session.press("h", "For the next one: h")
        shown += session.press("s", "again.")
        shown += session.press("s", "dlogprobs / probs")
        shown += session.press("l", "cross_entropy")
        shown += session.press("t", "t again shows the reading.\n")
        shown += session.press("g", "then Enter.")
        shown += session.press("7.1\n")
        shown += session.press("x")
        session.save(loss, typed(blank, **WRONG))
        shown += session.press("r", "(your version is kept).")
        assert "dlogprobs * probs" in loss.read_text()
        shown += session.press("r")
        assert loss.read_text() == blank
        assert "dlogprobs * probs" in loss.with_name("loss.kept-1.py").read_text()
        shown += session.press("c")
    assert max(map(len, shown.splitlines())) <= 80
    matches_golden("learn_keys.txt", shown)


def test_explain(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        assert "no named mistake" in session.press("e", "explain.\n")
        blank = loss.read_text()
        session.save(loss, typed(blank, **WRONG))
        shown = session.press(
            "e", "Good:\n    dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv\n"
        )
        assert shown.lstrip().startswith("wrong-exponent\n")
        assert max(map(len, shown.splitlines())) <= 80
        assert "Why it is right: e" in session.save(loss, typed(blank, **RIGHT))
        assert "Why 6.1 is right\n\nOne element of each row counts, with -1/n." in session.press(
            "e", "-1/n.\n"
        )
        assert session.quit() == 0
    done = run_byhand("explain", cwd=tmp_path / "w")
    assert done.stdout.startswith("Why 6.1 is right\n")


FOUR_WRONG = {
    "ds": "ds = 2 / s",
    "dq": "dq = q * ds",
    "da": "da = dq * b",
    "db": "db = dq * a / b**2",
}


@pytest.mark.parametrize(("lines", "columns"), a_few([(24, 80), (24, 40), (60, 80)]))
def test_the_root_to_mend_stays_on_the_screen(tmp_path: Path, lines: int, columns: int) -> None:
    with Session(tmp_path, "w", course=None, window=(lines, columns)) as session:
        session.shows()
        session.press("g", "then Enter.\n" if columns == 80 else "name, then Enter.\n")
        session.press("1.4\n")
        file = tmp_path / "w/1-engine/divide.py"
        shown = session.save(file, typed(file.read_text(), **FOUR_WRONG))
        there = shown.splitlines()
        assert "ds is wrong" in "\n".join(there[-lines:])
        assert ("line 26" in there[1]) == (lines == 60)  # where all is seen it comes first
        shown += session.press("h", "For the next one: h\n") + session.press("l", "\nl shows more")
        assert max(map(len, shown.splitlines())) <= columns


def test_the_list_shows_where_one_is_and_goes_on(tmp_path: Path) -> None:
    """On a window of 24 lines, with the course that comes with byhand."""
    with Session(tmp_path, "w", course=None) as session:
        session.shows()
        session.press("g", "then Enter.")
        session.press("6.4\n")
        pages = [session.press("l", "more of the list.\n") for _ in range(5)]
        assert "\n> [ ] 6.4" in pages[0]
        assert all(len(page.splitlines()) <= 23 for page in pages)
        followed = re.findall(r"\] (\d\.\d+) ", "".join(pages[1:3]))
        assert followed[0] in {"6.12", "6.13", "7.1"}
        assert followed == sorted(followed, key=lambda number: [*map(int, number.split("."))])
        everything = {e.number for e in load_course(bundled()).exercises}
        pages += [session.press("l", "more of the list.\n") for _ in range(3)]
        assert everything <= set(re.findall(r"\] (\d\.\d+) ", "".join(pages)))
        session.press("x")
        assert "\n> [ ] 6.4" in session.press("l", "more of the list.\n")


def test_the_reading_page_by_page(tmp_path: Path) -> None:
    """On a window of 24 lines: after the task, from its first line to its last."""
    with Session(tmp_path, "w", course=None) as session:
        session.shows()
        session.press("t", "t again shows the reading.\n")
        pages = [session.press("t", "more of the reading.\n") for _ in range(3)]
        session.press("x")
        session.press("t", "t again shows the reading.\n")
        assert session.press("t", "more of the reading.\n") == pages[0]
    shown = "".join(pages)
    assert pages[0].lstrip().startswith("An engine for gradients\n")
    assert all(len(page.splitlines()) <= 23 for page in pages)
    assert max(map(len, shown.splitlines())) <= 80
    assert "the gradient of the loss" in " ".join(shown.split())  # where the reading has a link
    assert "](" not in shown and "```" not in shown and "$" not in shown


def test_it_goes_on_after_a_kill(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        session.press("h", "Hint 1 of 4")
        session.save(loss, typed(loss.read_text(), **RIGHT))
        session.press("n")
        session.kill()
    right = loss.read_text()
    with Session(tmp_path, "w") as session:
        shown = session.shows()
        assert "1 of 3 exercises done" in shown
        assert "6.2 Counts" in shown
        session.save(loss, right + "\n# once more\n")  # goes back to what is saved
        assert "Hint 2 of 4 on 6.1" in session.press("h", "For the next one")
        session.quit()
    assert "> [x] 6.1" in run_byhand("list", cwd=tmp_path / "w").stdout


def test_the_check_is_in_a_process_that_ends_with_the_session(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        session.kill()
        # The process that waits for the next check holds the terminal no longer.
        deadline = time.monotonic() + 10
        while _of_session(session.process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _of_session(session.process.pid)


def _of_session(leader: int) -> list[str]:
    """The processes that belong to the session of a process."""
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def test_what_a_file_does_stays_in_its_check(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w", "--timeout", "2") as session:
        session.shows()
        blank = loss.read_text()
        for statement, expected in (
            ("while True: pass", "still running after 2 s, at `while True:"),
            ("exit()", "loss.py:78: calls exit"),
            ("import os; os._exit(3)", "ended the check: no answer"),
            ("import os; os.kill(os.getppid(), 9); os._exit(3)", "ended the check: no answer"),
            ("while True: print(n)", "still running after 2 s"),
            ("print('hello', n)", "\nhello 32\n\n"),
            ("dlogprobs = (", "'(' was never closed"),
        ):
            assert expected in session.save(loss, typed(blank, dlogprobs=statement))
        shown = session.save(loss, typed(blank, **RIGHT))
        assert "2 of 2 gradients are right" in shown


def test_a_print_is_shown_once_at_the_inputs_of_the_file(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        prints = "print('dprobs', dprobs.shape)\nimport os; os.system('echo also')"
        right = RIGHT | {"dprobs": f"{RIGHT['dprobs']}\n{prints}"}
        shown = session.save(loss, typed(loss.read_text(), **right))
        assert shown.count("dprobs (32, 27)") == shown.count("dprobs (") == 1
        assert shown.count("also") == 1
        assert "2 of 2 gradients are right" in shown


def test_a_save_that_changes_nothing_is_not_checked_again(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        loss.write_text(loss.read_text())
        session.quiet(1.5)


@pytest.mark.parametrize(
    "system",
    a_few(
        [
            "input_events._libc = lambda: None",  # there is no such call
            "input_events.Waking.follow = lambda self, folders: None",  # no event ever comes
            "process.FORKS = False",
        ]
    ),
)
def test_a_system_that_can_do_less(tmp_path: Path, loss: Path, system: str) -> None:
    program = (
        "from byhand.faces import cli\n"
        "from byhand.faces.apart import process\n"
        "from byhand.faces.learning import input_events\n"
        f"{system}\ncli.main()"
    )
    with Session(tmp_path, "w", program=program) as session:
        session.shows()
        blank = loss.read_text()
        assert "1 of 2 gradients" in session.save(loss, typed(blank, dlogprobs=RIGHT["dlogprobs"]))
        assert "2 of 2 gradients" in session.save(loss, typed(blank, **RIGHT))
        assert "6.2 Counts" in session.press("n")
        session.press("n")
        shown = session.save(loss, typed(blank, **WRONG))
        assert "\n6.1 From the loss" in shown
        assert session.quit() == 0


def test_other_commands_meanwhile(tmp_path: Path, loss: Path) -> None:
    cross_entropy = loss.with_name("cross_entropy.py")
    with Session(tmp_path, "w") as session:
        session.shows()
        assert run_byhand("next", "6.3", cwd=tmp_path / "w").returncode == 0
        assert "6.3 Cross-entropy" in session.shows()
        solution = "dlogits = (probs - (Y[:, None] == np.arange(probs.shape[1]))) / n"
        shown = session.save(cross_entropy, typed(cross_entropy.read_text(), dlogits=solution))
        assert "1 of 1 gradient is right" in shown
        assert run_byhand("next", "6.1", cwd=tmp_path / "w").returncode == 0
        assert "6.1 From the loss" in session.shows()


def test_anywhere_at_once(tmp_path: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        for what, title in (("6.3", "6.3 Cross-entropy"), ("normalise", "6.2 Counts")):
            session.press("g", "then Enter.")
            assert title in session.press(f"{what}\n")
        session.press("g", "then Enter.")
        session.press("\n", "\n")
        assert "Hint 1 of 4 on 6.2" in session.press("h", "For the next one")


def test_a_file_that_is_gone(tmp_path: Path, loss: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        blank = loss.read_text()
        loss.unlink()
        session.quiet(1.2)
        assert "1 of 2 gradients" in session.save(loss, typed(blank, dlogprobs=RIGHT["dlogprobs"]))
        loss.unlink()
        assert "0 of 2 gradients" in session.press("c")
        assert loss.read_text() == blank
        loss.unlink()
        loss.mkdir()
        assert "loss.py: is a folder" in session.press("c")
        assert session.quit() == 0


SWISH = '''\
"""The gradient of x * sigmoid(x), in PyTorch."""
import torch

def inputs(rng, *, n=8):
    return {"x": torch.from_numpy(rng.normal(size=n))}

def forward(x):
    s = torch.sigmoid(x)
    loss = (x * s).sum()
    return loss

def backward(x, s):
    ds = x
    # BEGIN SOLUTION
    dx = s + ds * s * (1 - s)
    # END SOLUTION
'''


def test_pytorch(tmp_path: Path) -> None:
    """An exercise in PyTorch, after one in NumPy: the server must have imported it."""
    lesson = tmp_path / "course/6-backprop-ninja"
    shutil.copytree(PRACTICE, tmp_path / "course")
    (lesson / "swish.py").write_text(SWISH)
    (lesson / "swish.toml").write_text('title = "Swish"\nhints = ["?", "a", "b"]\n')
    course = tmp_path / "course/course.toml"
    course.write_text(course.read_text().replace('"cross_entropy"', '"swish"'))
    swish = tmp_path / LESSON / "swish.py"
    with Session(tmp_path, "w", "--timeout", "2", course=tmp_path / "course") as session:
        session.shows()
        session.press("g", "then Enter.")
        assert "0 of 1 gradient is right; 1 missing" in session.press("swish\n")
        blank = swish.read_text()
        for answer, expected in (("s", "0 of 1 gradient"), ("s + ds * s * (1 - s)", "1 of 1")):
            shown = session.save(swish, typed(blank, dx=f"dx = {answer}"))
            assert expected in shown
        assert session.quit() == 0


def test_ctrl_c(tmp_path: Path) -> None:
    with Session(tmp_path, "w") as session:
        session.shows()
        os.kill(session.process.pid, signal.SIGINT)
        assert session.shows("stopped").strip() == "byhand: stopped"
        assert session.process.wait(10) == 130


def test_colour_where_it_is_wanted(tmp_path: Path) -> None:
    with Session(tmp_path, "w", term="xterm") as session:
        assert "\x1b[31m✗" in session.shows(KEYS)
