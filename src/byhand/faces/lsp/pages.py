"""The page of each mistake as a file, which an editor opens where it shows the mistake's code."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from byhand.checking.naming.mistakes import CODES, page
from byhand.errors import DataError
from byhand.files import make_folder, read, write_aside


@cache
def page_of(code: str) -> str | None:
    """The address of the page of a mistake; None where there is none, or it can't be written."""
    if code not in CODES:
        return None
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    file = root / "byhand" / "mistakes" / f"{code}.md"
    text = markdown(code)
    try:
        if not file.exists() or read(file) != text.encode():
            make_folder(file.parent)
            write_aside(file, text)
    except DataError:
        return None
    return file.absolute().as_uri()


def text_of(code: str) -> str:
    """The page, as `byhand explain CODE` prints it."""
    return page(code) if code in CODES else f"no such mistake: {', '.join(CODES)}"


def markdown(code: str) -> str:
    """The page in Markdown."""
    text = re.sub(r"^(Bad|Good):$", r"\n**\1**\n", text_of(code), flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", f"# {code}\n\n{text.strip()}\n")
