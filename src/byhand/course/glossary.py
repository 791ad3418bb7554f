"""The glossary of a course: its terms, each explained in one place before it is used in others.

`glossary.md` beside course.toml has a heading for each term, and below it where it is explained and
the other forms of the word:

    ## broadcasting

    Explained in [lesson 2](2-arrays/reading.md). Also: broadcast, broadcasts.

    Copying an array along an axis, so that its shape fits another one.

The place is a reading, or the file of an exercise. A reading links a term where it first has it:
`[broadcast](../glossary.md#broadcasting)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.course.cells import task
from byhand.course.course import Course, Exercise
from byhand.errors import CourseError
from byhand.files import read

FILE = "glossary.md"

_ENTRY = re.compile(r"^## (.+)\n+Explained in \[.*?\]\((\S+?)\)\.(?: Also: (.+?)\.)?$", re.M)
_HEADING = re.compile(r"^## ", re.M)
_NO_PROSE = re.compile(
    r"^```.*?^```|^    .*?$|^>>>.*?$|^#+ .*?$|^## Further study$.*?(?=^## |\Z)|`[^`\n]*`",
    re.M | re.S,
)


@dataclass(frozen=True)
class Term:
    """A term, its forms, and the text that explains it: `2-arrays/reading.md`, or an exercise."""

    name: str
    forms: tuple[str, ...]
    place: str

    @property
    def link(self) -> str:
        """What a reading's link to it ends with."""
        anchor = re.sub(r"[^\w-]", "", self.name.lower().replace(" ", "-"))
        return f"{FILE}#{anchor})"

    @property
    def pattern(self) -> re.Pattern[str]:
        longest = sorted(self.forms, key=len, reverse=True)
        said = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest)
        return re.compile(rf"(?<![\w#-])(?:{said})(?![\w-])", re.I)


def terms(course: Course) -> tuple[Term, ...]:
    """The terms of the course's glossary; none where it has no glossary. Raises CourseError."""
    file = course.folder / FILE
    if not file.is_file():
        return ()
    text = read(file).decode(errors="replace")
    found = [
        Term(name, (name, *(also.split(", ") if also else ())), place)
        for name, place, also in _ENTRY.findall(text)
    ]
    if len(found) != len(_HEADING.findall(text)):
        raise CourseError(f"{file}: below each ## term stands `Explained in [lesson](place).`")
    return tuple(found)


def misused(course: Course) -> Iterator[tuple[str, str]]:
    """What is wrong with the use of terms: where, and what. Raises CourseError."""
    texts = list(_texts(course))
    order = list(dict.fromkeys(place for place, _, _ in texts))
    for term in terms(course):
        if term.place not in order:
            yield FILE, f"{term.name}: there is no {term.place}"
            continue
        after = order.index(term.place)
        for place, what, text in texts:
            used = term.pattern.search(text)
            if used and order.index(place) < after:
                yield place, f"{what}uses `{term.name}`, which is explained in {term.place}"
            elif place == term.place and place.endswith(".md") and not _is_linked(term, text):
                yield place, f"first has `{term.name}` without the link ({'../' + term.link}"


def _is_linked(term: Term, text: str) -> bool:
    """Whether the first use of a term is a link to the glossary."""
    used = term.pattern.search(text)
    link = re.search(rf"\[([^\[\]]*)\]\(\.\./{re.escape(term.link)}", text)
    return bool(used and link and link.start(1) <= used.start() < link.end(1))


def _texts(course: Course) -> Iterator[tuple[str, str, str]]:
    """All that learners read, in order: the place, which part of it, and its prose."""
    for lesson in course.lessons:
        reading = read(lesson.reading).decode(errors="replace")
        yield f"{lesson.name}/{lesson.reading.name}", "", _NO_PROSE.sub(" ", reading)
        for exercise in lesson.exercises:
            for what, text in _parts(exercise):
                yield exercise.file, what, _NO_PROSE.sub(" ", text)


def _parts(exercise: Exercise) -> Iterator[tuple[str, str]]:
    yield "its task ", task(exercise.blanks)
    for number, hint in enumerate(exercise.hints, 1):
        yield f"hint {number} ", hint
    yield "why it is right ", exercise.why
