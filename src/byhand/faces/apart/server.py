"""The process that waits for jobs, and forks for each; where forking isn't safe, it answers one job
itself and ends."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
from typing import Any

from byhand.faces.apart.process import FORK


def serve(forks: bool, libraries: list[str]) -> None:
    """Gets ready, waits for jobs, lets each be answered."""
    from byhand.faces.apart import jobs

    jobs.get_ready()
    for library in libraries:
        with contextlib.suppress(Exception):  # the file's own import will say what is wrong
            importlib.import_module(library)
    gc.freeze()  # or every fork copies what the collector looks at
    while line := sys.stdin.readline():
        job = json.loads(line)
        if forks and (child := os.fork()):
            os.waitpid(child, 0)
            for stream in (sys.stdout, sys.stderr):
                stream.write(job["end"])
                stream.flush()
            continue
        _answer(job)


def _answer(job: dict[str, Any]) -> None:
    """Answers a job and ends the process."""
    from byhand.errors import ByhandError, one_line
    from byhand.faces.apart.jobs import JOBS

    answers = os.dup(1)
    os.dup2(2, 1)  # whatever is printed from here on is no answer
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the next job is not for the file to read

    def say(answer: dict[str, Any]) -> None:
        left = memoryview(json.dumps(answer, allow_nan=False).encode() + b"\n")
        while left:
            left = left[os.write(answers, left) :]

    say({"pid": os.getpid()})
    try:
        os.chdir(job["folder"])
        for answer in JOBS[job["do"]](job):
            say(answer)
    except ByhandError as error:
        say({"error": one_line(str(error))})
    os._exit(0)  # threads and exit handlers of the file's are not waited for


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        serve(sys.argv[1] == FORK, sys.argv[2:])
