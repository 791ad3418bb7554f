"""A reading as a terminal can show it: no marks of Markdown, formulas in Unicode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from byhand.course.formulas import in_unicode
from byhand.faces import terminal

_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}([^*\n]+)\*{1,2}(?![\w*])")
_ITEM = re.compile(r"(- |\d+\. )")


def as_text(markdown: str, columns: int) -> str:
    """The reading in lines of so many columns; code and tables stay as they are, indented."""
    return "\n".join(_parts(markdown, columns)).strip("\n")


def _parts(markdown: str, columns: int) -> Iterator[str]:
    prose: list[str] = []
    fenced = False
    for line in [*markdown.split("\n"), ""]:
        fence = line.startswith("```")
        item = _ITEM.match(line) is not None
        apart = fence or fenced or item or not line.strip() or line[0] in " |#"
        if prose and (apart and not _goes_on(line, prose)):
            yield terminal.wrapped(_plain(" ".join(prose)), columns)
            prose = []
        fenced ^= fence
        if fence:
            continue
        if item or (not apart) or _goes_on(line, prose):
            prose.append(line.strip())
        elif fenced or line.startswith("|"):
            yield f"  {line}".rstrip()
        else:
            yield _plain(line.lstrip("#").strip() if line.startswith("#") else line)


def _goes_on(line: str, prose: list[str]) -> bool:
    """Whether an indented line belongs to the item of a list above it."""
    return bool(prose and _ITEM.match(prose[0]) and line.startswith("  ") and line.strip())


def _plain(text: str) -> str:
    return in_unicode(_EMPHASIS.sub(r"\1", _LINK.sub(r"\1", text)))
