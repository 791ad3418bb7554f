"""The course and the explorer in a browser: a server for one person, on this machine alone.

What is shown comes over one stream of events (`live.py`): the text of a file, the verdict on it,
where the learner stands. What is done comes as requests, and its outcome goes out on the same
stream, so that two tabs and an editor see the same.

    serving.py    an address with a token, the server, its end
    guard.py      who is answered: the Host, the Origin and the token of a request
    live.py       what is known now, told to whoever follows
    documents.py  a file that is edited here and elsewhere: the file on disk wins, nothing is lost
    desk.py       the files that are open: watched, and checked in a process of its own
    requests.py   what a request may say
    course.py     the course's pages, as data
    app.py        the routes
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from byhand.errors import ByhandError

if TYPE_CHECKING:
    from byhand.course.learner import Learner


def teach(learner: Learner, port: int | None, open_browser: bool, timeout: float) -> int:
    """Serves the course until Ctrl-C; gives the exit status. Raises ByhandError if it can't."""
    _installed()
    from byhand.faces.page.app import CoursePage
    from byhand.faces.page.serving import listening, serve

    bound, address = listening(port, learner.folder)
    page = CoursePage(learner, timeout)
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
