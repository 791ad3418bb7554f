"""What byhand raises: one root, few leaves. A message says what is wrong, where, what to do."""


class ByhandError(Exception):
    """The root: catch this one to catch them all."""


class UnsupportedError(ByhandError):
    """The engine has no rule for what was asked; the message says what to use instead."""


class ProblemError(ByhandError):
    """A problem file can't be used: its syntax, `inputs`, `forward` or backward's signature."""


class RefereeError(ByhandError):
    """A referee can't judge this problem, or the library behind it isn't installed."""


class DataError(ByhandError):
    """A data file or the folder of a training run can't be read or written."""


class CourseError(ByhandError):
    """A course, a lesson or an exercise can't be used, or a learner's folder can't."""
