"""Words to train on: whole, or cut into contexts and the character that follows each.

The split is that of Andrej Karpathy's makemore lectures: the words are shuffled with seed 42, then
80 % are for training, 10 % for validation and 10 % for the final test.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from byhand.errors import DataError
from byhand.files import read
from byhand.values.arrays import Array

BUNDLED = "names"
END = 0  # the index of the end marker, which also fills the contexts before the first character


@dataclass(frozen=True)
class Words:
    """A list of words, one a line of a file.

    `source` is `names` for the bundled list, else the path of the file. `characters` are all that
    occur, sorted; the character at place i has the index i + 1, and the end marker has index 0. The
    lectures write the marker as a dot; a dot inside a word is a character like any other.
    """

    source: str
    sha256: str
    words: tuple[str, ...]
    characters: str

    @property
    def vocabulary(self) -> int:
        """How many indices there are: the characters and the end marker."""
        return len(self.characters) + 1


@dataclass(frozen=True)
class Examples:
    """Contexts `X`, integers of shape (n, block), and the characters `Y` that follow them, (n,).

    Or whole words: then `Y` is (n, block), too, and has in each place the character that follows
    all up to there, or -1 where the word has ended.
    """

    X: Array
    Y: Array

    def __len__(self) -> int:
        return len(self.Y)


@dataclass(frozen=True)
class Split:
    """The examples for training, for validation and for the final test."""

    train: Examples
    validation: Examples
    test: Examples


def read_words(source: str | Path = BUNDLED) -> Words:
    """The words of a text file in UTF-8, one a line; `names` is the list that comes with byhand.

    Space around a word and empty lines don't count. Raises DataError, in one line, for a file that
    can't be read, or isn't text, or has no word.
    """
    blob = _read(source)
    try:
        text = blob.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{source}: is not a text file: give one in UTF-8 with one word a line")
    words = tuple(word for line in text.split("\n") if (word := line.strip()))
    if not words:
        raise DataError(f"{source}: has no words: give a text file with one word a line")
    return Words(
        source=str(source) if source == BUNDLED else str(Path(source).resolve()),
        sha256=hashlib.sha256(blob).hexdigest(),
        words=words,
        characters="".join(sorted(set("".join(words)))),
    )


def split(words: Words, block: int, *, whole: bool = False) -> Split:
    """The three parts, as examples with contexts of `block` characters, or of `whole` words.

    Raises DataError if there are too few words for a part to train on and one to validate, or if a
    whole word and its end marker don't fit into `block` places.
    """
    shuffled = list(words.words)
    random.Random(42).shuffle(shuffled)
    first, second = int(0.8 * len(shuffled)), int(0.9 * len(shuffled))
    if not 0 < first < second:
        count = f"{len(shuffled)} word{'s' if len(shuffled) > 1 else ''}"
        raise DataError(f"{words.source}: has only {count}: training needs at least 10")
    index = {character: i for i, character in enumerate(words.characters, start=END + 1)}
    longest = max(map(len, words.words))
    if whole and longest >= block:
        raise DataError(
            f"{words.source}: has a word of {longest} characters, for which {block} places are too "
            f"few: --set block={longest + 1}"
        )
    cut = whole_words if whole else examples
    train, validation, test = (
        cut(part, index, block)
        for part in (shuffled[:first], shuffled[first:second], shuffled[second:])
    )
    return Split(train, validation, test)


def examples(words: Sequence[str], index: dict[str, int], block: int) -> Examples:
    """Each character of each word, and each end, after the `block` characters before it."""
    contexts: list[list[int]] = []
    following: list[int] = []
    for word in words:
        indices = [END] * block + [index[character] for character in word] + [END]
        for i in range(len(word) + 1):
            contexts.append(indices[i : i + block])
            following.append(indices[i + block])
    X = np.array(contexts, dtype=np.intp).reshape(-1, block)
    return Examples(X, np.array(following, dtype=np.intp))


def whole_words(words: Sequence[str], index: dict[str, int], block: int) -> Examples:
    """Each word after the end marker, and what is to come in each place, up to its end."""
    X = np.full((len(words), block), END, dtype=np.intp)
    Y = np.full((len(words), block), -1, dtype=np.intp)
    for row, word in enumerate(words):
        indices = [index[character] for character in word]
        X[row, 1 : len(word) + 1] = indices
        Y[row, : len(word) + 1] = [*indices, END]
    return Examples(X, Y)


def _read(source: str | Path) -> bytes:
    if source == BUNDLED:
        return (resources.files("byhand") / "data" / "ssa-names-2018.txt").read_bytes()
    return read(source, "text file", f": give a text file, or `{BUNDLED}` for the bundled list")
