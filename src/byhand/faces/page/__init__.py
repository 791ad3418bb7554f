"""The course and the explorer in a browser: a server for one person, on this machine alone.

What is shown comes over one stream of events (`live.py`): the text of a file, the verdict on it,
where the learner stands. What is done comes as requests, and its outcome goes out on the same
stream, so that two tabs and an editor see the same.

    serving.py    an address with a token, the server, its end
    guard.py      who is answered: the Host, the Origin and the token of a request
    live.py       what is known now, told to whoever follows
    documents.py  a file that is edited here and elsewhere: the file on disk wins, nothing is lost
    questions.py  what is asked of a process about documents, one job at a time
    desk.py       the files that are open: watched, and checked in a process of its own
    trainer.py    one of them trained, in another
    telling.py    what is told of a check as its answers come
    requests.py   what a request may say
    shell.py      what both applications have
    course_app.py, course_data.py    the course: its routes, and its pages as data
    explorer_app.py                  one file, explored
"""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from byhand.errors import ByhandError

if TYPE_CHECKING:
    import socket

    from byhand.course.learner import Learner
    from byhand.faces.page.course_app import CoursePage
    from byhand.faces.page.explorer_app import ExplorerPage
    from byhand.faces.page.serving import Address


def teach(learner: Learner, port: int | None, open_browser: bool, timeout: float) -> int:
    """Serves the course until Ctrl-C; gives the exit status. Raises ByhandError if it can't."""
    _installed()
    from byhand.faces.page.course_app import CoursePage
    from byhand.faces.page.serving import listening

    bound, address = listening(port, learner.folder)
    page = CoursePage(learner, timeout)
    return _served(page, bound, address, open_browser)


def explore(file: str, port: int | None, open_browser: bool) -> int:
    """Serves the explorer of a file, or of a copy of a model of the zoo, until Ctrl-C; gives the
    exit status. Raises ByhandError if it can't."""
    _installed()
    from byhand.faces.page.explorer_app import ExplorerPage
    from byhand.faces.page.serving import listening
    from byhand.program.problem import locate, read_source, zoo
    from byhand.sources.load import split

    name, member = split(file)
    path = locate(name)
    source = read_source(path)
    if path.suffix == ".ipynb":
        raise ByhandError(
            f"{file}: is a notebook, and what is written on this page is saved as plain code: "
            f"`byhand check {file} --html {path.stem}.html` gives its picture as a page, and "
            "%check shows it in the notebook"
        )
    with tempfile.TemporaryDirectory() as folder:
        copied = name if path == zoo().get(name) else None
        if copied is not None:  # the model itself stays as it is
            path = Path(folder) / path.name
            path.write_text(source, encoding="utf-8")
        bound, address = listening(port)
        page = ExplorerPage(path, member, copied)
        return _served(page, bound, address, open_browser)


def _served(
    page: CoursePage | ExplorerPage, bound: socket.socket, address: Address, open_browser: bool
) -> int:
    """Serves a page until Ctrl-C, and ends what it started; gives the exit status."""
    from byhand.faces.page.serving import serve

    try:
        return serve(
            page.app(),
            bound,
            address,
            tasks=page.tasks,
            close=page.live.close,
            open_browser=open_browser,
        )
    finally:
        page.end()


def _installed() -> None:
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise ByhandError("the page needs Starlette and uvicorn: pip install 'byhand[web]'")
