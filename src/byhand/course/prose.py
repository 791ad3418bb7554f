"""Sentences that are too long to be read once."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 35  # words; a colon and a semicolon end a sentence as well

_NO_PROSE = re.compile(r"^```.*?^```|^    .*?$|^\|.*?$|^#.*?$|^>>>.*?$", re.M | re.S)
_ONE_WORD = re.compile(r"\$[^$\n]*\$|`[^`]*`")


def too_long(text: str) -> Iterator[str]:
    """What there is to say of each sentence that is too long, in Markdown or plain text."""
    prose = _ONE_WORD.sub("x", _NO_PROSE.sub("\n\n", text))
    for paragraph in re.split(r"\n\s*\n|\n(?=[-\d]+\.? )", prose):
        for sentence in re.split(r"(?<=[.?!:;])\s+", " ".join(paragraph.split())):
            words = sentence.split()
            if len(words) > LONGEST:
                start = " ".join(words[:6])
                yield f"a sentence of {len(words)} words: split it in two: {start} ..."
