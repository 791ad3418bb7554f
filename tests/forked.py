"""byhand in a process of its own that need not import it: forked from one that has.

Half of what a short command takes is Python's start and its imports. One process a session does
both, and forks for every command; the rest is as if the command had been started anew.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

Done = subprocess.CompletedProcess[str]


def run(*arguments: str, timeout: float = 60) -> Done:
    """Runs byhand with these arguments here. Raises TimeoutExpired, as `subprocess.run` does."""
    env = {name: value for name, value in os.environ.items() if name != "BYHAND_TRACEBACK"}
    parent = _parent()
    assert parent.stdin is not None and parent.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = [list(arguments), env, str(Path.cwd()), str(out), str(err), timeout]
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        status = int(parent.stdout.readline())
        said = out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
    if status == _TOO_LONG:
        raise subprocess.TimeoutExpired(["byhand", *arguments], timeout, *said)
    return Done(["byhand", *arguments], status, *said)


_TOO_LONG = 1000


@cache
def _parent() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def serve() -> None:
    """Forks for each command that comes in, and says how it ended; returns in the fork."""
    for line in sys.stdin:
        *asked, timeout = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(*asked)
            return
        print(_ended(pid, timeout), flush=True)
    sys.exit()


def _ended(pid: int, timeout: float) -> int:
    """The exit status of a process, as `subprocess` gives it; it and those that it started have
    `timeout` seconds."""
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, timeout)
    _, status = os.waitpid(pid, 0)
    late = not signal.setitimer(signal.ITIMER_REAL, 0)[0]
    return _TOO_LONG if late else os.waitstatus_to_exitcode(status)


def _become(arguments: list[str], env: dict[str, str], folder: str, out: str, err: str) -> None:
    """Makes this process the one that was asked for."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT),
        (2, err, os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.path[0] = folder
    sys.argv = ["byhand", *arguments]


if __name__ == "__main__":
    import numpy  # noqa: F401  # pyright: ignore[reportUnusedImport]
    import rich.console  # noqa: F401  # pyright: ignore[reportUnusedImport]

    import byhand.checking.check  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from byhand.faces.cli import main

    serve()
    main()
