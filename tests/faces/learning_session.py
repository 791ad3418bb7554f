"""`byhand learn` in a terminal of its own, typed to and read from as a person would."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

KEYS = "[q]uit"
GOLDEN = Path(__file__).parent.parent / "golden"
PRACTICE = Path(__file__).parent / "practice"
"""A small course: the bundled one may change without these tests."""


SIZES = ("COLUMNS", "LINES")
"""What would be believed before the window."""


class Session:
    """A `byhand learn` that runs; every text it shows comes without colour."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        course: Path | None = PRACTICE,
        term: str = "dumb",
        window: tuple[int, int] = (24, 80),
        program: str | None = None,
    ) -> None:
        """Runs it in `folder`; with `program`, the Python code that is run instead of byhand.

        Without `course` it is the bundled one. The window has so many lines and columns.
        """
        chosen = () if course is None else ("--course", str(course))
        start = ("-m", "byhand") if program is None else ("-c", program)
        self.terminal, inside = pty.openpty()
        termios.tcsetwinsize(inside, window)
        self.process = subprocess.Popen(
            [sys.executable, *start, "learn", *arguments, *chosen],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=folder,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if k not in SIZES} | {"TERM": term},
        )
        os.close(inside)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def shows(self, text: str = KEYS, seconds: float = 30.0) -> str:
        """Waits until `text` is shown; gives all that was shown until then."""
        shown = ""
        end = time.monotonic() + seconds
        while text not in shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} isn't shown:\n{shown}"
            shown += self._decode(os.read(self.terminal, 1 << 16)).replace("\r", "")
        return shown

    def quiet(self, seconds: float) -> None:
        """Fails if anything is shown in this time."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        assert not ready, os.read(self.terminal, 1 << 16).decode()

    def press(self, key: str, text: str = KEYS) -> str:
        os.write(self.terminal, key.encode())
        return self.shows(text)

    def save(self, file: Path, content: str) -> str:
        """Saves as editors do: into a file aside, which takes the place of the old one."""
        aside = file.with_name(f".{file.name}.swp")
        aside.write_text(content)
        aside.replace(file)
        return self.shows()

    def quit(self) -> int:
        os.write(self.terminal, b"q")
        return self.process.wait(10)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def type_in(file: Path, content: str) -> None:
    """Types a file, line by line, on the terminal of a program that saves it at the end."""
    keyboard, inside = pty.openpty()
    modes = termios.tcgetattr(inside)
    modes[3] &= ~termios.ECHO  # nobody looks
    termios.tcsetattr(inside, termios.TCSANOW, modes)
    editor = subprocess.Popen(
        ["sh", "-c", 'cat > "$0.new" && mv "$0.new" "$0"', file], stdin=inside
    )
    os.close(inside)
    for line in content.splitlines():
        os.write(keyboard, f"{line}\n".encode())
    os.write(keyboard, b"\x04")  # Ctrl-D: the end
    assert editor.wait(10) == 0
    os.close(keyboard)


def matches_golden(name: str, shown: str) -> None:
    """Fails if `shown`, but for times and rounding, isn't what the golden file holds;
    BYHAND_GOLDEN=write writes it."""
    content = re.sub(r"\d+ ms|\d+\.\d s", "TIME", shown)
    content = re.sub(r" +\d(\.\d)?e[+-]\d+", " N", content).strip() + "\n"
    content = re.sub(r"exact   |rounding", "right   ", re.sub(r"\(\d+ exact.*?\)", "", content))
    file = GOLDEN / name
    if os.environ.get("BYHAND_GOLDEN") == "write":
        file.write_text(content, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == content


def typed(source: str, **answers: str) -> str:
    """A learner's file with some of its blanks filled in."""
    for name, answer in answers.items():
        blank = f"    {name} = ...  # your turn\n"
        assert blank in source
        source = source.replace(blank, "".join(f"    {line}\n" for line in answer.split("\n")))
    return source
