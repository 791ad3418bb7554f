"""A file that is edited in a browser and elsewhere at once.

Who saves says which text the edit began with. If the file on disk is another by now, it wins: what
was to be saved is kept beside it, under a name of its own.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import DataError
from byhand.files import keep_beside, read, replace_if_unchanged

LARGEST = 1 << 20


@dataclass(frozen=True)
class Content:
    """What a file holds, with `\\n` at the ends of its lines, and the digest of its bytes."""

    text: str
    digest: str
    bytes: bytes


@dataclass(frozen=True)
class Saved:
    """What the file holds after a save; `kept` is where the other text lies, if the file won."""

    content: Content
    kept: Path | None = None


@dataclass(frozen=True)
class Document:
    """A file that may lie in `folder` or below, and nowhere else, also by way of links."""

    path: Path
    folder: Path

    def inside(self) -> Path:
        """Where it lies. Raises DataError if that is elsewhere."""
        try:
            place, folder = self.path.resolve(), self.folder.resolve()
        except (OSError, RuntimeError):  # links that lead in a circle
            raise DataError(f"{self.path}: leads nowhere: put a file in its place") from None
        if not place.is_relative_to(folder):
            raise DataError(f"{self.path}: leads out of {self.folder}: put a file in its place")
        return place

    def content(self) -> Content | None:
        """What it holds; None if it is gone. Raises DataError if it isn't text."""
        place = self.inside()
        if not os.path.lexists(place):
            return None
        return _content(place, read(place))

    def save(self, text: str, base: str) -> Saved:
        """Saves a text that was edited from the content with the digest `base`.

        Raises DataError if it can't be written.
        """
        there = self.content()
        if there is not None and there.text == text:
            return Saved(there)
        blob = _encoded(text, there)
        if there is None or there.digest == base:
            known = None if there is None else there.bytes
            if replace_if_unchanged(self.inside(), blob, known):
                return Saved(_content(self.path, blob))
        now = self.content()
        if now is None:  # it was removed at this moment
            return self.save(text, base)
        return Saved(now, keep_beside(self.path, blob))


def _content(path: Path, blob: bytes) -> Content:
    if len(blob) > LARGEST:
        raise DataError(f"{path}: has more than {LARGEST >> 20} MB: too large for this page")
    try:
        text = blob.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text: save it as UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Content(text, hashlib.sha256(blob).hexdigest(), blob)


def _encoded(text: str, there: Content | None) -> bytes:
    """The text as the file is written: with its ends of lines, and its mark of UTF-8."""
    was = b"" if there is None else there.bytes
    blob = text.encode("utf-8", errors="replace")
    if b"\r\n" in was:
        blob = blob.replace(b"\n", b"\r\n")
    return b"\xef\xbb\xbf" + blob if was.startswith(b"\xef\xbb\xbf") else blob
