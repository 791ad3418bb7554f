"""What byhand raises: one root, few leaves. A message says what is wrong, where, what to do.

A message is one line. What Python or a library says becomes one here, and errors of the
system do in `files`.
"""

import re


class ByhandError(Exception):
    """The root: catch this one to catch them all."""


class UnsupportedError(ByhandError):
    """The engine has no rule for what was asked; the message says what to use instead."""


class ProblemError(ByhandError):
    """A problem file can't be used: its syntax, `inputs`, `forward` or backward's signature."""


class RefereeError(ByhandError):
    """A referee can't judge this problem, or the library behind it isn't installed."""


class DataError(ByhandError):
    """A file or a folder can't be read or written."""


class CourseError(ByhandError):
    """A course, a lesson or an exercise can't be used, or a learner's folder can't."""


def one_line(message: str) -> str:
    """The message without line breaks and without what a terminal would obey."""
    joined = re.sub(r"\s*\n\s*", " ", message.strip())
    return "".join(c if c.isprintable() else "\ufffd" for c in joined.replace("\t", " "))


def in_one_line(error: BaseException) -> str:
    """The type of an exception and its message, without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())
